"""A simulated system as a whole: a kernel with interfaces, and the package on it."""

from __future__ import annotations

import fcntl
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from ipaddress import ip_interface
from types import ModuleType

import attrs
import ifaddr
import trio

from tests.systems.kernel import Kernel, Nic
from tests.systems.package import SimulatedPackage, StandIn, modules_of
from tests.systems.rules import BARE, MACOS, WINDOWS, Rules
from tests.systems.tcp import TcpSocket
from tests.systems.udp import UdpSocket
from tests.systems.windows import windows_modules

__all__ = ["MAC", "PC", "SimulatedSystem", "nic", "open_system"]

_SIOCGIFFLAGS = 0xC0206911  # <sys/sockio.h> of macOS
_UPTIME_RAW = 8  # <time.h> of macOS
_UP, _LOOPBACK, _POINT_TO_POINT, _RUNNING, _MULTICAST = 0x1, 0x8, 0x10, 0x40, 0x8000


def nic(name: str, index: int, *addresses: str, **more: object) -> Nic:
    """An interface with *addresses* such as ``192.0.2.7/24``."""
    return Nic(name=name, index=index, addresses=tuple(map(ip_interface, addresses)), **more)  # type: ignore[arg-type]


#: what a PC has that runs WSL and a VPN, and whose wireless card is not connected
PC = (
    nic(
        "{4A1C0000-0000-0000-0000-000000000001}",
        12,
        *("192.0.2.7/24", "fe80::7/64", "2001:db8::7/64"),
        description="Intel(R) Ethernet Connection (7) I219-V",
        friendly="Ethernet",
    ),
    nic(
        "{4A1C0000-0000-0000-0000-000000000002}",
        9,
        *("169.254.10.1/16", "fe80::9/64"),
        description="Intel(R) Wi-Fi 6 AX201 160MHz",
        friendly="Wi-Fi",
        kind=71,
        status=2,
    ),
    nic(
        "{4A1C0000-0000-0000-0000-000000000003}",
        44,
        *("172.28.0.1/20", "fe80::44/64"),
        description="Hyper-V Virtual Ethernet Adapter",
        friendly="vEthernet (WSL)",
    ),
    nic(
        "{4A1C0000-0000-0000-0000-000000000004}",
        50,
        "10.8.0.2/24",
        description="WireGuard Tunnel",
        friendly="office",
        kind=53,
    ),
    nic(
        "{4A1C0000-0000-0000-0000-000000000005}",
        1,
        *("127.0.0.1/8", "::1/128"),
        description="Software Loopback Interface 1",
        friendly="Loopback Pseudo-Interface 1",
        kind=24,
    ),
)
#: what a MacBook has on a wireless network
MAC = (
    nic("lo0", 1, "127.0.0.1/8", "::1/128", "fe80::1/64", flags=_UP | _LOOPBACK | _RUNNING | _MULTICAST),
    nic("gif0", 2, flags=_POINT_TO_POINT | _MULTICAST),
    nic("en1", 5, flags=0x8963),
    nic("bridge0", 8, flags=0x8863),
    nic("en0", 11, "192.0.2.7/24", "fe80::7/64", "2001:db8::7/64", flags=0x8863),
    nic("awdl0", 13, "fe80::a/64", flags=0x8943),
    nic("llw0", 14, "fe80::b/64", flags=0x8863),
    nic("utun0", 15, "fe80::c/64", flags=_UP | _POINT_TO_POINT | _RUNNING | _MULTICAST),
)
_NICS = {WINDOWS.platform: PC, MACOS.platform: MAC, BARE.platform: MAC}


@attrs.frozen
class SimulatedSystem:
    """A system that is under simulation."""

    kernel: Kernel
    package: SimulatedPackage

    @contextmanager
    def active(self) -> Iterator[SimulatedSystem]:
        """Let imports of the package get the one that sees this system."""
        with self.package.active():
            yield self

    def module(self, name: str) -> ModuleType:
        """The module upnp_trio.*name*."""
        return self.package.module(name)

    @property
    def is_windows(self) -> bool:
        """Whether it is Windows."""
        return self.kernel.rules.platform == "win32"

    @property
    def lan(self) -> Nic:
        """The interface that leads to the home network."""
        return next(one for one in self.kernel.nics if one.has("192.0.2.7"))


