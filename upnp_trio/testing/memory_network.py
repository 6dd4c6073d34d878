"""A whole network in memory: links, the hosts on them, one recording and one seed."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Network
from random import Random
from typing import TYPE_CHECKING, TypeVar

import trio
import trio.testing

from upnp_trio.testing.hosts import Host
from upnp_trio.testing.links import Link
from upnp_trio.testing.programs import START
from upnp_trio.testing.recording import Recording
from upnp_trio.testing.scheduling import seeded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from datetime import datetime

__all__ = ["MemoryNetwork"]

T = TypeVar("T")

# The networks for documentation (RFC 5737), one for each link whose hosts are given no addresses.
NETWORKS = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


class MemoryNetwork:
    """A network in memory. It has one link, and more with `add_link`.

    ::

        network = MemoryNetwork(seed=1)
        lamp, phone = network.host("lamp"), network.host("phone")
        async with lamp.serve(LAMP) as running, phone.control_point() as control_point:
            ...
        network.recording.expect(alive(of=running)).sent_from("192.0.2.1")

    *seed* decides everything that is chance: what is lost, when answers are sent, and within `run` the order of tasks,
    too. *seconds*, *jitter*, *loss* and *duplicates* are those of the first `Link`. *start* is the date when the test's
    clock begins.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        seconds: float = 0.001,
        jitter: float = 0.0,
        loss: float = 0.0,
        duplicates: float = 0.0,
        start: datetime = START,
    ) -> None:
        self.seed = seed
        self.start = start
        #: what passed its links
        self.recording = Recording()
        #: by name
        self.hosts: dict[str, Host] = {}
        self.links: dict[str, Link] = {}
        #: the first link
        self.link = self.add_link("link", seconds=seconds, jitter=jitter, loss=loss, duplicates=duplicates)

    def __repr__(self) -> str:
        return f"<MemoryNetwork with seed {self.seed} and {', '.join(self.hosts) or 'no hosts'}>"

    def add_link(
        self, name: str, *, seconds: float = 0.001, jitter: float = 0.0, loss: float = 0.0, duplicates: float = 0.0
    ) -> Link:
        """One more link, apart from the others. Raises `ValueError` for a name that one of them has."""
        if name in self.links:
            raise ValueError(f"there is a link {name!r} already")
        link = Link(
            name=name,
            seconds=seconds,
            jitter=jitter,
            loss=loss,
            duplicates=duplicates,
            rng=Random(f"{self.seed} link {name}"),
            recording=self.recording,
        )
        self.links[name] = link
        return link

    def host(self, name: str = "", *addresses: str, link: Link | None = None) -> Host:
        """One more host, with an interface ``eth0`` on *link*, or on the first one.

        *addresses* are such as ``192.0.2.7/24`` and ``fe80::7/64``; without any, it has the next free IPv4 address of
        its link, from 192.0.2.1 on the first one. Raises `ValueError` for a name that another host has.
        """
        name = name or f"host{len(self.hosts) + 1}"
        if name in self.hosts:
            raise ValueError(f"there is a host {name!r} already; it is hosts[{name!r}]")
        link = link or self.link
        host = self.hosts[name] = Host(name, seed=self.seed, start=self.start)
        host.plug(link, *(addresses or [self.free_address(link)]))
        return host

    def free_address(self, link: Link | None = None) -> str:
        """An address on *link* that no host has, with its prefix: ``192.0.2.8/24``. For hosts that move."""
        link = link or self.link
        number = list(self.links.values()).index(link)
        if number >= len(NETWORKS):
            raise ValueError(f"only {len(NETWORKS)} links have addresses to give; give some, such as '10.1.0.1/24'")
        network = NETWORKS[number]
        taken = {address for host in self.hosts.values() for address in host.all_addresses}
        free = next((address for address in network.hosts() if str(address) not in taken), None)
        if free is None:
            raise ValueError(f"all addresses of {network} are taken; give others, such as '10.1.0.1/16'")
        return f"{free}/{network.prefixlen}"

    def partition(self, *hosts: Host) -> None:
        """Let nothing pass between *hosts* and the others, on any link, until `heal`."""
        for link in self.links.values():
            link.partition(*hosts)

    def heal(self) -> None:
        """End all partitions."""
        for link in self.links.values():
            link.heal()

    @contextmanager
    def partitioned(self, *hosts: Host) -> Iterator[None]:
        """`partition` for as long as the body runs."""
        with ExitStack() as stack:
            for link in self.links.values():
                stack.enter_context(link.partitioned(*hosts))
            yield

    def left_open(self) -> list[str]:
        """What is open on its hosts: sockets, and connections that programs on them have opened; empty after all ended.

        The fixture ``upnp_network`` warns of them at the end of its test.
        """
        return [
            f"{host.name}: {left}"
            for host in self.hosts.values()
            for left in (*host.open_sockets, *host.open_connections)
        ]

    def run(self, function: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """Run *function* with trio to its end, on a clock that jumps over waits; two runs are the same to the byte.

        This is for tests that are not run by trio themselves. Raises `RuntimeError` within a trio loop, and what
        *function* raises.
        """
        if trio.lowlevel.in_trio_run():
            raise RuntimeError("a trio loop runs this test already; `await` what is to be run")
        with seeded(self.seed):
            return trio.run(function, *arguments, clock=trio.testing.MockClock(autojump_threshold=0))
