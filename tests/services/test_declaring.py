"""Declarations: what a class means, and the mistakes in it."""

from __future__ import annotations

import datetime
import functools
import types
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar
from uuid import UUID

import pytest

import upnp_trio
from tests.services.examples import CALLER, SERVICE_TYPE, Dimming, Slicer, SwitchPower
from upnp_trio import (
    R8,
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    BinHex,
    Caller,
    DateTime,
    DescriptionError,
    In,
    Out,
    Range,
    ServiceDescription,
    ServiceHandler,
    StateVariable,
    Ui1,
    Ui2,
    VariableDescription,
    action,
)
from upnp_trio.model.datatypes import DATA_TYPES

M = TypeVar("M", bound=Callable[..., object])


def argument(name: str, direction: Literal["in", "out"], related: str, retval: bool = False) -> ArgumentDescription:
    return ArgumentDescription(name=name, direction=direction, related_state_variable=related, retval=retval)


# --- what a class means ----------------------------------------------------------------------------------------------


def test_the_switch_has_the_description_of_its_standard() -> None:
    assert SwitchPower.description == ServiceDescription(
        actions=[
            ActionDescription(name="SetTarget", arguments=[argument("newTargetValue", "in", "Target")]),
            ActionDescription(name="GetStatus", arguments=[argument("ResultStatus", "out", "Status")]),
        ],
        variables=[
            VariableDescription(name="Target", data_type="boolean", evented=False, default=False),
            VariableDescription(name="Status", data_type="boolean", default=False),
        ],
    )


def test_what_is_not_said_has_a_usual_name_and_type() -> None:
    assert Slicer.description == ServiceDescription(
        actions=[
            ActionDescription(
                name="Slice",
                arguments=[
                    argument("Thickness", "in", "A_ARG_TYPE_Thickness"),
                    argument("NewKind", "in", "Kind"),
                    argument("Count", "out", "Remaining", retval=True),
                    argument("Kind", "out", "Kind"),
                    argument("Mode", "out", "A_ARG_TYPE_Mode"),
                    argument("Colour", "out", "A_ARG_TYPE_Colour"),
                ],
            )
        ],
        variables=[
            VariableDescription(name="Remaining", data_type="ui4", multicast=True, default=300),
            VariableDescription(
                name="Kind", data_type="string", default="Jambon", allowed_values=["Jambon", "Saucisson"]
            ),
            VariableDescription(
                name="CurrentMode", data_type="string", evented=False, default="Slow", allowed_values=["Slow", "Fast"]
            ),
            VariableDescription(name="A_ARG_TYPE_Thickness", data_type="ui2", evented=False),
            VariableDescription(
                name="A_ARG_TYPE_Mode", data_type="string", evented=False, allowed_values=["Slow", "Fast"]
            ),
            VariableDescription(
                name="A_ARG_TYPE_Colour", data_type="string", evented=False, allowed_values=["Red", "Pink"]
            ),
        ],
    )
    remaining = Slicer.description.variables[0]
    assert (remaining.maximum_rate, remaining.minimum_delta) == (0.5, 2)


def test_a_range_gives_an_allowed_value_range() -> None:
    level, target = Dimming.description.variables[:2]
    assert level.allowed_range == AllowedRange(0, 100, None)
    assert (target.name, target.allowed_range) == ("A_ARG_TYPE_NewLoadLevelTarget", AllowedRange(0, 100, 5))


ALIASES = list(upnp_trio._HOMES["upnp_trio.services.types"])


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_stands_for_the_data_type_of_its_name(alias: str) -> None:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        value: Annotated[getattr(upnp_trio, alias), StateVariable(evented=False)]  # type: ignore[valid-type]

    found = Test.description.variables[0].data_type.name
    assert found.replace(".", "").lower() == alias.replace("_", "").lower()


PYTHON_TYPES: list[tuple[object, str]] = [
    (bool, "boolean"),
    (int, "i4"),
    (float, "r8"),
    (str, "string"),
    (bytes, "bin.base64"),
    (Decimal, "fixed.14.4"),
    (UUID, "uuid"),
    (datetime.date, "date"),
    (datetime.datetime, "dateTime.tz"),
    (datetime.time, "time"),
]


