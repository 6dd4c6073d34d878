"""Services at work: calls, results, assignments and their changes."""

from __future__ import annotations

import threading
import types
from collections.abc import Callable
from typing import Annotated, NamedTuple

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service_strategies import data_types, values_of
from tests.services.examples import CALLER, SERVICE_TYPE, Dimming, Kind, Mode, Slicer, Slices, SwitchPower
from upnp_trio import DataType, Out, ServiceHandler, StateVariable, action, parse_scpd

Changes = list[tuple[str, object]]


def connected(handler: ServiceHandler) -> Changes:
    changes: Changes = []
    handler.connect(lambda name, value: changes.append((name, value)))
    return changes


# --- calls and results -----------------------------------------------------------------------------------------------


async def test_a_call_of_an_async_method_is_awaited_by_the_one_that_calls() -> None:
    switch = SwitchPower()
    set_target = switch.actions["SetTarget"]
    returned = set_target.call(switch, {"newTargetValue": True}, CALLER)
    assert not switch.status
    assert set_target.results(await returned) == ()  # type: ignore[misc]  # of an async method it is an awaitable
    assert switch.status


def test_a_call_of_a_plain_method_gives_its_result() -> None:
    switch = SwitchPower()
    get_status = switch.actions["GetStatus"]
    assert list(get_status.results(get_status.call(switch, {}, CALLER))) == [("ResultStatus", False)]


async def test_an_enumeration_reaches_the_method_as_its_member_and_leaves_as_text() -> None:
    slicer = Slicer()
    changes = connected(slicer)
    slicing = slicer.actions["Slice"]
    returned = await slicing.call(slicer, {"Thickness": 2, "NewKind": "Saucisson"}, CALLER)  # type: ignore[misc]
    assert returned == Slices(298, Kind.SAUSAGE, Mode.FAST, "Red")
    assert list(slicing.results(returned)) == [
        ("Count", 298),
        ("Kind", "Saucisson"),
        ("Mode", "Fast"),
        ("Colour", "Red"),
    ]
    assert slicer.kind is Kind.SAUSAGE
    assert changes == [("Remaining", 298), ("Kind", "Saucisson")]
    assert all(type(value) in (int, str) for _, value in changes)


@attrs.frozen
class OfAttrs:
    one: Annotated[int, Out()]
    two: str


class OneField(NamedTuple):
    one: int


class Returns(ServiceHandler, service_type=SERVICE_TYPE):
    answer: object = None

    @action
    def nothing(self) -> None:
        return self.answer  # type: ignore[return-value]  # this is what the tests are about

    @action
    def number(self) -> int:
        return self.answer  # type: ignore[return-value]

    @action
    def several(self) -> OfAttrs:
        return self.answer  # type: ignore[return-value]

    @action
    def one_field(self) -> Annotated[OneField, "a note"]:
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "answer", "results"),
    [
        ("Nothing", None, []),
        ("Number", 5, [("NumberResult", 5)]),
        ("Several", OfAttrs(one=1, two="b"), [("One", 1), ("Two", "b")]),
        ("OneField", OneField(1), [("One", 1)]),
    ],
)
def test_what_a_method_returns_becomes_its_results(name: str, answer: object, results: Changes) -> None:
    handler = Returns()
    handler.answer = answer
    bound = handler.actions[name]
    assert list(bound.results(bound.call(handler, {}, CALLER))) == results


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        ("Nothing", 5, "Returns.nothing returned 5; it is annotated with None"),
        ("Number", "5", "Returns.number returned '5' as NumberResult: .* is of type str, not int"),
        ("Number", 2**31, "is not within i4's bounds"),
        ("Number", True, "of type bool"),
        ("Several", (1, "b"), r"Returns.several returned \(1, 'b'\); it is annotated with OfAttrs"),
        ("Several", OfAttrs(one=1, two=2), "Returns.several returned 2 as Two: .* is of type int, not str"),  # type: ignore[arg-type]
        ("OneField", OneField(None), "Returns.one_field returned None as One"),  # type: ignore[arg-type]
    ],
)
def test_a_result_that_the_annotation_does_not_promise_is_a_type_error(name: str, answer: object, message: str) -> None:
    handler = Returns()
    handler.answer = answer
    bound = handler.actions[name]
    with pytest.raises(TypeError, match=message):
        bound.results(bound.call(handler, {}, CALLER))


# --- assignments -----------------------------------------------------------------------------------------------------


def test_an_assignment_that_changes_the_value_is_told_once() -> None:
    switch = SwitchPower()
    changes = connected(switch)
    switch.status = False
    switch.status = True
    switch.status = True
    switch.target = True
    assert changes == [("Status", True), ("Target", True)]
    assert switch.variables() == {"Target": True, "Status": True}


def test_before_and_after_the_connection_an_assignment_only_stores() -> None:
    switch = SwitchPower()
    switch.status = True
    changes = connected(switch)
    switch.disconnect()
    switch.status = False
    assert (changes, switch.status) == ([], False)
    assert connected(switch) == []


def test_a_handler_is_connected_once_at_a_time() -> None:
    switch = SwitchPower()
    connected(switch)
    with pytest.raises(RuntimeError, match="this SwitchPower is a service of a device already"):
        connected(switch)


def test_two_instances_share_nothing() -> None:
    one, other = SwitchPower(), SwitchPower()
    changes = connected(one)
    other.status = True
    assert (one.status, other.status, changes) == (False, True, [])


