"""Receives searches and sends the answers (UDA 2.0 §1.3).

One task for each socket reads datagrams, asks the policy what each is answered with, and queues the answers. One task
sends what falls due. Reading never waits for a delay, so thousands of answers can be pending at once.
"""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable, Collection
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.dates import http_date
from upnp_trio.monitoring.events import Events, SearchAnswered
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.endpoint import MAX_BATCH, Address, Endpoint, Receiver, Sender
from upnp_trio.server.discovery.due_queue import DueQueue
from upnp_trio.ssdp.advertising import search_response_head
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.ssdp.drops import Drop
from upnp_trio.ssdp.index import Match
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, Update
from upnp_trio.ssdp.policy import SearchPolicy
from upnp_trio.ssdp.profiles import UDA, Profile
from upnp_trio.ssdp.rendering import search_response_end
from upnp_trio.ssdp.replies import TICK_SECONDS
from upnp_trio.tasks.wakeup import Wakeup

if TYPE_CHECKING:
    from upnp_trio.ssdp.advertisements import AdvertisedRoot

__all__ = ["Responder"]

logger = logging.getLogger(__name__)
traffic = logging.getLogger("upnp_trio.traffic.ssdp")

# When more datagrams than this have gathered within a tick, they are read four times as often. The receive buffer that
# Linux gives by default has room for some 500.
MANY_SEARCHES = 64
# Rendered answers are cached because the same searchers search again. Bounded because other hosts choose how they spell
# ST.
MAX_CACHED_HEADS = 4096

#: a pending answer: its sender, its destination, and the match that it reports
_Pending = tuple[Sender, Address, Match]