@pytest.mark.parametrize(("kind", "name"), PYTHON_TYPES)
def test_a_python_type_has_a_usual_data_type(kind: Any, name: str) -> None:  # noqa: ANN401
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        value: Annotated[kind, StateVariable(evented=False)]

    assert Test.description.variables[0].data_type.name == name


def test_every_data_type_can_be_declared() -> None:
    classes = [declare_named(name) for name in DATA_TYPES]
    assert [kind.description.variables[0].data_type.name for kind in classes] == list(DATA_TYPES)


def declare_named(name: str) -> type[ServiceHandler]:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        value: Annotated[DATA_TYPES[name].python_type, StateVariable(evented=False, data_type=name)]  # type: ignore[valid-type]

    return Test


def test_the_names_of_a_function_are_seen_in_annotations_that_are_text() -> None:
    class Local(Enum):
        ONE = "One"

    @dataclass
    class Results:
        one: Annotated[Local, Out("First")]

    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        class Inner(Enum):
            TWO = "Two"

        local: Annotated[Local, StateVariable()] = Local.ONE
        inner: Annotated[Inner, StateVariable()] = Inner.TWO

        @action
        def get(self, inner: Inner) -> Results:
            return Results(Local.ONE)

    assert [variable.allowed_values for variable in Test.description.variables[:2]] == [("One",), ("Two",)]
    test = Test()
    bound = test.actions["Get"]
    assert list(bound.results(bound.call(test, {"Inner": "Two"}, CALLER))) == [("First", "One")]


def test_an_awaitable_is_annotated_as_what_it_gives() -> None:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        @action
        def get(self) -> Awaitable[bool]:
            raise NotImplementedError

    assert [variable.data_type.name for variable in Test.description.variables] == ["boolean"]


def test_a_service_without_state_variables_is_served_with_one_that_is_not_used() -> None:
    class Bell(ServiceHandler, service_type=SERVICE_TYPE):
        @action
        def ring(self) -> None:
            pass

    document = Bell().as_service().scpd
    assert document is not None
    assert b"A_ARG_TYPE_Unused" in document


def test_a_start_value_may_stay_out_of_the_description() -> None:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        value: Annotated[int, StateVariable(describe_default=False)] = 7

    assert Test.description.variables[0].default is None
    assert Test().variables() == {"Value": 7}


def test_a_start_value_that_is_a_date_or_a_time_is_described_on_demand_only() -> None:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        date: Annotated[datetime.date, StateVariable()] = datetime.date(2026, 11, 24)
        moment: Annotated[DateTime, StateVariable()] = datetime.datetime(2026, 11, 24)
        time: Annotated[datetime.time, StateVariable()] = datetime.time(18, 8)
        described: Annotated[datetime.time, StateVariable(describe_default=True)] = datetime.time(18, 8)

    assert [variable.default for variable in Test.description.variables] == [None, None, None, datetime.time(18, 8)]
    assert Test().variables()["Date"] == datetime.date(2026, 11, 24)


def test_ordinary_attributes_and_methods_stay_ordinary() -> None:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        limit: ClassVar[int] = 3
        names: Annotated[list[str], "a note"]

        def helper(self, *args: object) -> object:
            return args

    assert Test.description == ServiceDescription()
    assert (Test.limit, Test().helper(1)) == (3, (1,))


def test_a_method_that_is_wrapped_is_still_an_action() -> None:
    def twice(method: M) -> M:
        @functools.wraps(method)
        def wrapped(self: object, value: int) -> object:
            return method(self, value * 2)

        return wrapped  # type: ignore[return-value]  # it has the method's signature

    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        @twice
        @action
        def get(self, value: int) -> int:
            return value

    test = Test()
    assert test.actions["Get"].call(test, {"Value": 2}, CALLER) == 4


# --- inheritance -----------------------------------------------------------------------------------------------------


