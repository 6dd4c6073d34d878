"""The LOCATIONs of all devices: whether each answers, and which is to be asked next.

A device says where its description is, and nobody else checks that. Each URL is asked soon after it was announced and
once a minute from then on. What one sender announces never delays the URLs of others: only a few of its own are asked
at the same time, and the rest of them wait.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.model.peers import peer_of
from upnp_trio.ssdp.found import FoundLocation

if TYPE_CHECKING:
    from upnp_trio.ssdp.found import FoundDevice

__all__ = ["LocationState", "LocationTable", "Probe"]

# A device that has gone without byebye is noticed within a minute, and a GET a minute is no burden for any device.
PROBE_SECONDS = 60.0
# One that does not answer is asked at the same pace, as a request to it may take ten seconds of waiting.
MAX_PROBES_OF_ONE_PEER = 2
# Nor is one that goes and comes all the time asked more often than so.
RETURN_SECONDS = 10.0
# URLs whose last request is remembered after their devices have gone.
MAX_REMEMBERED = 4_096
# A device has one for each of its addresses: on two networks, with IPv4 and IPv6.
MAX_LOCATIONS_OF_ONE_DEVICE = 4
MAX_WHY_CHARACTERS = 300


@attrs.frozen(kw_only=True)
class LocationState:
    """What the latest request to a URL gave."""

    state: Literal["waiting", "ok", "failed"] = "waiting"
    #: a word or two, such as ``refused``; and a sentence
    word: str = ""
    why: str = ""
    #: how long the answer took
    seconds: float = 0.0
    #: when it was there
    at: float = 0.0
    #: how many requests in a row have failed
    failures: int = 0


@attrs.frozen
class Probe:
    """A request that is to be made now."""

    udn: str
    location: FoundLocation
    #: whether the description is to be read, as it was not yet in its present version
    is_description_wanted: bool
    #: tells this request from another one to the same URL
    ticket: int


@attrs.define(kw_only=True)
class _Entry:
    udns: dict[str, None]  # in the order in which they came
    location: FoundLocation
    version: tuple[int | None, int | None]
    described_version: tuple[int | None, int | None] | None = None
    known: LocationState = LocationState()
    #: the number of its valid place in the heap
    ticket: int = -1
    is_asked: bool = False


@attrs.define(eq=False, repr=False)
class LocationTable:
    """Pure: times are given, and `take` names the requests that somebody else makes."""

    _entries: dict[str, _Entry] = attrs.field(factory=dict)
    _urls_of: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    _due: list[tuple[float, int, str]] = attrs.field(factory=list)
    _tickets: itertools.count[int] = attrs.field(factory=itertools.count)
    _asked_of: Counter[str] = attrs.field(factory=Counter)
    #: URLs that are due, while their peer has as many requests as it may have
    _waiting_of: defaultdict[str, deque[tuple[int, str]]] = attrs.field(factory=lambda: defaultdict(deque))
    #: when each URL was asked last, in that order
    _asked_at: dict[str, float] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def silent(self) -> int:
        """How many do not answer, or must not be asked."""
        return sum(entry.known.state == "failed" for entry in self._entries.values())

    def state(self, url: str) -> LocationState:
        """What is known of *url*."""
        entry = self._entries.get(url)
        return LocationState() if entry is None else entry.known

    def udns_of(self, url: str) -> tuple[str, ...]:
        """The devices whose LOCATION is *url*."""
        entry = self._entries.get(url)
        return () if entry is None else tuple(entry.udns)

    def snapshot(self) -> LocationTable:
        """The states as they are now, without what is to be asked."""
        return LocationTable({url: attrs.evolve(entry) for url, entry in self._entries.items()})

    def note(self, device: FoundDevice, now: float) -> None:
        """*device* has these locations now."""
        locations = {location.url: location for location in device.locations[:MAX_LOCATIONS_OF_ONE_DEVICE]}
        for url in self._urls_of.get(device.udn, ()):
            if url not in locations:
                self._leave(device.udn, url)
        self._urls_of[device.udn] = tuple(locations)
        version = (device.boot_id, device.config_id)
        for url, location in locations.items():
            entry = self._entries.get(url)
            if entry is None:
                entry = self._entries[url] = _Entry(udns={}, location=location, version=version)
                self._schedule(url, entry, max(now, self._asked_at.get(url, -math.inf) + RETURN_SECONDS))
            elif entry.version != version:
                entry.version = version
                if not entry.is_asked:
                    self._schedule(url, entry, max(now, self._asked_at.get(url, -math.inf) + PROBE_SECONDS))
            entry.location = location
            entry.udns[device.udn] = None

    def drop(self, udn: str) -> None:
        """The device *udn* is gone."""
        for url in self._urls_of.pop(udn, ()):
            self._leave(udn, url)

    @property
    def next_at(self) -> float:
        """When `take` gives something, unless that is prevented by requests under way."""
        while self._due and not self._is_valid(*self._due[0][1:]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else math.inf

    def take(self, now: float) -> Probe | None:
        """A request to make now; `answered` or `failed` must follow."""
        while self.next_at <= now:
            _, ticket, url = heapq.heappop(self._due)
            entry = self._entries[url]
            peer = peer_of(entry.location.sender)
            if self._asked_of[peer] >= MAX_PROBES_OF_ONE_PEER:
                self._wait(peer, ticket, url)
                continue
            self._asked_of[peer] += 1
            self._remember(url, now)
            entry.is_asked = True
            return Probe(next(iter(entry.udns)), entry.location, entry.described_version != entry.version, ticket)
        return None

    def answered(self, probe: Probe, seconds: float, now: float) -> bool:
        """The URL has answered; returns whether it had failed before."""
        known = self._finish(probe, now)
        if known is None:
            return False
        entry = self._entries[probe.location.url]
        if probe.is_description_wanted:
            entry.described_version = entry.version
        entry.known = LocationState(state="ok", seconds=seconds, at=now)
        return known.state == "failed"

    def failed(self, probe: Probe, word: str, why: str, now: float) -> bool:
        """The URL has not answered, or not with a description; returns whether that is new."""
        known = self._finish(probe, now)
        if known is None:
            return False
        self._entries[probe.location.url].known = LocationState(
            state="failed", word=word, why=why[:MAX_WHY_CHARACTERS], at=now, failures=known.failures + 1
        )
        return known.state != "failed"

    def _finish(self, probe: Probe, now: float) -> LocationState | None:
        """What was known before; ``None`` if the URL is not there any more."""
        peer = peer_of(probe.location.sender)
        self._asked_of[peer] -= 1
        if not self._asked_of[peer]:
            del self._asked_of[peer]
        self._let_one_go(peer, now)
        url = probe.location.url
        entry = self._entries.get(url)
        if entry is None or entry.ticket != probe.ticket:
            return None
        entry.is_asked = False
        self._schedule(url, entry, now + PROBE_SECONDS)
        return entry.known

    def _let_one_go(self, peer: str, now: float) -> None:
        waiting = self._waiting_of.get(peer)
        while waiting:
            ticket, url = waiting.popleft()
            entry = self._entries.get(url)
            if entry is not None and entry.ticket == ticket:
                self._schedule(url, entry, now)
                break
        if not waiting:
            self._waiting_of.pop(peer, None)

    def _wait(self, peer: str, ticket: int, url: str) -> None:
        waiting = self._waiting_of[peer]
        waiting.append((ticket, url))
        if len(waiting) > 2 * len(self._entries) + 16:  # most of them are of devices that have gone meanwhile
            self._waiting_of[peer] = deque(place for place in waiting if self._is_valid(*place))

    def _schedule(self, url: str, entry: _Entry, at: float) -> None:
        entry.ticket = next(self._tickets)
        heapq.heappush(self._due, (at, entry.ticket, url))
        if len(self._due) > 2 * len(self._entries) + 16:
            self._due = [place for place in self._due if self._is_valid(*place[1:])]
            heapq.heapify(self._due)

    def _is_valid(self, ticket: int, url: str) -> bool:
        entry = self._entries.get(url)
        return entry is not None and entry.ticket == ticket and not entry.is_asked

    def _remember(self, url: str, now: float) -> None:
        self._asked_at.pop(url, None)
        self._asked_at[url] = now
        if len(self._asked_at) > MAX_REMEMBERED + len(self._entries):
            del self._asked_at[next(iter(self._asked_at))]

    def _leave(self, udn: str, url: str) -> None:
        entry = self._entries[url]
        del entry.udns[udn]
        if not entry.udns:
            del self._entries[url]
