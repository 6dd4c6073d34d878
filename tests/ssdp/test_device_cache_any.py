"""Any sequence of messages: the cache agrees with a naive one, keeps its bounds, and loses no change."""

from __future__ import annotations

from collections import Counter

import attrs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.ssdp.announcing import ETH, LIGHT, ROOT, SWITCH, WLAN, Follower
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import Arrival, FoundDevice
from upnp_trio.ssdp.gathering import GATHERING_SECONDS
from upnp_trio.ssdp.holdings import weight_of_sighting
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse, Update

ROWS = (ROOT, "", LIGHT, SWITCH)
URLS = ("http://192.0.2.5/1", "http://192.0.2.5/2", "http://192.0.2.6/1", "nonsense")
_numbers = st.none() | st.integers(1, 3)


@attrs.frozen
class Said:
    """A message, from where it came, and after how many seconds."""

    after: float
    udn: str
    row: str
    arrival: Arrival
    message: Alive | ByeBye | SearchResponse | Update


@st.composite
def said(draw: st.DrawFn, kinds: tuple[type, ...], numbers: st.SearchStrategy[int | None]) -> Said:
    udn, row = draw(st.sampled_from(["uuid:a", "UUID:A", "uuid:b"])), draw(st.sampled_from(ROWS))
    kind = draw(st.sampled_from(kinds))
    target = "search_target" if kind is SearchResponse else "notification_type"
    fields: dict[str, object] = {"usn": f"{udn}::{row}" if row else udn, target: row or udn}
    boot_id = draw(numbers)
    fields["boot_id"] = boot_id
    fields["config_id"] = draw(numbers)
    if kind is Update:
        fields["boot_id"], fields["config_id"] = boot_id or 1, 1
        fields["next_boot_id"] = draw(st.integers(1, 3))
    if kind is not ByeBye:
        fields["location"] = draw(st.sampled_from(URLS))
    if kind in (Alive, SearchResponse):
        fields["server"] = draw(st.sampled_from(["", "a/1", "b/1"]))
        fields["max_age"] = draw(st.sampled_from([0, 1, 10, 1800]))
    index = draw(st.sampled_from([ETH, WLAN]))
    return Said(
        after=draw(st.sampled_from([0.0, 0.0, 0.3, 1.0, 5.0, 1799.0, 1800.0])),
        udn=udn,
        row=row,
        arrival=Arrival(f"interface {index}", index, draw(st.sampled_from(["192.0.2.5", "192.0.2.6"]))),
        message=kind(**fields),
    )


# --- the naive cache -------------------------------------------------------------------------------------------------


@attrs.define
class Row:
    """What one address has announced of one device at one URL."""

    types: list[str]
    expires_at: float


@attrs.define
class Naive:
    """By device, interface, sender and URL; of messages without numbers."""

    rows: dict[tuple[str, int, str, str], Row] = attrs.field(factory=dict)

    def receive(self, one: Said, now: float) -> None:
        self.rows = {key: row for key, row in self.rows.items() if row.expires_at > now}
        device, index, sender = one.udn.lower(), one.arrival.index, one.arrival.sender
        message = one.message
        if isinstance(message, ByeBye):
            for key in list(self.rows):
                if key[:2] == (device, index) and (key[2] == sender or sender in key[3]):
                    row = self.rows[key]
                    if one.row == SWITCH and SWITCH in row.types:
                        row.types.remove(SWITCH)
                    if one.row != SWITCH or not row.types:
                        del self.rows[key]
        else:
            assert isinstance(message, Alive | SearchResponse)
            row = self.rows.setdefault((device, index, sender, message.location), Row([], 0.0))
            if one.row not in row.types:
                row.types.append(one.row)
            row.expires_at = max(row.expires_at, now + (message.max_age or 1800))

    def devices(self) -> dict[str, tuple[set[str], set[tuple[int, str]], float]]:
        """By device: the types, the locations, and when it expires."""
        found: dict[str, tuple[set[str], set[tuple[int, str]], float]] = {}
        for (device, index, _, url), row in self.rows.items():
            types, places, expires_at = found.get(device, (set(), set(), 0.0))
            found[device] = (types | set(row.types), places | {(index, url)}, max(expires_at, row.expires_at))
        return found