class Named(ServiceHandler):
    """A mix-in."""

    name: Annotated[str, StateVariable()] = "none"

    @action
    def get_name(self) -> Annotated[str, Out("Name", "Name")]:
        return self.name


class NamedSwitch(Named, SwitchPower):
    status = True
    count: Annotated[Ui1, StateVariable()] = 0

    @action("GetCount")
    def get_count(self) -> Annotated[Ui1, Out("Count", "Count")]:
        return self.count

    def get_status(self) -> bool:
        return not super().get_status()


def test_a_class_without_a_service_type_is_a_mix_in() -> None:
    assert not hasattr(Named, "description")
    assert not hasattr(Named, "service_type")
    with pytest.raises(DescriptionError, match="Named is a mix-in: it has no service_type"):
        Named().as_service()


def test_a_subclass_adds_replaces_and_overrides() -> None:
    names = [variable.name for variable in NamedSwitch.description.variables]
    assert names == ["Target", "Status", "Name", "Count"]
    assert list(NamedSwitch.actions) == ["SetTarget", "GetStatus", "GetName", "GetCount"]
    assert NamedSwitch.service_type == SwitchPower.service_type
    switch = NamedSwitch()
    assert switch.variables() == {"Target": False, "Status": True, "Name": "none", "Count": 0}
    bound = switch.actions["GetStatus"]
    assert list(bound.results(bound.call(switch, {}, CALLER))) == [("ResultStatus", False)]
    assert SwitchPower().variables() == {"Target": False, "Status": False}
    assert list(SwitchPower.actions) == ["SetTarget", "GetStatus"]


def test_a_variable_that_is_declared_again_keeps_its_start_value() -> None:
    class Quiet(SwitchPower):
        status: Annotated[bool, StateVariable("Status", evented=False)]

    assert [variable.evented for variable in Quiet.description.variables] == [False, False]
    assert Quiet().variables()["Status"] is False


class Attributed(SwitchPower):
    """Writes the actions of the switch again, without their markers."""

    @action
    async def set_target(self, new_target_value: bool, caller: Caller) -> None:  # type: ignore[override]
        self.target = self.status = new_target_value

    @action
    def get_status(self) -> bool:
        return True


class Careful(Dimming):
    @action
    def set_load_level_target(self, new_load_level_target: int, *, caller: Caller) -> None:  # type: ignore[override]
        self.level = new_load_level_target + len(caller.interface)


def test_an_action_that_is_written_again_keeps_the_markers_that_it_does_not_repeat() -> None:
    assert Attributed.description == SwitchPower.description
    assert Careful.description == Dimming.description
    dimming = Careful()
    dimming.actions["SetLoadLevelTarget"].call(dimming, {"NewLoadLevelTarget": 5}, CALLER)
    assert dimming.level == 5 + len("eth0")


def test_an_action_that_is_written_again_may_have_other_markers() -> None:
    class Other(Dimming):
        @action("SetLevel")
        def set_load_level_target(self, new_load_level_target: Annotated[Ui2, In("Level")]) -> None:
            self.level = new_load_level_target

        @action
        def get_load_level_status(self) -> str:  # type: ignore[override]
            return "50"

    set_level, get_status = Other.description.actions
    assert set_level == ActionDescription(name="SetLevel", arguments=[argument("Level", "in", "A_ARG_TYPE_Level")])
    types = {variable.name: variable.data_type.name for variable in Other.description.variables}
    assert (types["A_ARG_TYPE_Level"], types[get_status.arguments[0].related_state_variable]) == ("ui2", "string")


# --- mistakes --------------------------------------------------------------------------------------------------------


def bad_class(base: type, members: Mapping[str, object]) -> Callable[[], type]:
    """What makes a class ``Bad`` of these members."""

    def fill(namespace: dict[str, object]) -> None:
        namespace.update(members, __module__=__name__)

    return lambda: types.new_class("Bad", (base,), {"service_type": SERVICE_TYPE}, fill)


def variable(annotation: object, *start: object, name: str = "value") -> Callable[[], type]:
    members: dict[str, object] = {"__annotations__": {name: annotation}}
    if start:
        members[name] = start[0]
    return bad_class(ServiceHandler, members)