@attrs.define(eq=False, repr=False, kw_only=True)
class Responder:
    """Answers searches for the root devices that were added. Datagrams are answered or counted, and never raise."""

    boot_id: int
    rng: Random
    utcnow: Callable[[], datetime]
    stats: Stats
    events: Events
    #: answers a second to one source, in the long run
    reply_budget: int = DEFAULT_REPLY_BUDGET
    #: answer sources beyond the interface's link, too (routed networks)
    answer_off_link: bool = False
    #: which searches are answered beyond UDA's
    profile: Profile = UDA
    #: called with each NOTIFY that arrives from the interface's link, also with our own
    on_notify: Callable[[Alive | ByeBye | Update, Address, Endpoint], None] = lambda message, peer, endpoint: None
    _policy: SearchPolicy[Sender] = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: SearchPolicy(
                self.rng,
                profile=self.profile,
                reply_budget=self.reply_budget,
                answer_off_link=self.answer_off_link,
            ),
            takes_self=True,
        ),
    )
    _due: DueQueue[_Pending] = attrs.field(init=False, factory=lambda: DueQueue(TICK_SECONDS))
    _heads: dict[tuple[Match, Sender], bytes] = attrs.field(init=False, factory=dict)
    _wakeup: Wakeup = attrs.field(init=False, factory=Wakeup)
    #: the second that answers were last sent in, and how they ended
    _second: datetime | None = attrs.field(init=False, default=None)
    _end: bytes = attrs.field(init=False, default=b"")

    @property
    def pending(self) -> int:
        """How many answers wait until they are due."""
        return len(self._due)

    def add(self, root: AdvertisedRoot) -> None:
        """Answer searches for *root* from now on."""
        self._policy.add(root)

    def remove(self, root: AdvertisedRoot) -> None:
        """Answer no search for *root* any more. Pending answers about it are dropped: none may follow its byebye."""
        self._policy.remove(root)
        self._heads.clear()
        self._due.revise(lambda pending: None if pending[2].root is root else pending)

    def reset(self, boot_id: int, senders: Collection[Sender]) -> None:
        """Answer with *boot_id* and from *senders* alone from now on.

        Pending answers are sent by the sender that now has their address on their interface, with the new BOOTID.
        Those whose address is gone are lost and counted.
        """
        self.boot_id = boot_id
        self._heads.clear()
        by_address = {sender.interface_address: sender for sender in senders}
        successor = functools.cache(lambda sender: by_address.get(sender.interface_address))

        def moved(pending: _Pending) -> _Pending | None:
            sender, peer, match = pending
            new = successor(sender)
            return None if new is None else (new, peer, match)

        self._policy.move(successor)
        before = self.pending
        self._due.revise(moved)
        if lost := before - self.pending:
            self.stats.send_errors["the network changed"] += lost

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
            # Searches that follow each other closely are read together, in ticks: a wake-up costs more than a search.
            # Unicast searches do not wait for that, as they are answered at once.
            busy = receiver.multicast is True and woken < last + TICK_SECONDS
            while busy:
                await self._gather(taken)
                taken = self._drain(endpoint, receiver)
                busy = taken > 0

    async def _gather(self, last_taken: int) -> None:
        """Wait for more datagrams, the shorter the more there were."""
        if last_taken >= MAX_BATCH:  # there are more already
            await trio.lowlevel.checkpoint()
        elif last_taken > MANY_SEARCHES:
            await trio.sleep(TICK_SECONDS / 4)
        else:  # until the tick in which this task's process wakes up anyway, to send
            await trio.sleep_until(math.floor(trio.current_time() / TICK_SECONDS + 1) * TICK_SECONDS)

    def _drain(self, endpoint: Endpoint, receiver: Receiver) -> int:
        """Handle the datagrams that have arrived, and return how many there were."""
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
        facing = endpoint.sender_towards(peer[0])
        sender = facing or next(iter(endpoint.senders.values()))
        decision = self._policy.decide(
            datagram,
            peer,
            sender,
            on_link=facing is not None,
            multicast=multicast,
            now=now,
            pending=len(self._due),
        )
        if isinstance(decision, Drop):
            self._note_drop(decision, peer, endpoint, datagram)
            return
        search, replies = decision
        self.stats.searches += 1
        if traffic.isEnabledFor(logging.DEBUG):
            traffic.debug("%s: %s searches %s", endpoint.interface.name, peer, search)
        for delay, match in replies:
            if delay:
                self._due.put(now + delay, (sender, peer, match))
            else:
                self._send(sender, peer, match, self._ending())
        if self.events.wanted:
            self.events.publish(
                SearchAnswered(
                    interface=endpoint.interface.name,
                    peer=peer[0],
                    search_target=search.search_target,
                    answers=len(replies),
                    user_agent=search.user_agent,
                )
            )

    def _note_drop(self, drop: Drop, peer: Address, endpoint: Endpoint, datagram: bytes) -> None:
        reason, message, flaw = drop
        self.stats.dropped[reason] += 1
        if isinstance(message, Search):
            self.stats.searches += 1
        if traffic.isEnabledFor(logging.DEBUG):
            what = message or datagram
            traffic.debug("%s: dropped (%s) from %s: %s", endpoint.interface.name, flaw or reason, peer, what)
        if isinstance(message, Alive | ByeBye | Update):
            self.on_notify(message, peer, endpoint)

    def _set_wakeup(self) -> None:
        due = self._due.next_due()
        if due is not None:
            self._wakeup.set(due)

    async def send_due(self) -> NoReturn:
        """Send each answer when it falls due, until cancelled."""
        while True:
            await self._wakeup.wait()
            end = self._ending()
            for sender, peer, match in self._due.take(trio.current_time()):
                self._send(sender, peer, match, end)
            self._set_wakeup()

    def _send(self, sender: Sender, peer: Address, match: Match, end: bytes) -> None:
        head = self._heads.get((match, sender)) or self._render_head(match, sender)
        try:
            taken = sender.send(head + end, peer)
        except OSError as error:  # the network's state (unreachable, no buffers, address gone), which may pass
            self.stats.send_errors[error.strerror or str(error)] += 1
            logger.debug("cannot answer %s from %s: %s", peer, sender.address, error)
            return
        if taken:
            self.stats.answers += 1
        else:
            self.stats.send_errors["send buffer full"] += 1

    def _render_head(self, match: Match, sender: Sender) -> bytes:
        head = search_response_head(match, sender.origin, self.boot_id)
        if len(self._heads) >= MAX_CACHED_HEADS:
            self._heads.clear()
        self._heads[match, sender] = head
        return head

    def _ending(self) -> bytes:
        """Return how answers that leave now end: DATE, rendered once a second, and the empty line."""
        second = self.utcnow().replace(microsecond=0)
        if second != self._second:
            self._second, self._end = second, search_response_end(http_date(second))
        return self._end
