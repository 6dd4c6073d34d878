"""UDP sockets in memory."""

from __future__ import annotations

import errno
import heapq
import itertools
import math
import os
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.network.endpoint import Address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.testing.links import Nic  # noqa: TC004  # only cattrs would evaluate it

__all__ = ["MAX_WAITING", "UdpSocket", "at", "refused"]

# What waits at one socket; the kernel's buffer is as large. What comes when it is full is lost.
MAX_WAITING = 10_000

_serial = itertools.count()


def refused(number: int) -> OSError:
    """The error of a system call."""
    return OSError(number, os.strerror(number))


def at(address: str, port: int) -> str:
    """An address with a port, as text."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@attrs.define(eq=False, repr=False)
class UdpSocket:
    """A UDP socket, as far as this package uses one. It is bound to an address of a host, a group or a broadcast.

    It is a context manager that closes it.
    """

    nic: Nic
    address: str
    port: int
    #: raised by the next reads, one for each, before what has arrived
    read_errors: list[OSError] = attrs.field(factory=list)
    #: how many datagrams found no room
    lost: int = 0
    is_open: bool = attrs.field(default=True, init=False)
    _arriving: list[tuple[float, int, bytes, Address]] = attrs.field(factory=list, init=False)
    _lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False)

    def __attrs_post_init__(self) -> None:
        self.nic.sockets.append(self)

    def __repr__(self) -> str:
        return f"<UDP socket at {at(self.address, self.port)}>"

    def __enter__(self) -> UdpSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> Address:
        """The address that its datagrams come from."""
        return (self.address, self.port, 0, self.nic.index) if ":" in self.address else (self.address, self.port)

    def getsockname(self) -> Address:
        """The same, as a socket has it."""
        return self.name

    def deliver(self, payload: bytes, source: Address, due: float) -> None:
        """Let a datagram arrive at *due*."""
        if len(self._arriving) >= MAX_WAITING:
            self.lost += 1
            return
        heapq.heappush(self._arriving, (due, next(_serial), payload, source))
        self._lot.unpark_all()

    async def wait_readable(self) -> None:
        """Wait until there is something to read."""
        await trio.lowlevel.checkpoint()
        while not self.read_errors and (due := self._next_due()) > trio.current_time():
            self._require_open()
            if due == math.inf:
                await self._lot.park()
            else:
                with trio.move_on_at(due):
                    await self._lot.park()

    async def wait_writable(self) -> None:
        """Wait until there is room for a datagram."""
        await self.nic.wait_for_room()

    def recvfrom(self, max_bytes: int) -> tuple[bytes, Address]:
        """What has arrived, and its source. Raises `BlockingIOError` if nothing has."""
        _, payload, source = self.read()
        return payload[:max_bytes], source

    def read(self) -> tuple[float, bytes, Address]:
        """Like `recvfrom`, with the time when it arrived, and with all of it."""
        self._require_open()
        if self.read_errors:
            raise self.read_errors.pop(0)
        if self._next_due() > trio.current_time():
            raise BlockingIOError
        due, _, payload, source = heapq.heappop(self._arriving)
        return due, payload, source

    def sendto(self, payload: bytes, destination: Address) -> int:
        """Send from the address that it is bound to."""
        self._require_open()
        self.nic.take_room()
        if self.nic.send_errors and (error := self.nic.send_errors.pop(0)):
            raise error
        if self.address in self.nic.mute:
            raise refused(errno.ENETDOWN)
        if not self.nic.is_up or not self.nic.has(self.address):
            raise refused(errno.ENETUNREACH)
        self.nic.send(payload, self.name, destination)
        return len(payload)

    def sendmsg(self, pieces: Sequence[bytes], ancillary: object, flags: int, destination: Address) -> int:
        """Send like `sendto`; what else it is told is about the interface, which it has already."""
        return self.sendto(b"".join(pieces), destination)

    def close(self) -> None:
        """Close at once; whatever waits gets `OSError`."""
        if self.is_open:
            self.is_open = False
            self.nic.sockets.remove(self)
            self._lot.unpark_all()

    def _next_due(self) -> float:
        return self._arriving[0][0] if self._arriving else math.inf

    def _require_open(self) -> None:
        if not self.is_open:
            raise refused(errno.EBADF)