def method(function: object, *more: object) -> Callable[[], type]:
    members = {getattr(item, "__name__", "get"): item for item in (function, *more)}
    return bad_class(ServiceHandler, members)


class Wrong(IntEnum):
    ONE = 1


class Pair(NamedTuple):
    one: Annotated[int, Out("One")]
    two: Annotated[int, Out("Two", retval=True)]


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (variable(Annotated[int, StateVariable()]), "Bad.value: it is evented and has no start value"),
        (variable(Annotated[int, StateVariable()], "1"), "Bad.value: it cannot start with '1': .* not int"),
        (variable(Annotated[Ui1, StateVariable()], 256), "it cannot start with 256: .* ui1's bounds"),
        (variable(Annotated[Ui1, StateVariable(), Range(1, 9)], 0), "it cannot start with 0: .* 1 to 9"),
        (variable(Annotated[Literal["A"], StateVariable()], "B"), "it cannot start with 'B'"),
        (variable(Annotated[list[int], StateVariable()]), r"there is no data type for list\[int\]"),
        (variable(Annotated[bool | None, StateVariable()]), r"there is no data type for bool \| None"),
        (variable(Annotated[object, StateVariable()]), "there is no data type for object"),
        (variable(Annotated[int, StateVariable(data_type="ui3")]), "'ui3' is not a data type"),
        (variable(Annotated[int, StateVariable(data_type="r8")]), "a value of data type r8 is float, not int"),
        (variable(Annotated[Ui1, StateVariable(data_type="ui2")]), "it is both ui1 and ui2"),
        (variable(Annotated[Ui1, DATA_TYPES["ui2"], StateVariable()]), "it has 2 markers DataType; it can have one"),
        (variable(Annotated[int, StateVariable]), r"StateVariable lacks its parentheses; write StateVariable\(...\)"),
        (variable(Annotated[int, In()]), "In and Out are for parameters and results"),
        (variable(Annotated[Wrong, StateVariable()]), "the allowed value 1 is of type int; .* strings only"),
        (variable(Annotated[Literal["A", 1], StateVariable()]), "the allowed value 1 is of type int"),
        (variable(Annotated[Literal["A"], StateVariable(data_type="uri")]), "it is uri, .* for string only"),
        (variable(Annotated[str, StateVariable(), Range(0, 1)], ""), "Range, .* for numbers only, not for string"),
        (variable(Annotated[Ui1, StateVariable(), Range(0, 256)], 0), "the Range has the bound 256: .* ui1's bounds"),
        (variable(Annotated[Ui1, StateVariable(), Range(0, 1.5)], 0), "the Range has the bound 1.5"),
        (variable(Annotated[R8, StateVariable(), Range(2, 1)], 0), "minimum 2.0 is above its maximum 1.0"),
        (variable(Annotated[R8, StateVariable(), Range(0, 1, 0)], 0), "the Range's step is 0.0; it must be above 0"),
        (
            variable(Annotated[bool, StateVariable("a-b")], True),
            "Bad.value: its name in the SCPD is 'a-b'; UDA §2.5 wants",
        ),
        (variable(Annotated[bool, StateVariable("a#b")], True), "its name in the SCPD is 'a#b'"),
        (variable(Annotated[bool, StateVariable()], True, name="connect"), "Bad.connect: ServiceHandler has this name"),
        (variable(Annotated[bool, StateVariable()], True, name="description"), "Bad.description: ServiceHandler has"),
        (variable("Annotated[Nothing, StateVariable()]"), "Bad.value: .* name 'Nothing' is not defined.*TYPE_CHECKING"),
        (variable("Annotated[int"), "Bad.value: the annotation 'Annotated.int' cannot be read"),
    ],
)
def test_a_mistake_at_a_variable_is_named(declare: Callable[[], type], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        declare()


@action
def bare(self, value) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
@action
def no_result(self: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    ...
@action
def many(self: object, *values: int) -> None: ...
@action
def any_names(self: object, **values: int) -> None: ...
@action
def selfless() -> None: ...
@action
def keyword_self(*, self: object) -> None: ...
@action
def out_in(self: object, value: Annotated[int, Out()]) -> None: ...
@action
def in_out(self: object) -> Annotated[int, In()]:
    return 0


@action
def state_in(self: object, value: Annotated[int, StateVariable()]) -> None: ...
@action
def unknown(self: object, value: Annotated[int, In("Value", "Volume")]) -> None: ...
@action
def wrong_type(self: object, value: list[int]) -> None: ...
@action
def late_retval(self: object) -> Pair:
    return Pair(1, 2)


@action
def out_of_record(self: object) -> Annotated[Pair, Out()]:
    return Pair(1, 2)


@action("a-b")
def bad_name(self: object) -> None: ...
@action
def bad_argument(self: object, value: Annotated[int, In("a b")]) -> None: ...
@action
def twice(self: object, a: Annotated[int, In("A")], b: Annotated[int, In("A")]) -> None: ...
@action("Bare")
def first(self: object, value: int) -> None: ...
@action("Bare")
def second(self: object) -> None: ...
@action
def other(self: object, value: str) -> None: ...
@action
def connect(self: object) -> None: ...


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (method(bare), "Bad.bare, parameter 'value': it has no annotation"),
        (method(no_result), "Bad.no_result: its result has no annotation; write '-> None'"),
        (method(many), "Bad.many, parameter 'values': an action has no variable arguments"),
        (method(any_names), "Bad.any_names, parameter 'values': an action has no variable arguments"),
        (method(selfless), "Bad.selfless: it has no parameter self"),
        (method(keyword_self), "Bad.keyword_self: it has no parameter self"),
        (method(action(staticmethod(selfless))), "Bad.selfless: an action is a method with self"),
        (
            method(action(classmethod(bare))),  # type: ignore[call-overload]  # a type checker sees this mistake
            "Bad.bare: an action is a method with self",
        ),
        (method(out_in), "Bad.out_in, parameter 'value': Out is for results"),
        (method(in_out), "Bad.in_out, its result: In is for parameters"),
        (method(state_in), "Bad.state_in, parameter 'value': StateVariable is for attributes"),
        (method(unknown), "Bad.unknown, parameter 'value': there is no state variable Volume; declare it"),
        (method(wrong_type), r"Bad.wrong_type, parameter 'value': there is no data type for list\[int\]"),
        (method(late_retval), "Bad.late_retval, its result, field Pair.two: retval is for the first result"),
        (method(out_of_record), "Bad.out_of_record, its result: Pair holds several results"),
        (method(bad_name), "Bad.bad_name: its name in the SCPD is 'a-b'"),
        (method(bad_argument), "Bad.bad_argument, parameter 'value': its name in the SCPD is 'a b'"),
        (method(twice), "Bad.twice: it has two arguments called A"),
        (method(first, second), "Bad.second: another method is the action Bare"),
        (method(first, other), "Bad.other, parameter 'value': another argument has the type A_ARG_TYPE_Value"),
        (method(connect), "Bad.connect: ServiceHandler has this name for itself"),
    ],
)
def test_a_mistake_at_an_action_is_named(declare: Callable[[], type], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        declare()


class Volume(ServiceHandler):
    volume: Annotated[Ui2, StateVariable(), Range(0, 100)] = 0
    mode: Annotated[Literal["A", "B"], StateVariable()] = "A"
    raw: Annotated[BinHex, StateVariable()] = b""


def set_volume(annotation: object) -> Callable[[], type]:
    def set_it(self: object, value: int) -> None: ...

    set_it.__annotations__["value"] = annotation
    members = {"set_it": action(set_it)}
    return bad_class(Volume, members)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotated[str, In("V", "Volume")], "it is str, but Volume has the data type ui2, whose values are int"),
        (Annotated[Ui1, In("V", "Volume")], "it is ui1, but Volume has the data type ui2"),
        (Annotated[int, In("V", "Volume"), Range(0, 9)], "its Range is .*, but Volume has AllowedRange"),
        (Annotated[Literal["A", "C"], In("V", "Mode")], "it allows A, C, but Mode has A, B"),
        (Annotated[Literal["A"], In("V", "A_ARG_TYPE_X"), Range(0, 1)], "Range, .* numbers only"),
    ],
)
def test_an_argument_that_does_not_fit_its_related_variable_is_named(annotation: object, message: str) -> None:
    with pytest.raises(DescriptionError, match=f"Bad.set_it, parameter 'value': .*{message}"):
        set_volume(annotation)()


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, In("V", "Volume")],
        Annotated[Ui2, In("V", "Volume"), Range(0, 100)],
        Annotated[str, In("V", "Mode")],
        Annotated[Literal["B", "A"], In("V", "Mode")],
        Annotated[bytes, In("V", "Raw")],
    ],
)
def test_an_argument_may_be_less_precise_than_its_related_variable(annotation: object) -> None:
    assert set_volume(annotation)()


