"""The paths of a clone: those of its original, as far as it can have them."""

from __future__ import annotations

import attrs
import pytest

from tests.cloning.observing import LIGHT, answer, clone_of, observed
from upnp_trio.cloning.observed import Observed
from upnp_trio.documents.publication import publish
from upnp_trio.model.device import Device, Icon, RootDevice
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.profiles import dial_receiver, hue_bridge, roku_player, sonos_player, wemo_switch

SWITCH = LIGHT.services[0]


def _seen(device: RootDevice, url: str) -> Observed:
    return attrs.evolve(observed(device), location=LiteralUrl.parse(url))


def _light(**urls: str) -> RootDevice:
    return attrs.evolve(LIGHT, services=[attrs.evolve(SWITCH, **urls)])  # type: ignore[arg-type]  # any URL


def _switch(on: bool) -> None:
    raise AssertionError("the clone switches nothing of the original's")


@pytest.mark.parametrize(
    "original",
    [
        hue_bridge(mac="00:17:88:0a:bc:de"),
        wemo_switch("Fan", serial="221517K0101769", switch=_switch),
        dial_receiver("TV"),
        roku_player(serial="P0A070000007"),
        sonos_player("Kitchen", mac="00:17:88:0a:bc:de"),
    ],
    ids=lambda device: device.model_name,
)
def test_a_clone_is_where_the_clients_of_its_original_look_for_it(original: RootDevice) -> None:
    published = publish(attrs.evolve(original, udn=original.udn or "uuid:1"))
    # its services are read again from what it serves
    services = [
        attrs.evolve(service, scpd=published.files[service.scpd_url].body, handler=None)
        for service in published.root.services
    ]
    served = attrs.evolve(published.root, services=services, description_path="", advertising=LIGHT.advertising)
    clone, device = clone_of(_seen(served, f"http://192.0.2.7:49152{original.description_path}"))
    paths = publish(device).paths
    assert original.description_path in paths
    assert published.root.udn is not None
    assert {path for path in published.paths if not path.startswith(f"/{published.root.udn.uuid}/")} <= paths
    assert not [note for note in clone.notes if "is not at" in note]


def test_the_udn_of_a_wemo_switch_still_tells_what_it_is() -> None:
    _, device = clone_of(observed(attrs.evolve(LIGHT, udn="uuid:Socket-1_0-221517K0101769")))
    assert str(device.udn).startswith("uuid:Socket-1_0-221517K0101769-")
    assert len(str(device.udn)) == len("uuid:Socket-1_0-221517K0101769-") + 8
    _, same = clone_of(observed(attrs.evolve(LIGHT, udn="uuid:Socket-1_0-221517K0101769")), seed=None)
    assert str(same.udn) == "uuid:Socket-1_0-221517K0101769"


def test_relative_urls_are_where_the_original_has_them() -> None:
    light = _light(scpd_url="scpd.xml", control_url="./c", event_sub_url="../e?1")
    clone, device = clone_of(_seen(attrs.evolve(light, url_base=None), "http://192.0.2.7/upnp/light.xml"))
    assert device.description_path == "/upnp/light.xml"
    (service,) = device.services
    assert (service.scpd_url, service.control_url, service.event_sub_url) == ("/upnp/scpd.xml", "/upnp/c", "../e?1")
    assert clone.notes == (
        "events of 'urn:upnp-org:serviceId:SwitchPower' is not at '../e?1', as the original's is; it is below the "
        "clone's directory",
    )


@pytest.mark.parametrize("base", ["http://192.0.2.7:4004/other/", "http://198.51.100.7/other/", "other"])
def test_relative_urls_are_relative_to_urlbase_if_that_is_on_the_original(base: str) -> None:
    _, device = clone_of(_seen(attrs.evolve(_light(scpd_url="s"), url_base=base), "http://192.0.2.7/upnp/light.xml"))
    assert device.services[0].scpd_url == ("/other/s" if "192.0.2.7" in base else "/upnp/s")


def test_what_has_the_path_of_something_else_is_in_the_directory_of_the_clone() -> None:
    light = attrs.evolve(
        _light(scpd_url="/light.xml", control_url="/", event_sub_url="/e"), devices=[], presentation_url="/e"
    )
    clone, device = clone_of(observed(light))
    (service,) = device.services
    assert (service.scpd_url, service.control_url, service.event_sub_url) == ("light.xml", "", "/e")
    assert device.presentation_url == "e"
    assert len(clone.notes) == 2
    publish(device)


def test_services_may_share_a_description() -> None:
    twice = [SWITCH, attrs.evolve(SWITCH, service_id="urn:x:serviceId:2", control_url="/2/c", event_sub_url="/2/e")]
    clone, device = clone_of(observed(attrs.evolve(LIGHT, services=twice)))
    assert [service.scpd_url for service in device.services] == ["/SwitchPower1.xml"] * 2
    assert clone.notes == ()


def test_the_front_page_is_for_the_root_device_alone() -> None:
    embedded = Device(
        device_type="urn:x:device:y:1",
        friendly_name="a",
        manufacturer="b",
        model_name="c",
        udn="uuid:2",
        presentation_url="/",
    )
    root = attrs.evolve(LIGHT, presentation_url="/", devices=[embedded])
    _, device = clone_of(observed(root))
    assert (device.presentation_url, device.devices[0].presentation_url) == ("/", "page.html")
    _, device = clone_of(_seen(root, "http://192.0.2.7/"))
    assert (device.description_path, device.presentation_url) == ("/", None)
    publish(device)


@pytest.mark.parametrize("seed", [None, "host"])
def test_a_path_with_a_udn_is_known_to_nobody(seed: str | None) -> None:
    assert LIGHT.udn is not None
    clone, device = clone_of(_seen(LIGHT, f"http://192.0.2.7:4004/{LIGHT.udn.uuid.upper()}.xml"), seed=seed)
    assert (device.description_path, clone.notes) == ("", ())
    assert "It has the paths of its original" not in clone.files["device.toml"].decode()


def test_a_description_at_no_path_that_can_be_served_is_a_note() -> None:
    clone, device = clone_of(_seen(LIGHT, "http://192.0.2.7:4004/light.xml?id=1"))
    assert device.description_path == ""
    (note,) = clone.notes
    assert note.startswith("the description is not at '/light.xml?id=1', as the original's is: it must be a path that ")


def test_files_in_the_directory_of_the_clone_stay_there() -> None:
    icon = Icon(mimetype="image/png", width=1, height=1, depth=1, url="/DIR/a.png", data=LIGHT.icons[0].data)
    root = attrs.evolve(LIGHT, udn="uuid:dir", icons=[icon])
    _, device = clone_of(attrs.evolve(observed(root), answers=(answer(),)), seed=None)
    assert device.icons[0].url == "DIR/a.png"
    publish(device)
