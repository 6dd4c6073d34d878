"""Fetches web pages that a person has named, within bounds on all that their servers can make long or slow.

Unlike `HttpClient`, which asks devices, it looks names up, speaks HTTPS, and follows redirects. These, and the URLs of
icons, are a stranger's words: they are followed on the same host alone, or a page could have the title of any other
server that this host can reach published under its own name.
"""

from __future__ import annotations

import errno
import os
import socket
import zlib
from ipaddress import ip_address
from typing import TYPE_CHECKING

import attrs
import h11
import trio

from upnp_trio.errors import MalformedMessage, RequestFailed
from upnp_trio.http.answer_reader import AnswerStart, read_start
from upnp_trio.http.request_failures import shown
from upnp_trio.http.request_rules import MAX_HEAD_BYTES
from upnp_trio.model.web_url import WebUrl
from upnp_trio.network.web_streams import Web

if TYPE_CHECKING:
    from upnp_trio.network.web_streams import WebStream

__all__ = ["MAX_PAGE_BYTES", "FetchedPage", "PageClient"]

# From the look-up of the name to the head of the answer, for each redirect anew. A NAS wakes its discs up meanwhile.
ANSWER_SECONDS = 10.0
# What has not come by then of a page that has begun to answer is left out.
BODY_SECONDS = 5.0
# As many as browsers follow would be 20; pages of devices have one or two: to HTTPS, and to their login.
MAX_REDIRECTS = 5
# For one page with all its redirects.
PAGE_SECONDS = 30.0
# More than is read of a page; what is compressed is shorter.
MAX_PAGE_BYTES = 128 * 1024

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CURES = {
    errno.ECONNREFUSED: "nothing listens there",
    errno.EMFILE: "this process has too many files open; raise its limit (ulimit -n)",
    errno.ENFILE: "this host has too many files open; close other programs",
}


@attrs.frozen
class FetchedPage:
    """The answer of a web server, whatever its status is."""

    #: after all redirects that were followed
    url: WebUrl
    #: the address that answered, with a zone if one was given
    address: str
    status: int
    content_type: str = ""
    #: the start of the body, without a content coding
    body: bytes = attrs.field(default=b"", repr=False)
    #: where a redirect leads that was not followed
    elsewhere: str = ""
    #: whether *body* is all of it
    is_whole: bool = True


