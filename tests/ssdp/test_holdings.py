"""The cache is bounded, and whoever fills it costs nobody else anything."""

from __future__ import annotations

import gc
import math
import tracemalloc

import attrs
import pytest

from tests.ssdp.announcing import ETH, ROOT, SWITCH, Speaker, names
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import DeviceGone
from upnp_trio.ssdp.holdings import DEFAULT_MAX_BYTES, MAX_GONE

MIB = 1024 * 1024


def device(cache: DeviceCache, number: int, *, address: str = "192.0.2.5", max_age: int = 1800) -> Speaker:
    udn = f"uuid:{address.replace(':', '_')}-{number}"
    return Speaker(cache=cache, udn=udn, address=address, url=f"http://{address}:49152/{number}", max_age=max_age)


def test_a_liar_with_any_number_of_devices_costs_no_other_address_a_row() -> None:
    cache = DeviceCache(MIB)
    honest = [device(cache, number, address=f"192.0.2.{number}", max_age=60) for number in range(10, 60)]
    for speaker in honest:
        speaker.alive()
    known = {udn: cache[udn].usns for udn in cache}
    gone = []
    for number in range(20_000):
        gone += device(cache, number, address="192.0.2.66", max_age=7 * 86400).alive(ROOT, now=number / 1000)
        assert cache.bytes_held <= MIB
    assert {udn: cache[udn].usns for udn in known} == known
    assert {change.device.udn.partition("-")[0] for change in gone if isinstance(change, DeviceGone)} == {
        "uuid:192.0.2.66"
    }
    assert "gone no room" in names(gone)


def test_a_liar_with_all_addresses_of_an_ipv6_prefix_is_one_address() -> None:
    cache = DeviceCache(MIB)
    for number in range(200):  # of one address, more than any of the liar's has
        device(cache, number, address="fe80::5").alive()
    for number in range(3000):
        device(cache, number, address=f"2001:db8::{number:x}").alive(ROOT)
    assert sum(udn.startswith("uuid:fe80") for udn in cache) == 200


def test_a_liar_that_announces_the_devices_of_others_takes_nothing_of_their_share() -> None:
    cache = DeviceCache(MIB // 4)
    honest = [device(cache, number) for number in range(20)]
    for speaker in honest:
        speaker.alive()
    for number in range(3000):
        victim = honest[number % 20]
        attrs.evolve(victim, address="192.0.2.66", max_age=86400).alive(SWITCH, now=1.0)
        attrs.evolve(victim, address="192.0.2.66", url=f"http://192.0.2.66/{number}").alive(SWITCH, now=1.0)
    for speaker in honest:
        found = cache[speaker.udn]
        assert len(found.usns) == 4
        (own,) = [place for place in found.locations if place.url == speaker.url]
        assert own.sender == "192.0.2.5"


def test_of_the_address_that_holds_the_most_the_next_to_expire_gives_way() -> None:
    cache = DeviceCache(MIB // 8)
    lifetimes = [1000 + (number * 37) % 101 for number in range(101)]
    gone: list[float] = []
    for number, max_age in enumerate(lifetimes):
        for change in device(cache, number, max_age=max_age).alive():
            if isinstance(change, DeviceGone):
                gone.append(change.device.expires_at)
    kept = [found.expires_at for found in cache.values()]
    assert len(gone) + len(kept) == 101
    assert len(gone) > 10
    # Each was the next to expire when it went; those that came later may expire earlier than one that is kept.
    assert min(gone) == 1000.0
    assert max(kept) == 1100.0
    assert max(gone) < sorted(kept)[len(kept) // 2]


def test_a_cache_smaller_than_one_device_holds_none() -> None:
    cache = DeviceCache(100)
    assert names(device(cache, 1).alive(ROOT)) == ["appeared", "gone no room"]
    assert (len(cache), cache.bytes_held, cache.next_expiry) == (0, 0, math.inf)


def test_a_device_that_loses_one_of_its_locations_for_lack_of_room_is_updated() -> None:
    cache = DeviceCache(MIB // 8)
    both = Speaker(cache=cache)
    both.alive()
    attrs.evolve(both, address="192.0.2.66", url="http://192.0.2.66/", max_age=10).alive()
    cache.expire(1.0)
    cache.expire(2.0)
    changes = []
    for number in range(200):
        changes += device(cache, number, address="192.0.2.66").alive(ROOT, now=3.0)
    assert [place.sender for place in cache["uuid:1"].locations] == ["192.0.2.5"]
    assert "uuid:1" in {change.device.udn for change in changes if not isinstance(change, DeviceGone)}


def test_what_has_gone_leaves_nothing_behind() -> None:
    cache = DeviceCache()
    for number in range(3 * MAX_GONE):
        speaker = device(cache, number)
        speaker.alive(ROOT, now=number / 1000)
        speaker.byebye(ROOT, now=number / 1000)
        assert len(cache._holdings._heap) <= MAX_GONE + 1
        assert len(cache._gathering._until) == 0
    assert cache.bytes_held == 0
    assert cache._holdings._bytes_of == {}
    assert cache.next_expiry == math.inf


def test_renewals_add_nothing() -> None:
    cache = DeviceCache()
    speaker = device(cache, 1)
    speaker.alive()
    held = cache.bytes_held
    for number in range(1000):
        speaker.alive(now=float(number))
    assert cache.bytes_held == held
    assert len(cache._holdings._heap) == 1
    assert cache.next_expiry == 999 + 1800


def test_types_that_come_and_go_and_servers_that_change_are_weighed() -> None:
    cache = DeviceCache()
    speaker = device(cache, 1)
    speaker.alive()
    held = cache.bytes_held
    speaker.alive("urn:x:service:y:1")
    attrs.evolve(speaker, server=speaker.server + "12345").alive(ROOT)
    assert cache.bytes_held > held + 5
    speaker.byebye("urn:x:service:y:1")
    attrs.evolve(speaker, server=speaker.server).alive(ROOT)
    assert cache.bytes_held == held
    cache.drop_interface(ETH)
    assert cache.bytes_held == 0


@pytest.mark.parametrize("is_one_address", [True, False])
def test_what_is_held_takes_no_more_memory_than_it_is_weighed_as(is_one_address: bool) -> None:
    """With numbers and texts that no two devices share, just after the dictionaries have grown."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        cache = DeviceCache(DEFAULT_MAX_BYTES)
        for number in range(5700):
            address = "192.0.2.66" if is_one_address else f"10.0.{number >> 8}.{number & 255}"
            speaker = device(cache, number, address=address)
            attrs.evolve(
                speaker,
                udn=speaker.udn.upper(),
                server=f"server/{number}",
                boot_id=1000 + number,
                config_id=10_000 + number,
                search_port=20_000 + number,
            ).alive(f"urn:x:service:y{number}:1")
        del speaker
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(cache) == 5700
    assert 0.5 * cache.bytes_held < taken <= cache.bytes_held
