"""Searches in, answers out (UDA 2.0 §1.3).

One task for each socket reads, decides and queues; one task sends what falls due. The reading never waits for a
delay, so a thousand searches can be pending at once.
"""

from __future__ import annotations

import heapq
import ipaddress
import logging
import math
from collections.abc import Callable
from datetime import datetime
from itertools import count
from random import Random
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.dates import http_date
from upnp_trio.errors import MalformedMessage
from upnp_trio.network.multicast import Address, Ear, Endpoint, Voice
from upnp_trio.server.alarm import Alarm
from upnp_trio.server.events import EventHandler, SearchAnswered, Stats
from upnp_trio.ssdp.messages import Alive, ByeBye, Message, Search, finish_search_response, parse
from upnp_trio.ssdp.search import Answer, Index, replies
from upnp_trio.ssdp.speech import search_response_head

if TYPE_CHECKING:
    from upnp_trio.network.interfaces import IpAddress

__all__ = ["Responder"]

logger = logging.getLogger(__name__)
traffic = logging.getLogger("upnp_trio.traffic.ssdp")

# Answers due within one tick leave together: one wake-up for all of them instead of one each. 20 ms is far below
# what a searcher that waits whole seconds can notice.
TICK_SECONDS = 0.02
# How long searches that follow each other closely are let gather: half a tick, and nothing beside an MX of a second.
# A burst of 50,000 searches a second fills the receive buffer that Linux gives by default in as long.
GATHER_SECONDS = 0.01
# 5 seconds of MX at 6,000 answers a second, far above any real network; some 10 MiB. When full, new ones are dropped.
MAX_PENDING_ANSWERS = 32_768
# What the same searchers ask again is rendered once; bounded, as a stranger chooses the spelling of ST.
MAX_KEPT_HEADS = 4096
# Whom we have told from which own address they are reached; bounded, as a stranger may forge many addresses.
MAX_KEPT_PEERS = 4096


