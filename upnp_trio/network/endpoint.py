"""SSDP on one interface: the receivers of its searches, and a sender for each of its addresses."""

from __future__ import annotations

import logging
import socket
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, TypeVar

import attrs
import trio

from upnp_trio.network.interfaces import Interface, IpAddress, on_link
from upnp_trio.network.system_errors import BUG_ERRNOS
from upnp_trio.network.udp_sender import Address, UdpSender
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import MAX_DATAGRAM_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MAX_BATCH", "Address", "Endpoint", "Receiver", "Sender"]

logger = logging.getLogger(__name__)

# Datagrams that one socket yields before the others get their turn: some 5 ms of work.
MAX_BATCH = 256
# A socket that is always ready and yields only errors is read this often.
RETRY_SECONDS = 1.0
# Windows reports each answer that met a closed port as an error (ECONNRESET), and a searcher that closes its ports
# causes thousands, with datagrams behind them. After so many batches of them in a row, 25,000 errors, the socket counts
# as one that yields only errors; before, there is a short pause after each batch.
MAX_RESET_BATCHES = 100
RESET_BATCH_SECONDS = 0.01

# A peer with one of these is a neighbour, whatever addresses the interface has (RFC 3927 §2.6.2, RFC 4291 §2.5.6).
_LINK_LOCAL = (IPv4Network("169.254.0.0/16"), IPv6Network("fe80::/10"))


T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class Receiver:
    """A socket, and whether its datagrams were sent to a group; ``None`` where the system does not report it."""

    socket: socket.socket
    multicast: bool | None
    _is_failing: bool = attrs.field(default=False, init=False)
    #: how many batches in a row had nothing but ECONNRESET
    _reset_batches: int = attrs.field(default=0, init=False)
    _has_failed: bool = attrs.field(default=False, init=False)

    @property
    def bound_to(self) -> Address:
        """The group or the address that it receives at, with the port."""
        name: Address = self.socket.getsockname()
        return name

    async def wait(self) -> None:
        """Wait until there is something to read, or until a socket that fails is to be tried again."""
        if self._is_failing:
            self._is_failing = False
            await trio.sleep(RETRY_SECONDS)
        elif self._reset_batches:
            await trio.sleep(RESET_BATCH_SECONDS)
        try:
            await trio.lowlevel.wait_readable(self.socket)
        except OSError as error:
            self._note_failure(error)

    def drain(self) -> Iterator[tuple[bytes, Address]]:
        """The datagrams that wait, at most `MAX_BATCH`, each with its source, whose zone is a number alone."""
        return self.each(partial(self.socket.recvfrom, MAX_DATAGRAM_BYTES + 1))

    def each(self, read: Callable[[], T]) -> Iterator[T]:
        """What *read* gives until nothing waits, at most `MAX_BATCH` times, whatever errors of others lie between."""
        failures = 0
        for _ in range(MAX_BATCH):
            try:
                arrived = read()
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno in BUG_ERRNOS:
                    raise
                failures += 1
                if failures == MAX_BATCH:
                    self._note_error_batch(error)
                    return
                continue
            yield arrived
        self._reset_batches = 0

    def _note_error_batch(self, error: OSError) -> None:
        if isinstance(error, ConnectionResetError) and self._reset_batches < MAX_RESET_BATCHES:
            self._reset_batches += 1
        else:
            self._note_failure(error)

    def _note_failure(self, error: OSError) -> None:
        self._is_failing = True
        if not self._has_failed:
            self._has_failed = True
            logger.warning(
                "cannot receive with %r: %s; trying every %s s", self.socket, error.strerror or error, RETRY_SECONDS
            )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Sender(UdpSender):
    """One served address: the socket that sends from it, its group, and the origin that its messages name."""

    origin: Origin

    async def announce(self, payload: bytes) -> None:
        """Send one datagram to the group, and wait for a while if the send buffer is full. Raises `OSError`."""
        await self.send_when_possible(payload, self.group)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Endpoint:
    """SSDP on one interface in one family: its receivers, and the sender of each of its addresses."""

    interface: Interface
    receivers: tuple[Receiver, ...]
    senders: dict[IpAddress, Sender]
    #: the networks of the link as numbers, each with its sender. Every datagram's source is compared with them, and
    #: the classes of `ipaddress` take six times as long (`python -m benchmarks.fast_paths`)
    _links: tuple[tuple[int, int, Sender], ...] = attrs.field(
        init=False, default=attrs.Factory(lambda self: tuple(self._find_links()), takes_self=True)
    )
    _own: dict[str, Sender] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: {str(ip): sender for ip, sender in self.senders.items()}, takes_self=True),
    )

    def _find_links(self) -> Iterator[tuple[int, int, Sender]]:
        addresses = self.interface.addresses
        links = [(on_link(address), address) for address in addresses]
        for network in _LINK_LOCAL:
            of_family = [address for address in addresses if address.version == network.version]
            links += [(network, own) for own in sorted(of_family, key=lambda own: not own.is_link_local)[:1]]
        for network, address in links:
            yield int(network.netmask), int(network.network_address), self.senders[address.ip]

    def sender_towards(self, peer: str) -> Sender | None:
        """The sender that reaches *peer* on this link; ``None`` if *peer* is not on it.

        It is the sender whose address is *peer* itself (a search from this very host), or whose network has *peer*.
        A link-local peer is on the link in any case. If no own address is link-local, the first one answers.
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
