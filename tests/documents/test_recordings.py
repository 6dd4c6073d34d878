"""Simulated services of device files, and the files of their recorded answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.recordings import fitting, read_recording, render_recording
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.simulation import Recording, SimulatedService

DEVICE = """\
device_type = "urn:schemas-upnp-org:device:BinaryLight:1"
friendly_name = "Lamp"
manufacturer = "Ham & Sons"
model_name = "L1"

[[services]]
service_type = "urn:schemas-upnp-org:service:SwitchPower:1"
service_id = "urn:upnp-org:serviceId:SwitchPower"
"""
SCPD = b"""<?xml version="1.0"?>
<scpd xmlns="urn:schemas-upnp-org:service-1-0">
  <specVersion><major>1</major><minor>0</minor></specVersion>
  <actionList>
    <action><name>GetStatus</name><argumentList><argument>
      <name>ResultStatus</name><direction>out</direction><relatedStateVariable>Status</relatedStateVariable>
    </argument></argumentList></action>
  </actionList>
  <serviceStateTable>
    <stateVariable sendEvents="yes"><name>Status</name><dataType>boolean</dataType></stateVariable>
  </serviceStateTable>
</scpd>
"""
ANSWERS = """\
[variables]
Status = true
Level = 7

[answers.GetStatus]
ResultStatus = "0"

[answers.Toggle]

[errors]
GetName = [714, "No such entry"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scpd.xml").write_bytes(SCPD)
    (tmp_path / "answers.toml").write_text(ANSWERS, encoding="utf-8")
    return tmp_path


def _handler(folder: Path, text: str) -> object:
    (folder / "device.toml").write_text(DEVICE + text, encoding="utf-8")
    (service,) = load_device(folder).services
    return service.handler


def _refusal(folder: Path, text: str) -> str:
    with pytest.raises(DescriptionError) as caught:
        _handler(folder, text)
    return str(caught.value).removeprefix(f"{folder / 'device.toml'}: ")


def test_a_service_is_simulated_from_its_description(folder: Path) -> None:
    handler = _handler(folder, 'scpd = "scpd.xml"\nsimulate = true')
    assert isinstance(handler, SimulatedService)
    assert handler.variables() == {"Status": False}
    assert list(handler.actions) == ["GetStatus"]


def test_a_service_is_simulated_with_recorded_answers(folder: Path) -> None:
    handler = _handler(folder, 'scpd = "scpd.xml"\nsimulate = "answers.toml"')
    assert isinstance(handler, SimulatedService)
    assert handler.variables() == {"Status": True}
    assert handler.recording.errors == {"GetName": (714, "No such entry")}


@pytest.mark.parametrize("text", ['scpd = "scpd.xml"', 'scpd = "scpd.xml"\nsimulate = false', "simulate = false"])
def test_a_service_that_is_not_simulated_has_no_handler(text: str, folder: Path) -> None:
    assert _handler(folder, text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("simulate = true", "services[0]: simulate needs a service description; give scpd as well"),
        (
            'scpd = "scpd.xml"\nsimulate = 5',
            "services[0]: simulate is 5; it must be true, or the file of recorded answers",
        ),
        ('scpd = "scpd.xml"\nsimulate = "none.toml"', "services[0]: the file 'none.toml' beside it cannot be read"),
        ('scpd = "scpd.xml"\nsimulate = "../answers.toml"', "services[0]: the file '../answers.toml' is outside the"),
        ('scpd = "scpd.xml"\nsimulate = "scpd.xml"', "services[0]: scpd.xml: not valid TOML: "),
        ('handler = "lamp:Lamp"\nsimulate = true', "services[0]: a handler describes its service itself; leave out s"),
        ("simulat = true", "services[0]: there is no field 'simulat'; did you mean 'simulate'?"),
    ],
)
def test_a_mistake_is_reported_with_its_place(text: str, message: str, folder: Path) -> None:
    assert _refusal(folder, text).startswith(message)


def test_a_recording_has_values_answers_and_errors() -> None:
    assert read_recording(ANSWERS.encode()) == Recording(
        variables={"Status": "1", "Level": "7"},
        answers={"GetStatus": {"ResultStatus": "0"}, "Toggle": {}},
        errors={"GetName": (714, "No such entry")},
    )
    assert read_recording(b"") == Recording()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[variable]", "there is no table 'variable'; the tables are variables, answers, errors"),
        ("variables = 5", "variables is 5; it must be a table"),
        ("[variables]\nStatus = 1.5", "variables.Status: it is 1.5, and must be text in quotes"),
        ("[answers]\nGetStatus = '1'", "answers.GetStatus is '1'; it must be a table"),
        ("[answers.GetStatus]\nResultStatus = []", "answers.GetStatus.ResultStatus: it is [], and must be text"),
        ("[errors]\nGetName = 714", "errors.GetName is 714; it must be a code and a text, as in [714, "),
        ("[errors]\nGetName = ['714', 'x']", "errors.GetName: it is '714', and must be a whole number"),
        ("[variables]\nStatus = 0x" + "f" * 20, "variables.Status: it is a number of more than 64 bits"),
    ],
)
def test_a_mistake_in_a_recording_is_reported_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        read_recording(text.encode())
    assert str(caught.value).startswith(message)


def test_what_a_file_has_no_room_for_is_left_out_the_longest_first() -> None:
    half = "\u200b" * (MAX_DOCUMENT_BYTES // 12)  # six characters for each
    recording = Recording(
        variables={"Status": "1", "LastChange": half},
        answers={"GetAll": {"All": half + "x" * 50}, "GetStatus": {"ResultStatus": "1"}},
        errors={"GetName": (714, half + "x" * 100)},
    )
    kept, left_out = fitting(recording)
    assert left_out == ["GetAll", "GetName"]
    assert kept == Recording(
        variables=recording.variables, answers={"GetStatus": recording.answers["GetStatus"]}, errors={}
    )
    assert len(render_recording(kept).encode()) <= MAX_DOCUMENT_BYTES
    assert fitting(kept) == (kept, [])
