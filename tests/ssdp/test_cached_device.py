"""BOOTID: what is a reboot, how often it is reported, and what falls away by it."""

from __future__ import annotations

import attrs
import pytest

from tests.ssdp.announcing import LIGHT, ROOT, TYPES, WLAN, Speaker, names
from upnp_trio.ssdp.cached_device import LATE_SECONDS, SAME_REBOOT_SECONDS
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.drops import LATE
from upnp_trio.ssdp.found import DeviceRebooted


@pytest.fixture
def light() -> Speaker:
    """A device that is known for a while, with BOOTID 5."""
    speaker = Speaker(cache=DeviceCache(), boot_id=5, config_id=1)
    speaker.alive(now=-10.0)
    speaker.cache.expire(-9.0)
    return speaker


def places(speaker: Speaker) -> list[tuple[str, str]]:
    return [(place.interface, place.url) for place in speaker.cache[speaker.udn].locations]


@pytest.mark.parametrize("boot_id", [6, 4])  # 4 as of a device that starts without a clock
@pytest.mark.parametrize("says", ["alive", "answer"])
def test_another_boot_id_is_a_reboot_once_and_the_old_rows_fall_away(light: Speaker, boot_id: int, says: str) -> None:
    light.alive("urn:x:service:y:1", now=-5.0)
    anew = attrs.evolve(light, boot_id=boot_id)
    (rebooted,) = getattr(anew, says)(now=0.0)
    assert isinstance(rebooted, DeviceRebooted)
    assert rebooted.device.boot_id == boot_id
    assert rebooted.device.usns == ("uuid:1::upnp:rootdevice",)
    assert names(light.cache.expire(1.0)) == ["updated"]
    assert len(light.cache["uuid:1"].usns) == len(TYPES)
    assert anew.alive(now=3.0) == []


def test_a_reboot_with_another_port_leaves_no_old_location(light: Speaker) -> None:
    anew = attrs.evolve(light, boot_id=6, url="http://192.0.2.5:50000/d.xml")
    assert names(anew.alive(now=0.0)) == ["rebooted"]
    assert places(light) == [("eth0", anew.url)]


def test_a_reboot_on_several_interfaces_and_addresses_is_one(light: Speaker) -> None:
    six = attrs.evolve(light, address="fe80::5", url="http://[fe80::5]:49152/d.xml")
    wlan = attrs.evolve(light, index=WLAN)
    known = (light, six, wlan)
    for speaker in known:
        speaker.alive(now=-5.0)
    light.cache.expire(-3.0)
    changes = []
    for number, speaker in enumerate(known):
        anew = attrs.evolve(speaker, boot_id=6, url=speaker.url.replace("49152", "50000"))
        changes += anew.alive(now=number / 10)
    changes += light.cache.expire(1.0)
    assert names(changes) == ["rebooted", "updated"]
    assert {url.partition(":5")[1] for _, url in places(light)} == {":5"}
    assert len(places(light)) == 3


def test_a_device_that_counts_for_each_interface_by_itself_reboots_only_when_it_does(light: Speaker) -> None:
    """As GUPnP does."""
    wlan = attrs.evolve(light, index=WLAN, boot_id=7)
    assert names(wlan.alive(now=-5.0)) == ["updated"]
    for now in (0.0, 900.0):
        assert light.alive(now=now) == []
        assert wlan.alive(now=now + 0.5) == []
    changes = attrs.evolve(light, boot_id=20).alive(now=1000.0)
    changes += attrs.evolve(wlan, boot_id=22).alive(now=1000.5)
    changes += attrs.evolve(light, boot_id=20).alive(now=1005.0)
    assert names(changes) == ["rebooted", "updated"]


def test_a_reboot_on_another_interface_later_is_another(light: Speaker) -> None:
    wlan = attrs.evolve(light, index=WLAN)
    wlan.alive(now=-5.0)
    assert names(attrs.evolve(light, boot_id=6).alive(ROOT, now=0.0)) == ["rebooted"]
    later = SAME_REBOOT_SECONDS + 1
    assert names(attrs.evolve(wlan, boot_id=7).alive(ROOT, now=later)) == ["rebooted"]


def test_numbers_that_rise_with_every_message_are_one_reboot_in_a_second(light: Speaker) -> None:
    """As minisatip once did (its #11)."""
    changes = []
    for number in range(40):
        changes += attrs.evolve(light, boot_id=100 + number).answer(now=number / 20)
    changes += light.cache.expire(2.0)
    assert names(changes) == ["rebooted"] * 3


def test_a_reboot_is_not_lost_among_other_changes(light: Speaker) -> None:
    attrs.evolve(light, config_id=2).alive(now=0.0)
    attrs.evolve(light, boot_id=6).alive(now=0.1)
    attrs.evolve(light, boot_id=6, config_id=3).alive(now=0.2)
    assert names(light.cache.expire(1.0)) == ["rebooted"]


