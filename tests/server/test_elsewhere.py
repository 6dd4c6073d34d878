"""Devices whose documents are on another web server: LOCATION, and what does not go together with it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY, ROOT_UUID
from tests.server.scenes import served
from upnp_trio import (
    DescriptionError,
    Elsewhere,
    Icon,
    NetworkError,
    ServiceHandler,
    Settings,
    action,
    parse_description,
    render_description,
    serve_device,
)
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse
from upnp_trio.testing import Host, Link

URL = "http://{host}:8123/description.xml"
UDN = f"uuid:{ROOT_UUID}"
OTHER = f"{UDN[:-1]}2"
Clock = trio.testing.MockClock


class Lamp(ServiceHandler, service_type="urn:schemas-upnp-org:service:SwitchPower:1"):
    @action
    def SetTarget(self) -> None:
        """Switch nothing."""


async def test_location_is_the_url_with_each_address_and_no_port_is_open(autojump_clock: Clock) -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24", "fe80::7/64")
    async with served(host, BASIC, http=Elsewhere(URL)) as running:
        await trio.sleep(10)
        assert running.port is None
        assert running.locations == ("http://192.0.2.7:8123/description.xml", "http://[fe80::7]:8123/description.xml")
        assert not host.nics["eth0"].listeners
    sent = {
        (datagram.source[0], message.location)
        for datagram in link.recording
        if isinstance(message := datagram.message, Alive)
    }
    assert sent == {
        ("192.0.2.7", "http://192.0.2.7:8123/description.xml"),
        ("fe80::7", "http://[fe80::7]:8123/description.xml"),
    }
    assert {each.source[0] for each in link.recording if isinstance(each.message, ByeBye)} == {"192.0.2.7", "fe80::7"}


async def test_a_url_without_host_is_the_same_everywhere(autojump_clock: Clock) -> None:
    host = Host.on(Link(), "192.0.2.7/24", "fe80::7/64")
    async with served(host, BASIC, http=Elsewhere("http://ham.local/d.xml")) as running:
        assert running.locations == ("http://ham.local/d.xml", "http://ham.local/d.xml")


async def test_an_interface_that_comes_is_announced_with_its_own_url(autojump_clock: Clock) -> None:
    host = Host()
    async with served(host, BASIC, http=Elsewhere(URL)) as running:
        assert running.locations == ("http://127.0.0.1:8123/description.xml",)
        host.plug(Link(), "192.0.2.7/24")
        await trio.sleep(10)
        assert running.locations == ("http://192.0.2.7:8123/description.xml",)
        assert running.port is None
        assert not host.nics["eth0"].listeners


async def test_devices_that_come_and_go_have_urls_of_their_own(autojump_clock: Clock) -> None:
    other = attrs.evolve(BASIC, udn=OTHER)
    async with served(Host.on(Link(), "192.0.2.7/24"), BASIC, http=Elsewhere("http://{host}/{udn}.xml")) as running:
        await running.add(other)
        assert running.locations == (f"http://192.0.2.7/{UDN}.xml", f"http://192.0.2.7/{OTHER}.xml")
        await running.remove(OTHER)
        await running.add(other)


async def test_two_devices_cannot_have_one_url(autojump_clock: Clock) -> None:
    other = attrs.evolve(BASIC, udn=OTHER)
    host = Host.on(Link(), "192.0.2.7/24")
    async with served(host, BASIC, http=Elsewhere(URL)) as running:
        with pytest.raises(DescriptionError, match=r"description of two root devices.*with \{udn\} in the URL"):
            await running.add(other)
        changed = await running.update(attrs.evolve(BASIC, friendly_name="Jambon 3001"))
        assert changed.friendly_name == "Jambon 3001"
    assert not host.claimed
    with pytest.raises(DescriptionError, match="description of two root devices"):
        async with served(host, BASIC, other, http=Elsewhere(URL)):
            pytest.fail("served")


async def test_config_id_is_that_of_the_description_or_changes_with_it(autojump_clock: Clock) -> None:
    async with served(Host.on(Link(), "192.0.2.7/24"), BASIC, http=Elsewhere(URL)) as running:
        first = running.device.config_id
        assert first is not None
        second = (await running.update(attrs.evolve(BASIC, friendly_name="Jambon 3001"))).config_id
        assert second not in (first, None)
        assert (await running.update(BASIC)).config_id == first
        assert (await running.update(attrs.evolve(BASIC, config_id=7))).config_id == 7


async def test_a_description_that_was_read_is_announced_as_it_is(autojump_clock: Clock) -> None:
    icon = Icon(mimetype="image/png", width=1, height=1, depth=24, url="/icon.png", data=b"png")
    document = render_description(attrs.evolve(GATEWAY, icons=[icon], config_id=3, presentation_url="/page"))
    async with served(Host.on(Link(), "192.0.2.7/24"), parse_description(document), http=Elsewhere(URL)) as running:
        assert running.device == parse_description(document)  # the icon, too, whose content is not here


async def test_searches_are_answered_with_it(autojump_clock: Clock) -> None:
    link = Link()
    host, asker = Host.on(link, "192.0.2.7/24"), Host.on(link, "192.0.2.9/24")
    async with served(host, BASIC, http=Elsewhere(URL)):
        await trio.sleep(10)
        search = b'M-SEARCH * HTTP/1.1\r\nHOST: 192.0.2.7:1900\r\nMAN: "ssdp:discover"\r\nST: upnp:rootdevice\r\n\r\n'
        asker.send(search, ("192.0.2.7", 1900))
        await trio.sleep(1)
    (answer,) = [message for each in link.recording if isinstance(message := each.message, SearchResponse)]
    assert answer.location == "http://192.0.2.7:8123/description.xml"


def test_a_handler_is_refused_as_nobody_could_call_it() -> None:
    root = attrs.evolve(BASIC, services=[Lamp().as_service()])
    with pytest.raises(DescriptionError, match=r"has a handler.*mount a UpnpApp in that server, or leave the handler"):
        Elsewhere(URL)._publish(root)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 8123}, "port is 8123, and http is Elsewhere"),
        ({"advertise_url": "http://ham.local"}, "advertise_url is 'http://ham.local', and http is Elsewhere"),
        ({"allowed_hosts": ["ham.local"]}, "allowed_hosts is given, and http is Elsewhere"),
        ({"metrics": True}, "metrics is on, and http is Elsewhere"),
        ({"http": URL}, "give an Elsewhere, a UpnpApp"),
    ],
)
def test_options_of_our_own_server_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError) as caught:
        Settings(**({"http": Elsewhere(URL)} | options))
    assert message in str(caught.value)


async def test_it_works_on_the_loopback_interface_of_this_system() -> None:
    with trio.fail_after(20):
        async with serve_device(BASIC, http=Elsewhere(URL), interfaces=["lo"], ipv6=False, state_dir=None) as running:
            assert running.locations == ("http://127.0.0.1:8123/description.xml",)
            assert running.port is None
