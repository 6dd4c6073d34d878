"""SSDP on IPv6 from the other side of the cable, on bare sockets."""

from __future__ import annotations

import socket
import struct
import time
from ipaddress import IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING

from tests.network.namespaces import LINK, Namespace
from tests.network.ssdp import PATIENCE_SECONDS, SsdpSocket

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LINK_LOCAL", "SITE_LOCAL", "addresses6", "link_local", "open_listener6", "open_searcher6"]

LINK_LOCAL = "ff02::c"
SITE_LOCAL = "ff05::c"

_TENTATIVE = 0x40
_IPV6_MULTICAST_ALL = 29


def addresses6(host: Namespace, link: str = LINK) -> Mapping[IPv6Address, bool]:
    """The IPv6 addresses of *link*, each with whether it can be used already."""
    found = {}
    for line in host.inside(Path("/proc/thread-self/net/if_inet6").read_text).splitlines():
        digits, _, _, _, flags, name = line.split()
        if name == link:
            found[IPv6Address(int(digits, 16))] = not int(flags, 16) & _TENTATIVE
    return found


def link_local(host: Namespace, link: str = LINK, seconds: float = PATIENCE_SECONDS) -> str:
    """The link-local address of *link*, as soon as the system has checked it; AssertionError if it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        usable = [address for address, ready in addresses6(host, link).items() if address.is_link_local and ready]
        if usable:
            return str(usable[0])
        assert time.monotonic() < deadline, f"{link} has no usable link-local address within {seconds} s"
        time.sleep(0.05)


def _open(host: Namespace, link: str) -> socket.socket:
    opened = host.inside(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, host.index(link))
    return opened


def open_searcher6(host: Namespace, link: str = LINK, *, address: str) -> SsdpSocket:
    """A socket of *host* to search with, on *link*, from *address*."""
    receiver = SsdpSocket(_open(host, link))
    receiver.socket.bind((address, 0, 0, host.index(link)))
    return receiver


def open_listener6(host: Namespace, group: str, link: str = LINK) -> SsdpSocket:
    """A socket of *host* that receives what is announced to *group* on *link*; the searches there are not kept."""
    receiver = SsdpSocket(_open(host, link), ignored=b"M-SEARCH ")
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    receiver.socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
    membership = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", host.index(link))
    receiver.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
    receiver.socket.bind((group, 1900, 0, host.index(link)))
    return receiver
