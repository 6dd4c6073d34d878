"""UDP sockets of a simulated system."""

from __future__ import annotations

import struct
from collections import deque
from ipaddress import ip_address
from socket import inet_ntoa
from typing import TYPE_CHECKING

import attrs
import trio

from tests.systems.kernel import Address, Kernel, Nic, SentDatagram

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["UdpSocket", "arrive"]


@attrs.define(eq=False, repr=False)
class UdpSocket:
    """What `socket.socket` is for datagrams; it has only the methods that the system's has."""

    kernel: Kernel
    is_ipv6: bool
    options: dict[tuple[int, int], int | bytes] = attrs.field(factory=dict)
    #: by group and index of the interface
    memberships: set[tuple[str, int]] = attrs.field(factory=set)
    name: Address | None = None
    #: what waits: a datagram with its source, or an error
    waiting: deque[tuple[bytes, Address] | OSError] = attrs.field(factory=deque)
    #: raised by every recvfrom once nothing waits, by the name of the error
    endless_error: str = ""
    is_open: bool = True
    _lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def __repr__(self) -> str:
        return f"<simulated UDP socket {self.name}>"

    def __enter__(self) -> UdpSocket:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self.close()

    # --- options --------------------------------------------------------------------------------------------------

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        known = self.kernel.rules.constants
        of_ip = {"IP_MULTICAST_IF": self._multicast_if, "IP_ADD_MEMBERSHIP": self._join4}
        of_ipv6 = {"IPV6_JOIN_GROUP": self._join6, "IPV6_MULTICAST_IF": self._multicast_if6}
        handlers = of_ipv6 if level == known["IPPROTO_IPV6"] else of_ip if level == known["IPPROTO_IP"] else {}
        for text, handler in handlers.items():
            if known[text] == option:
                handler(value)
        self.options[level, option] = value

    def option(self, level: str, name: str) -> int | bytes | None:
        """What the option is set to."""
        known = self.kernel.rules.constants
        return self.options.get((known[level], known[name])) if name in known else None

    def _multicast_if(self, value: int | bytes) -> None:
        if not isinstance(value, bytes) or len(value) not in self.kernel.rules.multicast_if:
            raise self.kernel.error("EINVAL")
        nic = (
            self.kernel.nic_of(inet_ntoa(value))
            if len(value) == 4
            else self.kernel.nic_at(struct.unpack("@i", value[8:])[0])
        )
        if nic is None:
            raise self.kernel.error("EADDRNOTAVAIL")

    def _multicast_if6(self, value: int | bytes) -> None:
        if not isinstance(value, int) or self.kernel.nic_at(value) is None:
            raise self.kernel.error("EADDRNOTAVAIL")

    def _join4(self, value: int | bytes) -> None:
        # the systems of BSD read as much as they know, and Winsock takes struct ip_mreq alone
        lengths = (8,) if self.kernel.rules.platform == "win32" else (8, 12)
        if self.name is None or not isinstance(value, bytes) or len(value) not in lengths:
            raise self.kernel.error("EINVAL")
        nic = self.kernel.nic_of(inet_ntoa(value[4:8]))
        if nic is None:
            raise self.kernel.error("EADDRNOTAVAIL")
        self._join(inet_ntoa(value[:4]), nic)

    def _join6(self, value: int | bytes) -> None:
        if self.name is None or not isinstance(value, bytes) or len(value) != 20:
            raise self.kernel.error("EINVAL")
        nic = self.kernel.nic_at(struct.unpack("@I", value[16:])[0])
        if nic is None:
            raise self.kernel.error("EADDRNOTAVAIL")
        self._join(str(ip_address(value[:16])), nic)

    def _join(self, group: str, nic: Nic) -> None:
        if (group, nic.index) in self.memberships:
            raise self.kernel.error("EADDRINUSE")
        self.memberships.add((group, nic.index))

    # --- names ----------------------------------------------------------------------------------------------------

    def bind(self, address: Address) -> None:
        kernel = self.kernel
        host = ip_address(address[0])
        self._check_scope(address)
        if host.is_multicast:
            if not kernel.rules.binds_groups:
                raise kernel.error("EADDRNOTAVAIL")
        elif not host.is_unspecified and kernel.nic_of(address[0]) is None:
            raise kernel.error("EADDRNOTAVAIL")
        port = address[1] or kernel.free_port()
        for other in kernel.udp:
            assert isinstance(other, UdpSocket)
            assert other.name is not None
            if other.name[:2] == (address[0], port) and other.is_ipv6 == self.is_ipv6:
                self._check_shared(other)
        self.name = (address[0], port, *address[2:])
        kernel.udp.append(self)

    def _check_shared(self, other: UdpSocket) -> None:
        """Raise the error for a name that *other* has and does not share."""
        kernel = self.kernel
        if kernel.rules.platform == "win32":
            if not self.option("SOL_SOCKET", "SO_REUSEADDR"):
                raise kernel.error("EADDRINUSE")
            if not other.option("SOL_SOCKET", "SO_REUSEADDR"):
                raise kernel.error("EACCES")
            return
        option = "SO_REUSEPORT" if "SO_REUSEPORT" in kernel.rules.constants else "SO_REUSEADDR"
        if not (self.option("SOL_SOCKET", option) and other.option("SOL_SOCKET", option)):
            raise kernel.error("EADDRINUSE")

    def _check_scope(self, address: Address) -> None:
        host = ip_address(address[0])
        has_scopes = host.is_link_local or (host.is_multicast and address[0].lower().startswith("ff02"))
        if len(address) == 4 and address[3] and not has_scopes and self.kernel.rules.refuses_needless_scopes:
            raise self.kernel.error("EADDRNOTAVAIL")

    def connect(self, address: Address) -> None:
        nic = self.kernel.nic_towards(address[0], address[3] if len(address) == 4 else 0)
        own = [own.ip for own in nic.addresses if own.version == ip_address(address[0]).version] if nic else []
        if not own or nic is None:
            raise self.kernel.error("ENETUNREACH")
        self.name = (str(own[0]), self.kernel.free_port(), *((0, nic.index) if self.is_ipv6 else ()))

    def getsockname(self) -> Address:
        assert self.name is not None
        return self.name

    # --- datagrams ------------------------------------------------------------------------------------------------

    def sendto(self, payload: bytes, destination: Address) -> int:
        kernel = self.kernel
        kernel.calls["sendto"] += 1
        if kernel.send_errors:
            raise kernel.error(kernel.send_errors.pop(0))
        self._check_scope(destination)
        nic = self._way(destination)
        kernel.sent.append(SentDatagram(payload, self.getsockname(), destination, nic))
        if destination[0] in kernel.unreachable:
            if kernel.rules.reports_unreachable:
                self.put(kernel.error("ECONNRESET"))
        else:
            arrive(kernel, payload, self.getsockname(), destination, nic)
        return len(payload)

    def _way(self, destination: Address) -> Nic:
        kernel = self.kernel
        if ip_address(destination[0]).is_multicast:
            level, name = ("IPPROTO_IPV6", "IPV6_MULTICAST_IF") if self.is_ipv6 else ("IPPROTO_IP", "IP_MULTICAST_IF")
            value = self.option(level, name)
            if isinstance(value, bytes):
                nic = kernel.nic_of(inet_ntoa(value[-4:])) if len(value) == 4 else kernel.nic_at(_index(value))
            else:
                nic = kernel.nic_at(value or 0)
        else:
            nic = kernel.nic_towards(destination[0], destination[3] if len(destination) == 4 else 0)
        if nic is None:
            raise kernel.error("ENETUNREACH")
        return nic

    def recvfrom(self, max_bytes: int) -> tuple[bytes, Address]:
        self.kernel.calls["recvfrom"] += 1
        if not self.waiting:
            raise self.kernel.error(self.endless_error or "EWOULDBLOCK")
        arrived = self.waiting.popleft()
        if isinstance(arrived, OSError):
            raise arrived
        payload, source = arrived
        if len(payload) > max_bytes and self.kernel.rules.too_long_is_error:
            raise self.kernel.error("EMSGSIZE")
        return payload[:max_bytes], source

    def put(self, arrived: tuple[bytes, Address] | OSError) -> None:
        """Let *arrived* wait to be read."""
        self.waiting.append(arrived)
        self._lot.unpark_all()

    async def wait_readable(self) -> None:
        await trio.lowlevel.checkpoint()
        while not self.waiting and not self.endless_error and self.is_open:
            await self._lot.park()

    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()

    def fileno(self) -> int:
        return 99 if self.is_open else -1

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            if self in self.kernel.udp:
                self.kernel.udp.remove(self)
            self._lot.unpark_all()


def _index(mreqn: bytes) -> int:
    index: int = struct.unpack("@i", mreqn[8:])[0]
    return index


def arrive(kernel: Kernel, payload: bytes, source: Address, destination: Address, nic: Nic) -> None:
    """A datagram arrives on *nic*: at each member of its group, or at one socket that has the address."""
    host = ip_address(destination[0])
    sockets = [one for one in kernel.udp if isinstance(one, UdpSocket) and one.getsockname()[1] == destination[1]]
    if host.is_multicast:
        for one in sockets:
            bound = ip_address(one.getsockname()[0])
            receives = bound.is_unspecified or bound == host or (not bound.is_multicast and nic.has(str(bound)))
            # BSD gives a group's datagrams to the sockets that are bound to the group or to no address
            if receives and kernel.rules.platform != "win32" and not (bound.is_unspecified or bound == host):
                continue
            if receives and (str(host), nic.index) in one.memberships:
                one.put((payload, source))
        return
    exact = [one for one in sockets if ip_address(one.getsockname()[0]) == host]
    rest = [
        one for one in sockets if ip_address(one.getsockname()[0]).is_unspecified and one.is_ipv6 == (host.version == 6)
    ]
    for one in (exact or rest)[:1]:
        one.put((payload, source))
