"""The state of ``watch``, pure: what was received goes in with its time, and what is worth telling comes out.

Everything in it is bounded, whatever strangers send. Texts are kept as they came; only what shows them makes them
printable.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.cli.watching.devices import MAX_HEADER_BYTES, WatchedDevice, description_of
from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    ChangeKind,
    DeviceChanged,
    DeviceDescribed,
    Happening,
    LocationAnswered,
    LocationFailed,
    SearchedByOther,
)
from upnp_trio.cli.watching.latencies import Latencies
from upnp_trio.cli.watching.locations import LocationTable
from upnp_trio.cli.watching.searches import SearchTable
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.cli.watching.locations import Probe
    from upnp_trio.model.device import RootDevice
    from upnp_trio.ssdp.found import DeviceChange, FoundDevice
    from upnp_trio.ssdp.messages import Message

__all__ = ["Received", "SearchAnswer", "Totals", "WatchModel"]

# Four times what one network is known to have. The devices beyond it are counted.
MAX_DEVICES = 20_000
# Devices that have gone stay visible for a while, so that whoever looks sees which one it was.
GONE_SECONDS = 30.0
MAX_GONE = 200
# The rows of a device come in datagrams of their own. It is told to have appeared when no further row has come for a
# while, or its description is there. Rows that come later than that, but soon, are no news: devices spread them.
QUIET_SECONDS = 0.5
YOUNG_SECONDS = 3.0
MAX_LOG = 500


class Received(Protocol):
    """What is needed of a `ReceivedMessage`."""

    @property
    def message(self) -> Message | None: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def source(self) -> tuple[str, int] | tuple[str, int, int, int]: ...
    @property
    def destination(self) -> tuple[str, int] | tuple[str, int, int, int]: ...
    @property
    def interface(self) -> str: ...
    @property
    def arrived_at(self) -> float: ...
    @property
    def flaw(self) -> str: ...
    @property
    def forgiven(self) -> tuple[str, ...]: ...


class SearchAnswer(Protocol):
    """What is needed of a `SearchResult`."""

    @property
    def udn(self) -> str: ...
    @property
    def latency(self) -> float: ...
    @property
    def late_by(self) -> float: ...
    @property
    def interface(self) -> str: ...
    @property
    def sender(self) -> str: ...


@attrs.define
class Totals:
    """What was counted since the start."""

    datagrams: int = 0
    announcements: int = 0
    byebyes: int = 0
    searches: int = 0
    answers: int = 0
    malformed: int = 0
    appeared: int = 0
    gone: int = 0
    #: devices that were not kept, as there were too many
    not_kept: int = 0


@attrs.define(eq=False, repr=False)
class WatchModel:
    """What is known; each method that takes something in returns what is worth telling."""

    #: by UDN in lower case; those that have gone lately are among them
    devices: dict[str, WatchedDevice] = attrs.field(factory=dict)
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
    #: how many devices are known that have not gone
    present: int = 0
    #: rises with every change
    revision: int = 0
    #: devices that were not told of yet, each with the time of its latest change
    _settling: dict[str, float] = attrs.field(factory=dict)
    _gone: deque[str] = attrs.field(factory=deque)
    #: how many root devices have each URL
    _root_urls: dict[str, int] = attrs.field(factory=dict)
    _late_in_search: set[str] = attrs.field(factory=set)
    #: answers of devices whose change has not come in yet, which takes another way; the slowest of each
    _early_results: dict[str, SearchAnswer] = attrs.field(factory=dict)

    # --- devices -------------------------------------------------------------------------------------------------

    def change(self, change: DeviceChange, now: float) -> list[Happening]:
        """The cache of the control point has changed."""
        self.revision += 1
        key = change.device.udn.lower()
        row = self.devices.get(key)
        kind: ChangeKind = "updated"
        match change:
            case DeviceGone():
                return self._went(key, row, change, now)
            case _ if row is None or row.gone_at is not None:
                return self._appear(key, row, change.device, now)
            case DeviceRebooted():
                reason, kind = "", "rebooted"
            case DeviceAppeared() | DeviceUpdated():
                reason = ", ".join(_differences(row.device, change.device))
        self._replace(row, change.device, now)
        if key in self._settling:
            self._settling[key] = now
            return []
        if kind == "updated" and (not reason or now < row.appeared_at + YOUNG_SECONDS):
            return []
        return self._tell(kind, row, now, reason)

    def settle(self, now: float) -> list[Happening]:
        """Tell of devices that are complete by now, and forget those that went a while ago."""
        told: list[Happening] = []
        for key, changed_at in list(self._settling.items()):
            if now >= min(changed_at + QUIET_SECONDS, self.devices[key].appeared_at + YOUNG_SECONDS):
                told += self._settle(key, now)
        while self._gone:
            row = self.devices.get(self._gone[0])
            if row is not None and row.gone_at is not None:
                if row.gone_at + GONE_SECONDS > now and len(self._gone) <= MAX_GONE:
                    break
                del self.devices[self._gone[0]]
                self.revision += 1
            self._gone.popleft()
        return told

    def is_embedded(self, device: FoundDevice) -> bool:
        """Whether *device* is part of a root device that is known, as both have the same LOCATION."""
        return not device.is_root and any(location.url in self._root_urls for location in device.locations)

    def is_part(self, row: WatchedDevice) -> bool:
        """Whether *row* is an embedded device, now or before it went."""
        return row.is_embedded if row.gone_at is not None else self.is_embedded(row.device)

    def _appear(self, key: str, row: WatchedDevice | None, device: FoundDevice, now: float) -> list[Happening]:
        if row is None and len(self.devices) >= MAX_DEVICES:
            self.totals.not_kept += 1
            return []
        self.totals.appeared += 1
        self.present += 1
        described = row.described if row is not None else None
        self.devices[key] = WatchedDevice(
            device=device, appeared_at=now, expires_at=device.expires_at, described=described
        )
        self._count_urls(device, 1)
        self.locations.note(device, now)
        self._settling[key] = now
        early = self._early_results.pop(key, None)
        return [] if early is None else self._note_answer(key, early, now)

    def _replace(self, row: WatchedDevice, device: FoundDevice, now: float) -> None:
        self._count_urls(row.device, -1)
        row.change(device)
        self._count_urls(device, 1)
        self.locations.note(device, now)

    def _went(self, key: str, row: WatchedDevice | None, change: DeviceGone, now: float) -> list[Happening]:
        if row is None or row.gone_at is not None:
            return []
        told = self._settle(key, now) if key in self._settling else []
        self._count_urls(row.device, -1)
        self.locations.drop(row.device.udn)
        self.totals.gone += 1
        self.present -= 1
        row.gone_at, row.gone_reason = now, change.reason
        self._gone.append(key)
        return told + self._tell("gone", row, now, change.reason)

    def _settle(self, key: str, now: float) -> list[Happening]:
        del self._settling[key]
        return self._tell("appeared", self.devices[key], now)

    def _tell(self, kind: ChangeKind, row: WatchedDevice, now: float, reason: str = "") -> list[Happening]:
        # when the root device has gone first, only what was known before tells
        row.is_embedded = self.is_embedded(row.device) or (kind == "gone" and row.is_embedded)
        change = DeviceChanged(
            at=now,
            kind=kind,
            device=row.device,
            name=row.name,
            device_type=row.device_type,
            is_embedded=row.is_embedded,
            reason=reason,
        )
        return self._log(change)

    def _count_urls(self, device: FoundDevice, by: int) -> None:
        if device.is_root:
            for location in device.locations:
                count = self._root_urls.get(location.url, 0) + by
                if count:
                    self._root_urls[location.url] = count
                else:
                    del self._root_urls[location.url]

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
        known = self._early_results.get(key)
        if (known is None and len(self._early_results) < MAX_DEVICES) or (known and known.latency < result.latency):
            self._early_results[key] = result
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
        if root is not None:
            for udn in self.locations.udns_of(url):
                told += self._describe(udn, url, root, tuple(forgiven), seconds, now)
        return told

    def location_failed(self, probe: Probe, word: str, why: str, now: float) -> list[Happening]:
        """A URL has not answered, for the reason *why*, in short *word*."""
        self.revision += 1
        if not self.locations.failed(probe, word, why, now):
            return []
        name = self._name_of(probe.udn)
        return self._log(LocationFailed(at=now, udn=probe.udn, name=name, url=probe.location.url, state=word, why=why))

    def _describe(
        self, udn: str, url: str, root: RootDevice, forgiven: tuple[str, ...], seconds: float, now: float
    ) -> list[Happening]:
        row = self.devices.get(udn.lower())
        described = description_of(root, udn, forgiven)
        if row is None or described is None or described == row.described:
            return []
        row.describe(described)
        told = self._settle(udn.lower(), now) if udn.lower() in self._settling else []
        happening = DeviceDescribed(
            at=now,
            udn=row.device.udn,
            name=described.name,
            maker=described.maker,
            model=described.model,
            is_embedded=row.is_embedded,
            url=url,
            seconds=seconds,
        )
        return told + self._log(happening)

    def _name_of(self, udn: str) -> str:
        row = self.devices.get(udn.lower())
        return row.name if row is not None else ""

    # --- all of it -----------------------------------------------------------------------------------------------

    def snapshot(self) -> WatchModel:
        """The state as it is now, which does not change any more; for a screen that is paused."""
        return attrs.evolve(
            self,
            devices={key: attrs.evolve(row) for key, row in self.devices.items()},
            locations=self.locations.snapshot(),
            searches=self.searches.copy(),
            latencies=self.latencies.copy(),
            log=self.log.copy(),
            totals=attrs.evolve(self.totals),
            root_urls=self._root_urls.copy(),
        )

    def _log(self, happening: Happening) -> list[Happening]:
        self.log.append(happening)
        return [happening]


def _differences(old: FoundDevice, new: FoundDevice) -> list[str]:
    """Which facts differ, in words."""

    def urls(device: FoundDevice) -> set[tuple[str, str]]:
        return {(location.interface, location.url) for location in device.locations}

    differences = {
        "LOCATION": urls(old) != urls(new),
        "types": set(old.device_types) != set(new.device_types),
        "services": set(old.service_types) != set(new.service_types),
        "SERVER": old.server != new.server,
        "BOOTID": old.boot_id != new.boot_id,
        "CONFIGID": old.config_id != new.config_id,
        "SEARCHPORT": old.search_port != new.search_port,
    }
    return [name for name, differs in differences.items() if differs]
