"""A network that changes under the device: new cables, and waiting until the device has followed."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.network.namespaces import LINK, Namespace, Network
from tests.network.scenes import SILENCE_SECONDS
from tests.network.ssdp import Message, SsdpSocket, m_search, open_searcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.network.served import Served

__all__ = [
    "FOLLOW_SECONDS",
    "answers_of",
    "boot_id",
    "boot_ids",
    "lay_cable",
    "make_switch",
    "search_until",
    "wait_until_lost",
    "wait_until_served",
]

# A change is followed within three seconds on a machine that has time; these have to share theirs.
FOLLOW_SECONDS = 10.0
BRIDGE = "br0"


def lay_cable(near: tuple[Namespace, str], far: tuple[Namespace, str], *, up: bool = True) -> None:
    """A cable between two interfaces without any address but the link-local ones that come by themselves."""
    (host, link), (other, other_link) = near, far
    host.ip("link", "add", link, "type", "veth", "peer", "name", other_link, "netns", other.name)
    if up:
        host.ip("link", "set", link, "up")
        other.ip("link", "set", other_link, "up")


def make_switch(network: Network, *ends: tuple[Namespace, str, str]) -> Namespace:
    """One link for all *ends*, each a host, its interface's name and the address there: a bridge on a host between."""
    switch = network.add_host("switch")
    switch.ip("link", "add", BRIDGE, "type", "bridge", "mcast_snooping", "0")
    switch.ip("link", "set", BRIDGE, "up")
    for number, (host, link, address) in enumerate(ends):
        port = f"port{number}"
        lay_cable((switch, port), (host, link), up=False)
        switch.ip("link", "set", port, "master", BRIDGE, "up")
        host.ip("address", "add", address, "dev", link)
        host.ip("link", "set", link, "up")
    return switch


def search_until(
    host: Namespace,
    enough: Callable[[list[Message]], bool],
    *,
    link: str = LINK,
    target: str = "upnp:rootdevice",
    seconds: float = FOLLOW_SECONDS,
) -> list[Message]:
    """Search again and again until the answers to one search are *enough*; AssertionError if none are in time."""
    deadline = time.monotonic() + seconds
    received: list[Message] = []
    while True:
        with open_searcher(host, link) as searcher, suppress(OSError):  # the link may be down still
            searcher.send(m_search(target))
            with suppress(AssertionError):
                searcher.receive_until(enough, SILENCE_SECONDS)
            received = searcher.received
        if enough(received):
            return received
        assert time.monotonic() < deadline, f"not found within {seconds} s; received at last: {received}"
        time.sleep(0.05)


def answers_of(searcher: SsdpSocket, rows: int, target: str = "ssdp:all", address: str = "") -> list[Message]:
    """The answers to one search, with time for answers too many."""
    if address:
        searcher.send(m_search(target), address)
    else:
        searcher.send(m_search(target))
    searcher.receive(rows)
    return searcher.receive_for(SILENCE_SECONDS)


def boot_id(message: Message) -> int:
    """The BOOTID of *message*."""
    return int(message["BOOTID.UPNP.ORG"])


def boot_ids(messages: Iterable[Message]) -> set[int]:
    """The BOOTIDs of *messages*."""
    return {boot_id(message) for message in messages}


def _change_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if "network changed; " in line or "no network; " in line]


def wait_until_served(served: Served, *addresses: str, seconds: float = FOLLOW_SECONDS) -> None:
    """Wait until the last change of the network that the command prints left it with *addresses*, among others."""

    def enough(output: str) -> bool:
        lines = _change_lines(output)
        return bool(lines) and all(address in lines[-1].replace(",", "").split() for address in addresses)

    served.program.wait_until(enough, f"a change to {addresses}", seconds)


def wait_until_lost(served: Served, address: str, seconds: float = FOLLOW_SECONDS) -> None:
    """Wait until the last change of the network that the command prints left it without *address*."""

    def enough(output: str) -> bool:
        lines = _change_lines(output)
        return bool(lines) and address not in lines[-1].replace(",", "").split()

    served.program.wait_until(enough, f"a change without {address}", seconds)