def test_two_variables_cannot_have_one_name() -> None:
    with pytest.raises(DescriptionError, match=r"Bad\.b: a is called X, too"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE):
            a: Annotated[int, StateVariable("X")] = 0
            b: Annotated[int, StateVariable("X")] = 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"service_type": "urn:x:device:Y:1"}, "Bad: .*must read 'urn:<domain>:service:<type>:<version>'"),
        ({"service_type": "urn:a.b:service:Y:1"}, "must name its domain with '-'"),
        ({"service_type": SERVICE_TYPE, "service_id": "Test"}, "it must read 'urn:<domain>:serviceId:<id>'"),
        ({"service_id": "urn:upnp-org:serviceId:Test"}, "Bad: it has no service_type"),
        ({"service_type": SERVICE_TYPE, "optional": ["X"]}, "Bad: optional is for a class with an SCPD"),
    ],
)
def test_a_mistake_in_the_parentheses_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):

        class Bad(ServiceHandler, **arguments):
            pass


def test_a_type_or_an_id_in_the_body_of_the_class_is_a_mistake() -> None:
    with pytest.raises(DescriptionError, match=r"Bad\.service_id: write it in the parentheses: class Bad"):

        class Bad(ServiceHandler, service_type=SERVICE_TYPE):
            service_id = "urn:upnp-org:serviceId:Test"


