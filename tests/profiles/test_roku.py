"""What Roku's remotes and Home Assistant send to a player."""

from __future__ import annotations

import trio.testing

from tests.profiles.clients import DEVICE, lines, served
from upnp_trio.profiles import roku_player

Clock = trio.testing.MockClock
PLAYER = roku_player("Living room", serial="YN00XF7876856", mac="e6:48:b0:c7:42:5c")
LOCATION = f"http://{DEVICE}:8060/"
# as Roku's External Control Protocol guide has it: without MX, and fields in this order
GUIDE = lines("M-SEARCH * HTTP/1.1", "Host: 239.255.255.250:1900", 'Man: "ssdp:discover"', "ST: roku:ecp")


async def test_a_remote_without_mx_finds_the_player(autojump_clock: Clock) -> None:
    """A player's recorded answer has ``WAKEUP: MAC=...;Timeout=10`` and ``device-group.roku.com``."""
    async with served(PLAYER, port=8060, profile="roku") as client:
        (answer,) = await client.search(GUIDE)
        assert answer.headers["st"] == "roku:ecp"
        assert answer.headers["usn"] == "uuid:roku:ecp:YN00XF7876856"
        assert answer.headers["location"] == LOCATION
        assert answer.headers["cache-control"].replace(" ", "") == "max-age=3600"
        assert answer.headers["server"].startswith("Roku/")
        assert answer.headers["wakeup"] == "MAC=e6:48:b0:c7:42:5c;Timeout=10"
        assert len(answer.headers["device-group.roku.com"]) == 20
        root = await client.ask(LOCATION, "GET {path} HTTP/1.1", "Host: {host}", "User-Agent: Roku/1.0", "Accept: */*")
        assert root.status == 200
        assert root.has("serialNumber", "YN00XF7876856")


async def test_without_its_profile_such_a_search_gets_nothing(autojump_clock: Clock) -> None:
    async with served(PLAYER, port=8060) as client:
        assert await client.search(GUIDE) == []


async def test_home_assistant_finds_the_player_and_matches_it(autojump_clock: Clock) -> None:
    """async_upnp_client's search; the manifest wants this ST, manufacturer and device type."""
    search = lines(
        *("M-SEARCH * HTTP/1.1", "HOST:239.255.255.250:1900", 'MAN:"ssdp:discover"', "MX:4", "ST:ssdp:all"),
    )
    async with served(PLAYER, port=8060) as client:
        answers = await client.search(search)
        assert "roku:ecp" in {answer.headers["st"] for answer in answers}
        root = await client.ask(LOCATION, "GET {path} HTTP/1.1", "Host: {host}", "Accept-Encoding: gzip, deflate")
        assert root.has("manufacturer", "Roku")
        assert root.has("deviceType", "urn:roku-com:device:player:1-0")


def test_without_a_mac_nothing_is_said_of_waking() -> None:
    assert "WAKEUP" not in dict(roku_player(serial="P0A070000007").advertising.headers)
