"""Renders the responses of the site, with Date, Server and framing added.

h11 renders and checks every head. What is rendered is cached for the second of its Date, for all connections: whole
responses, or the head alone of one that is made for a single request, such as the result of an action.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from upnp_trio.dates import http_date
from upnp_trio.exchange import REASONS, Request, Response
from upnp_trio.http.responding import Responding
from upnp_trio.monitoring.events import Events, RequestAnswered
from upnp_trio.monitoring.stats import Stats

if TYPE_CHECKING:
    import h11

__all__ = ["ResponseWriter", "join", "without_start"]

# A body up to this size is copied, so that it is sent in one piece with its head. A larger one is not, because each
# slow reader would hold a copy.
MAX_JOINED_BYTES = 16 * 1024
# Rendered responses are cached for one second at most. Above these sizes a cache is emptied, because the many different
# requests of one peer must not fill the memory.
MAX_CACHED_BYTES = 1024 * 1024
MAX_CACHED_HEADS = 1024

_ONE_SECOND = timedelta(seconds=1)


@attrs.define(eq=False, repr=False)
class ResponseWriter:
    """Renders the responses of *site*, counts them and publishes events about them."""

    site: Responding
    server_token: str
    utcnow: Callable[[], datetime]
    stats: Stats
    events: Events
    #: the pieces to send, by response, whether the body is left out, and whether the connection ends
    _rendered: dict[tuple[Response, bool, bool], tuple[bytes, ...]] = attrs.field(factory=dict)
    _cached_bytes: int = 0
    #: the heads of unique responses, by status, fields, length of the body, and whether the connection ends
    _heads: dict[tuple[int, tuple[tuple[str, str], ...], int, bool], bytes] = attrs.field(factory=dict)
    _date: str = ""
    #: the second that `_date` names: its start, and the start of the next one
    _second: tuple[datetime, datetime] | None = None

    def render(self, response: Response, *, head_only: bool = False, closes: bool = False) -> tuple[bytes, ...]:
        """*response* as it is sent now, in one piece, or as head and body if the body is large.

        With *head_only*, the body is left out (HEAD). With *closes*, the connection ends after it.
        """
        self._update_date()
        if response.is_unique:
            return self._render_unique(response, head_only=head_only, closes=closes)
        key = response, head_only, closes
        rendered = self._rendered.get(key)
        if rendered is None:
            head = self._render_head(response, closes=closes)
            rendered = join(head, b"" if head_only or response.status == 304 else response.body)
            self._cache(key, rendered)
        return rendered

    def _render_unique(self, response: Response, *, head_only: bool, closes: bool) -> tuple[bytes, ...]:
        key = response.status, response.headers, len(response.body), closes
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) >= MAX_CACHED_HEADS:
                self._heads.clear()
            head = self._heads[key] = self._render_head(response, closes=closes)
        return join(head, b"" if head_only else response.body)

    def head(self, response: Response, *, closes: bool = False) -> h11.Response:
        """The head of *response* as it is sent now, as an h11 event."""
        import h11  # imported here, because the import takes time and a device should be found soon after its start

        self._update_date()
        headers = [("Date", self._date), ("Server", self.server_token), *response.headers]
        if any(name.lower() == "server" for name, _ in response.headers):  # a device's own
            del headers[1]
        if response.status != 304:
            headers.append(("Content-Length", str(len(response.body))))
        if closes:
            headers.append(("Connection", "close"))
        return h11.Response(status_code=response.status, headers=headers, reason=REASONS[response.status].encode())

    def report(self, peer: str, request: Request | None, status: int) -> None:
        """Count an answer, and publish an event about it."""
        self.stats.requests[status] += 1
        if self.events.wanted:
            self.events.publish(
                RequestAnswered(
                    peer=peer,
                    method=request.method if request else "?",
                    target=request.target if request else "?",
                    status=status,
                    user_agent=request.headers.get("user-agent") if request else None,
                )
            )

    def _render_head(self, response: Response, *, closes: bool) -> bytes:
        import h11

        connection = h11.Connection(h11.SERVER)
        connection.receive_data(b"GET / HTTP/1.1\r\nHost: any\r\n\r\n")
        connection.next_event()
        return connection.send(self.head(response, closes=closes))

    def _cache(self, key: tuple[Response, bool, bool], rendered: tuple[bytes, ...]) -> None:
        # a large body is the site's object, not a copy
        size = len(rendered[0])
        if self._cached_bytes + size > MAX_CACHED_BYTES:
            self._clear_cache()
        self._rendered[key] = rendered
        self._cached_bytes += size

    def _update_date(self) -> None:
        now = self.utcnow()
        if self._second is not None and self._second[0] <= now < self._second[1]:
            return
        start = now.replace(microsecond=0)
        self._second, self._date = (start, start + _ONE_SECOND), http_date(start)
        self._heads.clear()
        self._clear_cache()

    def _clear_cache(self) -> None:
        self._rendered.clear()
        self._cached_bytes = 0


def join(head: bytes, body: bytes) -> tuple[bytes, ...]:
    """*head* and *body* in as few pieces as can be had without copying a large body."""
    if len(body) > MAX_JOINED_BYTES:
        return head, body
    return (head + body,)


def without_start(pieces: tuple[bytes, ...], size: int) -> tuple[memoryview, ...]:
    """*pieces* without their first *size* bytes."""
    rest = []
    for piece in pieces:
        rest.append(memoryview(piece)[size:])
        size = max(size - len(piece), 0)
    return tuple(rest)