def test_an_override_that_does_not_take_the_arguments_is_a_mistake() -> None:
    with pytest.raises(DescriptionError, match=r"Bad\.set_target: it does not take the arguments of the action Switch"):

        class Bad(SwitchPower):
            async def set_target(self) -> None:  # type: ignore[override]
                pass

    with pytest.raises(DescriptionError, match=r"Worse\.set_target: it is not a method"):

        class Worse(SwitchPower):
            set_target = None  # type: ignore[assignment]


def test_an_override_of_a_start_value_is_checked() -> None:
    with pytest.raises(DescriptionError, match=r"Bad\.status: it cannot start with 'on'"):

        class Bad(SwitchPower):
            status = "on"  # type: ignore[assignment]


def test_action_is_for_methods() -> None:
    with pytest.raises(DescriptionError, match="@action is for methods, and 5 is none"):
        action(5)  # type: ignore[call-overload]


def test_a_caller_may_come_anywhere() -> None:
    class Test(ServiceHandler, service_type=SERVICE_TYPE):
        @action
        def get(self, caller: Caller, value: int, *, again: Caller, kind: Annotated[str, In()]) -> str:
            return f"{caller.address} {value} {again.address} {kind}"

    test = Test()
    assert test.actions["Get"].call(test, {"Kind": "x", "Value": 1}, CALLER) == "192.0.2.7 1 192.0.2.7 x"


def test_the_task_of_a_service_is_async() -> None:
    with pytest.raises(DescriptionError, match=r"^Bad: run_while_served is awaited; write async def$"):

        class Bad(ServiceHandler, service_type="urn:example-com:service:Bad:1"):
            def run_while_served(self) -> None:  # type: ignore[override]  # it is wrong
                """Not async."""
