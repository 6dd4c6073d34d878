"""Announcements: ssdp:alive on a timetable, ssdp:update and ssdp:byebye when they are due (UDA 2.0 §1.2).

Each root device has a timetable of its own, so any number of them come and go; one queue of dates serves all.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import count, islice
from random import Random
from typing import NoReturn

import attrs
import trio

from upnp_trio.monitoring.events import Announced, Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.endpoint import Sender
from upnp_trio.network.interfaces import InterfaceAddress
from upnp_trio.server.discovery.pacing import PacedSets, seconds_of
from upnp_trio.server.discovery.retries import Retries, Retry
from upnp_trio.ssdp.advertisements import AdvertisedRoot
from upnp_trio.ssdp.advertising import Origin, alive_set, byebye_set, update_set
from upnp_trio.ssdp.schedule import FIRST_REPEATS, announcement_gaps
from upnp_trio.tasks.wakeup import Wakeup

__all__ = ["Announcer"]

# How long byebye may take where the network accepts no datagrams. The pace of many devices is added.
BYEBYE_SECONDS = 1.0
# Byebye is sent twice, because UDP loses datagrams (UDA 1.0 §1.1.3), and with a gap, because they are lost in bursts.
BYEBYE_ROUNDS = 2
BYEBYE_GAP = 0.05


@attrs.define(eq=False, repr=False)
class _Timetable:
    """When one root device is announced next, and after that.

    Each device has one for good, with all senders. What is announced *besides* has another one that ends, from
    *addresses* or from all. An address may get another sender meanwhile.
    """

    root: AdvertisedRoot
    gaps: Iterator[float]
    addresses: Collection[InterfaceAddress] | None = None
    besides: bool = False


@attrs.define(eq=False, repr=False)
class _Set:
    """A set of announcements that is being sent, and what cuts it short."""

    root: AdvertisedRoot
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)


@attrs.define(eq=False, repr=False, kw_only=True)
class Announcer:
    """Announces root devices with every sender, and revokes them; its callers make one change at a time."""

    boot_id: int
    rng: Random
    stats: Stats
    events: Events
    senders: tuple[Sender, ...] = ()
    _timetables: dict[AdvertisedRoot, _Timetable] = attrs.field(factory=dict)
    _due: list[tuple[float, int, _Timetable | Retry]] = attrs.field(factory=list)
    _order: count[int] = attrs.field(factory=count)
    _wakeup: Wakeup = attrs.field(factory=Wakeup)
    _retries: Retries = attrs.field(factory=Retries)
    _sets: PacedSets = attrs.field(
        init=False, default=attrs.Factory(lambda self: PacedSets(self.stats), takes_self=True)
    )
    #: one set at a time, so that the messages about a device are never out of order
    _sending: trio.Lock = attrs.field(factory=trio.Lock)
    _now_sent: _Set | None = None

    @property
    def roots(self) -> Collection[AdvertisedRoot]:
        """The root devices that are announced."""
        return self._timetables.keys()

    def add(self, root: AdvertisedRoot) -> None:
        """Announce *root* from now on: three sets within a second, then from time to time."""
        self._timetables[root] = timetable = _Timetable(root, announcement_gaps(root.max_age, self.rng))
        self._schedule(timetable, trio.current_time())

    async def remove(self, root: AdvertisedRoot) -> None:
        """Stop announcing *root*, and revoke it; takes a second at most, like `byebye`."""
        del self._timetables[root]
        self._drop_dates(root)
        if self._now_sent is not None and self._now_sent.root is root:
            self._now_sent.scope.cancel(reason="the device is removed")
        await self._byebye([root], self.senders)

    def announce_again(self, root: AdvertisedRoot) -> None:
        """Announce *root* as if it were new, unless it was removed meanwhile."""
        if root in self._timetables:
            self._drop_dates(root)
            self.add(root)

    def announce_all_again(self) -> None:
        """Announce all root devices as if they were new, after a change of the network or of BOOTID."""
        self._due.clear()
        self._retries.keep({sender.interface_address for sender in self.senders})
        self._retries.try_all()
        for root in list(self._timetables):
            self.add(root)

    def announce_with(self, senders: Collection[Sender]) -> None:
        """Announce all root devices with *senders*, which are new: three sets, as for a new device."""
        addresses = {sender.interface_address for sender in senders}
        for root in self._timetables:
            gaps = islice(announcement_gaps(root.max_age, self.rng), 1 + FIRST_REPEATS)
            self._schedule(_Timetable(root, gaps, addresses, besides=True), trio.current_time())

    def use(self, senders: Iterable[Sender]) -> None:
        """Send with *senders* alone from now on; the others may be closed."""
        self.senders = tuple(senders)
        self._cut_short()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Send nothing while the body closes senders, opens others at their addresses, and lets those be used.

        What is due meanwhile, and a set that this cuts short, is sent afterwards.
        """
        self._cut_short()
        async with self._sending:
            yield

    def _cut_short(self) -> None:
        """Stop the set that is being sent; all of it is sent again."""
        if self._now_sent is not None:
            self._now_sent.scope.cancel(reason="the network has changed")

    async def update(self, senders: Collection[Sender], next_boot_id: int) -> None:
        """Announce with *senders* that BOOTID is about to change (UDA 2.0 §1.2.4), within the time of `byebye`."""

        def messages(root: AdvertisedRoot, origin: Origin) -> Iterator[bytes]:
            return update_set(root, origin, self.boot_id, next_boot_id)

        sent: Counter[str] = Counter()
        async with self._sending:
            with trio.move_on_after(_longest(self.roots, senders)):
                await self._sets.send(messages, self.roots, senders, sent)
        self.stats.updates += sent.total()

    async def byebye(self, senders: Collection[Sender]) -> None:
        """Revoke all root devices with *senders*; takes a second at most, and what the pace of many devices adds."""
        await self._byebye(self.roots, senders)

    async def announce(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Announce until cancelled."""
        task_status.started()
        while True:
            await self._wakeup.wait()
            await self._announce_due()

    async def _announce_due(self) -> None:
        due: list[_Timetable | Retry] = []
        now = trio.current_time()
        while self._due and self._due[0][0] <= now:
            planned, _, entry = heapq.heappop(self._due)
            due.append(entry)
            if isinstance(entry, _Timetable) and self._holds(entry):
                self._schedule(entry, planned)
        sent: Counter[str] = Counter()
        for entry in due:
            if isinstance(entry, Retry):
                await self._retry(entry, sent)
            else:
                await self._announce_set(entry, sent)
        for interface, messages in sent.items():
            self.stats.announcements += messages
            if self.events.wanted:
                self.events.publish(Announced(interface=interface, kind="alive", messages=messages))
        if self._due:
            self._wakeup.set(self._due[0][0])

    async def _retry(self, retry: Retry, sent: Counter[str]) -> None:
        """Announce with one sender what it has missed; if that fails again, the rest is missed again."""
        if retry.due > trio.current_time():
            return  # it has failed again since, and has a later date
        missed, retry.missed = retry.missed, {}
        for root in missed:
            await self._announce_set(_Timetable(root, iter(()), [retry.address], besides=True), sent)

    async def _announce_set(self, timetable: _Timetable, sent: Counter[str]) -> None:
        """Send one set of announcements, unless its device was removed meanwhile."""
        async with self._sending:
            if not self._holds(timetable):
                return
            root, now = timetable.root, trio.current_time()
            senders = [sender for sender in self._senders_of(timetable) if self._retries.may_send(sender, root, now)]
            self._now_sent = now_sent = _Set(root)
            with now_sent.scope:
                failed = await self._sets.send(self._alive_set, [root], senders, sent)
                self._note_outcome(root, senders, failed)
            self._now_sent = None
        if now_sent.scope.cancelled_caught:
            # a set is sent whole (UDA 2.0 §1.2.2), so all of it again, if its device is still there
            again = _Timetable(root, iter([0.0]), timetable.addresses, besides=True)
            self._schedule(again, trio.current_time())

    def _note_outcome(self, root: AdvertisedRoot, senders: Iterable[Sender], failed: dict[Sender, OSError]) -> None:
        for sender in senders:
            error = failed.get(sender)
            if error is None:
                self._retries.note_success(sender)
            elif sender in self.senders:  # otherwise its address is lost, which explains the failure
                retry = self._retries.note_failure(sender, root, error, trio.current_time())
                self._put(retry.due, retry)

    def _holds(self, timetable: _Timetable) -> bool:
        """Whether *timetable* still counts: its device was not removed and has no other timetable."""
        known = self._timetables.get(timetable.root)
        return known is timetable or (known is not None and timetable.besides)

    def _senders_of(self, timetable: _Timetable) -> Collection[Sender]:
        if timetable.addresses is None:
            return self.senders
        return [sender for sender in self.senders if sender.interface_address in timetable.addresses]

    def _alive_set(self, root: AdvertisedRoot, origin: Origin) -> Iterator[bytes]:
        return alive_set(root, origin, self.boot_id)

    def _byebye_set(self, root: AdvertisedRoot, origin: Origin) -> Iterator[bytes]:
        return byebye_set(root, origin, self.boot_id)

    def _schedule(self, timetable: _Timetable, after: float) -> None:
        gap = next(timetable.gaps, None)
        if gap is not None:
            # counted from the planned date, so that the time for sending does not add up; sets that a suspended host
            # has missed are not sent later
            self._put(max(after + gap, trio.current_time()), timetable)

    def _drop_dates(self, root: AdvertisedRoot) -> None:
        """Drop the dates of *root*; left where they are, they would stay for as long as an announcement holds."""
        self._due = [each for each in self._due if isinstance(each[2], Retry) or each[2].root is not root]
        heapq.heapify(self._due)

    def _put(self, due: float, entry: _Timetable | Retry) -> None:
        heapq.heappush(self._due, (due, next(self._order), entry))
        self._wakeup.set(due)

    async def _byebye(self, roots: Collection[AdvertisedRoot], senders: Collection[Sender]) -> None:
        # those that fail come last, as they may use up the time
        senders = sorted(senders, key=self._retries.is_failing)
        async with self._sending:
            with trio.move_on_after(_longest(roots, senders, BYEBYE_ROUNDS)):
                for number in range(BYEBYE_ROUNDS):
                    if number:
                        await trio.sleep(BYEBYE_GAP)
                    await self._byebye_round(roots, senders, is_first=not number)

    async def _byebye_round(
        self, roots: Collection[AdvertisedRoot], senders: Collection[Sender], *, is_first: bool
    ) -> None:
        sent: Counter[str] = Counter()
        try:
            await self._sets.send(self._byebye_set, roots, senders, sent)
        finally:
            self.stats.byebyes += sent.total()
            if is_first and self.events.wanted:
                for interface, messages in sent.items():
                    self.events.publish(Announced(interface=interface, kind="byebye", messages=messages))


def _longest(roots: Iterable[AdvertisedRoot], senders: Collection[Sender], rounds: int = 1) -> float:
    """How many seconds it may take to send the sets of all root devices with all senders, so many times."""
    return BYEBYE_SECONDS + seconds_of(rounds * len(senders) * sum(len(root.rows) for root in roots))
