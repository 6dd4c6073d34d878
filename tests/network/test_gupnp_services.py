"""GUPnP reads a device's services, calls every action, and follows its events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.network.control_points import ControlPoint, open_control_point
from tests.network.namespaces import LINK
from tests.network.samples import LIMITS, SAMPLES, Sample, Wrong
from tests.network.scenes import Pair, Scene, Serve
from tests.network.served import EVERY_TYPE

pytestmark = pytest.mark.interop

SCRIPT = str(Path(__file__).with_name("gupnp_service_control_point.py"))
# GUPnP 1.6 leaves out variables of the types that came with UDA 1.1 and 2.0; it can call their actions.
UNKNOWN_TYPES = r"Unknown type '(ui8|i8|float)' in the SCPD"
KNOWN = [sample for sample in SAMPLES if sample.variable not in ("Ui8", "I8", "Float")]


def _open(pair: Pair, python: str) -> AbstractContextManager[ControlPoint]:
    device_type = EVERY_TYPE.rows[2][0]
    return open_control_point(pair.asker, python, SCRIPT, LINK, device_type, warnings=UNKNOWN_TYPES)


@pytest.fixture(scope="module")
def control_point(every_type: Scene, gupnp_python: str) -> Iterator[ControlPoint]:
    """GUPnP, with the device, for all tests of this module."""
    with _open(every_type.pair, gupnp_python) as control_point:
        yield control_point


def _call(control_point: ControlPoint, service: str, action: str, **arguments: str) -> object:
    return control_point.ask("call", service=service, action=action, arguments=arguments)


def _shown(sample: Sample) -> str:
    """What GUPnP makes of it: a number, a boolean, or text."""
    if sample.variable == "R4":
        return "3.3999999521443642e+38"  # the nearest number of single precision
    if sample.shown[0] in "-0123456789" and sample in KNOWN:
        return sample.shown
    return sample.shown if sample.variable == "Boolean" else repr(sample.text)


def test_it_reads_the_scpd(control_point: ControlPoint) -> None:
    limits = control_point.ask("describe", service="Limits")
    assert limits["actions"]["Order"] == [
        ["NewCount", "in", "Count", False],
        ["NewFlavour", "in", "Flavour", False],
        ["NewNote", "in", "Note", False],
        ["Count", "out", "Count", True],
        ["Flavour", "out", "Flavour", False],
        ["Note", "out", "Note", False],
    ]
    assert limits["variables"] == {
        "Flavour": ["gchararray", True, ["Salted", "Smoked"], None],
        "Speed": ["gchararray", True, ["Slow", "Fast"], None],
        "Count": ["guint", True, [], [10, 100, 5]],
        "Warmth": ["gint", True, [], [-20, 40, 1]],
        "Ratio": ["gdouble", True, [], [-1.5, 1.5, 0.5]],
        "Note": ["gchararray", False, [], None],
    }
    variables = control_point.ask("describe", service="EveryType")["variables"]
    assert set(variables) == {sample.variable for sample in KNOWN}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.variable)
def test_it_sets_a_value_of_every_data_type_and_gets_it_back(sample: Sample, control_point: ControlPoint) -> None:
    assert _call(control_point, "EveryType", f"Set{sample.variable}", New=sample.text) == {}
    assert _call(control_point, "EveryType", f"Get{sample.variable}") == {"Current": _shown(sample)}


@pytest.mark.parametrize("wrong", LIMITS, ids=lambda wrong: f"{wrong.action} {wrong.text}")
def test_it_is_told_of_a_value_beyond_the_limits(wrong: Wrong, control_point: ControlPoint) -> None:
    answer = _call(control_point, "Limits", wrong.action, New=wrong.text)
    assert isinstance(answer, dict)
    assert answer["error"] == wrong.code


def test_it_gets_several_results_and_an_error_of_the_handler(control_point: ControlPoint) -> None:
    order = {"NewCount": "15", "NewFlavour": "Smoked", "NewNote": "<à point> & fin"}
    expected = {"Count": "15", "Flavour": "'Smoked'", "Note": "'<à point> & fin'"}
    assert _call(control_point, "Limits", "Order", **order) == expected
    assert _call(control_point, "Limits", "Refuse") == {"error": 701, "description": "No ham left"}


def test_it_is_told_of_every_evented_variable_and_of_every_change(pair: Pair, serve: Serve, gupnp_python: str) -> None:
    serve(pair.device, EVERY_TYPE.file)
    with _open(pair, gupnp_python) as control_point:
        control_point.ask("subscribe", service="EveryType")
        names = {sample.variable for sample in KNOWN}
        control_point.wait_for_events(
            lambda events: {name for _, values in events for name in values} == names, "every evented variable"
        )
        for sample in KNOWN:
            _call(control_point, "EveryType", f"Set{sample.variable}", New=sample.text)
            control_point.wait_for_event("EveryType", {sample.variable: _shown(sample)})
        assert control_point.ask("is_subscribed", service="EveryType")


def test_it_unsubscribes(pair: Pair, serve: Serve, gupnp_python: str) -> None:
    """Another control point witnesses that there were events after the end."""
    serve(pair.device, EVERY_TYPE.file)
    switch = "SwitchPower"
    with _open(pair, gupnp_python) as control_point, _open(pair, gupnp_python) as witness:
        for subscriber in (control_point, witness):
            subscriber.ask("subscribe", service=switch)
            subscriber.wait_for_event(switch, {"Status": "False"})
        _call(witness, switch, "SetTarget", newTargetValue="1")
        control_point.wait_for_event(switch, {"Status": "True"})
        control_point.ask("unsubscribe", service=switch)
        before = control_point.events()
        for count, value in enumerate(("0", "1"), start=3):
            _call(witness, switch, "SetTarget", newTargetValue=value)
            witness.wait_for_count(count)
        assert control_point.events() == before
