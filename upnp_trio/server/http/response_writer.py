"""What all HTTP connections share: the site, how its responses are written, and a memory of those just given.

Control points ask the same again to the byte: each of a hall's hundred televisions fetches one description. An answer
that was given is therefore kept, as the bytes that left, for as long as another one would be the same: until the
second of its Date is over, or the site changes. It halves the time of a GET, the client's part and the loop's included
(`python -m benchmarks.fast_paths`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import attrs

from upnp_trio.dates import http_date
from upnp_trio.server.http.host_check import HostCheck
from upnp_trio.server.monitoring.events import Events, RequestAnswered
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.site import Request, Response

__all__ = ["CachedResponse", "Responding", "ResponseWriter"]

# Kept for a second at most. A head of a control point has some 200 bytes and a description some kilobytes; larger
# files are worth more than the work of looking at a request.
MAX_KEPT_REQUEST_BYTES = 2048
MAX_KEPT_ANSWER_BYTES = 64 * 1024
MAX_KEPT_BYTES = 1024 * 1024


class Responding(Protocol):
    """What is asked for answers: `upnp_trio.site.Site`, or anything like it."""

    @property
    def version(self) -> int:
        """Another number whenever fixed responses may have become others."""
        ...

    def respond(self, request: Request) -> Response:
        """The response to *request*."""
        ...

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is worth waiting for (``Expect: 100-continue``)."""
        ...


@attrs.frozen(eq=False, repr=False)
class CachedResponse:
    """An answer that was given: *data* is all that was sent."""

    request: Request
    status: int
    data: bytes
    #: whether the connection ended with it
    closes: bool


@attrs.define(eq=False, repr=False)
class ResponseWriter:
    """Writes the responses of *site*."""

    site: Responding
    server_token: str
    utcnow: Callable[[], datetime]
    stats: Stats
    events: Events
    _given: dict[tuple[HostCheck, bytes], CachedResponse] = attrs.field(factory=dict)
    _kept_bytes: int = 0
    _second: datetime | None = None
    _date: str = ""
    _version: int = 0

    def headers_of(self, response: Response, *, close: bool) -> list[tuple[str, str]]:
        """The headers of *response* as it leaves now."""
        self._look_at_the_clock()
        headers = [("Date", self._date), ("Server", self.server_token), *response.headers]
        if response.status != 304:
            headers.append(("Content-Length", str(len(response.body))))
        if close:
            headers.append(("Connection", "close"))
        return headers

    def cached(self, host_check: HostCheck, arrived: bytes) -> CachedResponse | None:
        """What was answered to these very bytes, if it is what would be answered now."""
        self._look_at_the_clock()
        return self._given.get((host_check, arrived))

    def remember(self, host_check: HostCheck, arrived: bytes, given: CachedResponse) -> None:
        """Keep what was answered to *arrived*, all that came before the answer; it was a fixed response."""
        size = len(arrived) + len(given.data)
        if len(arrived) > MAX_KEPT_REQUEST_BYTES or len(given.data) > MAX_KEPT_ANSWER_BYTES:
            return
        if self._kept_bytes + size > MAX_KEPT_BYTES:
            self._forget()
        self._given[host_check, arrived] = given
        self._kept_bytes += size

    def report(self, peer: str, request: Request | None, status: int) -> None:
        """Count an answer, and tell of it."""
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

    def _look_at_the_clock(self) -> None:
        second = self.utcnow().replace(microsecond=0)
        if second != self._second or self.site.version != self._version:
            self._second, self._date, self._version = second, http_date(second), self.site.version
            self._forget()

    def _forget(self) -> None:
        self._given.clear()
        self._kept_bytes = 0
