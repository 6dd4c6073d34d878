"""The devices of ``upnp-trio demo`` and those of examples/ that are written in Python."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from upnp_trio import RootDevice, UpnpError, check
from upnp_trio.cli.references import Reference, as_reference, load_reference
from upnp_trio.cli.verbs.demo import DEMOS
from upnp_trio.demo.jambon import Slicer
from upnp_trio.demo.light import Dimming, SwitchPower
from upnp_trio.model.service import ActionDescription

REFERENCES = [Reference(name, module, "device") for name, module in DEMOS.items()]
EXAMPLES = Path(__file__).parents[2] / "examples"
LIGHT = as_reference(f"{EXAMPLES}/light.py:device")

pytestmark = pytest.mark.usefixtures("imports_undone")


def load(reference: Reference | None) -> RootDevice:
    assert reference is not None
    (root,) = load_reference(reference)
    return root


def arguments(action: ActionDescription) -> list[tuple[str, str, str]]:
    return [(each.direction, each.name, each.related_state_variable) for each in action.arguments]


@pytest.mark.parametrize("reference", [*REFERENCES, LIGHT], ids=str)
def test_a_device_keeps_every_rule(reference: Reference, caplog: pytest.LogCaptureFixture) -> None:
    root = load(reference)
    check(root)
    assert caplog.records == []
    assert root.services
    assert all(service.handler is not None for service in root.services)


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
def test_a_demo_has_an_icon_of_the_size_that_it_declares(reference: Reference) -> None:
    (icon,) = load(reference).icons
    assert icon.data is not None
    assert struct.unpack_from(">II", icon.data, 16) == (icon.width, icon.height)


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
def test_a_demo_does_not_change_where_modules_are_found(reference: Reference) -> None:
    before = list(sys.path)
    load(reference)
    assert sys.path == before


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
def test_a_demo_that_is_loaded_twice_is_two_devices(reference: Reference) -> None:
    first, second = load(reference), load(reference)
    assert first == second
    assert all(one.handler is not other.handler for one, other in zip(first.services, second.services, strict=True))


# --- the light -----------------------------------------------------------------------------------------------------


def test_the_switch_has_the_actions_of_its_standard() -> None:
    assert {action.name: arguments(action) for action in SwitchPower.description.actions} == {
        "SetTarget": [("in", "newTargetValue", "Target")],
        "GetTarget": [("out", "RetTargetValue", "Target")],
        "GetStatus": [("out", "ResultStatus", "Status")],
    }
    assert [variable.name for variable in SwitchPower.description.evented] == ["Status"]


def test_the_dimmer_has_the_required_actions_of_its_standard_and_those_for_steps() -> None:
    assert {action.name: arguments(action) for action in Dimming.description.actions} == {
        "SetLoadLevelTarget": [("in", "newLoadlevelTarget", "LoadLevelTarget")],
        "GetLoadLevelTarget": [("out", "GetLoadlevelTarget", "LoadLevelTarget")],
        "GetLoadLevelStatus": [("out", "retLoadlevelStatus", "LoadLevelStatus")],
        "StepUp": [],
        "StepDown": [],
        "SetStepDelta": [("in", "newStepDelta", "StepDelta")],
        "GetStepDelta": [("out", "retStepDelta", "StepDelta")],
    }
    assert [variable.name for variable in Dimming.description.evented] == ["LoadLevelStatus", "StepDelta"]


def test_the_light_follows_its_switch() -> None:
    switch = SwitchPower()
    switch.set_target(True)
    assert (switch.get_target(), switch.get_status()) == (True, True)
    assert switch.variables() == {"Target": True, "Status": True}


def test_steps_end_at_the_brightest_and_the_darkest_level() -> None:
    dimmer = Dimming()
    dimmer.set_step(30)
    levels = []
    for step in [dimmer.step_down] * 4 + [dimmer.step_up] * 4:
        step()
        levels.append(dimmer.get_status())
    assert levels == [70, 40, 10, 0, 30, 60, 90, 100]
    assert dimmer.get_target() == 100


# --- the slicer ----------------------------------------------------------------------------------------------------


def test_slicing_takes_what_it_cuts() -> None:
    slicer = Slicer()
    assert slicer.slice(thickness=3, count=10) == 10
    assert slicer.get_remaining() == 270


def test_the_last_slices_are_as_many_as_the_ham_gives() -> None:
    slicer = Slicer()
    assert slicer.slice(thickness=20, count=300) == 15
    assert slicer.get_remaining() == 0


def test_nothing_can_be_cut_from_nothing_until_there_is_a_new_ham() -> None:
    slicer = Slicer()
    slicer.slice(thickness=20, count=300)
    with pytest.raises(UpnpError, match="0 mm of ham remain") as caught:
        slicer.slice(thickness=1, count=1)
    assert caught.value.code == 801
    slicer.new_ham()
    assert slicer.slice(thickness=1, count=1) == 1
