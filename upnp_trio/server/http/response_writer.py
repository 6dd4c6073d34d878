"""How the responses of the site are written: Date, Server and framing added, each rendered once a second.

h11 renders and checks every head. What it rendered for a response holds for all that send the same response within
the second of its Date, on every connection.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.dates import http_date
from upnp_trio.server.monitoring.events import Events, RequestAnswered
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.site import REASONS, Request, Response

if TYPE_CHECKING:
    import h11

__all__ = ["Responding", "ResponseWriter"]

# Up to here, a body is worth a copy to leave in one piece with its head; larger ones are sent as they are, or as many
# copies would be held as there are slow readers.
MAX_JOINED_BYTES = 16 * 1024
# What is rendered is kept for a second at most.
MAX_KEPT_BYTES = 1024 * 1024


class Responding(Protocol):
    """What is asked for responses: `upnp_trio.site.Site`, or anything like it."""

    def respond(self, request: Request) -> Response:
        """The response to *request*."""
        ...

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is worth waiting for (``Expect: 100-continue``)."""
        ...


@attrs.define(eq=False, repr=False)
class ResponseWriter:
    """Writes the responses of *site*; counts and reports them."""

    site: Responding
    server_token: str
    utcnow: Callable[[], datetime]
    stats: Stats
    events: Events
    #: by response, whether the body is left out, and whether the connection ends: what is sent
    _rendered: dict[tuple[Response, bool, bool], tuple[bytes, ...]] = attrs.field(factory=dict)
    _kept_bytes: int = 0
    _second: datetime | None = None
    _date: str = ""

    def render(self, response: Response, *, head_only: bool = False, closes: bool = False) -> tuple[bytes, ...]:
        """*response* as it leaves now, in one piece, or head and body if the body is large.

        With *head_only*, the body is left out (HEAD); with *closes*, the connection ends with it.
        """
        self._look_at_the_clock()
        key = response, head_only, closes
        rendered = self._rendered.get(key)
        if rendered is None:
            rendered = self._render(response, head_only=head_only, closes=closes)
            self._keep(key, rendered)
        return rendered

    def head(self, response: Response, *, closes: bool = False) -> h11.Response:
        """The head of *response* as it leaves now, as h11 takes it."""
        import h11  # here and not above: a device is found before it is read, and the import is a part of its start

        self._look_at_the_clock()
        headers = [("Date", self._date), ("Server", self.server_token), *response.headers]
        if response.status != 304:
            headers.append(("Content-Length", str(len(response.body))))
        if closes:
            headers.append(("Connection", "close"))
        return h11.Response(status_code=response.status, headers=headers, reason=REASONS[response.status].encode())

    def report(self, peer: str, request: Request | None, status: int) -> None:
        """Count an answer, and tell subscribers of it."""
        self.stats.requests[status] += 1
        if self.events.wanted:
            self.events.tell(
                RequestAnswered(
                    peer=peer,
                    method=request.method if request else "?",
                    target=request.target if request else "?",
                    status=status,
                    user_agent=request.headers.get("user-agent") if request else None,
                )
            )

    def _render(self, response: Response, *, head_only: bool, closes: bool) -> tuple[bytes, ...]:
        import h11

        connection = h11.Connection(h11.SERVER)
        connection.receive_data(b"GET / HTTP/1.1\r\nHost: any\r\n\r\n")
        connection.next_event()
        head = connection.send(self.head(response, closes=closes))
        return join(head, b"" if head_only or response.status == 304 else response.body)

    def _keep(self, key: tuple[Response, bool, bool], rendered: tuple[bytes, ...]) -> None:
        # a large body is the site's own and no copy
        size = len(rendered[0])
        if self._kept_bytes + size > MAX_KEPT_BYTES:
            self._forget()
        self._rendered[key] = rendered
        self._kept_bytes += size

    def _look_at_the_clock(self) -> None:
        second = self.utcnow().replace(microsecond=0)
        if second != self._second:
            self._second, self._date = second, http_date(second)
            self._forget()

    def _forget(self) -> None:
        self._rendered.clear()
        self._kept_bytes = 0


def join(head: bytes, body: bytes) -> tuple[bytes, ...]:
    """*head* and *body* in as few pieces as can be had without copying a large body."""
    if len(body) > MAX_JOINED_BYTES:
        return head, body
    return (head + body,)
