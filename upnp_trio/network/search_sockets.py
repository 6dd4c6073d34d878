"""The sockets of searches: each has a port of its own, so that whatever arrives there answers that search."""

from __future__ import annotations

import math
import socket
import struct
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.network.asking import ReceivedDatagram
from upnp_trio.network.endpoint import Receiver
from upnp_trio.network.system_errors import UNSUPPORTED_ERRNOS, tolerated, translated
from upnp_trio.network.udp_sender import Address, UdpSender
from upnp_trio.network.udp_sockets import group_of, host_of, open_udp_socket, set_up_sending, socket_address
from upnp_trio.ssdp.messages import MAX_DATAGRAM_BYTES, PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface

__all__ = ["MAX_AGE_SECONDS", "StampedReceiver", "SystemSearchSocket", "age_of", "open_search_socket"]

# A datagram that seems to be older than this, or to come from the future, was stamped before the system's clock was
# set. Its age is not known, and it counts as new.
MAX_AGE_SECONDS = 10.0
# Two clocks that are read within this time of each other are read at one moment. A few looks find such a moment even
# on a busy machine; the closest of them counts.
CLOSE_SECONDS = 5e-6
MAX_LOOKS = 5

# <asm-generic/socket.h>: stamp each datagram with the time of day when it arrived, in a struct timespec
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")

#: a datagram, its source, and when the kernel received it, in nanoseconds of the time of day
_Stamped = tuple[bytes, Address, "int | None"]


class StampedReceiver(Receiver):
    """Reads the kernel's time stamps along with the datagrams."""

    def drain_stamped(self) -> Iterator[_Stamped]:
        """Like `drain`, with the time stamp of each datagram, where the system gives one."""
        if sys.platform == "linux":
            room = socket.CMSG_SPACE(_TIMESPEC.size)
            for payload, ancillary, _, source in self.each(partial(self.socket.recvmsg, MAX_DATAGRAM_BYTES + 1, room)):
                yield payload, source, _stamp_of(ancillary)
        else:
            for payload, source in self.drain():
                yield payload, source, None


@attrs.frozen(eq=False, repr=False)
class SystemSearchSocket:
    """A socket of this system that searches from one address; `SearchSocket` has the meaning of each name."""

    _sender: UdpSender
    _receiver: StampedReceiver
    host: str

    @property
    def interface(self) -> Interface:
        """The interface that it sends on."""
        return self._sender.interface

    @property
    def address(self) -> IpAddress:
        """The address that it sends from."""
        return self._sender.address

    @property
    def group(self) -> Address:
        """Where a multicast search from this address goes."""
        return self._sender.group

    async def send(self, payload: bytes, destination: Address) -> float:
        """Send one datagram; returns when it left. Raises `OSError`."""
        await trio.lowlevel.checkpoint()
        return await self._sender.send_when_possible(payload, destination)

    async def receive(self) -> list[ReceivedDatagram]:
        """Wait for answers. Errors that earlier sends have caused, and those of single datagrams, are passed over."""
        arrived: list[_Stamped] = []
        while not arrived:
            await self._receiver.wait()
            arrived = list(self._receiver.drain_stamped())
        now, time_of_day = _both_clocks()
        own = self._receiver.bound_to
        return [
            ReceivedDatagram(payload, source, now - age_of(stamp, time_of_day), own)
            for payload, source, stamp in arrived
        ]


@contextmanager
def open_search_socket(
    interface: Interface, address: IpInterface, *, multicast_ttl: int | None = None
) -> Iterator[SystemSearchSocket]:
    """A socket that searches from *address* of *interface*, on a port of its own; closed at the end.

    *multicast_ttl* is how many hops a search lives, in place of the default of the group. Raises `NetworkError`.
    """
    with ExitStack() as stack:
        opened = open_udp_socket(str(address.ip), 0, interface, stack)
        with translated(f"search from {address.ip} on {interface.name}"):
            set_up_sending(opened, address, interface, multicast_ttl=multicast_ttl)
            if sys.platform == "linux":
                with tolerated(UNSUPPORTED_ERRNOS):
                    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        group = group_of(address)
        sender = UdpSender(
            interface=interface,
            address=address.ip,
            socket=opened,
            group=socket_address(group, PORT, interface),
        )
        yield SystemSearchSocket(sender, StampedReceiver(opened, None), host_of(group))


def _both_clocks() -> tuple[float, int]:
    """Trio's time and the time of day at one moment: another process that runs between the two would be latency."""
    best = (math.inf, 0.0, 0)
    for _ in range(MAX_LOOKS):
        before, time_of_day = trio.current_time(), time.time_ns()
        gap = trio.current_time() - before
        best = min(best, (gap, before + gap / 2, time_of_day))
        if gap < CLOSE_SECONDS:
            break
    return best[1], best[2]


def _stamp_of(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None


def age_of(stamp: int | None, time_of_day: int) -> float:
    """How many seconds before *time_of_day* *stamp* was, both in nanoseconds; 0 if that is not known."""
    if stamp is None:
        return 0.0
    age = (time_of_day - stamp) / 1e9
    return age if 0 <= age <= MAX_AGE_SECONDS else 0.0