def test_a_class_may_have_an_init_that_does_not_call_ours() -> None:
    class Own(SwitchPower):
        def __init__(self, name: str) -> None:
            self.name = name
            self.status = True

    own = Own("x")
    assert (own.name, own.status, own.target) == ("x", True, False)
    assert connected(own) == []


@pytest.mark.parametrize(
    ("assign", "message"),
    [
        (lambda: setattr(SwitchPower(), "status", 1), "SwitchPower.status cannot be 1: it is a boolean"),
        (lambda: setattr(Dimming(), "level", 101), "Dimming.level cannot be 101: .* the allowedValueRange, 0 to 100"),
        (lambda: setattr(Dimming(), "level", "5"), "Dimming.level cannot be '5': .* not int"),
        (lambda: setattr(Slicer(), "kind", "Fromage"), "Slicer.kind cannot be 'Fromage': it must be a member of Kind"),
        (lambda: setattr(Slicer(), "mode", "Slow"), "Slicer.mode cannot be 'Slow': it must be a member of Mode"),
        (lambda: setattr(Slicer(), "mode", []), "it must be a member of Mode"),
        (lambda: Slicer().set_variable("CurrentMode", "Never"), "it must be a member of Mode"),
    ],
)
def test_a_value_that_a_variable_cannot_have_is_a_value_error(assign: Callable[[], None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assign()


def test_a_refused_value_changes_nothing() -> None:
    dimming = Dimming()
    changes = connected(dimming)
    with pytest.raises(ValueError, match="cannot be"):
        dimming.level = 101
    assert (dimming.level, changes) == (50, [])


def test_an_int_for_a_float_is_stored_as_a_float() -> None:
    class Tuner(ServiceHandler, service_type=SERVICE_TYPE):
        frequency: Annotated[float, StateVariable()] = 87

    tuner = Tuner()
    assert type(tuner.frequency) is float
    tuner.frequency = 100
    assert type(tuner.frequency) is float


def test_another_thread_may_not_assign_and_is_told_the_cure() -> None:
    switch = SwitchPower()
    changes = connected(switch)
    raised: list[BaseException] = []

    def assign() -> None:
        try:
            switch.status = True
        except RuntimeError as exc:
            raised.append(exc)

    thread = threading.Thread(target=assign)
    thread.start()
    thread.join()
    assert "trio.from_thread.run_sync(setattr, service, 'status', value)" in str(raised[0])
    assert (switch.status, changes) == (False, [])


def test_variables_are_set_by_the_names_of_the_scpd() -> None:
    slicer = Slicer()
    changes = connected(slicer)
    slicer.set_variable("CurrentMode", "Fast")
    slicer.set_variable("Kind", Kind.SAUSAGE)
    assert slicer.mode is Mode.FAST
    assert changes == [("CurrentMode", "Fast"), ("Kind", "Saucisson")]
    assert slicer.variables() == {"Remaining": 300, "Kind": "Saucisson", "CurrentMode": "Fast"}
    with pytest.raises(KeyError, match="Slicer has no state variable 'kind', only Remaining, Kind"):
        slicer.set_variable("kind", Kind.HAM)


def test_a_variable_without_a_value_is_left_out_until_it_has_one() -> None:
    class Late(ServiceHandler, service_type=SERVICE_TYPE):
        name: Annotated[str, StateVariable(evented=False)]

    late = Late()
    changes = connected(late)
    assert late.variables() == {}
    with pytest.raises(AttributeError, match=r"Late\.name has no value yet"):
        late.name  # noqa: B018
    late.name = ""
    assert (late.variables(), changes) == ({"Name": ""}, [("Name", "")])


def test_a_variable_cannot_be_deleted() -> None:
    with pytest.raises(AttributeError, match="always has a value"):
        del SwitchPower().status


def echo_of(kind: DataType, start: object) -> type[ServiceHandler]:
    def echo(self: ServiceHandler, value: object) -> object:
        self.set_variable("Value", value)
        return value

    # The type is only known at run time here.
    annotation: object = Annotated[kind.python_type, kind]
    echo.__annotations__.update({"value": annotation, "return": annotation})
    members: dict[str, object] = {
        "__annotations__": {"value": Annotated[kind.python_type, kind, StateVariable()]},
        "value": start,
        "echo": action(echo),
    }
    return types.new_class(
        "Echo", (ServiceHandler,), {"service_type": SERVICE_TYPE}, lambda names: names.update(members)
    )


@given(st.data(), data_types)
def test_every_value_of_every_data_type_goes_through(data: st.DataObject, kind: DataType) -> None:
    first, second = data.draw(values_of(kind)), data.draw(values_of(kind))
    echo = echo_of(kind, first)()
    changes = connected(echo)
    assert echo.variables() == {"Value": first}
    bound = echo.actions["Echo"]
    assert list(bound.results(bound.call(echo, {"Value": second}, CALLER))) == [("EchoResult", second)]
    assert echo.variables() == {"Value": second}
    assert changes == ([] if first == second else [("Value", second)])


# --- as a service of a device ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SwitchPower, Dimming, Slicer])
def test_the_service_has_the_types_the_document_and_the_handler(kind: type[ServiceHandler]) -> None:
    handler = kind()
    service = handler.as_service()
    assert service.handler is handler
    assert (service.service_type, service.service_id) == (kind.service_type, kind.service_id)
    assert service.scpd is not None
    assert parse_scpd(service.scpd) == kind.description


def test_the_usual_service_id_follows_from_the_type() -> None:
    assert Dimming.service_id == "urn:upnp-org:serviceId:Dimming"
    assert Slicer.service_id == "urn:example-com:serviceId:Slicer"
