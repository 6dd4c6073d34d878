"""TCP sockets of a simulated system, and the other ends of their connections."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from ipaddress import ip_address

import attrs
import trio

from tests.systems.kernel import Address, Kernel

__all__ = ["TcpSocket", "open_connection"]


@attrs.define(eq=False, repr=False)
class TcpSocket:
    """What `socket.socket` is for connections."""

    kernel: Kernel
    is_ipv6: bool
    options: dict[tuple[int, int], int | bytes] = attrs.field(factory=dict)
    name: Address | None = None
    other_end: TcpSocket | None = None
    #: connections that wait to be accepted, and errors of those that were lost; ``None`` unless it listens
    backlog: deque[TcpSocket | OSError] | None = None
    is_open: bool = True
    received: bytearray = attrs.field(factory=bytearray)
    is_at_end: bool = False
    connecting_error: int = 0
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def __enter__(self) -> TcpSocket:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        self.options[level, option] = value

    def getsockopt(self, level: int, option: int) -> int:
        assert (level, option) == (self.kernel.rules.constants["SOL_SOCKET"], self.kernel.rules.constants["SO_ERROR"])
        return self.connecting_error

    def _has(self, name: str) -> bool:
        known = self.kernel.rules.constants
        return name in known and bool(self.options.get((known["SOL_SOCKET"], known[name])))

    def bind(self, address: Address) -> None:
        kernel = self.kernel
        if kernel.nic_of(address[0]) is None:
            raise kernel.error("EADDRNOTAVAIL")
        is_scoped = len(address) == 4 and address[3] and not ip_address(address[0]).is_link_local
        if is_scoped and kernel.rules.refuses_needless_scopes:
            raise kernel.error("EADDRNOTAVAIL")
        if address[1] in kernel.excluded_ports:
            raise kernel.error("EACCES")
        for other in kernel.tcp:
            assert isinstance(other, TcpSocket)
            if address[1] and other.name is not None and other.name[:2] == address[:2]:
                raise kernel.error("EACCES" if other._has("SO_EXCLUSIVEADDRUSE") else "EADDRINUSE")
        self.name = (address[0], address[1] or kernel.free_port(), *address[2:])
        kernel.tcp.append(self)

    def listen(self, backlog: int) -> None:
        self.backlog = deque()

    def getsockname(self) -> Address:
        assert self.name is not None
        return self.name

    def connect_ex(self, address: Address) -> int:
        listening = _listening(self.kernel, address)
        if listening is None:
            self.connecting_error = self.kernel.rules.number("ECONNREFUSED")
        else:
            _connect(self, listening)
        in_progress = "EWOULDBLOCK" if self.kernel.rules.platform == "win32" else "EINPROGRESS"
        return self.kernel.rules.number(in_progress)

    def accept(self) -> tuple[TcpSocket, Address]:
        assert self.backlog is not None
        if not self.backlog:
            raise self.kernel.error("EWOULDBLOCK")
        first = self.backlog.popleft()
        if isinstance(first, OSError):
            raise first
        assert first.other_end is not None
        return first, first.other_end.getsockname()

    def recv(self, max_bytes: int) -> bytes:
        if not self.received and not self.is_at_end:
            raise self.kernel.error("EWOULDBLOCK")
        data = bytes(self.received[:max_bytes])
        del self.received[:max_bytes]
        return data

    def send(self, data: bytes | memoryview) -> int:
        if self.other_end is None or not self.other_end.is_open:
            raise self.kernel.error("ECONNRESET")
        self.other_end.received += data
        self.other_end.lot.unpark_all()
        return len(data)

    def __getattr__(self, name: str) -> object:
        if name == "sendmsg" and self.kernel.rules.platform != "win32":
            return self._sendmsg
        raise AttributeError(f"'socket' object has no attribute {name!r} on this system")

    def _sendmsg(self, pieces: Sequence[bytes | memoryview]) -> int:
        return sum(map(self.send, pieces))

    def shutdown(self, how: int) -> None:
        if self.other_end is not None:
            self.other_end.is_at_end = True
            self.other_end.lot.unpark_all()

    async def wait_readable(self) -> None:
        await trio.lowlevel.checkpoint()
        while not (self.received or self.is_at_end or self.backlog) and self.is_open:
            await self.lot.park()
        if not self.is_open:
            raise trio.ClosedResourceError

    async def wait_end(self) -> None:
        """Wait until the other end has sent everything."""
        await trio.lowlevel.checkpoint()
        while not self.is_at_end:
            await self.lot.park()

    async def wait_writable(self) -> None:
        await trio.lowlevel.checkpoint()

    def fileno(self) -> int:
        return 98 if self.is_open else -1

    def close(self) -> None:
        if self.is_open:
            self.shutdown(0)
            self.is_open = False
            if self in self.kernel.tcp:
                self.kernel.tcp.remove(self)
            self.lot.unpark_all()


def _listening(kernel: Kernel, address: Address) -> TcpSocket | None:
    for one in kernel.tcp:
        assert isinstance(one, TcpSocket)
        if one.backlog is not None and one.getsockname()[:2] == address[:2]:
            return one
    return None


def _connect(near: TcpSocket, listening: TcpSocket) -> None:
    far = TcpSocket(near.kernel, near.is_ipv6, name=listening.name, other_end=near)
    near.other_end = far
    assert listening.backlog is not None
    listening.backlog.append(far)
    listening.lot.unpark_all()


def open_connection(kernel: Kernel, source: Address, destination: Address) -> TcpSocket:
    """A peer's connection from *source* to what listens at *destination*."""
    near = TcpSocket(kernel, ":" in destination[0], name=source)
    listening = _listening(kernel, destination)
    assert listening is not None, f"nothing listens at {destination}"
    _connect(near, listening)
    return near