@cache
def _system(rules: Rules) -> SimulatedSystem:
    kernel = Kernel(rules, [])
    return SimulatedSystem(kernel, SimulatedPackage(rules, {**modules_of(rules), **_modules_of_kernel(kernel)}))


def open_system(rules: Rules) -> SimulatedSystem:
    """A system with these *rules* and the interfaces that are usual there, and with no sockets.

    Its package is imported once in this process.
    """
    system = _system(rules)
    system.kernel.__init__(rules, list(_NICS[rules.platform]))  # type: ignore[misc]  # all its state is of one test
    return system


def _modules_of_kernel(kernel: Kernel) -> dict[str, ModuleType]:
    rules = kernel.rules

    def opened(family: int, kind: int) -> UdpSocket | TcpSocket:
        is_ipv6 = family == rules.constants["AF_INET6"]
        return (UdpSocket if kind == rules.constants["SOCK_DGRAM"] else TcpSocket)(kernel, is_ipv6)

    functions = ("inet_aton", "inet_ntoa", "inet_pton", "inet_ntop", "gethostname", "has_ipv6")
    names = {name: getattr(socket, name) for name in functions}

    def inet_pton(family: int, text: str) -> bytes:
        return socket.inet_pton(socket.AF_INET6 if family == rules.constants["AF_INET6"] else socket.AF_INET, text)

    names |= {
        "socket": opened,
        "inet_pton": inet_pton,
        "if_nameindex": lambda: [(n.index, n.name) for n in kernel.nics],
    }
    lowlevel = StandIn(
        trio.lowlevel,
        "trio.lowlevel",
        {
            "wait_readable": lambda one: one.wait_readable(),
            "wait_writable": lambda one: one.wait_writable(),
            "notify_closing": lambda one: None,
        },
    )
    modules: dict[str, ModuleType] = {
        "socket": StandIn(None, "socket", {**rules.constants, **names}),
        "trio": StandIn(trio, "trio", {"lowlevel": lowlevel}),
        "ifaddr": StandIn(ifaddr, "ifaddr", {"get_adapters": lambda include_unconfigured: _adapters(kernel)}),
    }
    if rules.platform == "darwin":

        def clock_gettime(clock: int) -> float:
            return time.clock_gettime(time.CLOCK_MONOTONIC) - (kernel.seconds_asleep if clock == _UPTIME_RAW else 0.0)

        own = {"clock_gettime": clock_gettime, "CLOCK_UPTIME_RAW": _UPTIME_RAW}
        modules["time"] = StandIn(time, "time", own, "CLOCK_BOOTTIME")
    if rules.platform == "win32":
        modules |= windows_modules(kernel)
    else:
        ioctl = {"ioctl": lambda asker, request, packed: _ioctl(kernel, request, packed)}
        modules["fcntl"] = StandIn(fcntl, "fcntl", ioctl)
    return modules


def _adapters(kernel: Kernel) -> list[ifaddr.Adapter]:
    """What ifaddr lists; on Windows an adapter has the device's name, and its addresses have the person's."""
    found = []
    for one in kernel.nics:
        nice = one.description or one.name
        ips = [
            ifaddr.IP(
                str(own.ip) if own.version == 4 else (str(own.ip), 0, one.index),
                own.network.prefixlen,
                one.friendly or one.name,
            )
            for own in one.addresses
        ]
        found.append(ifaddr.Adapter(one.name, nice, ips, index=one.index))
    return found


def _ioctl(kernel: Kernel, request: int, packed: bytes) -> bytes:
    if request != _SIOCGIFFLAGS:
        raise kernel.error("EINVAL")
    name = packed[:16].rstrip(b"\0").decode()
    flags = next((one.flags for one in kernel.nics if one.name == name), None)
    if flags is None:
        raise kernel.error("ENXIO")
    return packed[:16] + struct.pack("H", flags) + packed[18:]