def shown(device: FoundDevice) -> tuple[set[str], set[tuple[int, str]], float]:
    types = {usn.partition("::")[2] for usn in device.usns}
    return types, {(place.index, place.url) for place in device.locations}, device.expires_at


@given(st.lists(said((Alive, SearchResponse, ByeBye), st.none()), max_size=30))
def test_without_numbers_the_cache_holds_what_a_naive_one_does(steps: list[Said]) -> None:
    cache, naive, now = DeviceCache(), Naive(), 0.0
    for one in steps:
        now += one.after
        cache.receive(one.message, one.arrival, now)
        naive.receive(one, now)
        assert {udn.lower(): shown(device) for udn, device in cache.items()} == naive.devices()


# --- what holds for all messages -------------------------------------------------------------------------------------


def facts(device: FoundDevice) -> tuple[object, ...]:
    """All that is news when it changes."""
    return (*shown(device)[:2], device.is_root, device.config_id, device.server, device.search_port)


def check(cache: DeviceCache, now: float, max_bytes: int) -> None:
    """Bounds, sums and expiry, each computed anew."""
    held = [sighting for device in cache._devices.values() for sighting in device.sightings]
    assert all(sighting.is_held and sighting.weight == weight_of_sighting(sighting) for sighting in held)
    weights: Counter[str] = Counter()
    for sighting in held:
        weights[sighting.peer] += sighting.weight
    assert weights == cache._holdings._bytes_of
    assert cache.bytes_held == weights.total() <= max_bytes
    in_heap = [sighting for _, sighting in cache._holdings._heap if sighting.is_held]
    assert sorted(map(id, in_heap)) == sorted(map(id, held))
    expiries = [sighting.expires_at for sighting in held]
    assert all(expires_at > now for expires_at in expiries)
    assert cache.next_expiry == min([*expiries, cache._gathering.next_end])
    assert cache._gathering._kept.keys() <= cache._gathering._until.keys() <= set(cache._devices.values())


#: an announcement that tells SERVER at a place where another address has announced the device without one
_TOLD_LATE = [
    Said(
        after=0.0,
        udn="uuid:a",
        row=ROOT,
        arrival=Arrival("interface 2", 2, "192.0.2.6"),
        message=Update(
            notification_type=ROOT,
            usn=f"uuid:a::{ROOT}",
            location="http://192.0.2.5/1",
            boot_id=1,
            config_id=1,
            next_boot_id=1,
        ),
    ),
    Said(
        after=0.0,
        udn="uuid:a",
        row=ROOT,
        arrival=Arrival("interface 2", 2, "192.0.2.5"),
        message=Alive(
            notification_type=ROOT, usn=f"uuid:a::{ROOT}", location="http://192.0.2.5/1", server="a/1", max_age=0
        ),
    ),
]


@settings(max_examples=200)
@example(_TOLD_LATE, 4_000)
@given(
    st.lists(said((Alive, Alive, SearchResponse, ByeBye, Update), _numbers), max_size=40),
    st.sampled_from([1_000, 4_000, 10_000, 1_000_000]),
)
def test_any_messages_keep_the_bounds_and_no_change_is_lost(steps: list[Said], max_bytes: int) -> None:
    cache, follower, now = DeviceCache(max_bytes), Follower(), 0.0
    for one in steps:
        now += one.after
        follower.follow(cache.receive(one.message, one.arrival, now, ("no HOST",) * (one.row == ROOT)))
        check(cache, now, max_bytes)
        assert follower.devices.keys() == {udn.lower() for udn in cache}
    follower.follow(cache.drop_interface(WLAN))
    now += GATHERING_SECONDS
    follower.follow(cache.expire(now))
    check(cache, now, max_bytes)
    assert {udn: facts(device) for udn, device in follower.devices.items()} == {
        udn.lower(): facts(device) for udn, device in cache.items()
    }
    while cache:
        assert cache.next_expiry > now
        now = cache.next_expiry
        follower.follow(cache.expire(now))
        check(cache, now, max_bytes)
    assert not follower.devices