@attrs.define(eq=False, kw_only=True)
class Responder:
    """Answers searches from *index*; whatever arrives, it is answered, or dropped and counted, and never raises."""

    index: Index
    boot_id: int
    rng: Random
    utcnow: Callable[[], datetime]
    stats: Stats
    on_event: EventHandler
    #: answer searchers beyond the interface's own link, too (routed networks)
    answer_off_link: bool = False
    #: called with what other hosts announce or revoke, and who does
    on_notify: Callable[[Alive | ByeBye, Address, Endpoint], None] = lambda message, peer, endpoint: None
    _due: list[tuple[float, int, Voice, Address, bytes]] = attrs.field(factory=list)
    _order: count[int] = attrs.field(factory=count)
    _heads: dict[tuple[Answer, Voice], bytes] = attrs.field(factory=dict)
    _peers: dict[tuple[Endpoint, str], Voice | None] = attrs.field(factory=dict)
    #: by searcher and target, which endpoint heard it first, and until when the others are to be quiet
    _askers: dict[tuple[Address, str], tuple[Endpoint, float]] = attrs.field(factory=dict)
    _alarm: Alarm = attrs.field(factory=Alarm)
    _date: tuple[datetime, str] | None = None

    def reset(self, boot_id: int) -> None:
        """Speak with another BOOTID from now on; answers that wait are lost, as they have the old one."""
        self.boot_id = boot_id
        self._due.clear()
        self._heads.clear()
        self._peers.clear()
        self._askers.clear()

    def forget_answers(self) -> None:
        """The index has changed: what was rendered from it may be wrong."""
        self._heads.clear()

    async def listen(self, endpoint: Endpoint) -> NoReturn:
        """Answer what *endpoint* hears, until cancelled."""
        async with trio.open_nursery() as nursery:
            for ear in endpoint.ears:
                nursery.start_soon(self._listen, endpoint, ear)
            nursery.start_soon(trio.sleep_forever)  # an endpoint may have no ears
        raise AssertionError("unreachable: the tasks above end by cancellation alone")

    async def _listen(self, endpoint: Endpoint, ear: Ear) -> NoReturn:
        woken = -math.inf
        while True:
            await ear.wait()
            self._drain(endpoint, ear)
            last, woken = woken, trio.current_time()
            # Searches that come one after the other are taken together: a wake-up costs more than a search. Unicast
            # ones are not, as they are answered at once.
            busy = ear.multicast is True and woken < last + GATHER_SECONDS
            while busy:
                await trio.sleep(GATHER_SECONDS)
                busy = self._drain(endpoint, ear)

    def _drain(self, endpoint: Endpoint, ear: Ear) -> bool:
        """Take what waits; whether there was anything."""
        before = self.stats.datagrams
        for datagram, peer in ear.drain():
            self._hear(datagram, peer, endpoint, multicast=ear.multicast)
        return self.stats.datagrams > before

    def _hear(self, datagram: bytes, peer: Address, endpoint: Endpoint, *, multicast: bool | None) -> None:
        self.stats.datagrams += 1
        voice = self._voice_towards(peer[0], endpoint)
        if voice is None or not peer[1]:
            self._drop("off link", peer, endpoint, datagram)
            return
        if datagram[:1] in (b"N", b"n") and peer[0] == str(voice.address):
            self.stats.dropped["not a search"] += 1  # our own announcement, come back
            return
        try:
            message = parse(datagram)
        except MalformedMessage as error:
            self._drop("malformed", peer, endpoint, f"{error}: {datagram!r}")
            return
        if not isinstance(message, Search):
            self._take_note(message, peer, endpoint)
            return
        self.stats.searches += 1
        traffic.debug("%s: %s searches %s", endpoint.interface.name, peer, message)
        # where the system hides to whom it was sent: only searches that were meant for all have MX
        self._answer(
            message, peer, endpoint, voice, multicast=message.mx is not None if multicast is None else multicast
        )

    def _take_note(self, message: Message, peer: Address, endpoint: Endpoint) -> None:
        self._drop("not a search", peer, endpoint, message)
        if isinstance(message, Alive | ByeBye):
            self.on_notify(message, peer, endpoint)

    def _answer(self, search: Search, peer: Address, endpoint: Endpoint, voice: Voice, *, multicast: bool) -> None:
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
        if multicast and self._answered_elsewhere(search, peer, endpoint, now):
            self._drop("heard on another interface", peer, endpoint, search)
            return
        for reply in found:
            head = self._head(reply.answer, voice)
            if reply.delay:
                heapq.heappush(self._due, (now + reply.delay, next(self._order), voice, peer, head))
            else:
                self._send(voice, peer, head)
        self._set_alarm()
        self.on_event(
            SearchAnswered(
                interface=endpoint.interface.name,
                peer=peer[0],
                search_target=search.search_target,
                answers=len(found),
                user_agent=search.user_agent,
            )
        )

    def _answered_elsewhere(self, search: Search, peer: Address, endpoint: Endpoint, now: float) -> bool:
        """Whether this very search was heard by another endpoint already: two of our interfaces are on one link."""
        key = peer, search.search_target
        first, until = self._askers.get(key, (endpoint, 0.0))
        if first is not endpoint and now < until:
            return True
        if len(self._askers) >= MAX_KEPT_PEERS:
            self._askers.clear()
        self._askers[key] = endpoint, now + (search.mx or 0)
        return False

    def _set_alarm(self) -> None:
        if self._due:
            self._alarm.set(math.ceil(self._due[0][0] / TICK_SECONDS) * TICK_SECONDS)

    async def send_due(self) -> NoReturn:
        """Send each answer when it falls due, until cancelled."""
        while True:
            await self._alarm.wait()
            now = trio.current_time()
            while self._due and self._due[0][0] <= now:
                _, _, voice, peer, head = heapq.heappop(self._due)
                self._send(voice, peer, head)
            self._set_alarm()

    def _send(self, voice: Voice, peer: Address, head: bytes) -> None:
        try:
            taken = voice.send(finish_search_response(head, self._now()), peer)
        except OSError as error:  # unreachable, no buffers, gone: a state of the network, not the end of us
            self.stats.send_errors[error.strerror or str(error)] += 1
            logger.debug("cannot answer %s from %s: %s", peer, voice.address, error)
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

    def _head(self, answer: Answer, voice: Voice) -> bytes:
        head = self._heads.get((answer, voice))
        if head is None:
            head = search_response_head(answer, voice.place, self.boot_id)
            if len(self._heads) >= MAX_KEPT_HEADS:
                self._heads.clear()
            self._heads[answer, voice] = head
        return head

    def _voice_towards(self, peer: str, endpoint: Endpoint) -> Voice | None:
        """Our voice on the link that *peer* is on; strangers from beyond it get nothing, they may be victims."""
        key = endpoint, peer
        try:
            return self._peers[key]
        except KeyError:
            address: IpAddress | None = endpoint.interface.address_towards(ipaddress.ip_address(peer))
            if address is None and self.answer_off_link:
                address = next(iter(endpoint.voices))
            if len(self._peers) >= MAX_KEPT_PEERS:
                self._peers.clear()
            self._peers[key] = voice = None if address is None else endpoint.voices[address]
            return voice

    def _drop(self, reason: str, peer: Address, endpoint: Endpoint, what: object) -> None:
        self.stats.dropped[reason] += 1
        traffic.debug("%s: dropped (%s) from %s: %s", endpoint.interface.name, reason, peer, what)
