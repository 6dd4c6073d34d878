"""A clone: the files of a folder that is served in place of a device."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cloning.observing import LIGHT, SCPD, answer, clone_of, observed, without_identity
from tests.strategies import MINIMAL_SCPD, OWN_SCPD, root_devices
from upnp_trio.cloning.clone import MAX_NOTES
from upnp_trio.documents.description import parse_description
from upnp_trio.documents.publication import publish
from upnp_trio.model.device import Device, Icon, RootDevice
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.rules import violations
from upnp_trio.model.simulation import Recording, SimulatedService
from upnp_trio.server.identity import with_udns


def test_a_clone_is_its_original_under_another_name_and_udn() -> None:
    clone, device = clone_of(observed())
    assert without_identity(device) == without_identity(LIGHT)
    assert device.friendly_name == "Light (clone)"
    assert device.udn not in (None, LIGHT.udn)
    assert [icon.data for icon in device.icons] == [icon.data for icon in LIGHT.icons]
    assert [service.scpd for service in device.services] == [SCPD]
    assert isinstance(device.services[0].handler, SimulatedService)
    assert device.advertising.server == "Linux/6.1 UPnP/1.0 GUPnP/1.6.3"
    assert device.strict
    assert clone.notes == ()
    own = ["device.toml", "original.xml", "recorded.toml"]
    assert sorted(clone.files) == sorted([*own, "icons/icon.png", "scpd/SwitchPower1.xml"])
    assert clone.files["original.xml"] == b"<root/>"
    assert clone.files["scpd/SwitchPower1.xml"] == SCPD


def test_a_clone_may_have_the_name_and_the_udn_of_its_original() -> None:
    clone, device = clone_of(observed(), seed=None)
    assert (device.friendly_name, device.udn) == ("Light", LIGHT.udn)
    assert "# It has the UDN of its original: never serve it where that is.\n" in clone.files["device.toml"].decode()


def test_a_udn_is_another_one_on_each_host_and_the_same_at_each_cloning() -> None:
    udns = [str(clone_of(observed(), seed=seed)[1].udn) for seed in ("here", "here", "there")]
    assert udns[0] == udns[1] != udns[2]
    assert all(UUID(udn.removeprefix("uuid:")).version == 5 for udn in udns)


def test_embedded_devices_have_udns_of_their_own() -> None:
    embedded = Device(
        device_type="urn:x:device:y:1", friendly_name="a", manufacturer="b", model_name="c", udn="uuid:" + "1" * 36
    )
    inner = attrs.evolve(embedded, udn=None)
    root = attrs.evolve(LIGHT, devices=[attrs.evolve(embedded, devices=[inner]), attrs.evolve(embedded, udn=LIGHT.udn)])
    clone, device = clone_of(observed(root))
    udns = [each.udn for each in device.walk()]
    assert udns[2] is None  # it will be derived from the root's
    assert len({udn for udn in udns if udn}) == 3
    assert clone.notes == (f"the UDN '{LIGHT.udn}' is that of another device in it, too; 'a' has another one",)
    same, device = clone_of(observed(root), seed=None)
    udns = [each.udn for each in device.walk()]
    assert udns[:2] == [LIGHT.udn, embedded.udn]
    assert udns[3] not in (None, LIGHT.udn)
    assert same.notes == clone.notes


def test_the_head_says_what_it_is_a_clone_of() -> None:
    root = attrs.evolve(LIGHT, friendly_name="Licht\u202e' = 1", upc="12")
    text = clone_of(observed(root))[0].files["device.toml"].decode()
    assert text.startswith(
        '# A clone of "Licht\\u202e\' = 1", uuid:0a5d3b4e-8b52-4b6e-8a75-4e0f6ee10b8d, which was at '
        "http://192.0.2.7:4004/light.xml on 2026-07-30 12:00 UTC.\n"
        "# upnp-trio serve, with the name of this folder, puts it on the network.\n"
        "# It has UDNs of its own, so it and its original can be on one network.\n"
        "# It has the paths of its original. Without description_path, they are in a directory of its own.\n"
        "# What the original's web server has beside UPnP, such as a Hue bridge's /api, is not here.\n"
        "# Its original is at port 4004. Control points that know it by heart need --port 4004.\n\ndevice_type = "
    )
    assert "\nstrict = false\n" in text


def test_a_long_name_has_room_for_the_mark() -> None:
    _, device = clone_of(observed(attrs.evolve(LIGHT, friendly_name="x" * 100)))
    assert device.friendly_name == "x" * 55 + " (clone)"
    assert [violation for violation in violations(device) if violation.where == "friendly_name"] == []


def test_vendor_elements_survive() -> None:
    root = attrs.evolve(
        LIGHT,
        dlna_docs=["DMS-1.50", "M-DMS-1.50"],
        dlna_cap="av-upload",
        pnpx=PnpX(device_category="MediaDevices", container_id="{x}"),
        extensions=[
            ExtensionElement("urn:x", "a", "b\nc", {"{urn:y}d": "e"}, [ExtensionElement("urn:y", "f")]),
        ],
        services=[attrs.evolve(LIGHT.services[0], extensions=[ExtensionElement("urn:x", "g")])],
        presentation_url="http://vendor.example.com/",
        serial_number="1",
        upc="123456789012",
    )
    _, device = clone_of(observed(root))
    assert without_identity(device) == without_identity(root)


def test_recorded_answers_are_served() -> None:
    recording = Recording(variables={"Status": "1"}, answers={"GetTarget": {"RetTargetValue": "1"}})
    embedded = Device(
        device_type="urn:x:device:y:1",
        friendly_name="a",
        manufacturer="b",
        model_name="c",
        udn="uuid:2",
        services=LIGHT.services,
    )
    seen = attrs.evolve(observed(attrs.evolve(LIGHT, devices=[embedded])), recordings={(1, 0): recording})
    clone, device = clone_of(seen)
    first, second = device.services[0].handler, device.devices[0].services[0].handler
    assert first is not None
    assert second is not None
    assert first.variables() == {"Target": False, "Status": False}
    assert second.variables() == {"Target": True, "Status": True}
    assert "answers/SwitchPower1-2.toml" in clone.files


def test_the_record_has_what_was_received() -> None:
    odd = answer(usn="uuid:2::é", latency=0.25, mx=1)
    seen = attrs.evolve(observed(LIGHT, answer(), odd), document_headers={"application-url": "http://192.0.2.7/apps"})
    record = tomllib.loads(clone_of(seen)[0].files["recorded.toml"].decode())
    assert record["location"] == "http://192.0.2.7:4004/light.xml"
    assert record["udns"] == [str(LIGHT.udn)]
    assert record["delays"] == {"unicast": {"answers": 5, "min": 0.0005, "p50": 0.001, "max": 0.002}}
    assert record["description"]["headers"] == {"application-url": "http://192.0.2.7/apps"}
    assert [(each["seconds"], each.get("mx")) for each in record["answers"]] == [(0.001, None), (0.25, 1)]
    assert record["answers"][0]["lines"] == [
        "HTTP/1.1 200 OK",
        "Cache-Control: max-age=1800",
        "Ext: ",
        "Location: http://192.0.2.7:4004/light.xml",
        "Server: Linux/6.1 UPnP/1.0 GUPnP/1.6.3",
        "USN: uuid:1",
    ]
    assert record["answers"][1]["lines"][-1] == "USN: uuid:2::é"


def test_there_are_no_more_notes_than_a_person_reads() -> None:
    icons = [Icon(mimetype="x", width=1, height=1, depth=1, url=f"/{number}") for number in range(MAX_NOTES + 5)]
    clone, device = clone_of(observed(attrs.evolve(LIGHT, icons=icons)))
    assert len(clone.notes) == MAX_NOTES + 1
    assert clone.notes[-1] == "and 5 more"
    assert device.icons == ()


# --- devices of vendors --------------------------------------------------------------------------------------------

SAMPLES = sorted((Path(__file__).parents[1] / "documents" / "samples").glob("*.xml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_vendor_s_device_can_be_cloned_and_served(sample: Path) -> None:
    device = parse_description(sample.read_bytes())
    clone, read = clone_of(observed(device))
    assert publish(with_udns(read, "host")).root.device_type == device.device_type
    assert without_identity(attrs.evolve(read, icons=[], services=[], devices=[], presentation_url=None)) == (
        without_identity(attrs.evolve(device, icons=[], services=[], devices=[], presentation_url=None))
    )
    assert len(list(read.walk())) == len(list(device.walk()))
    for one, other in zip(read.walk(), device.walk(), strict=True):
        assert [service.service_type for service in one.services] == [each.service_type for each in other.services]
        assert [service.service_id for service in one.services] == [each.service_id for each in other.services]
    # the pictures and the descriptions of the services are not among the samples
    expected = re.compile("could not be read|and |control of .* is not at|events of .* is not at")
    assert all(expected.search(note) for note in clone.notes), clone.notes


def test_there_are_samples() -> None:
    assert len(SAMPLES) > 5


# --- strangers -----------------------------------------------------------------------------------------------------

_scpds = st.sampled_from(
    [None, OWN_SCPD, MINIMAL_SCPD, SCPD, b"", b"<a/>", b"<scpd/>", b"\xff\xfe", b"<scpd><x></scpd>"]
)
_pictures = st.none() | st.binary(max_size=12) | st.just(b"\x89PNG\r\n\x1a\n")


def _drawn(device: Device, data: st.DataObject) -> Device:
    return attrs.evolve(
        device,
        icons=[attrs.evolve(icon, data=data.draw(_pictures)) for icon in device.icons],
        services=[attrs.evolve(service, scpd=data.draw(_scpds)) for service in device.services],
        devices=[_drawn(embedded, data) for embedded in device.devices],
    )


_lines = st.text(st.characters(max_codepoint=255), max_size=20)
_payloads = st.lists(st.builds("{}: {}".format, _lines, _lines) | _lines, max_size=5).map(
    lambda lines: "\r\n".join(lines).encode("latin-1")
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    root_devices, st.sampled_from([None, "host"]), st.lists(_payloads | st.binary(max_size=40), max_size=3), st.data()
)
def test_any_device_can_be_cloned_and_the_clone_can_be_served(
    device: RootDevice, seed: str | None, payloads: list[bytes], data: st.DataObject
) -> None:
    answers = [attrs.evolve(answer(), payload=payload) for payload in payloads]
    drawn = _drawn(device, data)
    assert isinstance(drawn, RootDevice)
    clone, read = clone_of(attrs.evolve(observed(drawn), answers=tuple(answers)), seed=seed)
    publish(with_udns(read, "host"))
    for name in clone.files:
        assert re.fullmatch(r"([a-z]+/)?[A-Za-z0-9_-]{1,60}\.[a-z]{3,4}", name)
    for name in ("device.toml", "recorded.toml"):
        text = clone.files[name].decode()
        assert all(line.isprintable() for line in text.splitlines())
        tomllib.loads(text)
    assert all(note.isprintable() for note in clone.notes)
    if seed is not None:
        old = {str(each.udn).lower() for each in device.walk() if each.udn}
        assert not old & {str(each.udn).lower() for each in read.walk() if each.udn}


def test_the_same_is_cloned_to_the_same_bytes() -> None:
    assert clone_of(observed())[0] == clone_of(observed())[0]


@pytest.mark.parametrize("seed", [None, "host"])
def test_a_clone_of_a_clone_of_a_clone_is_still_one(seed: str | None) -> None:
    seen = observed()
    for _ in range(3):
        _, device = clone_of(seen, seed=seed)
        seen = attrs.evolve(seen, device=device)
    assert without_identity(device) == without_identity(LIGHT)
