"""What both apps have in common: their URL, their paths, and that they serve one thing at a time."""

from __future__ import annotations

from random import Random
from typing import Any

import attrs
import pytest
import trio.testing

import upnp_trio.asgi
import upnp_trio.wsgi
from tests.devices import BASIC
from tests.mounted.scenes import DIRECTORY, lamp
from tests.mounted.servers import Mounted
from upnp_trio import NetworkError, RootDevice, Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
Kind = type[upnp_trio.asgi.UpnpApp] | type[upnp_trio.wsgi.UpnpApp]
OTHER = attrs.evolve(BASIC, udn="uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c002")
BOTH = pytest.mark.parametrize("kind", [upnp_trio.asgi.UpnpApp, upnp_trio.wsgi.UpnpApp])


@BOTH
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://{host}:8123/upnp", "it is not a plain http URL"),
        ("http://{host}:8123/upnp?a=b", "without '.', '..', '//', a query"),
        ("http://{host}:8123/{udn}", "without '.', '..', '//', a query"),
        ("http://{host}:8123/a/../upnp", "without '.', '..', '//', a query"),
        ("http://{host}:8123//upnp", "without '.', '..', '//', a query"),
        ("/upnp", "it is not a plain http URL"),
        (None, "write a URL"),
    ],
)
def test_an_impossible_url_is_refused(kind: Kind, url: object, message: str) -> None:
    with pytest.raises(NetworkError) as caught:
        kind(url)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert "as in http://{host}:8123/upnp" in str(caught.value)


@BOTH
@pytest.mark.parametrize("path", ["", "/", "/upnp", "/upnp/", "/a/b.c"])
def test_it_may_be_at_any_path(kind: Kind, path: str) -> None:
    url = f"http://{{host}}:8123{path}"
    assert repr(kind(url)) == f"UpnpApp({url!r})"


def settings(upnp: Mounted, **options: Any) -> Settings:  # noqa: ANN401  # as Settings has them
    return Settings(http=upnp, rng=Random(0), state_dir=None, **options)


@BOTH
@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://{host}:8123/upnp/", "http://192.0.2.7:8123/upnp"),
        ("http://{host}:8123", "http://192.0.2.7:8123"),
        ("http://ham.local/upnp", "http://ham.local/upnp"),
    ],
)
async def test_documents_are_below_its_url(kind: Kind, url: str, base: str, autojump_clock: Clock) -> None:
    async with serve_on(Host.on(Link(), "192.0.2.7/24").network, [lamp()], settings(kind(url))) as running:
        assert running.locations == (f"{base}{DIRECTORY}description.xml",)
        path = url[len("http://") :].rstrip("/").partition("/")[2]
        path = f"/{path}{DIRECTORY}" if path else DIRECTORY
        (service,), (icon,) = running.device.services, running.device.icons
        assert icon.url == f"{path}lamp.png"
        assert service.scpd_url == f"{path}service-1/scpd.xml"
        assert service.event_sub_url == f"{path}service-1/events"
        assert running.device.presentation_url == path
        # a device that is served already may be served again
        assert (await running.update(running.device)).services == running.device.services


@BOTH
async def test_fixed_paths_are_below_its_url_as_well(kind: Kind, autojump_clock: Clock) -> None:
    device = attrs.evolve(lamp(), description_path="/setup.xml", presentation_url="/")
    device = attrs.evolve(device, services=[attrs.evolve(device.services[0], control_url="/upnp/control")])
    upnp = kind("http://{host}:8123/ham")
    async with serve_on(Host.on(Link(), "192.0.2.7/24").network, [device], settings(upnp)) as running:
        assert running.locations == ("http://192.0.2.7:8123/ham/setup.xml",)
        assert running.device.services[0].control_url == "/ham/upnp/control"
        assert running.device.presentation_url == "/ham/"
        again = await running.update(running.device)
        assert again.services[0].control_url == "/ham/upnp/control"


@BOTH
async def test_it_serves_one_thing_at_a_time(kind: Kind, autojump_clock: Clock) -> None:
    upnp = kind("http://{host}:8123/upnp")
    network = Host.on(Link(), "192.0.2.7/24").network
    async with serve_on(network, [lamp()], settings(upnp)):
        with pytest.raises(NetworkError, match="serves devices already; serve several with one serve_devices"):
            async with serve_on(network, [OTHER], settings(upnp)):
                pytest.fail("served")
    async with serve_on(network, [OTHER], settings(upnp)):
        pass


@BOTH
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 8123}, "port is 8123, and http is UpnpApp"),
        ({"advertise_url": "http://ham.local"}, "advertise_url is 'http://ham.local', and http is UpnpApp"),
    ],
)
def test_options_of_our_own_server_are_refused(kind: Kind, options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError) as caught:
        settings(kind("http://{host}:8123/upnp"), **options)
    assert message in str(caught.value)


@BOTH
async def test_a_device_is_announced_when_the_server_listens(
    kind: Kind, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24")
    device: RootDevice = lamp()
    async with serve_on(host.network, [device], settings(kind("http://{host}:8123/upnp"))):
        await trio.sleep(3)
        assert not link.recording.datagrams
        host.listen(8123)
        await trio.sleep(1.5)
        assert link.recording.datagrams
    assert not caplog.records


@BOTH
async def test_a_server_that_never_listens_is_told_of(
    kind: Kind, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24")
    async with serve_on(host.network, [lamp()], settings(kind("http://{host}:8123/upnp"))):
        await trio.sleep(12)
        assert link.recording.datagrams
    assert "nothing listens on TCP port 8123" in caplog.text


@BOTH
async def test_an_address_at_which_the_server_does_not_listen_is_told_of(
    kind: Kind, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24", "fe80::7/64")
    host.listen(8123, "192.0.2.7")  # as a server does that was told 0.0.0.0
    async with serve_on(host.network, [lamp()], settings(kind("http://{host}:8123/upnp"))):
        await trio.sleep(5)
        assert link.recording.datagrams
    (record,) = caplog.records
    assert "nothing listens on TCP port 8123 of fe80::7, which UpnpApp(" in record.message
    assert "ipv6=False" in record.message
