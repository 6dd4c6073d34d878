"""The HTTP client of the asking side, with bounds on all that a device can make long or slow (H11).

No redirect is followed: it is the device that is asked, and nobody else. A request has a connection of its own, except
that the documents of a device may share one (`HttpClient.keeping`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import attrs
import h11
import trio

from upnp_trio.errors import MalformedMessage, RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.answer_reader import MAX_HEAD_BYTES, ConnectionEnded, HttpAnswer, read_answer
from upnp_trio.http.fetch_slots import FetchSlots
from upnp_trio.model.literal_url import IpAddress
from upnp_trio.model.peers import peer_of
from upnp_trio.model.printable import printable
from upnp_trio.network.streams import HttpStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.model.literal_url import LiteralUrl

__all__ = ["MAX_ANSWER_BYTES", "HttpAnswer", "HttpClient"]

# A neighbour connects within milliseconds.
CONNECT_SECONDS = 5.0
# H11: a request in all, from the first packet to the last byte of the answer.
REQUEST_SECONDS = 10.0
# As much as a document may have.
MAX_ANSWER_BYTES = 1024 * 1024
# Connections that are kept for the next document, each of which holds a descriptor.
MAX_KEPT = 16
# What a device says in a redirect is shown to a person, who needs to see where it leads and no more.
MAX_SHOWN_CHARACTERS = 200

OK = 200


@attrs.frozen
class _Origin:
    """Where a connection leads, and from where."""

    address: IpAddress
    port: int
    served: ServedAddress


@attrs.define(eq=False, repr=False)
class HttpClient:
    """Sends requests; *connect* opens a connection and raises `OSError`."""

    connect: Callable[[IpAddress, int, ServedAddress], Awaitable[HttpStream]]
    user_agent: str = attrs.field(kw_only=True)
    _slots: FetchSlots = attrs.field(factory=FetchSlots)
    #: idle connections, the oldest first, while somebody wants them kept
    _kept: dict[_Origin, HttpStream] = attrs.field(factory=dict)
    _keepers: int = 0

    async def get(
        self, url: LiteralUrl, served: ServedAddress, *, max_body_bytes: int = MAX_ANSWER_BYTES
    ) -> HttpAnswer:
        """The answer to a GET of *url*, with status 200; *served* is the address of ours that the request leaves from.

        A few GETs run at once, and the others wait for their turn. Raises `RequestFailed`.
        """
        async with self._slots.slot(peer_of(str(url.address))):
            answer = await self.request("GET", url, served, max_body_bytes=max_body_bytes)
        if answer.status != OK:
            raise RequestFailed(f"GET {url}: {_explained(answer)}", answer.status)
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
        """The answer to one request, whatever its status is.

        Raises `RequestFailed` if there is none within *seconds*, if it is not HTTP, or if its body has more than
        *max_body_bytes*. The message names the request, the reason and what may help.
        """
        origin = _Origin(url.address, url.port, served)
        try:
            with trio.fail_after(seconds):
                return await self._request(origin, method, url, tuple(headers), body, max_body_bytes)
        except trio.TooSlowError as error:
            raise RequestFailed(
                f"{method} {url}: no answer within {seconds:g} s; the device may be busy, or gone"
            ) from error
        except OSError as error:
            raise RequestFailed(
                f"{method} {url}: cannot connect: {error.strerror or error}; the device may be gone, or a firewall in "
                "the way"
            ) from error
        except trio.BrokenResourceError as error:
            raise RequestFailed(f"{method} {url}: the device broke the connection") from error
        except MalformedMessage as error:
            raise RequestFailed(f"{method} {url}: {error}") from error

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Let GETs within the body share connections; what is idle at its end is closed."""
        self._keepers += 1
        try:
            yield
        finally:
            self._keepers -= 1
            if not self._keepers:
                self.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        for stream in self._kept.values():
            stream.close()
        self._kept.clear()

    async def _request(
        self,
        origin: _Origin,
        method: str,
        url: LiteralUrl,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        max_body_bytes: int,
    ) -> HttpAnswer:
        # Only a GET may be repeated if the device has closed the kept connection at this moment (RFC 9110 §9.2.2).
        keeps = method == "GET" and self._keepers > 0
        protocol, message = _rendered(method, url, (("User-Agent", self.user_agent), *headers), body, keeps=keeps)
        kept = self._take_kept(origin) if keeps else None
        if kept is not None:
            try:
                return await self._exchange(origin, kept, protocol, message, max_body_bytes)
            except (ConnectionEnded, trio.BrokenResourceError):
                protocol, message = _rendered(
                    method, url, (("User-Agent", self.user_agent), *headers), body, keeps=keeps
                )
        return await self._exchange(origin, await self._connected(origin), protocol, message, max_body_bytes)

    async def _connected(self, origin: _Origin) -> HttpStream:
        with trio.move_on_after(CONNECT_SECONDS):
            return await self.connect(origin.address, origin.port, origin.served)
        raise MalformedMessage(f"cannot connect within {CONNECT_SECONDS:g} s; the device may be gone")

    async def _exchange(
        self, origin: _Origin, stream: HttpStream, protocol: h11.Connection, message: bytes, max_body_bytes: int
    ) -> HttpAnswer:
        stays_open = False
        try:
            await _send(stream, message)
            answer = await read_answer(stream, protocol, max_body_bytes)
            stays_open = protocol.our_state is h11.DONE and protocol.their_state is h11.DONE
            stays_open = stays_open and not protocol.trailing_data[0]
        finally:
            if stays_open and self._keepers:
                self._keep(origin, stream)
            else:
                stream.close()
        return answer

    def _take_kept(self, origin: _Origin) -> HttpStream | None:
        """The kept connection to *origin*, if it is open and nothing unexpected has arrived on it."""
        stream = self._kept.pop(origin, None)
        if stream is None:
            return None
        try:
            if stream.receive_now(1) is None:
                return stream
        except trio.BrokenResourceError:  # reset by the device
            pass
        stream.close()
        return None

    def _keep(self, origin: _Origin, stream: HttpStream) -> None:
        if (other := self._kept.pop(origin, None)) is not None:
            other.close()
        elif len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept))).close()
        self._kept[origin] = stream


def _rendered(
    method: str, url: LiteralUrl, headers: tuple[tuple[str, str], ...], body: bytes, *, keeps: bool
) -> tuple[h11.Connection, bytes]:
    """A request as bytes, and the state machine that has sent it."""
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    fields = [("HOST", url.authority), *headers]
    if body or method == "POST":
        fields.append(("CONTENT-LENGTH", str(len(body))))
    if not keeps:
        fields.append(("CONNECTION", "close"))
    events = [h11.Request(method=method, target=url.target, headers=fields)]
    pieces = [protocol.send(event) or b"" for event in (*events, *([h11.Data(data=body)] if body else []))]
    return protocol, b"".join([*pieces, protocol.send(h11.EndOfMessage()) or b""])


async def _send(stream: HttpStream, message: bytes) -> None:
    sent = stream.send_now([message])
    if sent < len(message):
        # the device may have answered before it had read all, and its answer says why
        with suppress(trio.BrokenResourceError):
            await stream.send_all(memoryview(message)[sent:])


def _explained(answer: HttpAnswer) -> str:
    """What the status of an answer other than 200 means for a person."""
    if 300 <= answer.status < 400 and (target := answer.headers.get("location")):
        shown = printable(target, MAX_SHOWN_CHARACTERS)
        return f"the device answered with status {answer.status} and sends us to {shown}; redirects are not followed"
    return f"the device answered with status {answer.status}"
