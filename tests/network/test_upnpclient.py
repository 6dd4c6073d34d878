"""upnpclient, a control point of scripts, calls every action that its own checks let it, and subscribes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.calling import find_services
from tests.network.control_points import ControlPoint, open_control_point
from tests.network.demands import demand
from tests.network.samples import LIMITS, SAMPLES, Sample, Wrong
from tests.network.scenes import Scene
from tests.network.subscriber import open_subscriber

pytestmark = pytest.mark.interop

SCRIPT = str(Path(__file__).with_name("upnpclient_control_point.py"))
# It knows neither UDA's int nor the types of UDA 1.1 and 2.0, has r4's bounds in the wrong order, and gives each time a
# zone before it checks that there is none.
REFUSED_BY_ITSELF = ("Ui8", "I8", "Int", "R4", "Time")
AWARE = "tzinfo=tzoffset(None, 3600)"
SHOWN = {
    "R8": "Decimal('-1.7976931348623157E+308')",
    "Fixed": "Decimal('-1234567.0001')",
    "Number": "Decimal('0.1')",
    "Float": "Decimal('5E-324')",
    "DateTimeTz": f"datetime.datetime(2026, 11, 24, 18, 8, 20, {AWARE})",
    "TimeTz": "datetime.time(18, 8, 20, tzinfo=tzoffset(None, 19800))",
    "Uri": "ParseResult(scheme='http', netloc='192.0.2.1', path='/a', params='', query='b=c&d=%20', fragment='')",
    "Uuid": "UUID('5f9ec1b3-ed59-1900-4530-00e0a5b3c001')",
}


@pytest.fixture(scope="module")
def control_point(every_type: Scene) -> Iterator[ControlPoint]:
    """The library, with the device, for all tests of this module."""
    try:
        import upnpclient  # noqa: F401
    except ImportError as error:
        demand(f"{error}; install upnpclient, from PyPI")
    with open_control_point(every_type.pair.asker, sys.executable, SCRIPT, every_type.served.location) as control_point:
        yield control_point


def _call(control_point: ControlPoint, service: str, action: str, **arguments: str) -> object:
    return control_point.ask("call", service=service, action=action, arguments=arguments)


def test_it_reads_every_state_variable(control_point: ControlPoint) -> None:
    described = control_point.ask("describe", service="EveryType")
    assert set(described) == {sample.variable for sample in SAMPLES}
    assert (described["TimeTz"], described["Fixed"]) == ("time.tz", "fixed.14.4")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.variable)
def test_it_sets_a_value_and_gets_it_back(sample: Sample, control_point: ControlPoint, every_type: Scene) -> None:
    if sample.variable == "TimeTz":  # its check of the zone depends on the time of day
        service = find_services(every_type.pair.asker, every_type.served.location)["EveryType"]
        assert service.call("SetTimeTz", {"New": sample.text}).status == 200
    else:
        answer = _call(control_point, "EveryType", f"Set{sample.variable}", New=sample.text)
        assert answer == ("refused by itself" if sample.variable in REFUSED_BY_ITSELF else {})
        if answer:
            assert isinstance(_call(control_point, "EveryType", f"Get{sample.variable}"), dict)
            return
    expected = SHOWN.get(sample.variable, sample.shown)
    assert _call(control_point, "EveryType", f"Get{sample.variable}") == {"Current": expected}


@pytest.mark.parametrize("wrong", LIMITS, ids=lambda wrong: f"{wrong.action} {wrong.text}")
def test_it_is_told_of_a_value_beyond_the_limits(wrong: Wrong, control_point: ControlPoint) -> None:
    answer = _call(control_point, "Limits", wrong.action, New=wrong.text)
    if isinstance(answer, dict):
        assert answer["error"] == wrong.code
    else:  # it looks at lists itself
        assert (answer, wrong.action) in [("refused by itself", "SetFlavour"), ("refused by itself", "SetSpeed")]


def test_it_gets_several_results_and_an_error_of_the_handler(control_point: ControlPoint) -> None:
    order = {"NewCount": "15", "NewFlavour": "Smoked", "NewNote": "<à point> & fin"}
    expected = {"Count": "15", "Flavour": "'Smoked'", "Note": "'<à point> & fin'"}
    assert _call(control_point, "Limits", "Order", **order) == expected
    assert _call(control_point, "Limits", "Refuse") == {"error": 701, "description": "No ham left"}


def test_it_subscribes_renews_and_unsubscribes(control_point: ControlPoint, every_type: Scene) -> None:
    service = "SwitchPower"
    with open_subscriber(every_type.pair.asker, every_type.pair.asker_address) as subscriber:
        callback = f"http://{subscriber.authority}/"
        sid, seconds = control_point.ask("subscribe", service=service, callback=callback, seconds=300)
        assert seconds == 300
        (first,) = subscriber.wait_for(1)
        assert first.headers["SID"] == sid
        assert first.values == {"Status": "0"}
        assert control_point.ask("renew", service=service, sid=sid, seconds=600) == 600
        assert _call(control_point, service, "SetTarget", newTargetValue="true") == {}
        assert subscriber.wait_for(2)[1].values == {"Status": "1"}
        assert control_point.ask("unsubscribe", service=service, sid=sid) is None