def test_a_device_without_numbers_does_not_reboot() -> None:
    speaker = Speaker(cache=DeviceCache())
    speaker.alive(now=0.0)
    changes = speaker.byebye(now=5.0) + speaker.alive(now=5.1)
    assert names(changes) == ["updated", "gone byebye", "appeared"]


def test_a_device_that_begins_to_have_a_number_does_not_reboot() -> None:
    speaker = Speaker(cache=DeviceCache())
    speaker.alive(now=0.0)
    speaker.cache.expire(1.0)
    numbered = attrs.evolve(speaker, boot_id=1)
    assert numbered.alive(now=5.0) == speaker.alive(now=6.0) == numbered.alive(now=7.0) == []
    assert speaker.cache["uuid:1"].boot_id == 1


# --- late ------------------------------------------------------------------------------------------------------------


def test_an_answer_from_before_the_reboot_is_left_out(light: Speaker) -> None:
    attrs.evolve(light, boot_id=6).alive(now=0.0)
    light.cache.expire(2.0)
    assert light.answer(now=LATE_SECONDS - 1) == []
    assert light.cache.dropped == {LATE: len(TYPES)}
    assert light.cache["uuid:1"].boot_id == 6


def test_a_byebye_from_before_the_reboot_is_left_out(light: Speaker) -> None:
    attrs.evolve(light, boot_id=6).alive(now=0.0)
    assert light.byebye(ROOT, now=0.5) == []
    assert light.cache.dropped == {LATE: 1}
    assert names(attrs.evolve(light, boot_id=6).byebye(ROOT, now=0.6)) == ["gone byebye"]


def test_a_forged_number_keeps_nobody_from_announcing_with_the_right_one(light: Speaker) -> None:
    elsewhere = attrs.evolve(light, url="http://192.0.2.5:50000/")
    attrs.evolve(elsewhere, boot_id=6, address="192.0.2.66").alive(now=0.0)
    elsewhere.alive(now=1.0)
    elsewhere.update(next_boot_id=6, now=1.0)
    assert not light.cache.dropped
    assert ("eth0", elsewhere.url) in places(light)


def test_the_old_number_later_is_a_reboot_so_a_forged_one_does_no_lasting_harm(light: Speaker) -> None:
    forged = attrs.evolve(light, boot_id=6, address="192.0.2.66", url="http://192.0.2.66/")
    assert names(forged.alive(now=0.0)) == ["rebooted"]
    assert set(places(light)) == {("eth0", light.url), ("eth0", forged.url)}  # it costs nobody's rows
    assert light.alive(ROOT, now=LATE_SECONDS) == []  # the location has kept its own number
    assert names(attrs.evolve(light, url="http://192.0.2.5/2").alive(ROOT, now=LATE_SECONDS + 2)) == ["rebooted"]


# --- ssdp:update -----------------------------------------------------------------------------------------------------


def test_an_announced_number_is_no_reboot_and_nothing_falls_away(light: Speaker) -> None:
    wlan = attrs.evolve(light, index=WLAN)
    assert names(light.update(next_boot_id=6) + wlan.update(next_boot_id=6)) == ["updated"]  # there is a new location
    anew = attrs.evolve(light, boot_id=6)
    assert light.alive(LIGHT, now=0.1) == []
    assert anew.alive(now=0.2) == attrs.evolve(wlan, boot_id=6).alive(now=0.3) == []
    assert names(light.cache.expire(1.0)) == ["updated"]
    assert places(light) == [("wlan0", light.url), ("eth0", light.url)]
    assert light.cache["uuid:1"].boot_id == 6
    assert light.update(next_boot_id=6, now=2.0) == []
    assert light.cache.dropped == {LATE: len(TYPES)}


def test_an_update_is_no_renewal_and_its_new_location_lives_as_long_as_others(light: Speaker) -> None:
    light.update(ROOT, next_boot_id=6)
    assert light.cache["uuid:1"].expires_at == 1790.0
    attrs.evolve(light, url="http://192.0.2.5/2").update(ROOT, next_boot_id=6, now=1000.0)
    assert light.cache["uuid:1"].locations[0].expires_at == 2800.0


def test_an_update_of_an_unknown_device_lets_it_appear() -> None:
    speaker = Speaker(cache=DeviceCache(), boot_id=5)
    (appeared,) = speaker.update(ROOT, next_boot_id=6)
    assert (appeared.device.server, appeared.device.expires_at) == ("", 1800.0)
    assert attrs.evolve(speaker, boot_id=6).alive(ROOT) == []


def test_a_number_that_was_not_announced_is_a_reboot_also_after_an_update(light: Speaker) -> None:
    light.update(next_boot_id=6)
    assert names(attrs.evolve(light, boot_id=8).alive(ROOT, now=0.1)) == ["rebooted"]


def test_an_update_after_a_reboot_that_nobody_heard_of_is_a_reboot(light: Speaker) -> None:
    assert names(attrs.evolve(light, boot_id=8).update(ROOT, next_boot_id=9)) == ["rebooted"]
    assert names(attrs.evolve(light, boot_id=9).alive(ROOT, now=2.0)) == ["updated"]  # it says SERVER again