@attrs.frozen(eq=False)
class PageClient:
    """Fetches pages by a `Web`."""

    web: Web
    user_agent: str

    async def get(self, url: WebUrl, *, address: str = "", max_body_bytes: int = MAX_PAGE_BYTES) -> FetchedPage:
        """The start of the page at *url*; raises `RequestFailed` if there is no answer.

        With *address*, it is asked there, and its name is not looked up. Redirects are followed on the same host.
        """
        with trio.move_on_after(PAGE_SECONDS):
            return await self._follow(url, address, max_body_bytes)
        raise RequestFailed(f"{url}: no answer after {PAGE_SECONDS:g} s")

    async def _follow(self, url: WebUrl, address: str, max_body_bytes: int) -> FetchedPage:
        for _ in range(MAX_REDIRECTS):
            start, peer = await self._ask(url, address, max_body_bytes)
            address = address or peer  # what is given may have a zone, without which a link-local one leads nowhere
            location = start.answer.headers.get("location", "")
            if start.answer.status not in _REDIRECTS or not location:
                return _fetched(url, address, start, max_body_bytes)
            try:
                target = url.join(location)
            except ValueError:
                return _fetched(url, address, start, max_body_bytes, elsewhere=shown(location))
            if not await self.is_same_host(target, url, address):
                return _fetched(url, address, start, max_body_bytes, elsewhere=str(target))
            url = target
        # servers that want a cookie do this to clients that keep none
        return _fetched(url, address, start, max_body_bytes, elsewhere=f"itself, {MAX_REDIRECTS} times")

    async def is_same_host(self, target: WebUrl, url: WebUrl, address: str) -> bool:
        """Whether *target*, which a server at *address* has named, is on the host of *url*."""
        if target.host == url.host:
            return True
        address = address.partition("%")[0]
        if target.is_here:
            return ip_address(address).is_loopback
        try:
            with trio.move_on_after(ANSWER_SECONDS):
                return address in await self.web.addresses_of(target.host)
        except (OSError, UnicodeError):
            return False
        return False

    async def _ask(self, url: WebUrl, address: str, max_body_bytes: int) -> tuple[AnswerStart, str]:
        with trio.move_on_after(ANSWER_SECONDS + BODY_SECONDS):
            try:
                stream = await self.web.open(url, address)
            except (OSError, UnicodeError) as error:  # UnicodeError: a name that the resolver refuses to look up
                raise RequestFailed(f"{url}: {_cannot_connect(url, error)}") from error
            try:
                answer = await self._exchange(url, stream, max_body_bytes)
            except MalformedMessage as error:
                raise RequestFailed(f"{url}: {shown(str(error))}; is this a web server?") from error
            except trio.BrokenResourceError as error:
                raise RequestFailed(f"{url}: {_broken(url, error)}") from error
            finally:
                stream.close()
            if answer is None:
                raise RequestFailed(f"{url}: the connection ended before an answer")
            return answer, stream.peer
        raise RequestFailed(f"{url}: no answer within {ANSWER_SECONDS:g} s")

    async def _exchange(self, url: WebUrl, stream: WebStream, max_body_bytes: int) -> AnswerStart | None:
        protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        headers = [
            ("Host", url.authority),
            ("User-Agent", self.user_agent),
            ("Accept", "text/html, image/png, */*;q=0.5"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]
        head = protocol.send(h11.Request(method="GET", target=url.target, headers=headers)) or b""
        protocol.send(h11.EndOfMessage())
        await stream.send_all(memoryview(head))
        return await read_start(stream, protocol, max_body_bytes=max_body_bytes, seconds=BODY_SECONDS)


def _fetched(url: WebUrl, address: str, start: AnswerStart, max_body_bytes: int, *, elsewhere: str = "") -> FetchedPage:
    content_type = start.answer.headers.get("content-type", "")
    body, is_whole = _decoded(start, max_body_bytes)
    return FetchedPage(url, address, start.answer.status, content_type, body, elsewhere, is_whole)


def _decoded(start: AnswerStart, max_body_bytes: int) -> tuple[bytes, bool]:
    """The body without its content coding, and whether it is all of it. Small devices have pages as gzip alone."""
    answer = start.answer
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return answer.body, start.is_whole
    if coding not in ("gzip", "x-gzip", "deflate"):
        return b"", False
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        return unpacking.decompress(answer.body, max_body_bytes), unpacking.eof
    except zlib.error:
        return b"", False


def _cannot_connect(url: WebUrl, error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return f"the name {url.host} cannot be looked up: {error}"
    if isinstance(error, socket.gaierror):
        hint = "; names in .local need mDNS on this host (Avahi, nss-mdns)" if url.host.endswith(".local") else ""
        return f"the name {url.host} is not found: {error.strerror}{hint}"
    # trio's errors name the address as well
    what = f"cannot connect: {os.strerror(error.errno) if error.errno else error}"
    return f"{what}; {_CURES[error.errno]}" if error.errno in _CURES else what


def _broken(url: WebUrl, error: trio.BrokenResourceError) -> str:
    cause = error.__cause__
    reason = getattr(cause, "reason", None)
    if url.scheme == "https" and isinstance(reason, str) and reason:  # an SSLError's
        hint = "; is it http://?" if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE") else ""
        return f"no TLS: {shown(reason.replace('_', ' ').lower())}{hint}"
    said = cause.strerror if isinstance(cause, OSError) else None
    return f"the connection broke: {shown(said or str(cause or error))}"
