"""Which LOCATION of a device is tried first, and for how long others may delay it."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from tests.controlpoint.test_control_point import GROUP, UDN, alive
from upnp_trio.controlpoint.describer import LOCATIONS_SECONDS
from upnp_trio.controlpoint.location_order import in_order_of_trust
from upnp_trio.errors import RequestFailed
from upnp_trio.http.client import REQUEST_SECONDS
from upnp_trio.ssdp.found import FoundLocation
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock


def location(url: str, sender: str) -> FoundLocation:
    return FoundLocation(url=url, interface="eth0", index=2, sender=sender, max_age=1800, expires_at=1800.0)


def order(*pairs: tuple[str, str]) -> list[str]:
    return [each.url for each in in_order_of_trust(location(url, sender) for url, sender in pairs)]


def test_a_host_s_own_location_comes_before_that_of_another_host() -> None:
    assert order(
        ("http://192.0.2.7/newest", "192.0.2.8"),
        ("http://192.0.2.7/own", "192.0.2.7"),
        ("http://[fe80::7]/own", "fe80::7"),
        ("no URL", "192.0.2.7"),
    ) == ["http://192.0.2.7/own", "http://[fe80::7]/own", "http://192.0.2.7/newest", "no URL"]


def test_each_host_has_one_try_before_any_has_two() -> None:
    forged = [(f"http://192.0.2.8/{number}", "192.0.2.8") for number in range(3)]
    assert order(*forged, ("http://192.0.2.7/", "192.0.2.7")) == [
        "http://192.0.2.8/0",
        "http://192.0.2.7/",
        "http://192.0.2.8/1",
        "http://192.0.2.8/2",
    ]


def test_addresses_of_one_ipv6_network_are_one_host() -> None:
    forged = [(f"http://[2001:db8::{number}]/", f"2001:db8::{number}") for number in range(1, 4)]
    assert order(*forged, ("http://192.0.2.7/", "192.0.2.7"))[1] == "http://192.0.2.7/"


async def test_many_forged_locations_delay_a_description_by_one_request(autojump_clock: Clock) -> None:
    link = Link(seconds=0.001)
    device, asker = hosts(link)
    liar = Host.on(link, "192.0.2.8/24", name="liar")
    liar.nics["eth0"].silent_ports.add(80)
    async with serving(device, jambon()) as running, asking(asker) as control_point:
        await trio.sleep(1)
        for number in range(12):
            forged = alive(f"http://192.0.2.8/{number}", usn=f"{JAMBON}::upnp:rootdevice", boot_id=running.boot_id)
            liar.send(forged, GROUP)
        await trio.sleep(1)
        assert len(control_point.devices[JAMBON].locations) > 2
        with trio.fail_after(REQUEST_SECONDS + 1):
            assert str((await control_point.describe(JAMBON)).udn) == JAMBON


async def test_a_device_without_an_answering_location_fails_in_time(autojump_clock: Clock) -> None:
    link = Link(seconds=0.001)
    _, asker = hosts(link)
    liars = [Host.on(link, f"192.0.2.{number}/24", name=f"liar {number}") for number in range(10, 25)]
    async with asking(asker) as control_point:
        for liar in liars:
            liar.nics["eth0"].silent_ports.add(80)
            liar.send(alive(f"http://{liar.nics['eth0'].addresses[0].ip}/"), GROUP)
        await trio.sleep(1)
        with trio.fail_after(LOCATIONS_SECONDS + REQUEST_SECONDS), pytest.raises(RequestFailed, match="cannot connect"):
            await control_point.describe(UDN)
