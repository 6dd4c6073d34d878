"""SSDP on one interface: the receivers of its searches, and a sender for each of its addresses."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.network.interfaces import Interface, IpAddress, on_link
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import MAX_DATAGRAM_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_BATCH", "Address", "Endpoint", "Receiver", "Sender"]

#: the source or the destination of a datagram: (host, port), for IPv6 with flow and scope
Address = tuple[str, int] | tuple[str, int, int, int]

# Each socket yields at most this many datagrams before the others get their turn: some 5 ms of work.
MAX_BATCH = 256
# A send buffer that has no room for so long is one of the network's faults, and the message is lost.
STALLED_SEND_SECONDS = 1.0


@attrs.frozen(eq=False, repr=False)
class Receiver:
    """A socket, and whether its datagrams were sent to everybody; ``None`` where the system does not tell."""

    socket: socket.socket
    multicast: bool | None

    async def wait(self) -> None:
        """Wait until there is something to read."""
        await trio.lowlevel.wait_readable(self.socket)

    def drain(self) -> Iterator[tuple[bytes, Address]]:
        """The datagrams that wait, at most `MAX_BATCH`, each with its source."""
        receive = self.socket.recvfrom
        for _ in range(MAX_BATCH):
            try:
                datagram, source = receive(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            except OSError:
                # What befell an earlier reply (port unreachable; 10054 on Windows): the socket is none the worse.
                continue
            if len(source) == 4:  # a scoped IPv6 address comes with its zone's name, which costs a look-up to send to
                source = (source[0].partition("%")[0], source[1], 0, source[3])
            yield datagram, source


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Sender:
    """One served address: the socket that speaks from it, the group it speaks to, and what it says of itself."""

    interface: Interface
    address: IpAddress
    socket: socket.socket
    group: Address
    origin: Origin

    def send(self, payload: bytes, destination: Address) -> bool:
        """Send one datagram, never waiting; whether the system took it.

        ``False`` means that its buffers are full. Raises `OSError` when the network refuses.
        """
        try:
            self.socket.sendto(payload, destination)
        except BlockingIOError:
            return False
        return True

    async def announce(self, payload: bytes) -> None:
        """Send one datagram to the group, waiting for room for a while. Raises `OSError` like `send`."""
        with trio.move_on_after(STALLED_SEND_SECONDS):
            while not self.send(payload, self.group):
                await trio.lowlevel.wait_writable(self.socket)
            return
        raise OSError(errno.ENOBUFS, "no room in the send buffer")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Endpoint:
    """SSDP on one interface in one family: what it receives with, and the sender of each of its addresses."""

    interface: Interface
    receivers: tuple[Receiver, ...]
    senders: dict[IpAddress, Sender]
    #: the network of each address as numbers, and its sender: each datagram's source is compared with them, which the
    #: classes of `ipaddress` take six times as long for (`python -m benchmarks.fast_paths`)
    _links: tuple[tuple[int, int, Sender], ...] = attrs.field(
        init=False, default=attrs.Factory(lambda self: tuple(self._find_links()), takes_self=True)
    )
    _own: dict[str, Sender] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: {str(ip): sender for ip, sender in self.senders.items()}, takes_self=True),
    )

    def _find_links(self) -> Iterator[tuple[int, int, Sender]]:
        for address in self.interface.addresses:
            network = on_link(address)
            yield int(network.netmask), int(network.network_address), self.senders[address.ip]

    def sender_towards(self, peer: str) -> Sender | None:
        """The sender in whose network *peer* is; ``None`` if it is not on this link.

        Of one's own addresses, one that is *peer* itself comes first: a search from this very host.
        """
        if peer in self._own:
            return self._own[peer]
        number = int.from_bytes(
            socket.inet_pton(socket.AF_INET6, peer) if ":" in peer else socket.inet_aton(peer), "big"
        )
        for netmask, network, sender in self._links:
            if number & netmask == network:
                return sender
        return None
