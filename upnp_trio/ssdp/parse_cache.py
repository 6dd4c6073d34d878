"""`parse` with a cache: control points send the same bytes every few seconds, for years."""

from __future__ import annotations

from upnp_trio.ssdp.messages import Message, Search
from upnp_trio.ssdp.parsing import parse

__all__ = ["ParseCache"]

# The control points of a home have some ten searches each. Bounded because other hosts can make up any number.
MAX_CACHED = 1024
# Real searches stay below 300 bytes. Together with the number, this bounds the cache to 2 MiB.
MAX_CACHED_BYTES = 1024


class ParseCache:
    """Parses datagrams and caches the searches among them.

    A cached search takes a twentieth of the time (`python -m benchmarks.fast_paths`). Other messages are not cached:
    the neighbours' announcements come once in minutes.
    """

    def __init__(self) -> None:
        self._searches: dict[bytes, Search] = {}

    def parse(self, datagram: bytes) -> Message:
        """Return what `upnp_trio.ssdp.parsing.parse` returns; raises `MalformedMessage` like it."""
        cached = self._searches.get(datagram)
        if cached is not None:
            return cached
        message = parse(datagram)
        if isinstance(message, Search) and len(datagram) <= MAX_CACHED_BYTES:
            if len(self._searches) >= MAX_CACHED:
                self._searches.clear()
            # A copy, because the socket's bytes object still occupies the 4 KiB that the receive call asked for.
            self._searches[bytes(memoryview(datagram))] = message
        return message
