"""Searches: M-SEARCH out, answers in (UDA 2.0 §1.3).

Each M-SEARCH leaves from sockets of its own, one for each address. Whatever arrives there answers that one message, so
a latency is never measured from another send, and two searches never take each other's answers.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from ipaddress import ip_address
from random import Random
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.controlpoint.feeds import FeedQueue
from upnp_trio.controlpoint.links import LinkCheck, pause_after
from upnp_trio.controlpoint.received import SearchResult
from upnp_trio.errors import MalformedMessage, NetworkError
from upnp_trio.model.peers import peer_of
from upnp_trio.network.asking import ReceivedDatagram
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.listeners import authority
from upnp_trio.network.system_errors import cause_of
from upnp_trio.ssdp.messages import PORT, Alive, Search, SearchResponse
from upnp_trio.ssdp.parsing import parse_leniently
from upnp_trio.ssdp.rendering import render_search

if TYPE_CHECKING:
    from upnp_trio.network.asking import AskingNetwork, SearchSocket
    from upnp_trio.network.interfaces import IpInterface

__all__ = ["LATE_SECONDS", "MAX_SENDS", "SearchPlan", "run_search"]

logger = logging.getLogger(__name__)

# Answers are awaited for so long after MX, because slow devices and networks exist; each tells by how much it is late.
LATE_SECONDS = 1.0
# UDA 2.0 §1.3.2: M-SEARCH is sent more than once, as UDP loses datagrams, some hundred milliseconds apart.
SEND_GAP = (0.2, 0.4)
# More would only be traffic: of ten datagrams one arrives, or the network is broken.
MAX_SENDS = 10
# Answers of one peer to one search. A host with 5,000 devices of four rows sends 20,000.
MAX_RESULTS_OF_ONE_PEER = 32_768
# What is kept in mind to recognize repetitions, of all peers, in characters. Answers beyond it are repeated.
MAX_SEEN_CHARACTERS = 16 * 1024 * 1024


@attrs.frozen(kw_only=True)
class SearchPlan:
    """What is searched, how often, and where."""

    target: str
    #: MX, 1 to 5 seconds; a unicast search has none, and its answers are due at once (UDA 2.0 §1.3.2)
    mx: int
    sends: int
    #: the address of a unicast search, and its port
    to: str | None = None
    port: int = PORT
    user_agent: str | None = None
    #: from which interfaces, each with the addresses to send from
    interfaces: Sequence[Interface]
    multicast_ttl: int | None = None
    rng: Random

    @property
    def due_seconds(self) -> int:
        """How long after M-SEARCH an answer is in time."""
        return self.mx if self.to is None else 1

    @property
    def seconds(self) -> float:
        """How long the answers to one M-SEARCH are awaited."""
        return self.due_seconds + LATE_SECONDS


@attrs.define(eq=False, repr=False)
class _Running:
    """A search that is under way."""

    plan: SearchPlan
    queue: FeedQueue[SearchResult]
    #: called with each answer and its place, before the reader gets it
    on_answer: Callable[[ReceivedDatagram, SearchResponse, Interface, tuple[str, ...]], None]
    _seen: set[tuple[str, str, str, str]] = attrs.field(factory=set)
    _seen_characters: int = 0
    _by_peer: Counter[str] = attrs.field(factory=Counter)
    _errors: list[OSError | NetworkError] = attrs.field(factory=list)
    _sent: int = 0

    async def run(self, network: AskingNetwork) -> None:
        async with trio.open_nursery() as nursery:
            for number in range(self.plan.sends):
                if number:
                    await trio.sleep(self.plan.rng.uniform(*SEND_GAP))
                for interface in self.plan.interfaces:
                    for address in interface.addresses:
                        nursery.start_soon(self._send_from, network, interface, address, number)
        if not self._sent:
            raise self._failure()

    def _failure(self) -> NetworkError:
        if not self._errors:
            return NetworkError("cannot search: no interface of this host can be used; see upnp-trio interfaces")
        error = self._errors[0]
        if isinstance(error, NetworkError):
            return error
        return NetworkError(f"cannot search: {cause_of(error)}; check that this host has a network")

    async def _send_from(self, network: AskingNetwork, interface: Interface, address: IpInterface, number: int) -> None:
        with ExitStack() as stack:
            try:
                socket = stack.enter_context(
                    network.open_search_socket(interface, address, multicast_ttl=self.plan.multicast_ttl)
                )
                sent_at = await self._send(socket)
            except (OSError, NetworkError) as error:  # other interfaces may do; without any, the search fails
                logger.debug("cannot search from %s on %s: %s", address.ip, interface.name, error)
                self._errors.append(error)
                return
            self._sent += 1
            with trio.move_on_at(sent_at + self.plan.seconds):
                try:
                    await self._receive(socket, sent_at, number)
                except OSError as error:  # the interface is gone, or the system has no room; what has come is kept
                    logger.debug("cannot receive at %s on %s: %s", address.ip, interface.name, error)

    async def _send(self, socket: SearchSocket) -> float:
        plan = self.plan
        if plan.to is None:
            search = Search(search_target=plan.target, mx=plan.mx, user_agent=plan.user_agent)
            return await socket.send(render_search(search, host=socket.host), socket.group)
        search = Search(search_target=plan.target, user_agent=plan.user_agent)
        to = ip_address(plan.to)
        host = authority(to, plan.port)
        scope = socket.interface.index if to.is_link_local else 0
        destination = (plan.to, plan.port, 0, scope) if ":" in plan.to else (plan.to, plan.port)
        return await socket.send(render_search(search, host=host), destination)

    async def _receive(self, socket: SearchSocket, sent_at: float, number: int) -> None:
        links = LinkCheck(socket.interface)
        while True:
            arrived = await socket.receive()
            for datagram in arrived:
                sender = datagram.source[0]
                is_on_link = links.is_on_link(sender)
                if (sender == self.plan.to) if self.plan.to is not None else is_on_link:
                    self._take(datagram, socket.interface, sent_at, number, is_on_link=is_on_link)
            await trio.sleep(pause_after(len(arrived)))

    def _take(
        self, datagram: ReceivedDatagram, interface: Interface, sent_at: float, number: int, *, is_on_link: bool
    ) -> None:
        try:
            message, forgiven = parse_leniently(datagram.payload)
        except MalformedMessage as error:
            logger.debug("%s answered %s with what is no response: %s", datagram.source, self.plan.target, error)
            return
        if isinstance(message, Alive):  # ssdpy answers so; no other announcement comes to a search's own socket
            message, forgiven = _as_response(message), (*forgiven, "it answers a search with NOTIFY")
        if not isinstance(message, SearchResponse):
            return
        if is_on_link:  # a device beyond the link was asked by its address, and is found on no link of ours
            self.on_answer(datagram, message, interface, forgiven)
        if not self._is_news(message, interface, datagram.source[0]):
            return
        latency = max(datagram.arrived_at - sent_at, 0.0)
        self.queue.put(
            SearchResult(
                message=message,
                latency=latency,
                late_by=max(latency - self.plan.due_seconds, 0.0),
                interface=interface.name,
                sender=datagram.source[0],
                port=datagram.source[1],
                send=number,
                forgiven=forgiven,
                payload=datagram.payload,
            )
        )

    def _is_news(self, message: SearchResponse, interface: Interface, sender: str) -> bool:
        """Whether this is the first answer of its kind, of a peer that has not sent too many."""
        # whoever answers first with what another host would say must not stand for that host
        key = (interface.name, sender, message.usn, message.location)
        if key in self._seen:
            return False
        peer = peer_of(sender)
        if self._by_peer[peer] >= MAX_RESULTS_OF_ONE_PEER:
            return False
        self._by_peer[peer] += 1
        self._seen_characters += len(message.usn) + len(message.location)
        if self._seen_characters <= MAX_SEEN_CHARACTERS:
            self._seen.add(key)
        return True


def _as_response(alive: Alive) -> SearchResponse:
    return SearchResponse(
        search_target=alive.notification_type,
        usn=alive.usn,
        location=alive.location,
        server=alive.server,
        max_age=alive.max_age,
        boot_id=alive.boot_id,
        config_id=alive.config_id,
        search_port=alive.search_port,
        nls=alive.nls,
    )


async def run_search(
    network: AskingNetwork,
    plan: SearchPlan,
    queue: FeedQueue[SearchResult],
    on_answer: Callable[[ReceivedDatagram, SearchResponse, Interface, tuple[str, ...]], None],
) -> None:
    """Carry out *plan*, and put the answers into *queue* as they come, each USN at each LOCATION once.

    What several addresses answer is given once for each of them.

    Ends when no answer is due any more. Raises `NetworkError` if nothing could be sent.
    """
    await _Running(plan, queue, on_answer).run(network)
