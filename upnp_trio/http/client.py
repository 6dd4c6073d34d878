"""The HTTP client of the asking side, with bounds on all that a device can make long or slow (H11).

No redirect is followed and no name is looked up: a request goes to the address in its URL, which the caller has
checked (`upnp_trio.network.reach`), or fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from upnp_trio.errors import MalformedMessage, RequestFailed
from upnp_trio.http.answer_reader import AnswerTooLong, HttpAnswer, may_be_kept
from upnp_trio.http.exchanges import send_and_read
from upnp_trio.http.fetch_slots import FetchSlots
from upnp_trio.http.kept_connections import KeptConnections
from upnp_trio.http.outgoing_request import OutgoingRequest
from upnp_trio.http.request_failures import (
    NO_ANSWER,
    NOT_HTTP,
    TOO_LONG,
    TRY_AGAIN,
    cannot_connect,
    encoded,
    no_answer_in_time,
    not_connected_in_time,
    shown,
    unwanted_status,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from contextlib import AbstractContextManager

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.model.literal_url import IpAddress, LiteralUrl
    from upnp_trio.network.streams import HttpStream

__all__ = ["MAX_ANSWER_BYTES", "REQUEST_SECONDS", "HttpAnswer", "HttpClient", "NotConnected"]

# A neighbour connects within milliseconds, and within 3 s even if the first two packets are lost.
CONNECT_SECONDS = 5.0
# From the first packet to the last byte of the answer.
REQUEST_SECONDS = 10.0
# The longest description that is read (H10).
MAX_ANSWER_BYTES = 1024 * 1024


class NotConnected(RequestFailed):
    """There was no connection, so nothing was sent, and another place may be tried."""


class HttpClient:
    """Sends requests, each within its bounds; holds nothing open between them but what `keeping` asks for."""

    def __init__(
        self, connect: Callable[[IpAddress, int, ServedAddress], Awaitable[HttpStream]], *, user_agent: str
    ) -> None:
        """*connect* opens a connection to an address and a port, from an address of this host; raises `OSError`."""
        self._connect = connect
        self._user_agent = user_agent
        self._slots = FetchSlots()
        self._kept = KeptConnections()

    async def get(
        self,
        url: LiteralUrl,
        served: ServedAddress,
        *,
        max_body_bytes: int = MAX_ANSWER_BYTES,
        seconds: float = REQUEST_SECONDS,
    ) -> HttpAnswer:
        """The answer to a GET of *url*, which has status 200; raises `RequestFailed`.

        A few GETs run at once, and fewer to one device; the time that one waits for its turn is not in *seconds*.
        """
        async with self._slots.slot(url.address):
            answer = await self.request("GET", url, served, max_body_bytes=max_body_bytes, seconds=seconds)
        if answer.status != 200:
            request = OutgoingRequest(method="GET", url=url, served=served)
            raise request.failure(unwanted_status(answer), answer.status)
        return answer

    async def request(
        self,
        method: str,
        url: LiteralUrl,
        served: ServedAddress,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        max_body_bytes: int = MAX_ANSWER_BYTES,
        seconds: float = REQUEST_SECONDS,
    ) -> HttpAnswer:
        """The answer to a request for *url* that leaves from *served*, whatever its status is but that of a redirect.

        HOST, USER-AGENT and the framing are added to *headers*. Raises `RequestFailed` if there is no whole answer
        within *seconds*, if it is not HTTP, if its body has more than *max_body_bytes* or is encoded, and if it is a
        redirect. The message names the request, what happened and what may help.
        """
        fields = (("USER-AGENT", self._user_agent), *headers)
        request = OutgoingRequest(method=method, url=url, served=served, headers=fields, body=body)
        request.check()
        with trio.move_on_after(seconds):
            try:
                answer = await self._ask(request, max_body_bytes)
            except trio.BrokenResourceError as error:
                raise request.failure(f"{shown(str(error))}; {TRY_AGAIN}") from error
            except AnswerTooLong as error:
                raise request.failure(f"{error}; {TOO_LONG}") from error
            except MalformedMessage as error:
                raise request.failure(f"{shown(str(error))}; {NOT_HTTP}") from error
            if 300 <= answer.status < 400:
                raise request.failure(unwanted_status(answer), answer.status)
            coding = answer.headers.get("content-encoding", "")
            if coding.lower() not in ("", "identity"):
                raise request.failure(encoded(answer, coding), answer.status)
            return answer
        raise request.failure(no_answer_in_time(seconds))

    def keeping(self, url: LiteralUrl | None = None) -> AbstractContextManager[None]:
        """While the body runs, GETs to the address of *url* share connections; without *url*, all GETs do.

        Whatever is idle at the end is closed.
        """
        return self._kept.keeping(None if url is None else url.address)

    def close(self) -> None:
        """Close all connections that are kept, and keep none from now on."""
        self._kept.close()

    async def _ask(self, request: OutgoingRequest, max_body_bytes: int) -> HttpAnswer:
        if request.is_safe and (kept := self._kept.take(request.origin)) is not None:
            try:
                answer = await self._exchange(request, kept, max_body_bytes)
            except trio.BrokenResourceError:
                answer = None
            if answer is not None:
                return answer
            # the device has closed the kept connection at this moment
        answer = await self._exchange(request, await self._connected(request), max_body_bytes)
        if answer is None:
            raise request.failure(NO_ANSWER)
        return answer

    async def _connected(self, request: OutgoingRequest) -> HttpStream:
        try:
            with trio.move_on_after(CONNECT_SECONDS):
                return await self._connect(request.url.address, request.url.port, request.served)
        except OSError as error:
            raise NotConnected(str(request.failure(cannot_connect(error)))) from error
        raise NotConnected(str(request.failure(not_connected_in_time(CONNECT_SECONDS))))

    async def _exchange(self, request: OutgoingRequest, stream: HttpStream, max_body_bytes: int) -> HttpAnswer | None:
        """Send *request* and read the answer; ``None`` if the connection ended before it.

        Owns *stream*, and closes it or keeps it.
        """
        is_kept = False
        try:
            message, protocol = request.render(keeps=request.is_safe and self._kept.keeps(request.origin))
            answer, is_sent = await send_and_read(stream, message, protocol, max_body_bytes=max_body_bytes)
            is_kept = answer is not None and is_sent and may_be_kept(protocol)
        finally:
            if is_kept:
                self._kept.give(request.origin, stream)
            else:
                stream.close()
        return answer
