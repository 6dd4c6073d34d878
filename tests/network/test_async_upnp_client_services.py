"""async_upnp_client calls every action of a device, and follows its events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.network.calling import find_services
from tests.network.control_points import ControlPoint, open_async_control_point
from tests.network.samples import LIMITS, SAMPLES, Sample, Wrong
from tests.network.scenes import Pair, Scene, Serve
from tests.network.served import EVERY_TYPE

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def control_point(every_type: Scene) -> Iterator[ControlPoint]:
    """The library, with the device, for all tests of this module."""
    pair = every_type.pair
    with open_async_control_point(pair.asker, every_type.served.location, pair.asker_address) as control_point:
        yield control_point


def _call(control_point: ControlPoint, service: str, action: str, **arguments: str) -> object:
    return control_point.ask("call", service=service, action=action, arguments=arguments)


def test_it_reads_every_data_type_in_the_scpd(control_point: ControlPoint) -> None:
    described = control_point.ask("describe", service="EveryType")
    assert set(described) == {sample.variable for sample in SAMPLES}
    assert all(evented for _, evented, _ in described.values())
    assert {kind for kind, _, _ in described.values()} == {
        *("ui1", "ui2", "ui4", "ui8", "i1", "i2", "i4", "i8", "int", "r4", "r8", "number", "fixed.14.4", "float"),
        *("char", "string", "date", "dateTime", "dateTime.tz", "time", "time.tz", "boolean", "bin.base64", "bin.hex"),
        *("uri", "uuid"),
    }
    assert described["Ui1"] == ["ui1", True, "0"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.variable)
def test_it_sets_a_value_of_every_data_type_and_gets_it_back(
    sample: Sample, control_point: ControlPoint, every_type: Scene
) -> None:
    if sample.variable == "TimeTz":  # the library cannot send it: time.isoformat() does not take its two arguments
        service = find_services(every_type.pair.asker, every_type.served.location)["EveryType"]
        assert service.call("SetTimeTz", {"New": sample.text}).status == 200
    else:
        assert _call(control_point, "EveryType", f"Set{sample.variable}", New=sample.text) == {}
    assert _call(control_point, "EveryType", f"Get{sample.variable}") == {"Current": sample.shown}


@pytest.mark.parametrize("wrong", LIMITS, ids=lambda wrong: f"{wrong.action} {wrong.text}")
def test_it_is_told_of_a_value_beyond_the_limits(wrong: Wrong, control_point: ControlPoint) -> None:
    answer = _call(control_point, "Limits", wrong.action, New=wrong.text)
    assert isinstance(answer, dict)
    assert answer["error"] == wrong.code
    assert answer["description"]


def test_it_gets_several_results_and_an_error_of_the_handler(control_point: ControlPoint) -> None:
    order = {"NewCount": "15", "NewFlavour": "Smoked", "NewNote": "<à point> & fin"}
    expected = {"Count": "15", "Flavour": "'Smoked'", "Note": "'<à point> & fin'"}
    assert _call(control_point, "Limits", "Order", **order) == expected
    assert _call(control_point, "Limits", "Refuse") == {"error": 701, "description": "No ham left"}


def test_its_first_event_has_every_evented_variable_with_its_value(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, EVERY_TYPE.file)
    service = find_services(pair.asker, served.location)["EveryType"]
    for sample in SAMPLES:
        assert service.call(f"Set{sample.variable}", {"New": sample.text}).status == 200
    with open_async_control_point(pair.asker, served.location, pair.asker_address) as control_point:
        control_point.ask("subscribe", service="EveryType")
        control_point.wait_for_event("EveryType", {sample.variable: sample.shown for sample in SAMPLES})


def test_a_change_of_every_data_type_is_an_event(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, EVERY_TYPE.file)
    service = find_services(pair.asker, served.location)["EveryType"]
    with open_async_control_point(pair.asker, served.location, pair.asker_address) as control_point:
        control_point.ask("subscribe", service="EveryType")
        control_point.wait_for_count(1)
        for sample in SAMPLES:
            assert service.call(f"Set{sample.variable}", {"New": sample.text}).status == 200
        last = {SAMPLES[-1].variable: SAMPLES[-1].shown}
        events = control_point.wait_for_events(
            lambda events: any(last.items() <= values.items() for _, values in events[1:]), "the last change"
        )
        first, *changes = [values for _, values in events]
        assert set(first) == {sample.variable for sample in SAMPLES}
        # calls that follow each other at once may share an event
        assert [pair for change in changes for pair in change.items()] == [
            (sample.variable, sample.shown) for sample in SAMPLES
        ]


def test_changes_of_one_call_are_one_event(every_type: Scene) -> None:
    pair = every_type.pair
    with open_async_control_point(pair.asker, every_type.served.location, pair.asker_address) as control_point:
        control_point.ask("subscribe", service="Limits")
        control_point.wait_for_count(1)
        for count, flavour in (("20", "Salted"), ("25", "Smoked")):
            order = {"NewCount": count, "NewFlavour": flavour, "NewNote": ""}
            _call(control_point, "Limits", "Order", **order)
        control_point.wait_for_event("Limits", {"Count": "25", "Flavour": "'Smoked'"})


def test_a_subscription_is_renewed_and_ends(every_type: Scene) -> None:
    """Another subscription witnesses that there were events after the first one's end."""
    pair, switch = every_type.pair, "SwitchPower"
    with (
        open_async_control_point(pair.asker, every_type.served.location, pair.asker_address) as control_point,
        open_async_control_point(pair.asker, every_type.served.location, pair.asker_address) as witness,
    ):
        _call(witness, switch, "SetTarget", newTargetValue="0")
        sid, seconds = control_point.ask("subscribe", service=switch, seconds=300)
        other, _ = witness.ask("subscribe", service=switch)
        assert seconds == 300
        assert sid != other
        for subscriber in (control_point, witness):
            subscriber.wait_for_event(switch, {"Status": "False"})
        assert control_point.ask("renew", sid=sid) == [sid, 1800]
        _call(witness, switch, "SetTarget", newTargetValue="1")
        for subscriber in (control_point, witness):
            subscriber.wait_for_event(switch, {"Status": "True"})
        assert control_point.ask("unsubscribe", sid=sid) == sid
        for count, value in enumerate(("0", "1"), start=3):
            _call(witness, switch, "SetTarget", newTargetValue=value)
            witness.wait_for_count(count)
        # one initial event and one change; the renewal had none
        assert control_point.events() == [(switch, {"Status": "False"}), (switch, {"Status": "True"})]


def test_one_control_point_has_two_subscriptions_to_one_service(every_type: Scene) -> None:
    pair = every_type.pair
    with open_async_control_point(pair.asker, every_type.served.location, pair.asker_address) as control_point:
        sids = {control_point.ask("subscribe", service="SwitchPower")[0] for _ in range(2)}
        assert len(sids) == 2
        control_point.wait_for_events(lambda events: len(events) == 2, "an initial event for each")


def test_it_subscribes_anew_after_a_restart(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, EVERY_TYPE.file)
    with open_async_control_point(pair.asker, served.location, pair.asker_address) as control_point:
        sid, _ = control_point.ask("subscribe", service="SwitchPower")
        control_point.wait_for_event("SwitchPower", {"Status": "False"})
        served.stop()
        again = serve(pair.device, "--port", str(served.port), EVERY_TYPE.file)
        assert again.location == served.location
        new, _ = control_point.ask("renew", sid=sid)  # which is refused, so that the library subscribes
        assert new != sid
        _call(control_point, "SwitchPower", "SetTarget", newTargetValue="1")
        control_point.wait_for_event("SwitchPower", {"Status": "True"})
