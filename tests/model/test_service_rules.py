"""UDA's rules for service descriptions: what breaks them is named, with its place and the rule."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.service_strategies import service_descriptions
from upnp_trio.model.datatypes import DataType
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    ServiceDescription,
    VariableDescription,
)
from upnp_trio.model.service_rules import flaws, service_violations


def _argument(name: str, direction: str = "in", related: str = "A", *, retval: bool = False) -> ArgumentDescription:
    return ArgumentDescription(
        name=name,
        direction=direction,  # type: ignore[arg-type]  # also wrong ones
        related_state_variable=related,
        retval=retval,
    )


def _action(*arguments: ArgumentDescription, name: str = "Get") -> ServiceDescription:
    return ServiceDescription(
        actions=[ActionDescription(name=name, arguments=arguments)],
        variables=[VariableDescription(name="A", data_type="ui1")],
    )


def _variable(data_type: str | DataType = "string", name: str = "A", **fields: object) -> ServiceDescription:
    return ServiceDescription(
        variables=[VariableDescription(name=name, data_type=data_type, **fields)]  # type: ignore[arg-type]  # any field
    )


def _ranged(data_type: str, *numbers: object, **fields: object) -> ServiceDescription:
    return _variable(data_type, allowed_range=AllowedRange(*numbers), **fields)  # type: ignore[arg-type]  # also wrong ones


OWN_TYPE = DataType("string", int, int, str, 0)
IN, OUT = _argument("b"), _argument("c", "out")

MUSTS = [
    #
    (_action(_argument("b", related="B")), "the argument b of the action Get: relatedStateVariable is 'B': UDA §2.5"),
    (_action(_argument("b", related="")), "relatedStateVariable is ''"),
    (_action(_argument("b", "inout")), "the argument b of the action Get: direction is 'inout'"),
    #
    (_action(OUT, IN), "the action Get: arguments is ['out', 'in']: UDA §2.5: all in arguments come before all out"),
    #
    (
        _action(_argument("b", retval=True)),
        "arguments is ['b']: UDA §2.5: only the first out argument may be the return",
    ),
    (_action(OUT, _argument("d", "out", retval=True)), "arguments is ['d']: UDA §2.5: only the first out argument"),
    (
        _action(_argument("c", "out", retval=True), _argument("d", "out", retval=True)),
        "arguments is ['c', 'd']: UDA §2.5: only the first out argument",
    ),
    #
    (_action(name="Get-It"), "the action Get-It: name is 'Get-It': UDA §2.5 wants a name of letters, digits"),
    (_action(name=""), "the action : name is ''"),
    (_action(name="Get#It"), "name is 'Get#It'"),
    (_action(name="1st"), "name is '1st'"),
    (_action(name="XmlIt"), "name is 'XmlIt'"),
    (_action(name="Größe"), "name is 'Größe'"),
    (_action(name="Get\n"), "name is 'Get\\n'"),
    (_action(_argument("b c")), "the argument b c of the action Get: name is 'b c'"),
    (_variable(name="A-B"), "the state variable A-B: name is 'A-B'"),
    # each name once
    (_action(IN, IN), "the action Get: arguments is 'b': UDA §2.5: 2 arguments of this action have this name"),
    (ServiceDescription(actions=[ActionDescription(name="Get")] * 3), "actions is 'Get': UDA §2.5: 3 actions"),
    (
        ServiceDescription(variables=[VariableDescription(name="A", data_type="ui1")] * 2),
        "variables is 'A': UDA §2.5: 2 variables of this service have this name",
    ),
    #
    (_variable(OWN_TYPE), "the state variable A: dataType is 'string': UDA §2.5 has ui1, "),
    (
        _variable("ui1", default=300),
        "the state variable A: defaultValue is 300: UDA §2.5: the variable must be able to",
    ),
    (_variable("ui1", default=True), "defaultValue is True"),
    (_variable("string", default="\x00"), "defaultValue is '\\x00'"),
    (_variable("string", default="z", allowed_values=["x"]), "it is not in the allowedValueList ('x',)"),
    (_ranged("ui1", 1, 9, default=0), "it is not within the allowedValueRange, 1 to 9"),
    #
    (
        _variable("ui1", allowed_values=["1"]),
        "the state variable A: allowedValueList is ('1',): UDA §2.5: only a string may have one, and this is a ui1",
    ),
    (_variable(allowed_values=["x", "x"]), "allowedValueList is 'x': UDA §2.5: 2 of the allowed values"),
    (_variable(allowed_values=["x", " y"]), "allowedValueList is ' y': white space around an allowed value is lost"),
    (_variable(allowed_values=["\x00"]), "allowedValueList is '\\x00': UDA §2.5 wants strings"),
    (_variable(allowed_values=[5]), "allowedValueList is 5: UDA §2.5 wants strings"),
    #
    (
        _ranged("string", 1, 2),
        "allowedValueRange is AllowedRange(minimum=1, maximum=2, step=None): UDA §2.5: only a num",
    ),
    (_ranged("boolean", 0, 1), "UDA §2.5: only a number may have one, and this is a boolean"),
    (_ranged("ui1", 9, 1), "UDA §2.5: the minimum must not be above the maximum"),
    (_ranged("ui1", -1, 9), "allowedValueRange: minimum is -1: UDA §2.5 wants a value of the data type"),
    (_ranged("ui1", 0, 256), "allowedValueRange: maximum is 256"),
    (_ranged("ui1", 0, 9, 0.5), "allowedValueRange: step is 0.5"),
    (_ranged("i1", 0, 9, -1), "allowedValueRange: step is -1: UDA §2.5 wants a step above 0"),
    (_ranged("r8", 0.0, 1.0, 0.0), "allowedValueRange: step is 0.0"),
    (_ranged("r8", 0.0, float("nan")), "allowedValueRange: maximum is nan"),
    (_ranged("r8", None, 1.0), "allowedValueRange: minimum is None"),
]


@pytest.mark.parametrize(("description", "message"), MUSTS, ids=[message for _, message in MUSTS])
def test_a_broken_must_is_one_flaw(description: ServiceDescription, message: str) -> None:
    (flaw,) = flaws(description)
    assert message in flaw


@pytest.mark.parametrize(
    ("description", "where"),
    [
        (_action(name="G" * 32), f"the action {'G' * 32}: name"),
        (_action(_argument("b" * 32)), f"the argument {'b' * 32} of the action Get: name"),
        (_variable(name="A" * 32), f"the state variable {'A' * 32}: name"),
        (_variable(allowed_values=["x" * 32]), "the state variable A: allowedValueList"),
    ],
)
def test_a_long_name_breaks_a_should_and_is_no_flaw(description: ServiceDescription, where: str) -> None:
    (violation,) = service_violations(description)
    assert (violation.where, violation.must) == (where, False)
    assert violation.rule == "UDA §2.5: it should be shorter than 32 characters and has 32"
    assert list(flaws(description)) == []


def test_all_flaws_are_found_in_the_order_of_the_document() -> None:
    description = ServiceDescription(
        actions=[ActionDescription(name="a-", arguments=[_argument("b-"), _argument("c", related="B")])],
        variables=[VariableDescription(name="A", data_type="ui1", default=-1)],
    )
    assert [flaw.partition(" is ")[0] for flaw in flaws(description)] == [
        "the action a-: name",
        "the argument b- of the action a-: name",
        "the argument c of the action a-: relatedStateVariable",
        "the state variable A: defaultValue",
    ]


def test_a_variable_has_one_kind_of_limits() -> None:
    both, _ = flaws(_ranged("string", 1, 2, allowed_values=["x"]))
    assert both == (
        "the state variable A is 'A': UDA §2.5: a variable has an allowedValueList or an allowedValueRange, not both"
    )


@given(service_descriptions())
def test_a_good_description_has_no_flaw(description: ServiceDescription) -> None:
    assert list(flaws(description)) == []


def test_names_may_have_dots_underscores_and_31_characters() -> None:
    for name in ("A_ARG_TYPE_Channel", "X_Vendor.Get", "_a1", "G" * 31):
        assert list(service_violations(_action(name=name))) == []


def test_a_service_without_anything_has_no_flaw() -> None:
    assert list(flaws(ServiceDescription())) == []
