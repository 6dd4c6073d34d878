"""The searches that real clients send for what no row is, as they are, and which profile answers them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC, ROOT_UUID
from tests.server.scenes import NOON
from upnp_trio import AdvertisedRow, Advertising, Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import SearchResponse
from upnp_trio.ssdp.profiles import PROFILES, combined
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
UDN = f"uuid:{ROOT_UUID}"
DEVICE = attrs.evolve(BASIC, advertising=Advertising(rows=[AdvertisedRow("roku:ecp", "uuid:roku:ecp:P0A070000007")]))
ROKU_ROW = ("roku:ecp", "uuid:roku:ecp:P0A070000007")
ALL = {
    ("upnp:rootdevice", f"{UDN}::upnp:rootdevice"),
    (UDN, UDN),
    ("urn:schemas-upnp-org:device:Basic:1", f"{UDN}::urn:schemas-upnp-org:device:Basic:1"),
    ROKU_ROW,
}
#: as Roku's External Control Guide has it
ROKU = b'M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: "ssdp:discover"\r\nST: roku:ecp\r\n\r\n'
#: as mzanetti/shine sends it: it does not fill in its MX, and has no empty line
SHINE = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: %1\r\nST: libhue:idl\r\n'
#: as nymea's UPnP discovery sends it
NYMEA = b'M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nMAN:"ssdp:discover"\r\nMX:4\r\nST: libhue:idl\r\n\r\n'
#: as an app for Android sends it
ANDROID = b"M-SEARCH * HTTP/1.1\nHOST: 239.255.255.250:1900\nMAN: ssdp:discover\nMX: 8\nST:SsdpSearch:all"
#: as SharpCaster sends it
SHARPCASTER = (
    b'M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nST:SsdpSearch:all\r\nMAN:"ssdp:discover"\r\nMX:3\r\n\r\n\r\n'
)
#: as a Sonos controller and a Harmony hub send it, the latter for LG's televisions
SONOS = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n'
    b"ST: urn:schemas-upnp-org:device:ZonePlayer:1\r\n\r\n"
)
HARMONY = (
    b'M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 3\r\n'
    b"ST: urn:schemas-udap:service:smartText:1\r\nUSER-AGENT: UDAP/2.0\r\n\r\n"
)


async def answers(profile: str | Sequence[str], search: bytes) -> dict[tuple[str, str], float]:
    """ST and USN of each answer, and when it left after the search."""
    link = Link()
    device, asker = Host.on(link, "192.0.2.7/24"), Host.on(link, "192.0.2.9/24")
    settings = Settings(profile=profile, rng=Random(0), utcnow=lambda: NOON, state_dir=None)
    async with serve_on(device.network, [DEVICE], settings):
        await trio.sleep(10)
        asker.send(search, ("239.255.255.250", 1900), source=("192.0.2.9", 50000))
        await trio.sleep(10)
        return {
            (datagram.message.search_target, datagram.message.usn): datagram.time - 10
            for datagram in link.recording
            if datagram.destination == ("192.0.2.9", 50000) and isinstance(datagram.message, SearchResponse)
        }


async def test_a_roku_remote_is_answered_without_mx(autojump_clock: Clock) -> None:
    (found,) = (await answers("roku", ROKU)).items()
    assert found[0] == ROKU_ROW
    assert 0 < found[1] <= 1
    assert (await answers("roku", ROKU.replace(b"roku:ecp", b"Roku:ECP"))).keys() == {("Roku:ECP", ROKU_ROW[1])}


@pytest.mark.parametrize(
    ("search", "longest"), [(SHINE, 1), (NYMEA, 4), (ANDROID, 5), (SHARPCASTER, 3), (SHINE.lower(), 1)]
)
async def test_a_hue_app_gets_all_rows_under_their_own_names(
    search: bytes, longest: int, autojump_clock: Clock
) -> None:
    found = await answers("hue", search)
    assert found.keys() == ALL
    assert all(0 < delay <= longest for delay in found.values())


@pytest.mark.parametrize("search", [ROKU, SHINE, NYMEA, ANDROID, SHARPCASTER, SONOS, HARMONY])
async def test_by_default_none_of_them_is_answered(search: bytes, autojump_clock: Clock) -> None:
    assert Settings().profile == ("uda",)
    assert await answers("uda", search) == {}


@pytest.mark.parametrize("search", [SONOS, HARMONY])
@pytest.mark.parametrize("profile", PROFILES)
async def test_no_profile_answers_what_is_meant_for_another_device(
    profile: str, search: bytes, autojump_clock: Clock
) -> None:
    assert await answers(profile, search) == {}


@pytest.mark.parametrize("target", [b"ssdp:all", b"upnp:rootdevice", b"libhue:idl"])
async def test_without_mx_the_roku_profile_answers_its_own_search_alone(target: bytes, autojump_clock: Clock) -> None:
    assert await answers("roku", ROKU.replace(b"roku:ecp", target)) == {}


async def test_several_profiles_answer_what_each_of_them_does(autojump_clock: Clock) -> None:
    profiles = ["uda", "windows", "roku", "hue"]
    assert (await answers(profiles, ROKU)).keys() == {ROKU_ROW}
    assert (await answers(profiles, ANDROID)).keys() == ALL
    explorer = ROKU.replace(b"roku:ecp", b"pnp:rootdevice")
    assert (await answers(profiles, explorer)).keys() == {("pnp:rootdevice", f"{UDN}::pnp:rootdevice")}


def test_combined_profiles_are_the_sum_of_all() -> None:
    every = combined(PROFILES.values())
    assert combined([]) == PROFILES["uda"]
    for profile in PROFILES.values():
        assert profile.missing_mx in (None, every.missing_mx)
        assert every.missing_mx_of.items() >= profile.missing_mx_of.items()
        assert every.aliases.items() >= profile.aliases.items()
        assert every.stands_for.items() >= profile.stands_for.items()
    names = [name for profile in PROFILES.values() for name in (*profile.aliases, *profile.stands_for)]
    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]
