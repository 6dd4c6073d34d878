"""Device files that are written are read back as the same device."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeVar

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.strategies import MINIMAL_SCPD, OWN_SCPD, advertisings, root_devices, servable_devices
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.device_tables import read_device_tables
from upnp_trio.documents.device_writing import render_device_file
from upnp_trio.documents.folder import Folder
from upnp_trio.documents.new_files import NewFiles
from upnp_trio.documents.recordings import read_recording, render_recording
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.model.advertising import AdvertisedRow, Advertising
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.rules import refusals
from upnp_trio.model.simulation import Recording, SimulatedService
from upnp_trio.profiles import hue_bridge

EXAMPLES = Path(__file__).parents[2] / "examples"
D = TypeVar("D", bound=Device)

_wire_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_by_name = st.dictionaries(_wire_texts, _wire_texts, max_size=3)
recordings = st.builds(
    Recording,
    variables=_by_name,
    answers=st.dictionaries(_wire_texts, _by_name, max_size=3),
    errors=st.dictionaries(_wire_texts, st.tuples(st.integers(0, 999), _wire_texts), max_size=2),
)


def _write(folder: Path, root: RootDevice, *head: str) -> None:
    files = NewFiles()
    text = render_device_file(root, files=files, head=head)
    files.add("device.toml", text.encode())
    for name, data in files.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


def _with_files(device: D, data: st.DataObject) -> D:
    """*device* with the content of its icons, and of some of its service descriptions."""
    return attrs.evolve(
        device,
        icons=[attrs.evolve(icon, data=data.draw(st.binary(max_size=4))) for icon in device.icons],
        services=[
            attrs.evolve(service, scpd=data.draw(st.sampled_from([None, OWN_SCPD, MINIMAL_SCPD])))
            for service in device.services
        ],
        devices=[_with_files(embedded, data) for embedded in device.devices],
        page=data.draw(st.none() | st.just(b"<p>mine</p>")),
    )


def _contents(device: Device) -> list[object]:
    own = [[icon.data for icon in device.icons], [service.scpd for service in device.services], device.page]
    return [*own, *map(_contents, device.devices)]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(root_devices, advertisings, st.booleans(), st.data())
def test_any_device_is_read_back_as_it_was(
    device: RootDevice, advertising: Advertising, strict: bool, data: st.DataObject
) -> None:
    device = attrs.evolve(_with_files(device, data), advertising=advertising, strict=strict, language="fr-CA")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, device, "a comment", "of two lines\nand what = 'looks like more'")
        read = read_device_tables((folder / "device.toml").read_bytes(), Folder(folder))
    assert read == device
    assert (read.advertising, read.strict, read.language) == (advertising, strict, "fr-CA")
    assert read.description_path == device.description_path
    assert _contents(read) == _contents(device)


@settings(max_examples=50)
@given(servable_devices)
def test_a_device_that_can_be_served_can_be_served_from_its_file(device: RootDevice) -> None:
    device = attrs.evolve(device, presentation="read-only", strict=False)
    assume(not refusals(device))
    with tempfile.TemporaryDirectory() as name:
        _write(Path(name), device)
        read = load_device(name)
    assert read == device
    assert _contents(read) == _contents(device)


@given(root_devices)
def test_without_files_the_text_stands_alone(device: RootDevice) -> None:
    text = render_device_file(device)
    with tempfile.TemporaryDirectory() as folder:
        read = read_device_tables(text.encode(), Folder(Path(folder)))

    def without_icons(part: D) -> D:
        return attrs.evolve(part, icons=[], devices=[without_icons(embedded) for embedded in part.devices])

    assert read == without_icons(device)
    has_files = any(part.icons or part.services for part in device.walk())
    assert text.startswith("# Icons and service descriptions are files of their own") is has_files


@pytest.mark.parametrize("name", ["jambon3000.toml", "gateway.toml", "jambon3000.xml"])
def test_the_examples_are_read_back_as_they_were(name: str, tmp_path: Path) -> None:
    device = load_device(EXAMPLES / name)
    _write(tmp_path, device)
    assert load_device(tmp_path) == device
    assert _contents(load_device(tmp_path)) == _contents(device)


def test_a_device_file_is_one_that_a_person_would_write(tmp_path: Path) -> None:
    device = RootDevice(
        device_type="urn:schemas-upnp-org:device:BinaryLight:1",
        friendly_name='"Lamp"',
        manufacturer="Ham & Sons",
        model_name="L1",
        udn="e427ce1a-3e80-43d0-ad6f-89ec42e46363",
        spec_version=(1, 0),
        dlna_docs=["DMS-1.50"],
        pnpx=PnpX(device_category="Other"),
        extensions=[ExtensionElement("urn:x", "a", "b", {"c": "e"}, [ExtensionElement("urn:x", "f")])],
        description_path="/setup.xml",
        advertising=Advertising(
            max_age=100,
            headers={"X-Ham": "salted"},
            description_headers={"Application-URL": "http://{host}:{port}/apps/"},
            rows=[AdvertisedRow("urn:Belkin:device:**"), AdvertisedRow("roku:ecp", "uuid:roku:ecp:1")],
        ),
        icons=[Icon(mimetype="image/png", width=48, height=48, depth=24, url="/i.png", data=b"png")],
        services=[
            Service(
                service_type="urn:schemas-upnp-org:service:SwitchPower:1",
                service_id="urn:upnp-org:serviceId:SwitchPower",
                scpd_url="/SwitchPower1.xml",
                scpd=OWN_SCPD,
                handler=SimulatedService(parse_scpd(OWN_SCPD), Recording(variables={"Slices": "7"})),
            )
        ],
        devices=[
            Device(
                device_type="urn:schemas-upnp-org:device:Basic:1",
                friendly_name="Inner",
                manufacturer="x",
                model_name="y",
                services=[
                    Service(
                        service_type="urn:schemas-upnp-org:service:Dimming:1",
                        service_id="urn:upnp-org:serviceId:Dimming",
                    )
                ],
            )
        ],
    )
    files = NewFiles()
    text = render_device_file(device, files=files, head=["A lamp"])
    assert (
        text
        == """\
