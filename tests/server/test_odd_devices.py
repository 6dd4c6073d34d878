"""Devices with rows, header fields and paths that UDA does not know, served and found on a network in memory."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from random import Random

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC, ROOT_UUID
from tests.server.scenes import served
from upnp_trio import AdvertisedRow, Advertising, DescriptionError
from upnp_trio.controlpoint import ControlPoint, ControlPointSettings
from upnp_trio.controlpoint.control_point import open_control_point_on
from upnp_trio.exchange import ServedAddress
from upnp_trio.ssdp.messages import Alive, ByeBye, Update
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
UDN = f"uuid:{ROOT_UUID}"
ROKU = attrs.evolve(
    BASIC,
    friendly_name="Roku",
    description_path="/",
    advertising=Advertising(
        headers={"WAKEUP": "MAC=00:00:5e:00:53:01;Timeout=10", "X-Here": "http://{host}:{port}/"},
        description_headers={"Application-URL": "http://{host}:{port}/apps/"},
        rows=[AdvertisedRow("roku:ecp", "uuid:roku:ecp:P0A070000007"), AdvertisedRow("urn:Belkin:device:**")],
    ),
)
NAMES = [
    ("upnp:rootdevice", f"{UDN}::upnp:rootdevice"),
    (UDN, UDN),
    ("urn:schemas-upnp-org:device:Basic:1", f"{UDN}::urn:schemas-upnp-org:device:Basic:1"),
    ("roku:ecp", "uuid:roku:ecp:P0A070000007"),
    ("urn:Belkin:device:**", f"{UDN}::urn:Belkin:device:**"),
]
LAMP = attrs.evolve(BASIC, udn="uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c0ff", friendly_name="Lamp")


@asynccontextmanager
async def asking(host: Host) -> AsyncIterator[ControlPoint]:
    async with open_control_point_on(host.network, ControlPointSettings(rng=Random(1))) as control_point:
        yield control_point


def pair(link: Link) -> tuple[Host, Host]:
    return Host.on(link, "192.0.2.7/24", "fe80::7/64"), Host.on(link, "192.0.2.9/24", "fe80::9/64")


async def get(asker: Host, path: str, *, method: str = "GET", address: str = "192.0.2.7", port: int = 49152) -> str:
    """The whole answer to a request."""
    own = "fe80::9" if ":" in address else "192.0.2.9"
    served_address = ServedAddress(interface="eth0", index=asker.nics["eth0"].index, address=own)
    stream = await asker.connect(ip_address(address), port, served_address)
    host = f"[{address}]" if ":" in address else address
    request = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    await stream.send_all(memoryview(request.encode()))
    received = b""
    while data := await stream.receive_some(65536):
        received += data
    stream.close()
    return received.decode()


def field(head: str, name: str) -> str | None:
    values = [value.strip() for key, _, value in (line.partition(":") for line in head.split("\r\n")) if key == name]
    assert len(values) <= 1
    return values[0] if values else None


async def test_every_message_about_the_set_is_sent_about_the_rows_beside_it(autojump_clock: Clock) -> None:
    link = Link()
    host, _ = pair(link)
    async with served(host, ROKU):
        await trio.sleep(5)
        host.plug(Link(), "198.51.100.7/24", name="eth1")
        await trio.sleep(5)
    for kind in (Alive, Update, ByeBye):
        sent = [datagram for datagram in link.recording if isinstance(datagram.message, kind)]
        for source in ("192.0.2.7", "fe80::7"):
            messages = [each.message for each in sent if each.source[0] == source]
            names = [(each.notification_type, each.usn) for each in messages if isinstance(each, kind)]
            assert names[: len(NAMES)] == NAMES
            assert set(names) == set(NAMES)
            assert not len(names) % len(NAMES)


async def test_header_fields_name_the_address_that_a_message_is_sent_from(autojump_clock: Clock) -> None:
    link = Link()
    host, asker = pair(link)
    async with served(host, ROKU), asking(asker) as control_point:
        async for _ in control_point.search("roku:ecp"):
            pass
        for datagram in link.recording:
            text = datagram.payload.decode()
            if field(text, "USN") and (field(text, "NTS") in (None, "ssdp:alive")):
                here = "[fe80::7]" if datagram.source[0] == "fe80::7" else "192.0.2.7"
                assert field(text, "X-Here") == field(text, "LOCATION") == f"http://{here}:49152/"
                assert field(text, "WAKEUP") == "MAC=00:00:5e:00:53:01;Timeout=10"
        assert field(await get(asker, "/"), "Application-URL") == "http://192.0.2.7:49152/apps/"
        assert field(await get(asker, "/", address="fe80::7"), "Application-URL") == "http://[fe80::7]:49152/apps/"
        head = await get(asker, "/", method="HEAD")
        assert head.endswith("\r\n\r\n")
        assert field(head, "Application-URL") == "http://192.0.2.7:49152/apps/"


async def test_header_fields_name_an_advertised_url_in_place_of_the_address(autojump_clock: Clock) -> None:
    link = Link()
    host, asker = pair(link)
    async with served(host, ROKU, advertise_url="http://ham.local"):
        await trio.sleep(1)
        alive = next(each.payload.decode() for each in link.recording if b"ssdp:alive" in each.payload)
        assert (field(alive, "LOCATION"), field(alive, "X-Here")) == ("http://ham.local/", "http://ham.local:80/")
        assert field(await get(asker, "/"), "Application-URL") == "http://ham.local:80/apps/"


@pytest.mark.parametrize("target", ["roku:ecp", "Roku:ECP", "urn:Belkin:device:**"])
async def test_a_search_for_a_row_of_its_own_is_answered_as_it_is_spelled(target: str, autojump_clock: Clock) -> None:
    link = Link()
    host, asker = pair(link)
    async with served(host, ROKU), asking(asker) as control_point:
        await trio.sleep(5)
        found = [result async for result in control_point.search(target)]
    usn = dict(NAMES)["roku:ecp" if "ecp" in target.lower() else target]
    assert {(result.message.search_target, result.message.usn) for result in found} == {(target, usn)}


async def test_our_control_point_lists_a_row_with_another_udn_by_itself_and_describes_it_as_the_device_at_its_location(
    autojump_clock: Clock,
) -> None:
    link = Link()
    host, asker = pair(link)
    async with asking(asker) as control_point:
        async with served(host, ROKU):
            await trio.sleep(5)
            own, other = control_point.devices[UDN], control_point.devices["uuid:roku:ecp:P0A070000007"]
            assert set(own.usns) == {usn for _, usn in NAMES if usn.startswith(UDN)}
            assert other.usns == ("uuid:roku:ecp:P0A070000007::roku:ecp",)
            assert {each.url for each in own.locations} == {each.url for each in other.locations}
            assert not own.forgiven
            assert other.forgiven == ("USN does not end in ::NT",)
            assert (await control_point.describe(own)).friendly_name == "Roku"
            assert str((await control_point.describe(other)).udn) == UDN
        await trio.sleep(5)
        assert not control_point.devices


async def test_our_own_messages_about_such_rows_are_no_conflict_and_those_of_others_are(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    link = Link()
    host, asker = pair(link)
    async with served(host, ROKU) as running:
        await trio.sleep(2000)
        assert running.stats.snapshot().conflicts == 0
        stolen = next(each.payload for each in link.recording if b"NT: roku:ecp" in each.payload)
        asker.send(stolen, ("239.255.255.250", 1900))
        await trio.sleep(1)
        assert running.stats.snapshot().conflicts == 1
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "192.0.2.9 on eth0 announces our uuid:roku:ecp:P0A070000007" in warning


async def test_a_change_of_the_rows_is_announced_and_of_the_paths_as_well(autojump_clock: Clock) -> None:
    link = Link()
    host, asker = pair(link)
    async with served(host, ROKU) as running, asking(asker) as control_point:
        await trio.sleep(5)
        config_id = running.device.config_id
        kept = attrs.evolve(ROKU.advertising, rows=ROKU.advertising.rows[1:])
        await running.update(attrs.evolve(ROKU, advertising=kept, description_path="/dd.xml"))
        await trio.sleep(5)
        assert list(control_point.devices) == [UDN]
        assert {each.url for each in control_point.devices[UDN].locations} == {
            "http://192.0.2.7:49152/dd.xml",
            "http://[fe80::7]:49152/dd.xml",
        }
        assert (await get(asker, "/dd.xml")).startswith("HTTP/1.1 200 ")
        assert (await get(asker, "/")).startswith("HTTP/1.1 302 ")
        assert not [result async for result in control_point.search("roku:ecp")]
        assert running.device.config_id == config_id


async def test_devices_with_one_path_are_refused_and_the_first_is_served_on(autojump_clock: Clock) -> None:
    host, asker = pair(Link())
    lamp = attrs.evolve(LAMP, description_path="/")
    with pytest.raises(DescriptionError, match=r"the path / is wanted by two devices, 'Roku' .* and 'Lamp'"):
        async with served(host, ROKU, lamp):
            pytest.fail("both are served")
    async with served(host, ROKU) as running:
        with pytest.raises(DescriptionError, match="wanted by two devices, 'Roku'"):
            await running.add(lamp)
        await running.add(LAMP)
        with pytest.raises(DescriptionError, match="wanted by two devices, 'Roku'"):
            await running.update(lamp)
        assert "<friendlyName>Roku</friendlyName>" in await get(asker, "/")
        await running.remove(UDN)
        await running.update(lamp)
        assert "<friendlyName>Lamp</friendlyName>" in await get(asker, "/")
        assert not host.claimed - {str(LAMP.udn)}


async def test_two_devices_cannot_both_have_a_row_of_one_udn(autojump_clock: Clock) -> None:
    host, _ = pair(Link())
    own = Advertising(rows=[AdvertisedRow("roku:ecp", "uuid:Roku:ecp:P0A070000007")])
    foreign = Advertising(rows=[AdvertisedRow("x:y", f"{UDN}::x:y")])
    async with served(host, ROKU) as running:
        for advertising in (own, foreign):
            with pytest.raises(DescriptionError, match=r"'Lamp' .* and 'Roku' .* both advertise uuid:"):
                await running.add(attrs.evolve(LAMP, advertising=advertising))
        await running.add(LAMP)
        with pytest.raises(KeyError):
            await running.remove("uuid:roku:ecp:P0A070000007")
        assert [device.friendly_name for device in running.devices] == ["Roku", "Lamp"]


async def test_a_device_cannot_be_where_the_counters_are(autojump_clock: Clock) -> None:
    host, _ = pair(Link())
    lamp = attrs.evolve(LAMP, description_path="/metrics")
    with pytest.raises(DescriptionError, match=r"the path /metrics of 'Lamp' .* is that of the counters"):
        async with served(host, lamp, metrics=True):
            pytest.fail("both are served")
    async with served(host, lamp):
        pass
