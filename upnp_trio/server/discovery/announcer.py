"""The devices speak up: ssdp:alive on their timetables, ssdp:update and ssdp:byebye when that is due (UDA 2.0 §1.2).

Each root device has a timetable of its own, so any number of them come and go; one queue of moments serves all.
What is said is paced: many devices make no burst that a small network loses.
"""

from __future__ import annotations

import heapq
import logging
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count, islice
from random import Random
from typing import NoReturn

import attrs
import trio

from upnp_trio.network.endpoint import Sender
from upnp_trio.server.discovery.wakeup import Wakeup
from upnp_trio.server.monitoring.events import Announced, Events
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.ssdp.advertisements import AdvertisedRoot
from upnp_trio.ssdp.advertising import Origin, alive_set, byebye_set, update_set
from upnp_trio.ssdp.schedule import FIRST_REPEATS, announcement_gaps

__all__ = ["Announcer"]

logger = logging.getLogger(__name__)

# After so many messages in a row the announcer rests: 640 messages a second at most, some 2 Mbit/s, which a wireless
# network that sends multicast at its slowest rate still bears. A single device's whole set leaves in one breath.
BURST_MESSAGES = 32
BURST_GAP = 0.05
# A sender that cannot be received is tried again after so long, and twice as long each time, up to a minute; from its
# second failure on it is worth a warning, as an interface that goes fails once before its going is known.
FIRST_RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 60.0
# Leaving must not hang on a network that takes nothing any more; the pace of many devices comes on top.
BYEBYE_SECONDS = 1.0
# Twice, as UDP loses datagrams (UDA 1.0 §1.1.3), with a gap, as what is lost is lost in bursts.
BYEBYE_ROUNDS = 2
BYEBYE_GAP = 0.05

Messages = Callable[[AdvertisedRoot, Origin], Iterable[bytes]]


@attrs.define(eq=False, repr=False)
class _Timetable:
    """When one root device announces itself next, and after that; with *senders* alone, or with all there are."""

    root: AdvertisedRoot
    gaps: Iterator[float]
    senders: Collection[Sender] | None = None


