"""A simulated system's network: its interfaces, its sockets, and the link that its datagrams arrive from."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Interface, IPv6Interface, ip_address

import attrs
import trio

from tests.systems.rules import Rules

__all__ = ["Address", "Kernel", "Nic", "SentDatagram"]

Address = tuple[str, int] | tuple[str, int, int, int]

_CLASSES: dict[str, type[OSError]] = {
    "EWOULDBLOCK": BlockingIOError,
    "EINPROGRESS": BlockingIOError,
    "ECONNRESET": ConnectionResetError,
    "ECONNREFUSED": ConnectionRefusedError,
    "EACCES": PermissionError,
    "EPIPE": BrokenPipeError,
}


@attrs.frozen(kw_only=True)
class Nic:
    """An interface, with what each system calls it."""

    #: "en0"; on Windows a GUID in braces
    name: str
    index: int
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    #: of Windows: the device's, and the one that a person gives
    description: str = ""
    friendly: str = ""
    #: of macOS: IFF_UP and so on
    flags: int = 0x8863
    #: of Windows: IF_TYPE_ETHERNET_CSMACD and INTERNAL_IF_OPER_STATUS
    kind: int = 6
    status: int = 5

    def has(self, address: str) -> bool:
        """Whether *address* is its own."""
        return any(own.ip == ip_address(address) for own in self.addresses)


@attrs.frozen
class SentDatagram:
    """A datagram that left, with the interface that it left on."""

    payload: bytes
    source: Address
    destination: Address
    nic: Nic


@attrs.define(eq=False)
class Kernel:
    """The sockets of a system, and where their datagrams go."""

    rules: Rules
    nics: list[Nic]
    #: UDP's and TCP's, in the order in which they were bound
    udp: list[object] = attrs.field(factory=list)
    tcp: list[object] = attrs.field(factory=list)
    sent: list[SentDatagram] = attrs.field(factory=list)
    #: TCP ports that the system keeps for itself, such as Hyper-V's
    excluded_ports: set[int] = attrs.field(factory=set)
    #: where no port is open: what is sent there comes back as "port unreachable"
    unreachable: set[str] = attrs.field(factory=set)
    #: raised by what sends datagrams next, one for each, by the name of the error
    send_errors: list[str] = attrs.field(factory=list)
    #: what GetIfEntry returns for an interface, by its index, in place of a row
    row_errors: dict[int, int] = attrs.field(factory=dict)
    #: how often each system call was made
    calls: Counter[str] = attrs.field(factory=Counter)
    #: how long the host has been suspended since it was started
    seconds_asleep: float = 0.0
    #: of the console of Windows: its mode, ``None`` if there is a pipe in its place, and whether escape sequences are
    #: beyond it
    console_mode: int | None = None
    is_old_console: bool = False
    _next_port: int = 60_000

    def error(self, name: str) -> OSError:
        """The error *name* as Python raises it there."""
        number = self.rules.number(name)
        return _CLASSES.get(name, OSError)(number, f"what this system says for {name}")

    def nic_of(self, address: str) -> Nic | None:
        """The interface with *address*, which a socket can have; on Windows it must be connected."""
        return next((nic for nic in self.nics if nic.has(address) and nic.status >= 4), None)

    def nic_at(self, index: int) -> Nic | None:
        """The interface with *index*."""
        return next((nic for nic in self.nics if nic.index == index), None)

    def nic_towards(self, address: str, scope: int) -> Nic | None:
        """The interface behind which *address* is."""
        host = ip_address(address)
        if scope:
            return self.nic_at(scope)
        for nic in self.nics:
            if any(own.version == host.version and host in own.network for own in nic.addresses):
                return nic
        return None

    def free_port(self) -> int:
        """A dynamic port."""
        self._next_port += 1
        return self._next_port

    async def settle(self) -> None:
        """Let everything run that can."""
        await trio.testing.wait_all_tasks_blocked()
