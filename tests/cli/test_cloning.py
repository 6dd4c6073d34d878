"""``upnp-trio clone`` on a network in memory: what it writes and says, and that it leaves nothing half-made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.cli.scenes import EVERY_TYPE, Written, among
from upnp_trio import RootDevice, load_device
from upnp_trio.cli.cloning import clone_on
from upnp_trio.cli.new_folder import FolderError
from upnp_trio.cli.verbs.clone import parse
from upnp_trio.demo.light import device as light
from upnp_trio.errors import DescriptionError, UnknownDevice

Clock = trio.testing.MockClock
UDN = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where clones are written, and nothing is yet. No device was seen before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


async def _cloned(*words: str, device: RootDevice | None = None) -> Written:
    written = Written.anew()
    async with among(device or attrs.evolve(light(), udn=UDN)) as control_point:
        assert await clone_on(control_point, parse(words), written.outputs) == 0
    return written


async def test_a_person_is_told_what_was_done_and_what_to_do(folder: Path, autojump_clock: Clock) -> None:
    written = await _cloned("demo light", "my lamp", "--answers")
    lines = written.output.lines
    assert lines[0].startswith("Demo light at http://192.0.2.7:")
    assert lines[0].endswith("/description.xml: 2 services, 1 icon")
    assert lines[1].startswith("5 rows in its answers to searches; unicast after 2.0 ms, multicast (MX 1) after ")
    assert lines[2:] == [
        "5 answers of actions",
        "Demo light (clone) is in my lamp, 8 files. To serve it:",
        "upnp-trio serve 'my lamp'",
    ]
    assert written.errors.lines == []
    assert load_device("my lamp").friendly_name == "Demo light (clone)"
    assert os.listdir(folder) == ["my lamp"]


async def test_a_script_gets_one_object(autojump_clock: Clock) -> None:
    written = await _cloned(UDN, "lamp", "--json", "--same-udn")
    (line,) = written.output.lines
    found = json.loads(line)
    names = [
        "device.toml",
        "icons/light.png",
        "original.xml",
        "recorded.toml",
        "scpd/Dimming1.xml",
        "scpd/SwitchPower1.xml",
    ]
    assert found == {"directory": "lamp", "udn": UDN, "friendly_name": "Demo light", "files": names, "notes": []}


async def test_what_differs_is_said(autojump_clock: Clock) -> None:
    root = light()
    icons = [attrs.evolve(root.icons[0], mimetype="image/svg+xml")]
    written = await _cloned("Demo light", "lamp", device=attrs.evolve(root, icons=icons))
    note = "which can hold scripts; it is left out"
    assert [line for line in written.output.lines if line.startswith("note: the icon ") and line.endswith(note)]
    assert load_device("lamp").icons == ()


async def test_every_data_type_can_be_cloned(autojump_clock: Clock) -> None:
    written = Written.anew()
    async with among() as control_point:
        assert await clone_on(control_point, parse([EVERY_TYPE, "every", "--answers"]), written.outputs) == 0
    handlers = [service.handler for service in load_device("every").services]
    values = {name: value for handler in handlers if handler for name, value in handler.variables().items()}
    assert values["Ui8"] == 0
    assert len(values) > 20


async def test_a_folder_that_somebody_fills_meanwhile_is_left_alone(folder: Path, autojump_clock: Clock) -> None:
    (folder / "lamp").mkdir()
    (folder / "lamp" / "mine").touch()
    async with among() as control_point:
        with pytest.raises(FolderError, match="lamp is not empty"):
            await clone_on(control_point, parse([EVERY_TYPE, "lamp"]), Written.anew().outputs)
    assert os.listdir(folder / "lamp") == ["mine"]


async def test_a_device_whose_clone_cannot_be_served_leaves_nothing(folder: Path, autojump_clock: Clock) -> None:
    # each of these characters is escaped in TOML, so that the device file is longer than one may be
    root = attrs.evolve(light(), udn=UDN, model_description="\u200b" * 200_000)
    written = Written.anew()
    async with among(root) as control_point:
        with pytest.raises(DescriptionError) as caught:
            await clone_on(control_point, parse([UDN, "lamp"]), written.outputs)
    assert str(caught.value).startswith(
        "a clone of the device could not be served: device.toml: cannot be read: it has"
    )
    assert os.listdir(folder) == []


async def test_a_device_that_is_not_there_leaves_nothing(folder: Path, autojump_clock: Clock) -> None:
    async with among() as control_point:
        with pytest.raises(UnknownDevice):
            await clone_on(control_point, parse(["toaster", "lamp"]), Written.anew().outputs)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 2.0])
async def test_a_cloning_that_is_cancelled_leaves_nothing_or_all(
    seconds: float, folder: Path, autojump_clock: Clock
) -> None:
    async with among() as control_point:
        with trio.move_on_after(seconds):
            await clone_on(control_point, parse([EVERY_TYPE, "lamp", "--answers"]), Written.anew().outputs)
    assert os.listdir(folder) in ([], ["lamp"])
    if os.listdir(folder):
        load_device("lamp")