@attrs.define(eq=False, repr=False, kw_only=True)
class Announcer:
    """Says of root devices, with every sender, that they are there, and at the end that they are gone."""

    boot_id: int
    rng: Random
    stats: Stats
    events: Events
    #: where to speak; the owner changes it
    senders: Collection[Sender] = ()
    _timetables: dict[AdvertisedRoot, _Timetable] = attrs.field(factory=dict)
    _due: list[tuple[float, int, _Timetable]] = attrs.field(factory=list)
    _order: count[int] = attrs.field(factory=count)
    _wakeup: Wakeup = attrs.field(factory=Wakeup)
    #: one set at a time, so that what is said of a device is never out of order
    _speaking: trio.Lock = attrs.field(factory=trio.Lock)
    _burst_start: float = -math.inf
    _in_a_row: int = 0
    #: senders whose last message could not be sent, and after how many seconds they are tried again
    _failing: dict[Sender, float] = attrs.field(factory=dict)
    _retrying: set[tuple[AdvertisedRoot, Sender]] = attrs.field(factory=set)

    @property
    def roots(self) -> Collection[AdvertisedRoot]:
        """The root devices that are announced."""
        return self._timetables.keys()

    def add(self, root: AdvertisedRoot) -> None:
        """Announce *root* from now on: three sets at once, then now and then."""
        self._timetables[root] = timetable = _Timetable(root, announcement_gaps(root.max_age, self.rng))
        self._schedule(timetable, trio.current_time())

    async def remove(self, root: AdvertisedRoot) -> None:
        """Announce *root* no more, and say that it is gone."""
        del self._timetables[root]
        await self._byebye([root], self.senders)

    def begin_again(self) -> None:
        """Announce all as if they had just come: the network, or BOOTID, is another one."""
        self._due.clear()
        self._retrying.clear()  # their moments are gone with all others; who still fails will be tried again anew
        for root in list(self._timetables):
            self.add(root)

    def introduce(self, senders: Collection[Sender]) -> None:
        """Announce all with *senders*, which have just come to the others; three sets, as for a new device."""
        for root in self._timetables:
            gaps = islice(announcement_gaps(root.max_age, self.rng), 1 + FIRST_REPEATS)
            self._schedule(_Timetable(root, gaps, senders), trio.current_time())

    async def update(self, senders: Collection[Sender], next_boot_id: int) -> None:
        """Say with *senders*, where the devices are known, that BOOTID is about to change (UDA 2.0 §1.2.4)."""
        async with self._speaking:
            sent = await self._say(
                self.roots, senders, lambda root, origin: update_set(root, origin, self.boot_id, next_boot_id)
            )
            self.stats.updates += sent.total()

    async def byebye(self, senders: Collection[Sender]) -> None:
        """Say with *senders* that all devices are gone; takes as long as their number asks for, but is bounded."""
        messages = sum(len(root.rows) for root in self.roots) * len(senders)
        pace = BYEBYE_ROUNDS * messages / BURST_MESSAGES * BURST_GAP
        with trio.move_on_after(BYEBYE_SECONDS + pace):
            await self._byebye(self.roots, senders)

    async def announce(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Announce until cancelled, then say byebye for all of it.

        The byebye is sent on every way out, also when the first announcement was not due yet: searches may have
        been answered before.
        """
        try:
            task_status.started()
            while True:
                await self._wakeup.wait()
                await self._announce_due()
        finally:
            with trio.CancelScope(shield=True):
                await self.byebye(self.senders)

    async def _announce_due(self) -> None:
        due: list[_Timetable] = []
        now = trio.current_time()
        while self._due and self._due[0][0] <= now:
            planned, _, timetable = heapq.heappop(self._due)
            self._retrying.difference_update((timetable.root, sender) for sender in timetable.senders or ())
            if self._holds(timetable):
                due.append(timetable)
                self._schedule(timetable, planned)
        sent: Counter[str] = Counter()
        async with self._speaking:
            for timetable in due:
                if self._holds(timetable):  # not removed while another set was on its way
                    senders = self._senders_of(timetable)
                    sent += await self._say([timetable.root], senders, self._alive_set)
                    self._try_again(timetable.root, [sender for sender in senders if sender in self._failing])
        # a sender that failed and then was lost will never speak again
        self._failing = {sender: seconds for sender, seconds in self._failing.items() if sender in self.senders}
        for interface, messages in sent.items():
            self.stats.announcements += messages
            if self.events.wanted:
                self.events.tell(Announced(interface=interface, kind="alive", messages=messages))
        if self._due:
            self._wakeup.set(self._due[0][0])

    def _try_again(self, root: AdvertisedRoot, senders: Iterable[Sender]) -> None:
        for sender in senders:
            if (root, sender) not in self._retrying:
                self._retrying.add((root, sender))
                self._schedule(_Timetable(root, iter([self._failing[sender]]), [sender]), trio.current_time())

    def _holds(self, timetable: _Timetable) -> bool:
        """Whether *timetable* still counts: its device was not removed, nor has it begun again."""
        known = self._timetables.get(timetable.root)
        return known is timetable or (known is not None and timetable.senders is not None)

    def _senders_of(self, timetable: _Timetable) -> Collection[Sender]:
        if timetable.senders is None:
            return self.senders
        return [sender for sender in timetable.senders if sender in self.senders]

    def _alive_set(self, root: AdvertisedRoot, origin: Origin) -> Iterator[bytes]:
        return alive_set(root, origin, self.boot_id)

    def _schedule(self, timetable: _Timetable, after: float) -> None:
        gap = next(timetable.gaps, None)
        if gap is not None:
            # a date and not a gap, so that work does not shift the beat; but what a suspended host missed is not
            # made up for
            due = max(after + gap, trio.current_time())
            heapq.heappush(self._due, (due, next(self._order), timetable))
            self._wakeup.set(due)

    async def _byebye(self, roots: Collection[AdvertisedRoot], senders: Collection[Sender]) -> None:
        async with self._speaking:
            for number in range(BYEBYE_ROUNDS):
                if number:
                    await trio.sleep(BYEBYE_GAP)
                sent = await self._say(roots, senders, lambda root, origin: byebye_set(root, origin, self.boot_id))
                self.stats.byebyes += sent.total()
                if not number and self.events.wanted:
                    for interface, messages in sent.items():
                        self.events.tell(Announced(interface=interface, kind="byebye", messages=messages))

    async def _say(
        self, roots: Iterable[AdvertisedRoot], senders: Iterable[Sender], messages: Messages
    ) -> Counter[str]:
        """Send the messages of each root with each sender; how many left on each interface."""
        sent: Counter[str] = Counter()
        able = dict.fromkeys(senders)
        for root in list(roots):
            for sender in list(able):
                for payload in messages(root, sender.origin):
                    if await self._send(sender, payload):
                        sent[sender.interface.name] += 1
                    else:  # nor will the next one leave; what is announced is tried again as a whole
                        del able[sender]
                        break
        return sent

    async def _send(self, sender: Sender, payload: bytes) -> bool:
        await self._keep_pace()
        where = f"{sender.interface.name} ({sender.address})"
        try:
            await sender.announce(payload)
        except OSError as error:  # a state of the network: what is not received now is announced again later
            self.stats.send_errors[error.strerror or str(error)] += 1
            if sender in self.senders:  # of an address that is lost, nothing else is to be expected
                failed_before = self._failing.get(sender)
                if failed_before == FIRST_RETRY_SECONDS:
                    logger.warning("cannot announce on %s: %s; will keep trying", where, error.strerror)
                self._failing[sender] = min(2 * (failed_before or FIRST_RETRY_SECONDS / 2), MAX_RETRY_SECONDS)
            return False
        if self._failing.pop(sender, 0.0) > FIRST_RETRY_SECONDS:
            logger.warning("announcing on %s again", where)
        return True

    async def _keep_pace(self) -> None:
        now = trio.current_time()
        if now >= self._burst_start + BURST_GAP:
            self._burst_start, self._in_a_row = now, 0
        self._in_a_row += 1
        if self._in_a_row > BURST_MESSAGES:
            await trio.sleep_until(self._burst_start + BURST_GAP)
            self._burst_start, self._in_a_row = trio.current_time(), 1