# A lamp

device_type = "urn:schemas-upnp-org:device:BinaryLight:1"
friendly_name = "\\"Lamp\\""
manufacturer = "Ham & Sons"
model_name = "L1"
udn = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
dlna_docs = ["DMS-1.50"]
spec_version = [1, 0]
description_path = "/setup.xml"

[advertising]
max_age = 100

[advertising.headers]
X-Ham = "salted"

[advertising.description_headers]
Application-URL = "http://{host}:{port}/apps/"

[[advertising.rows]]
notification_type = "urn:Belkin:device:**"

[[advertising.rows]]
notification_type = "roku:ecp"
usn = "uuid:roku:ecp:1"

[pnpx]
device_category = "Other"

[[extensions]]
namespace = "urn:x"
name = "a"
text = "b"
attributes = { c = "e" }
children = [{ namespace = "urn:x", name = "f" }]

[[icons]]
file = "icons/i.png"
mimetype = "image/png"
width = 48
height = 48
depth = 24
url = "/i.png"

[[services]]
service_type = "urn:schemas-upnp-org:service:SwitchPower:1"
service_id = "urn:upnp-org:serviceId:SwitchPower"
scpd_url = "/SwitchPower1.xml"
scpd = "scpd/SwitchPower1.xml"
simulate = "answers/SwitchPower1.toml"

[[devices]]
device_type = "urn:schemas-upnp-org:device:Basic:1"
friendly_name = "Inner"
manufacturer = "x"
model_name = "y"

[[devices.services]]
service_type = "urn:schemas-upnp-org:service:Dimming:1"
service_id = "urn:upnp-org:serviceId:Dimming"
"""
    )
    assert files.files["answers/SwitchPower1.toml"] == (
        b'# What was recorded of a service; all texts are those on the wire.\n\n[variables]\nSlices = "7"\n'
    )
    assert list(files.files) == ["icons/i.png", "scpd/SwitchPower1.xml", "answers/SwitchPower1.toml"]


def test_a_device_whose_make_breaks_rules_is_written_as_one_that_is_not_strict(tmp_path: Path) -> None:
    bridge = hue_bridge(mac="00:17:88:0a:bc:de")
    assert bridge.strict is None
    _write(tmp_path, bridge)
    assert "strict = false" in (tmp_path / "device.toml").read_text().splitlines()
    assert load_device(tmp_path).strict is False


def test_an_icon_without_its_picture_is_left_out_and_named(tmp_path: Path) -> None:
    device = load_device(EXAMPLES / "jambon3000.toml")
    device = attrs.evolve(device, icons=[attrs.evolve(icon, data=None) for icon in device.icons])
    text = render_device_file(device, files=NewFiles())
    assert text.count("\n# an icon without its picture is left out: jambon") == 2


@given(recordings)
def test_a_recording_is_read_back_as_it_was(recording: Recording) -> None:
    assert read_recording(render_recording(recording, head="a\nb").encode()) == recording
