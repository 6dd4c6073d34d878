"""`parse` with a memory: control points repeat themselves to the byte, every few seconds, for years."""

from __future__ import annotations

from upnp_trio.ssdp.messages import Message, Search, parse

__all__ = ["ParseCache"]

# A home's control points have some ten searches each. Bounded, as a stranger can make up any number.
MAX_REMEMBERED = 1024
# Real searches stay below 300 bytes; together with the number, at most 1 MiB is held.
MAX_REMEMBERED_BYTES = 1024


class ParseCache:
    """Parses, and knows the searches it has parsed before.

    What was read before takes a twentieth of the time (`python -m benchmarks.fast_paths`). Other messages are not
    kept: neighbours' announcements come once in minutes.
    """

    def __init__(self) -> None:
        self._searches: dict[bytes, Search] = {}

    def parse(self, datagram: bytes) -> Message:
        """What `upnp_trio.ssdp.messages.parse` gives; raises `MalformedMessage` like it."""
        known = self._searches.get(datagram)
        if known is not None:
            return known
        message = parse(datagram)
        if isinstance(message, Search) and len(datagram) <= MAX_REMEMBERED_BYTES:
            if len(self._searches) >= MAX_REMEMBERED:
                self._searches.clear()
            # a copy: what came from a socket lies where 4 KiB were asked for, and would keep the rest from being used
            self._searches[bytes(memoryview(datagram))] = message
        return message
