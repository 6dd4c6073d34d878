"""The state of ``watch``, pure: what was received goes in with its time, and what is worth telling comes out.

Everything in it is bounded, whatever strangers send. Texts are kept as they came; only what shows them makes them
printable.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.watching.device_table import DeviceTable
from upnp_trio.cli.watching.devices import MAX_HEADER_BYTES, Described, descriptions_of
from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    DeviceDescribed,
    Happening,
    LocationAnswered,
    LocationFailed,
    SearchedByOther,
)
from upnp_trio.cli.watching.inputs import SearchAnswer
from upnp_trio.cli.watching.latencies import Latencies
from upnp_trio.cli.watching.locations import LocationTable
from upnp_trio.cli.watching.searches import SearchTable
from upnp_trio.ssdp.found import is_row_of_a_vendor
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.cli.watching.devices import WatchedDevice
    from upnp_trio.cli.watching.inputs import Received
    from upnp_trio.cli.watching.locations import Probe
    from upnp_trio.model.device import RootDevice
    from upnp_trio.ssdp.found import DeviceChange

__all__ = ["Totals", "WatchModel"]

# Many screens full.
MAX_LOG = 500
# As many as the control point finds at once.
MAX_EARLY_RESULTS = 20_000
# The devices of one document announce themselves within seconds, and answer within MX.
MAX_UNCLAIMED = 512


@attrs.define
class Totals:
    """How many datagrams of each kind have arrived."""

    datagrams: int = 0
    announcements: int = 0
    byebyes: int = 0
    searches: int = 0
    answers: int = 0
    malformed: int = 0


@attrs.define(eq=False, repr=False)
class WatchModel:
    """What is known; each method that takes something in returns what is worth telling."""

    table: DeviceTable = attrs.field(factory=DeviceTable)
    locations: LocationTable = attrs.field(factory=LocationTable)
    searches: SearchTable = attrs.field(factory=SearchTable)
    latencies: Latencies = attrs.field(factory=Latencies)
    #: the latest happenings but searches, which have a table of their own
    log: deque[Happening] = attrs.field(factory=lambda: deque(maxlen=MAX_LOG))
    totals: Totals = attrs.field(factory=Totals)
    #: of the latest search of ours: its number from 1, its MX, when it began
    search_number: int = 0
    mx: int = 0
    searched_at: float = 0.0
    #: rises with every change
    revision: int = 0
    _late_in_search: set[str] = attrs.field(factory=set)
    #: answers of devices whose change has not come in yet, which takes another way; the slowest of each
    _early_results: dict[str, SearchAnswer] = attrs.field(factory=dict)
    #: what documents say of devices that have not announced themselves yet, by UDN and URL, with the time it took
    _unclaimed: dict[tuple[str, str], tuple[Described, float]] = attrs.field(factory=dict)

    # --- devices -------------------------------------------------------------------------------------------------

    @property
    def devices(self) -> dict[str, WatchedDevice]:
        """The rows of the table, by UDN in lower case; those that have gone lately are among them."""
        return self.table.rows

    def change(self, change: DeviceChange, now: float) -> list[Happening]:
        """The cache of the control point has changed."""
        self.revision += 1
        told = self._log(*self.table.change(change, now))
        key = change.device.udn.lower()
        row = self.devices.get(key)
        if row is None or row.gone_at is not None:
            self.locations.drop(change.device.udn)
            return told
        self.locations.note(row.device, now)
        told += self._claim(key, row, now)
        early = self._early_results.pop(key, None)
        return told if early is None else told + self._note_answer(key, early, now)

    def settle(self, now: float) -> list[Happening]:
        """Tell of changes that are complete by now, and forget devices that went a while ago."""
        before = len(self.devices)
        told = self._log(*self.table.settle(now))
        self.revision += bool(told) or len(self.devices) != before
        return told

    # --- datagrams -----------------------------------------------------------------------------------------------

    def receive(self, received: Received, *, is_ours: bool) -> list[Happening]:
        """A datagram has arrived; *is_ours* for a search that this very program has sent."""
        self.revision += 1
        totals, message = self.totals, received.message
        totals.datagrams += 1
        match message:
            case None:
                totals.malformed += 1
            case Search():
                return [] if is_ours else self._note_search(message, received)
            case ByeBye():
                totals.byebyes += 1
            case SearchResponse():
                totals.answers += 1
                self._renew(message.usn, received, message.max_age)
            case Alive():
                totals.announcements += 1
                self._renew(message.usn, received, message.max_age)
            case _:
                totals.announcements += 1
        return []

    def _note_search(self, message: Search, received: Received) -> list[Happening]:
        self.totals.searches += 1
        search = SearchedByOther(
            at=received.arrived_at,
            interface=received.interface,
            address=received.source[0],
            search_target=message.search_target,
            mx=message.mx,
            user_agent=message.user_agent or "",
        )
        self.searches.note(search)
        return [search]

    def _renew(self, usn: str, received: Received, max_age: int) -> None:
        row = self.devices.get(usn.partition("::")[0].lower())
        if row is not None and row.gone_at is None:
            row.expires_at = max(row.expires_at, received.arrived_at + max_age)
            row.headers = received.payload[:MAX_HEADER_BYTES]

    # --- searches of ours ----------------------------------------------------------------------------------------

    def search_began(self, mx: int, now: float) -> None:
        """A search of ours for everything begins."""
        self.search_number += 1
        self.mx, self.searched_at = mx, now
        self._late_in_search.clear()

    def search_result(self, result: SearchAnswer, now: float) -> list[Happening]:
        """An answer to it has come."""
        self.revision += 1
        self.latencies.note(result.latency, result.late_by)
        key = result.udn.lower()
        if key in self.devices:
            return self._note_answer(key, result, now)
        early = self._early_results
        known = early.get(key)
        if len(early) < MAX_EARLY_RESULTS if known is None else known.latency < result.latency:
            early[key] = result
        return []

    def _note_answer(self, key: str, result: SearchAnswer, now: float) -> list[Happening]:
        row = self.devices[key]
        is_first = row.answered_at < self.searched_at or row.latency is None
        row.latency = result.latency if is_first else max(row.latency or 0.0, result.latency)
        row.answered_at, row.unanswered = now, 0
        if result.late_by <= 0 or key in self._late_in_search:
            return []
        self._late_in_search.add(key)
        row.late_answers += 1
        late = AnsweredLate(
            at=now,
            udn=row.device.udn,
            name=row.name,
            interface=result.interface,
            address=result.sender,
            latency=result.latency,
            mx=self.mx,
            late_by=result.late_by,
        )
        return self._log(late)

    def search_ended(self) -> None:
        """No answer to it is awaited any more: whoever was there all the time and did not answer is noted."""
        self.revision += 1
        self._early_results.clear()
        for row in self.devices.values():
            if row.gone_at is None and row.appeared_at < self.searched_at and row.answered_at < self.searched_at:
                row.unanswered += 1

    # --- LOCATIONs -----------------------------------------------------------------------------------------------

    def location_answered(
        self, probe: Probe, seconds: float, now: float, root: RootDevice | None = None, forgiven: Iterable[str] = ()
    ) -> list[Happening]:
        """A URL has answered, with the description *root* if that was asked for."""
        self.revision += 1
        url = probe.location.url
        was_failed = self.locations.answered(probe, seconds, now)
        told: list[Happening] = []
        if was_failed:
            name = self._name_of(probe.udn)
            told += self._log(LocationAnswered(at=now, udn=probe.udn, name=name, url=url, seconds=seconds))
        known = {udn.lower() for udn in self.locations.udns_of(url)}
        all_described = {} if root is None else descriptions_of(root, forgiven)
        for key, described in all_described.items():
            if key in known:
                told += self._describe(key, described, url, seconds, now)
            else:
                self._keep((key, url), (described, seconds))
        for key in sorted(known - all_described.keys()) if all_described else ():
            row = self.devices.get(key)
            if row is not None and is_row_of_a_vendor(row.device):
                told += self._describe(key, next(iter(all_described.values())), url, seconds, now)
        return told

    def location_failed(self, probe: Probe, word: str, why: str, now: float) -> list[Happening]:
        """A URL has not answered, for the reason *why*, in short *word*."""
        self.revision += 1
        if not self.locations.failed(probe, word, why, now):
            return []
        told = self._log(*self.table.tell_of(probe.udn.lower(), now))
        failed = LocationFailed(
            at=now, udn=probe.udn, name=self._name_of(probe.udn), url=probe.location.url, state=word, why=why
        )
        return told + self._log(failed)

    def _describe(self, key: str, described: Described, url: str, seconds: float, now: float) -> list[Happening]:
        row = self.devices.get(key)
        if row is None or described == row.described:
            return []
        row.describe(described)
        told = self._log(*self.table.tell_of(key, now))
        happening = DeviceDescribed(
            at=now,
            udn=row.device.udn,
            described=described,
            is_embedded=row.is_embedded,
            url=url,
            seconds=seconds,
        )
        return told + self._log(happening)

    def _keep(self, place: tuple[str, str], described: tuple[Described, float]) -> None:
        self._unclaimed.pop(place, None)
        self._unclaimed[place] = described
        if len(self._unclaimed) > MAX_UNCLAIMED:
            del self._unclaimed[next(iter(self._unclaimed))]

    def _claim(self, key: str, row: WatchedDevice, now: float) -> list[Happening]:
        """Describe a device by a document that was read before its own announcement came."""
        told: list[Happening] = []
        for location in row.device.locations if self._unclaimed else ():
            found = self._unclaimed.pop((key, location.url), None)
            if found is not None:
                told += self._describe(key, found[0], location.url, found[1], now)
        return told

    def _name_of(self, udn: str) -> str:
        row = self.devices.get(udn.lower())
        return row.name if row is not None else ""

    # --- all of it -----------------------------------------------------------------------------------------------

    def snapshot(self) -> WatchModel:
        """The state as it is now, which does not change any more; for a screen that is paused."""
        return attrs.evolve(
            self,
            table=self.table.snapshot(),
            locations=self.locations.snapshot(),
            searches=self.searches.copy(),
            latencies=self.latencies.copy(),
            log=self.log.copy(),
            totals=attrs.evolve(self.totals),
        )

    def _log(self, *happenings: Happening) -> list[Happening]:
        self.log.extend(happenings)
        return list(happenings)
