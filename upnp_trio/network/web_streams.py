"""Connections to web servers anywhere: names are looked up, and HTTPS is spoken.

A control point never uses this: SSDP gives literal addresses on the own link, and names would lead away from it.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Protocol

import trio

if TYPE_CHECKING:
    import ssl

    from upnp_trio.model.web_url import WebUrl

__all__ = ["SystemWeb", "Web", "WebStream"]


class WebStream(Protocol):
    """A connection to a web server."""

    @property
    def peer(self) -> str:
        """The address at the other end, without a port."""
        ...

    async def receive_some(self, max_bytes: int) -> bytes:
        """What has arrived; nothing at the end. Raises `trio.BrokenResourceError` when the peer is gone."""
        ...

    async def send_all(self, data: memoryview) -> None:
        """Send all of *data*. Raises `trio.BrokenResourceError` when the peer is gone, or is no TLS server."""
        ...

    def close(self) -> None:
        """Close at once; no task may wait for this connection."""
        ...


class Web(Protocol):
    """What this host can reach; tests have one in memory."""

    async def open(self, url: WebUrl, address: str = "") -> WebStream:
        """A connection to the server of *url*, at *address* if there is one. Raises `OSError`."""
        ...

    async def addresses_of(self, host: str) -> frozenset[str]:
        """The addresses that the name or address *host* has. Raises `OSError`."""
        ...


class SystemWeb:
    """The web as this system reaches it."""

    def __init__(self) -> None:
        self._tls: ssl.SSLContext | None = None

    async def open(self, url: WebUrl, address: str = "") -> WebStream:
        """A connection to the server of *url*, at *address* if there is one. Raises `OSError`.

        Without *address*, the name is looked up, and its addresses are tried one after the other (RFC 8305).
        """
        try:
            stream = await trio.open_tcp_stream(address or url.host.strip("[]"), url.port)
        except OSError as error:
            raise _first_cause(error) from error
        try:
            peer = str(stream.socket.getpeername()[0]).partition("%")[0]
            wrapped = stream if url.scheme == "http" else self._with_tls(stream, url.host.strip("[]"))
        except BaseException:
            stream.socket.close()
            raise
        return _Stream(wrapped, stream.socket, peer)

    async def addresses_of(self, host: str) -> frozenset[str]:
        """The addresses that the name or address *host* has. Raises `OSError`."""
        found = await trio.socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        return frozenset(str(address[0]).partition("%")[0] for *_, address in found)

    def _with_tls(self, stream: trio.SocketStream, host: str) -> trio.SSLStream[trio.SocketStream]:
        if self._tls is None:
            self._tls = _any_tls()
        # servers and their proxies close without saying so in TLS
        return trio.SSLStream(stream, self._tls, server_hostname=host, https_compatible=True)


class _Stream:
    def __init__(
        self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream], opened: trio.socket.SocketType, peer: str
    ) -> None:
        self._stream, self._socket, self.peer = stream, opened, peer

    async def receive_some(self, max_bytes: int) -> bytes:
        return bytes(await self._stream.receive_some(max_bytes))

    async def send_all(self, data: memoryview) -> None:
        await self._stream.send_all(data)

    def close(self) -> None:
        self._socket.close()


def _any_tls() -> ssl.SSLContext:
    """TLS with whatever certificate and version a server has.

    The certificates of NAS boxes, routers and printers are their own, and often for another name. Nothing secret is
    sent, and a browser that opens the page checks for itself. Somebody on the way could change what a page is called
    here, as with http. Old printers speak TLS 1.0, with keys that OpenSSL refuses by default.
    """
    import ssl  # loads OpenSSL's TLS library, which few pages need

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _first_cause(error: OSError) -> OSError:
    """The error of the first of several attempts to connect."""
    cause: BaseException | None = error.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, OSError):
        return cause
    if error.errno is None and not isinstance(error, socket.gaierror):
        return OSError(errno.EHOSTUNREACH, str(error))
    return error
