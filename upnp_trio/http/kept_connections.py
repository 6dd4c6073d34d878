"""Idle connections for the next document of the same device: a description, its SCPDs and its icons take one.

A connection is kept as long as somebody says that more is to come, so that no timer is needed to close it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.exchange import ServedAddress
from upnp_trio.model.literal_url import IpAddress
from upnp_trio.network.streams import HttpStream

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KeptConnections", "Origin"]

# Each holds a descriptor, and documents are fetched from no more devices than this at once (H22).
MAX_KEPT = 16
# Between two documents of one device, a program takes milliseconds. Embedded devices close an idle connection after a
# few seconds, and a request on its way at that moment would be lost.
KEPT_SECONDS = 2.0


@attrs.frozen
class Origin:
    """Where a connection leads, and the address of this host that it comes from."""

    address: IpAddress
    port: int
    served: ServedAddress


@attrs.frozen
class _Idle:
    stream: HttpStream
    since: float


@attrs.define(eq=False, repr=False)
class KeptConnections:
    """At most one for each origin, and a bounded number in all."""

    _idle: dict[Origin, _Idle] = attrs.field(factory=dict)
    #: how many want connections to an address kept, or to any
    _keepers: Counter[IpAddress | None] = attrs.field(factory=Counter)
    is_closed: bool = False

    @contextmanager
    def keeping(self, address: IpAddress | None) -> Iterator[None]:
        """Keep connections to *address*, or to any, while the body runs."""
        self._keepers[address] += 1
        try:
            yield
        finally:
            self._keepers -= Counter([address])  # this drops those that are at zero
            for origin in [each for each in self._idle if not self.keeps(each)]:
                self._idle.pop(origin).stream.close()

    def keeps(self, origin: Origin) -> bool:
        """Whether another request to *origin* is to come."""
        return not self.is_closed and not self._keepers.keys().isdisjoint((origin.address, None))

    def take(self, origin: Origin) -> HttpStream | None:
        """The idle connection to *origin*, if it is still open and nothing unexpected has arrived on it."""
        idle = self._idle.pop(origin, None)
        if idle is None:
            return None
        try:
            if trio.current_time() - idle.since <= KEPT_SECONDS and idle.stream.receive_now(1) is None:
                return idle.stream
        except trio.BrokenResourceError:  # reset by the device
            pass
        idle.stream.close()
        return None

    def give(self, origin: Origin, stream: HttpStream) -> None:
        """Keep *stream*, or close it."""
        if not self.keeps(origin):
            stream.close()
            return
        other = self._idle.pop(origin, None)
        if other is None and len(self._idle) >= MAX_KEPT:
            other = self._idle.pop(next(iter(self._idle)))  # idle for the longest time
        if other is not None:
            other.stream.close()
        self._idle[origin] = _Idle(stream, trio.current_time())

    def close(self) -> None:
        """Close all, and keep none from now on."""
        self.is_closed = True
        for idle in self._idle.values():
            idle.stream.close()
        self._idle.clear()
