"""The cache of devices: what appears, changes, expires and leaves."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest

from tests.ssdp.announcing import ETH, LIGHT, ROOT, SWITCH, TYPES, WLAN, Speaker, names
from upnp_trio.ssdp.device_cache import MAX_LIFETIME_SECONDS, MAX_LOCATIONS, MAX_TYPES, DeviceCache
from upnp_trio.ssdp.drops import NOT_ITS_OWN, TOO_LONG, TOO_MANY_TYPES
from upnp_trio.ssdp.found import Arrival, DeviceAppeared, DeviceGone, DeviceUpdated, FoundLocation
from upnp_trio.ssdp.gathering import GATHERING_SECONDS
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE


@pytest.fixture
def cache() -> DeviceCache:
    return DeviceCache()


@pytest.fixture
def light(cache: DeviceCache) -> Speaker:
    return Speaker(cache=cache)


def settled(light: Speaker, **what: Any) -> Speaker:  # noqa: ANN401  # the fields of Speaker
    """A device that is known since 10 seconds before the moment 0."""
    speaker = attrs.evolve(light, **what)
    speaker.alive(now=-10.0)
    assert names(speaker.cache.expire(-10.0 + GATHERING_SECONDS)) == ["updated"]
    return speaker


# --- what appears ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("says", ["alive", "answer"])
def test_a_first_burst_appears_once_and_is_updated_once_with_all_that_it_says(light: Speaker, says: str) -> None:
    speaker = attrs.evolve(light, boot_id=7, config_id=9, search_port=49153, forgiven=("no HOST",))
    (appeared,) = getattr(speaker, says)(now=5.0)
    assert isinstance(appeared, DeviceAppeared)
    assert appeared.device.usns == ("uuid:1::upnp:rootdevice",)
    assert light.cache.next_expiry == 5.0 + GATHERING_SECONDS
    (updated,) = light.cache.expire(5.0 + GATHERING_SECONDS)
    assert isinstance(updated, DeviceUpdated)
    device = updated.device
    assert (device.udn, device.is_root) == ("uuid:1", True)
    assert (device.device_types, device.service_types) == ((LIGHT,), (SWITCH,))
    assert device.usns == ("uuid:1::upnp:rootdevice", "uuid:1", f"uuid:1::{LIGHT}", f"uuid:1::{SWITCH}")
    assert device.locations == (
        FoundLocation(
            url=speaker.url, interface="eth0", index=ETH, sender="192.0.2.5", max_age=1800, expires_at=1805.0
        ),
    )
    assert (device.server, device.boot_id, device.config_id, device.search_port) == (speaker.server, 7, 9, 49153)
    assert device.forgiven == ("no HOST",)
    assert light.cache["uuid:1"] == device


def test_repeats_and_renewals_are_no_change(light: Speaker) -> None:
    settled(light)
    assert light.alive(now=0.0) == light.answer(now=0.3) == light.alive(now=900.0) == []
    assert light.cache.next_expiry == 900.0 + 1800


def test_a_burst_of_one_row_is_not_updated(light: Speaker) -> None:
    light.answer(LIGHT)
    assert light.cache.expire(GATHERING_SECONDS) == []
    assert light.cache.next_expiry == 1800.0


def test_searches_say_nothing_about_devices(cache: DeviceCache) -> None:
    assert cache.receive(Search(search_target="ssdp:all", mx=1), Arrival("eth0", ETH, "192.0.2.9"), 0.0) == []
    assert len(cache) == 0
    assert cache.next_expiry == math.inf


def test_devices_are_found_in_any_case_of_letters_and_named_as_announced(cache: DeviceCache) -> None:
    Speaker(cache=cache, udn="UUID:Ab").alive(ROOT)
    Speaker(cache=cache, udn="uuid:aB").alive(LIGHT)
    assert list(cache) == ["UUID:Ab"]
    assert cache["uuid:AB"].usns == ("UUID:Ab::upnp:rootdevice", f"UUID:Ab::{LIGHT}")
    assert "uuid:ab" in cache
    assert "uuid:b" not in cache
    with pytest.raises(KeyError):
        cache["uuid:b"]


def test_embedded_devices_are_devices_of_their_own(cache: DeviceCache) -> None:
    Speaker(cache=cache).alive()
    Speaker(cache=cache, udn="uuid:2").alive("", LIGHT)
    assert [(device.udn, device.is_root) for device in cache.values()] == [("uuid:1", True), ("uuid:2", False)]
    assert names(Speaker(cache=cache).byebye()) == ["gone byebye"]
    assert list(cache) == ["uuid:2"]


def test_a_device_may_be_left_out_of_a_loop_over_the_cache(cache: DeviceCache) -> None:
    for number in range(3):
        Speaker(cache=cache, udn=f"uuid:{number}").alive(ROOT)
    for udn in cache:
        Speaker(cache=cache, udn=udn).byebye(ROOT)
    assert len(cache) == 0


@pytest.mark.parametrize(
    ("udn", "usn_row", "target", "usns"),
    [
        ("uuid:roku:ecp:P0A0", "", "roku:ecp", ("uuid:roku:ecp:P0A0::roku:ecp",)),
        ("uuid:2f40", "", "urn:schemas-upnp-org:device:basic:1", ("uuid:2f40::urn:schemas-upnp-org:device:basic:1",)),
        ("uuid:2f40", "", "ssdp:all", ("uuid:2f40",)),
        ("uuid:2f40", "", "UUID:2F40", ("uuid:2f40",)),
        ("RINCON_1", "::upnp:rootdevice", "upnp:rootdevice", ("RINCON_1::upnp:rootdevice",)),
        ("uuid:1", "::urn:a:b:c:1::x", "urn:a:b:c:1::x", ("uuid:1::urn:a:b:c:1::x",)),
    ],
)
def test_odd_usns_are_taken_apart(
    cache: DeviceCache, udn: str, usn_row: str, target: str, usns: tuple[str, ...]
) -> None:
    answer = attrs.evolve(Speaker(cache=cache).answer_message(ROOT), usn=udn + usn_row, search_target=target)
    cache.receive(answer, Arrival("eth0", ETH, "192.0.2.5"), 0.0)
    assert cache[udn].usns == usns


# --- how long --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("max_age", "seconds"), [(1800, 1800.0), (60, 60.0), (0, DEFAULT_MAX_AGE), (999_999_999, MAX_LIFETIME_SECONDS)]
)
def test_a_device_expires_when_its_last_promise_ends(light: Speaker, max_age: int, seconds: float) -> None:
    speaker = attrs.evolve(light, max_age=max_age)
    speaker.alive()
    light.cache.expire(GATHERING_SECONDS)
    assert light.cache.next_expiry == light.cache["uuid:1"].expires_at == seconds
    assert light.cache.expire(seconds - 0.001) == []
    (gone,) = light.cache.expire(seconds)
    assert isinstance(gone, DeviceGone)
    assert gone.reason == "expired"
    assert gone.device.usns
    assert gone.device.locations[0].max_age == max_age
    assert light.cache.next_expiry == math.inf


def test_a_shorter_promise_does_not_take_back_a_longer_one(light: Speaker) -> None:
    settled(light)
    attrs.evolve(light, max_age=120).answer(now=0.0)  # as miniupnpd answers
    assert light.cache["uuid:1"].expires_at == 1790.0
    assert light.cache["uuid:1"].locations[0].max_age == 1800


def test_one_row_that_is_renewed_keeps_the_others(light: Speaker) -> None:
    settled(light)
    light.alive(ROOT, now=900.0)
    assert light.cache.expire(1790.0) == []
    assert len(light.cache["uuid:1"].usns) == len(TYPES)


def test_a_message_after_the_expiry_is_of_a_new_device(light: Speaker) -> None:
    settled(light)
    assert names(light.alive(ROOT, now=1790.0)) == ["gone expired", "appeared"]


def test_what_was_gathered_is_reported_before_the_next_message(light: Speaker) -> None:
    light.alive(now=0.0)
    assert names(light.alive(ROOT, now=5.0)) == ["updated"]


# --- what changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "value"), [("config_id", 2), ("server", "x/2"), ("search_port", 50000), ("url", "http://192.0.2.5/new")]
)
def test_a_changed_fact_is_an_update_at_once_and_only_once(light: Speaker, what: str, value: Any) -> None:  # noqa: ANN401
    speaker = settled(light, config_id=1)
    (updated,) = attrs.evolve(speaker, **{what: value}).alive(now=0.0)
    assert isinstance(updated, DeviceUpdated)
    assert value in (getattr(updated.device, what, None), updated.device.location)
    assert light.cache.expire(GATHERING_SECONDS) == []


def test_a_new_type_is_an_update(light: Speaker) -> None:
    settled(light)
    (updated,) = light.alive("urn:schemas-upnp-org:service:Dimming:1", now=0.0)
    assert updated.device.service_types == (SWITCH, "urn:schemas-upnp-org:service:Dimming:1")


def test_numbers_and_server_that_a_message_leaves_out_stay(light: Speaker) -> None:
    settled(light, config_id=1, search_port=50000)
    assert attrs.evolve(light, server="").answer() == []
    device = light.cache["uuid:1"]
    assert (device.config_id, device.search_port, device.server) == (1, 50000, light.server)


def test_what_changes_all_the_time_is_reported_once_in_a_second(light: Speaker) -> None:
    settled(light)
    changes = []
    for number in range(100):
        changes += attrs.evolve(light, config_id=number).alive(ROOT, now=number / 10)
    assert names(changes) == ["updated"] * 10
    assert light.cache.expire(100.0)[0].device.config_id == 99


def test_what_was_forgiven_is_known_without_a_change(light: Speaker) -> None:
    settled(light)
    assert attrs.evolve(light, forgiven=("no EXT",)).answer() == []
    assert attrs.evolve(light, forgiven=("no HOST", "no EXT")).alive() == []
    assert light.cache["uuid:1"].forgiven == ("no EXT", "no HOST")


# --- where -----------------------------------------------------------------------------------------------------------


def test_a_device_on_two_interfaces_and_addresses_is_one_with_the_newest_location_first(light: Speaker) -> None:
    settled(light)
    other = attrs.evolve(light, index=WLAN)
    six = attrs.evolve(light, address="fe80::5", url="http://[fe80::5]:49152/d.xml")
    assert names(other.alive(now=0.0) + six.alive(now=0.1)) == ["updated"]
    (updated,) = light.cache.expire(1.0)
    assert [(place.url, place.interface) for place in updated.device.locations] == [
        (six.url, "eth0"),
        (light.url, "wlan0"),
        (light.url, "eth0"),
    ]
    assert updated.device.location == six.url
    assert len(updated.device.usns) == len(TYPES)


def test_renewals_do_not_change_the_order_of_locations(light: Speaker) -> None:
    settled(light)
    other = attrs.evolve(light, url="http://192.0.2.5:2/")
    other.alive(now=0.0)
    light.alive(now=500.0)
    assert light.cache["uuid:1"].location == other.url


def test_a_location_that_expires_is_an_update(light: Speaker) -> None:
    settled(light)
    attrs.evolve(light, index=WLAN, max_age=100).alive(now=0.0)
    light.cache.expire(1.0)
    (updated,) = light.cache.expire(100.0)
    assert isinstance(updated, DeviceUpdated)
    assert [place.interface for place in updated.device.locations] == ["eth0"]


def test_an_interface_that_goes_takes_what_came_on_it(cache: DeviceCache, light: Speaker) -> None:
    settled(light)
    attrs.evolve(light, index=WLAN).alive(now=0.0)
    Speaker(cache=cache, udn="uuid:2").alive(now=0.0)
    cache.expire(1.0)
    changes = cache.drop_interface(ETH)
    assert [(change.device.udn, name) for change, name in zip(changes, names(changes), strict=True)] == [
        ("uuid:1", "updated"),
        ("uuid:2", "gone interface gone"),
    ]
    assert [place.interface for place in cache["uuid:1"].locations] == ["wlan0"]
    assert names(cache.drop_interface(WLAN)) == ["gone interface gone"]
    assert cache.next_expiry == math.inf
    assert cache.bytes_held == 0


@pytest.mark.parametrize("is_first", [True, False])
def test_a_url_that_two_addresses_announce_is_one_location_of_its_own_host_until_the_last_expires(
    light: Speaker, is_first: bool
) -> None:
    liar = attrs.evolve(light, address="192.0.2.66", max_age=3600)
    first, second = (liar, light) if is_first else (light, liar)
    first.alive(now=-10.0)
    light.cache.expire(-9.0)
    assert second.alive(now=0.0) == []
    (place,) = light.cache["uuid:1"].locations
    assert place.sender == "192.0.2.5"
    assert place.expires_at == (3590.0 if is_first else 3600.0)
    assert names(light.cache.expire(3589.0)) == ["updated"]
    assert names(light.cache.expire(3600.0)) == ["gone expired"]


# --- what leaves -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [ROOT, "", LIGHT])
def test_a_byebye_for_the_device_takes_it_away_at_once_and_the_rest_of_the_burst_is_no_change(
    light: Speaker, first: str
) -> None:
    settled(light)
    (gone,) = light.byebye(first)
    assert isinstance(gone, DeviceGone)
    assert gone.reason == "byebye"
    assert len(gone.device.usns) == len(TYPES)
    assert light.byebye(now=0.1) == light.byebye(now=0.3) == []
    assert len(light.cache) == 0
    assert names(light.alive(ROOT, now=0.4)) == ["appeared"]  # as devices do that say byebye when they start


def test_a_byebye_for_a_service_takes_that_away(light: Speaker) -> None:
    settled(light)
    (updated,) = light.byebye(SWITCH)
    assert isinstance(updated, DeviceUpdated)
    assert updated.device.service_types == ()
    assert light.byebye(SWITCH) == []


def test_a_device_of_which_only_services_are_known_is_gone_with_the_last(light: Speaker) -> None:
    light.answer(SWITCH, "urn:x:service:y:1")
    light.cache.expire(1.0)
    assert names(light.byebye(SWITCH, now=2.5)) == ["updated"]
    (gone,) = light.byebye("urn:x:service:y:1", now=4.0)
    assert gone.device.service_types == ("urn:x:service:y:1",)


def test_a_byebye_on_one_interface_leaves_the_others(light: Speaker) -> None:
    settled(light)
    other = attrs.evolve(light, index=WLAN)
    other.alive(now=0.0)
    assert names(light.byebye(now=2.0)) == ["updated"]
    assert [place.interface for place in light.cache["uuid:1"].locations] == ["wlan0"]
    assert names(other.byebye(now=4.0)) == ["gone byebye"]


def test_a_byebye_of_another_address_counts_for_nothing(light: Speaker) -> None:
    settled(light)
    liar = attrs.evolve(light, address="192.0.2.66")
    assert liar.byebye() == []
    assert light.cache.dropped == {NOT_ITS_OWN: len(TYPES)}
    # Not even if it has announced the device as well, at its own address or at the device's.
    attrs.evolve(liar, url="http://192.0.2.66/").alive(now=1.0)
    liar.alive(now=1.0)
    liar.byebye(now=3.0)
    assert [place.sender for place in light.cache["uuid:1"].locations] == ["192.0.2.5"]


def test_a_byebye_counts_when_it_comes_from_the_host_of_the_location(light: Speaker) -> None:
    settled(light, address="192.0.2.6")  # as a host with two addresses does
    assert names(attrs.evolve(light, address="192.0.2.5").byebye(ROOT)) == ["gone byebye"]


def test_a_byebye_on_another_interface_counts_for_nothing(light: Speaker) -> None:
    settled(light)
    assert attrs.evolve(light, index=WLAN).byebye() == []


def test_a_byebye_of_a_stranger_is_no_change(cache: DeviceCache) -> None:
    assert Speaker(cache=cache).byebye() == []
    assert not cache.dropped


# --- what is too much ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("udn", "url"), [("uuid:" + "1" * 600, "http://192.0.2.5/"), ("uuid:1", "http://192.0.2.5/" + "1" * 1024)]
)
def test_what_is_too_long_is_left_out(cache: DeviceCache, udn: str, url: str) -> None:
    assert Speaker(cache=cache, udn=udn, url=url).alive() == []
    assert cache.dropped == {TOO_LONG: len(TYPES)}
    assert len(cache) == 0


def test_a_long_server_is_cut_off_and_the_same_again_is_no_change(light: Speaker) -> None:
    speaker = settled(light, server="x" * 900)
    assert speaker.alive() == []
    assert light.cache["uuid:1"].server == "x" * 512


def test_the_types_of_one_location_are_bounded(light: Speaker) -> None:
    light.alive(*(f"urn:a:service:b{number}:1" for number in range(MAX_TYPES + 5)))
    assert len(light.cache["uuid:1"].usns) == MAX_TYPES
    assert light.cache.dropped == {TOO_MANY_TYPES: 5}


def test_the_locations_of_one_device_are_bounded_and_a_liar_s_give_way_first(light: Speaker) -> None:
    settled(light, max_age=100)
    for number in range(50):
        url = f"http://192.0.2.66/{number}"
        attrs.evolve(light, address="192.0.2.66", url=url, max_age=1800 + number).alive(now=0.0)
    places = light.cache["uuid:1"].locations
    assert len(places) == MAX_LOCATIONS
    assert [place.url for place in places if place.sender == "192.0.2.5"] == [light.url]
    newest = [place.max_age for place in places if place.sender == "192.0.2.66"]
    assert newest == sorted(range(1850 - len(newest), 1850), reverse=True)
