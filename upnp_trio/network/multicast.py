"""SSDP's sockets: for each interface one `Endpoint`, which hears and speaks there and nowhere else.

An endpoint has several sockets, so that each datagram tells by the socket it came from on which interface and to
what kind of address it was sent, without a look at HOST (many searchers fill it wrongly) and without the cost of
ancillary data:

- one bound to the group 239.255.255.250, a member of it on this interface alone;
- one for each served address, which hears unicast searches and sends everything;
- one for each broadcast address, as some control points search by broadcast (node-sonos #73).

All share port 1900 with other programs.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.errors import NetworkError
from upnp_trio.network.interfaces import Interface
from upnp_trio.ssdp.messages import GROUP, MAX_DATAGRAM_BYTES, PORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Ear", "Endpoint", "open_endpoints"]

# Announcements may cross two routers (UDA 2.0 §1.2.2: default 2). A reply goes to a neighbour: with 4 hops, one
# that somebody tricks out of us dies close to home.
MULTICAST_TTL = 2
REPLY_TTL = 4
# As much as the system gives (Linux grants net.core.rmem_max): the queue in which a storm waits for us.
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
# Each socket yields at most this many datagrams before the others get their turn.
MAX_BATCH = 64

# Linux: without it, a socket hears the groups that any other socket of this host has joined, on any interface.
_IP_MULTICAST_ALL = 49
# Linux: hear an interface alone; allowed without privilege since 5.7.
_SO_BINDTODEVICE = 25

Address = tuple[str, int]


@attrs.frozen(eq=False)
class Ear:
    """One socket that hears, and whether what it hears was meant for all (multicast or broadcast)."""

    socket: socket.socket
    multicast: bool

    async def wait(self) -> None:
        """Wait until there is something to read."""
        await trio.lowlevel.wait_readable(self.socket)

    def drain(self) -> Iterator[tuple[bytes, Address]]:
        """The datagrams that wait, at most `MAX_BATCH`, each with its sender."""
        receive = self.socket.recvfrom
        for _ in range(MAX_BATCH):
            try:
                yield receive(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            except OSError:
                # Linux reports here what befell an earlier reply (port unreachable); the socket is none the worse.
                continue


@attrs.frozen(eq=False)
class Endpoint:
    """SSDP on one interface: what it hears with, and the socket of each address that it speaks from."""

    interface: Interface
    ears: tuple[Ear, ...]
    voices: dict[IPv4Address, socket.socket]

    def send(self, payload: bytes, source: IPv4Address, destination: Address) -> bool:
        """Send one datagram from *source*, never waiting; whether the system took it.

        ``False`` means that its buffers are full. Raises `OSError` when the network refuses.
        """
        try:
            self.voices[source].sendto(payload, destination)
        except BlockingIOError:
            return False
        return True

    async def announce(self, payload: bytes, source: IPv4Address) -> None:
        """Send one datagram to the group from *source*, waiting for room. Raises `OSError` like `send`."""
        while not self.send(payload, source, (GROUP, PORT)):
            await trio.lowlevel.wait_writable(self.voices[source])


@contextmanager
def open_endpoints(interfaces: Iterable[Interface]) -> Iterator[tuple[Endpoint, ...]]:
    """An endpoint for each of *interfaces*, closed at the end.

    Raises `NetworkError` that names the address, what the system said and the cure.
    """
    with ExitStack() as stack:
        yield tuple(_open_endpoint(interface, stack) for interface in interfaces)


def _open_endpoint(interface: Interface, stack: ExitStack) -> Endpoint:
    voices: dict[IPv4Address, socket.socket] = {}
    for address in interface.addresses:
        voice = _open_socket(str(address.ip), interface, stack)
        voice.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, MULTICAST_TTL)
        voice.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        voice.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, REPLY_TTL)
        voice.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _membership(address.ip, interface))
        voices[address.ip] = voice
    ears = [Ear(_join(interface, stack), multicast=True)]
    ears += [Ear(voice, multicast=False) for voice in voices.values()]
    ears += [Ear(ear, multicast=True) for ear in _open_broadcast(interface, stack)]
    return Endpoint(interface=interface, ears=tuple(ears), voices=voices)


def _join(interface: Interface, stack: ExitStack) -> socket.socket:
    ear = _open_socket(GROUP, interface, stack)
    membership = _membership(interface.addresses[0].ip, interface)
    try:
        if sys.platform == "linux":
            ear.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        raise NetworkError(
            f"cannot join {GROUP} on {interface.name} ({interface.addresses[0].ip}): {error.strerror}; "
            "check that the interface is up and takes multicast, or choose others with --interface"
        ) from error
    return ear


def _membership(address: IPv4Address, interface: Interface) -> bytes:
    """struct ip_mreqn: by index, as two interfaces may have the same address."""
    return struct.pack("=4s4si", socket.inet_aton(GROUP), address.packed, interface.index)


def _open_broadcast(interface: Interface, stack: ExitStack) -> Iterator[socket.socket]:
    """Ears for searches sent to the broadcast addresses; where the system refuses them, there are none."""
    if sys.platform != "linux" or interface.is_loopback:
        return
    own = {str(address.network.broadcast_address) for address in interface.addresses if address.network.prefixlen < 31}
    for address in sorted(own):
        with suppress(NetworkError):
            yield _open_socket(address, interface, stack)
    with suppress(NetworkError):
        yield _open_socket("255.255.255.255", interface, stack, bind_to_device=True)


def _open_socket(
    address: str, interface: Interface, stack: ExitStack, *, bind_to_device: bool = False
) -> socket.socket:
    opened = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    opened.setblocking(False)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform not in ("linux", "win32"):  # the BSDs share a port by this option alone
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        if bind_to_device:
            opened.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.name.encode())
        opened.bind((address, PORT))
    except OSError as error:
        cure = (
            "another program holds it without sharing; stop that one"
            if error.errno == errno.EADDRINUSE
            else "check that the interface still has this address"
        )
        raise NetworkError(
            f"cannot open UDP port {PORT} at {address} on {interface.name}: {error.strerror}; {cure}"
        ) from error
    return opened
