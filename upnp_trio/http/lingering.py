"""The end of a connection whose peer is still sending (RFC 9112 §9.6).

If a socket is closed while something waits to be read, TCP resets the connection, and the peer may lose what it was
sent. So we say that nothing more comes, and read until the peer has closed its side, within bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.http.phases import Phase, PhaseTimer
from upnp_trio.http.request_reader import READ_BYTES

if TYPE_CHECKING:
    from upnp_trio.network.streams import HttpStream

__all__ = ["linger"]

# Enough for what a peer has sent before it reads the error: four bodies of the longest kind.
MAX_LINGER_BYTES = 256 * 1024


async def linger(stream: HttpStream, timer: PhaseTimer) -> None:
    """Stop sending on *stream*, then read and drop what comes, so that the peer gets the whole response."""
    timer.enter(Phase.LINGERING)
    await stream.send_eof()
    left = MAX_LINGER_BYTES
    while left > 0 and (data := await stream.receive_some(READ_BYTES)):
        left -= len(data)
