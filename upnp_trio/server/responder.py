"""Searches in, answers out (UDA 2.0 §1.3).

One task for each socket reads, decides and queues; one task sends what falls due. The reading never waits for a
delay, so a thousand searches can be pending at once.
"""

from __future__ import annotations

import heapq
import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import IPv4Address
from itertools import count
from random import Random
from typing import NoReturn

import attrs
import trio

from upnp_trio.dates import http_date
from upnp_trio.errors import MalformedMessage
from upnp_trio.network.multicast import Ear, Endpoint
from upnp_trio.server.events import EventHandler, SearchAnswered, Stats
from upnp_trio.server.presence import Presence
from upnp_trio.ssdp.messages import Search, SearchResponse, finish_search_response, parse, render_search_response_head
from upnp_trio.ssdp.search import Answer, Index, replies

__all__ = ["Responder"]

logger = logging.getLogger(__name__)
traffic = logging.getLogger("upnp_trio.traffic.ssdp")

# Answers due within one tick leave together: one wake-up for all of them instead of one each. 20 ms is far below
# what a searcher that waits whole seconds can notice.
TICK_SECONDS = 0.02
# 5 seconds of MX at 6,000 answers a second, far above any real network; some 10 MiB. When full, new ones are dropped.
MAX_PENDING_ANSWERS = 32_768
# What the same searchers ask again is rendered once; bounded, as a stranger chooses the spelling of ST.
MAX_KEPT_HEADS = 4096
# Whom we have told from which own address they are reached; bounded, as a stranger may forge many addresses.
MAX_KEPT_PEERS = 4096

Address = tuple[str, int]


@attrs.define(eq=False, kw_only=True)
class Responder:
    """Answers searches from *index*; whatever arrives, it is answered, or dropped and counted, and never raises."""

    index: Index
    presence: Presence
    rng: Random
    utcnow: Callable[[], datetime]
    stats: Stats
    on_event: EventHandler
    _due: list[tuple[float, int, Endpoint, IPv4Address, Address, bytes]] = attrs.field(factory=list)
    _order: count[int] = attrs.field(factory=count)
    _heads: dict[tuple[Answer, IPv4Address], bytes] = attrs.field(factory=dict)
    _peers: dict[tuple[str, str], IPv4Address | None] = attrs.field(factory=dict)
    _nap: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    _date: tuple[datetime, str] | None = None

    async def answer_searches(
        self, endpoints: Sequence[Endpoint], *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Answer what *endpoints* hear, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send_due)
            for endpoint in endpoints:
                for ear in endpoint.ears:
                    nursery.start_soon(self._listen, endpoint, ear)
            task_status.started()
        raise AssertionError("unreachable: the tasks above end by cancellation alone")

    async def _listen(self, endpoint: Endpoint, ear: Ear) -> NoReturn:
        while True:
            await ear.wait()
            for datagram, peer in ear.drain():
                self._hear(datagram, peer, endpoint, multicast=ear.multicast)

    def _hear(self, datagram: bytes, peer: Address, endpoint: Endpoint, *, multicast: bool) -> None:
        self.stats.datagrams += 1
        if datagram[:1] not in (b"M", b"m"):  # announcements of the neighbours, and our own
            self.stats.dropped["not a search"] += 1
            return
        source = self._address_towards(peer[0], endpoint)
        if source is None or not peer[1]:
            self._drop("off link", peer, endpoint, datagram)
            return
        try:
            search = parse(datagram)
        except MalformedMessage as error:
            self._drop("malformed", peer, endpoint, f"{error}: {datagram!r}")
            return
        if not isinstance(search, Search):
            self._drop("not a search", peer, endpoint, datagram)
            return
        self.stats.searches += 1
        traffic.debug("%s: %s searches %s", endpoint.interface.name, peer, search)
        self._answer(search, peer, endpoint, source, multicast=multicast)

    def _answer(
        self, search: Search, peer: Address, endpoint: Endpoint, source: IPv4Address, *, multicast: bool
    ) -> None:
        if multicast and search.mx is None:
            self._drop("no MX", peer, endpoint, search)
            return
        found = replies(search, self.index, self.rng, multicast=multicast)
        if not found:
            self._drop("nothing matches", peer, endpoint, search)
            return
        if len(self._due) + len(found) > MAX_PENDING_ANSWERS:
            self._drop("too many pending", peer, endpoint, search)
            return
        now = trio.current_time()
        for reply in found:
            head = self._head(reply.answer, source)
            if multicast:
                heapq.heappush(self._due, (now + reply.delay, next(self._order), endpoint, source, peer, head))
            else:
                self._send(endpoint, source, peer, head)
        if self._due:
            self._wake_at(self._due[0][0])
        self.on_event(
            SearchAnswered(
                interface=endpoint.interface.name,
                peer=peer[0],
                search_target=search.search_target,
                answers=len(found),
                user_agent=search.user_agent,
            )
        )

    def _wake_at(self, due: float) -> None:
        tick = math.ceil(due / TICK_SECONDS) * TICK_SECONDS
        if tick < self._nap.deadline:
            self._nap.deadline = tick

    async def _send_due(self) -> NoReturn:
        while True:
            with self._nap:
                await trio.sleep_forever()
            # the next nap first: nothing may come between the sending and it
            self._nap = trio.CancelScope()
            now = trio.current_time()
            while self._due and self._due[0][0] <= now:
                _, _, endpoint, source, peer, head = heapq.heappop(self._due)
                self._send(endpoint, source, peer, head)
            if self._due:
                self._wake_at(self._due[0][0])

    def _send(self, endpoint: Endpoint, source: IPv4Address, peer: Address, head: bytes) -> None:
        try:
            taken = endpoint.send(finish_search_response(head, self._now()), source, peer)
        except OSError as error:  # unreachable, no buffers, gone: a state of the network, not the end of us
            self.stats.send_errors[error.strerror or str(error)] += 1
            logger.debug("%s: cannot answer %s: %s", endpoint.interface.name, peer, error)
            return
        if taken:
            self.stats.answers += 1
        else:
            self.stats.send_errors["send buffer full"] += 1

    def _now(self) -> str:
        """DATE, rendered once a second."""
        now = self.utcnow().replace(microsecond=0)
        if self._date is None or self._date[0] != now:
            self._date = now, http_date(now)
        return self._date[1]

    def _head(self, answer: Answer, source: IPv4Address) -> bytes:
        head = self._heads.get((answer, source))
        if head is None:
            head = render_search_response_head(
                SearchResponse(
                    search_target=answer.search_target,
                    usn=answer.usn,
                    location=self.presence.base_urls[source] + answer.root.description_path,
                    server=answer.root.server,
                    max_age=answer.root.max_age,
                    boot_id=self.presence.boot_id,
                    config_id=answer.root.config_id,
                )
            )
            if len(self._heads) >= MAX_KEPT_HEADS:
                self._heads.clear()
            self._heads[answer, source] = head
        return head

    def _address_towards(self, peer: str, endpoint: Endpoint) -> IPv4Address | None:
        """Our address on the link that *peer* is on; strangers from beyond it get nothing, they may be victims."""
        key = endpoint.interface.name, peer
        try:
            return self._peers[key]
        except KeyError:
            if len(self._peers) >= MAX_KEPT_PEERS:
                self._peers.clear()
            self._peers[key] = address = endpoint.interface.address_towards(IPv4Address(peer))
            return address

    def _drop(self, reason: str, peer: Address, endpoint: Endpoint, what: object) -> None:
        self.stats.dropped[reason] += 1
        traffic.debug("%s: dropped (%s) from %s: %s", endpoint.interface.name, reason, peer, what)
