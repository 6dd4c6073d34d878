"""Searches in, answers out (UDA 2.0 §1.3).

One task for each socket reads, decides and queues; one task sends what falls due. The reading never waits for a
delay, so a thousand searches can be pending at once.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.dates import http_date
from upnp_trio.errors import MalformedMessage
from upnp_trio.network.multicast import MAX_BATCH, Address, Endpoint, Receiver, Sender
from upnp_trio.server.discovery.budget import Budget
from upnp_trio.server.discovery.due_queue import DueQueue
from upnp_trio.server.discovery.duplicates import DuplicateSearches
from upnp_trio.server.discovery.wakeup import Wakeup
from upnp_trio.server.monitoring.events import Events, SearchAnswered
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.ssdp.advertising import search_response_head
from upnp_trio.ssdp.messages import Alive, ByeBye, Message, Search, Update, search_response_end
from upnp_trio.ssdp.parse_cache import ParseCache
from upnp_trio.ssdp.search import Answer, Index, replies

if TYPE_CHECKING:
    from upnp_trio.ssdp.advertisements import AdvertisedRoot

__all__ = ["Responder"]

logger = logging.getLogger(__name__)
traffic = logging.getLogger("upnp_trio.traffic.ssdp")

# Answers due within one tick leave together, and searches that follow each other closely are read together: one
# wake-up, which costs more than a search, for all of them. 20 ms is far below what a searcher that waits whole
# seconds can notice.
TICK_SECONDS = 0.02
# When more than so many have gathered within a tick, they are read four times as often: the receive buffer that Linux
# gives by default has room for some 500.
MANY_SEARCHES = 64
# 5 seconds of MX at 6,000 answers a second, far above any real network; some 10 MiB. When full, new ones are dropped.
MAX_PENDING_ANSWERS = 32_768
# What the same searchers ask again is rendered once; bounded, as a stranger chooses the spelling of ST.
MAX_KEPT_HEADS = 4096


#: an answer that waits for its moment: who sends it to whom, all of it but its end, and what it was rendered from
_Waiting = tuple[Sender, Address, bytes, Answer]


@attrs.define(eq=False, repr=False, kw_only=True)
class Responder:
    """Answers searches from *index*; whatever arrives, it is answered, or dropped and counted, and never raises."""

    index: Index
    boot_id: int
    rng: Random
    utcnow: Callable[[], datetime]
    stats: Stats
    events: Events
    #: what each searcher may be sent
    budget: Budget = attrs.field(factory=Budget)
    #: answer searchers beyond the interface's own link, too (routed networks)
    answer_off_link: bool = False
    #: the MX of a multicast search that has none; ``None`` leaves it unanswered
    missing_mx: int | None = None
    #: called with each NOTIFY from the link, our own included, and where it came from
    on_notify: Callable[[Alive | ByeBye | Update, Address, Endpoint], None] = lambda message, peer, endpoint: None
    _memory: ParseCache = attrs.field(factory=ParseCache)
    _due: DueQueue[_Waiting] = attrs.field(factory=lambda: DueQueue(TICK_SECONDS))
    _heads: dict[tuple[Answer, Sender], bytes] = attrs.field(factory=dict)
    _repeats: DuplicateSearches = attrs.field(factory=DuplicateSearches)
    _wakeup: Wakeup = attrs.field(factory=Wakeup)
    #: the second that answers were last sent in, and how they ended
    _second: datetime | None = None
    _end: bytes = b""

    @property
    def pending(self) -> int:
        """How many answers wait for their moment."""
        return len(self._due)

    def reset(self, boot_id: int, senders: Collection[Sender]) -> None:
        """Speak with another BOOTID from now on, and with *senders* alone.

        Answers that wait are told the new BOOTID, too: who searched on a link that stays must not go without because
        another one flaps.
        """
        self.boot_id = boot_id
        self._heads.clear()
        self._repeats.clear()

        def revised(waiting: _Waiting) -> _Waiting | None:
            sender, peer, _, answer = waiting
            return (sender, peer, self._head(answer, sender), answer) if sender in senders else None

        before = self.pending
        self._due.revise(revised)
        if lost := before - self.pending:
            self.stats.send_errors["the network changed"] += lost

    def add(self, root: AdvertisedRoot) -> None:
        """Let searches find *root*."""
        self.index.add(root)

    def remove(self, root: AdvertisedRoot) -> None:
        """Let no search find *root*, and send no answer that waits: none may follow its byebye."""
        self.index.remove(root)
        self._heads.clear()
        self._due.revise(lambda waiting: None if waiting[3].root is root else waiting)

    async def listen(self, endpoint: Endpoint) -> NoReturn:
        """Answer what *endpoint* receives, until cancelled."""
        async with trio.open_nursery() as nursery:
            for receiver in endpoint.receivers:
                nursery.start_soon(self._listen, endpoint, receiver)
            nursery.start_soon(trio.sleep_forever)  # an endpoint may have no receivers
        raise AssertionError("unreachable: the tasks above end by cancellation alone")

    async def _listen(self, endpoint: Endpoint, receiver: Receiver) -> NoReturn:
        woken = -math.inf
        while True:
            await receiver.wait()
            last, woken = woken, trio.current_time()
            taken = self._drain(endpoint, receiver)
            # Unicast searches are not let gather, as they are answered at once.
            busy = receiver.multicast is True and woken < last + TICK_SECONDS
            while busy:
                await self._gather(taken)
                taken = self._drain(endpoint, receiver)
                busy = taken > 0

    async def _gather(self, last_taken: int) -> None:
        """Wait until the next searches are worth a look."""
        if last_taken >= MAX_BATCH:  # there is more
            await trio.lowlevel.checkpoint()
        elif last_taken > MANY_SEARCHES:
            await trio.sleep(TICK_SECONDS / 4)
        else:  # when the answers that are due wake us anyway
            await trio.sleep_until(math.floor(trio.current_time() / TICK_SECONDS + 1) * TICK_SECONDS)

    def _drain(self, endpoint: Endpoint, receiver: Receiver) -> int:
        """Take what waits; how much that was."""
        taken, now = 0, trio.current_time()
        for datagram, peer in receiver.drain():
            taken += 1
            self._receive(datagram, peer, endpoint, now, multicast=receiver.multicast)
        self.stats.datagrams += taken
        self._set_wakeup()
        return taken

    def _receive(
        self, datagram: bytes, peer: Address, endpoint: Endpoint, now: float, *, multicast: bool | None
    ) -> None:
        sender = endpoint.sender_towards(peer[0])
        if sender is None and self.answer_off_link:
            sender = next(iter(endpoint.senders.values()))
        # strangers from beyond the link get nothing, they may be victims
        if sender is None or not peer[1]:
            self._drop("off link", peer, endpoint, datagram)
            return
        try:
            message = self._memory.parse(datagram)
        except MalformedMessage as error:
            self._drop("malformed", peer, endpoint, (str(error), datagram))
            return
        if not isinstance(message, Search):
            self._take_note(message, peer, endpoint)
            return
        self.stats.searches += 1
        if traffic.isEnabledFor(logging.DEBUG):
            traffic.debug("%s: %s searches %s", endpoint.interface.name, peer, message)
        # where the system hides to whom it was sent: only searches that were meant for all have MX
        if multicast or (multicast is None and message.mx is not None):
            self._answer_multicast(message, peer, endpoint, sender, now)
        else:
            self._answer(message, peer, endpoint, sender, now, multicast=False)

    def _take_note(self, message: Message, peer: Address, endpoint: Endpoint) -> None:
        self._drop("not a search", peer, endpoint, message)
        if isinstance(message, Alive | ByeBye | Update):
            self.on_notify(message, peer, endpoint)

    def _answer_multicast(self, search: Search, peer: Address, endpoint: Endpoint, sender: Sender, now: float) -> None:
        if search.mx is None and self.missing_mx is not None:
            search = attrs.evolve(search, mx=self.missing_mx)
        if search.mx is None:
            self._drop("no MX", peer, endpoint, search)
        elif reason := self._repeats.why(peer, search.search_target, endpoint, now, search.mx):
            self._drop(reason, peer, endpoint, search)
        elif last_delay := self._answer(search, peer, endpoint, sender, now, multicast=True):
            self._repeats.note(peer, search.search_target, endpoint, now, now + last_delay + TICK_SECONDS)

    def _answer(
        self, search: Search, peer: Address, endpoint: Endpoint, sender: Sender, now: float, *, multicast: bool
    ) -> float:
        """Answer *search* as far as it may be; when the last answer leaves, in seconds from *now*."""
        if self.budget.is_spent(peer[0], now):
            return self._drop("over budget", peer, endpoint, search)
        found = replies(search, self.index, self.rng, multicast=multicast)
        if not found:
            return self._drop("nothing matches", peer, endpoint, search)
        if len(self._due) + len(found) > MAX_PENDING_ANSWERS:
            return self._drop("too many pending", peer, endpoint, search)
        last_delay, octets = 0.0, 0
        for delay, answer in found:
            head = self._head(answer, sender)
            octets += len(head)
            last_delay = max(delay, last_delay)
            if delay:
                self._due.put(now + delay, (sender, peer, head, answer))
            else:
                self._send(sender, peer, head + self._ending())
        self.budget.charge(peer[0], now, len(found), octets)
        if self.events.wanted:
            self.events.tell(
                SearchAnswered(
                    interface=endpoint.interface.name,
                    peer=peer[0],
                    search_target=search.search_target,
                    answers=len(found),
                    user_agent=search.user_agent,
                )
            )
        return last_delay

    def _set_wakeup(self) -> None:
        due = self._due.next_due()
        if due is not None:
            self._wakeup.set(due)

    async def send_due(self) -> NoReturn:
        """Send each answer when it falls due, until cancelled."""
        while True:
            await self._wakeup.wait()
            end = self._ending()
            for sender, peer, head, _ in self._due.take(trio.current_time()):
                self._send(sender, peer, head + end)
            self._set_wakeup()

    def _send(self, sender: Sender, peer: Address, answer: bytes) -> None:
        try:
            taken = sender.send(answer, peer)
        except OSError as error:  # unreachable, no buffers, gone: a state of the network, not the end of us
            self.stats.send_errors[error.strerror or str(error)] += 1
            logger.debug("cannot answer %s from %s: %s", peer, sender.address, error)
            return
        if taken:
            self.stats.answers += 1
        else:
            self.stats.send_errors["send buffer full"] += 1

    def _ending(self) -> bytes:
        """What completes answers that leave now: DATE, rendered once a second."""
        second = self.utcnow().replace(microsecond=0)
        if second != self._second:
            self._second, self._end = second, search_response_end(http_date(second))
        return self._end

    def _head(self, answer: Answer, sender: Sender) -> bytes:
        head = self._heads.get((answer, sender))
        if head is None:
            head = search_response_head(answer, sender.origin, self.boot_id)
            if len(self._heads) >= MAX_KEPT_HEADS:
                self._heads.clear()
            self._heads[answer, sender] = head
        return head

    def _drop(self, reason: str, peer: Address, endpoint: Endpoint, what: object) -> float:
        self.stats.dropped[reason] += 1
        traffic.debug("%s: dropped (%s) from %s: %s", endpoint.interface.name, reason, peer, what)
        return 0.0
