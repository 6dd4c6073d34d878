"""The arguments of calls and results as a control point has them: strict in what it sends, lenient in what it reads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service_strategies import data_types, values_of
from upnp_trio.control.arguments import call_texts, result_texts, result_values, typed_arguments
from upnp_trio.model.datatypes import DataType
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    Direction,
    ServiceDescription,
    VariableDescription,
)


def _argument(name: str, direction: Direction, variable: str) -> ArgumentDescription:
    return ArgumentDescription(name=name, direction=direction, related_state_variable=variable)


SLICE = ActionDescription(
    name="Slice",
    arguments=(
        _argument("Thickness", "in", "A_ARG_TYPE_Thickness"),
        _argument("Kind", "in", "Kind"),
        _argument("Weight", "in", "Weight"),
        _argument("Remaining", "out", "A_ARG_TYPE_Thickness"),
        _argument("Label", "out", "Nothing"),
    ),
)
COUNT = ActionDescription(name="GetCount", arguments=[_argument("NewTotalPackets", "out", "A_ARG_TYPE_Thickness")])
HAM = ServiceDescription(
    actions=(SLICE, COUNT),
    variables=(
        VariableDescription(name="A_ARG_TYPE_Thickness", data_type="ui2", allowed_range=AllowedRange(2, 20, 2)),
        VariableDescription(name="Kind", data_type="string", allowed_values=["raw", "cooked"]),
        VariableDescription(name="Weight", data_type="r8"),
    ),
)
GIVEN: dict[str, object] = {"Weight": 2, "Kind": "raw", "Thickness": 4}


# --- calls -----------------------------------------------------------------------------------------------------------


def test_the_texts_of_a_call_are_in_the_order_of_the_scpd() -> None:
    assert call_texts(HAM, SLICE, GIVEN) == [("Thickness", "4"), ("Kind", "raw"), ("Weight", "2.0")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Kid": "raw"}, "Slice has no argument 'Kid'; did you mean Kind?"),
        ({"thickness": 4}, "Slice has no argument 'thickness'; did you mean Thickness?"),
        ({"Remaining": 4}, "Slice has no argument 'Remaining'; the arguments are Thickness, Kind, Weight"),
        ({"Thickness": 22}, "Slice cannot be called: Thickness is 22: it is not within the allowedValueRange, 2 to 20"),
        ({"Thickness": 3}, "Slice cannot be called: Thickness is 3: it is not a multiple of the step 2 above 2"),
        ({"Thickness": "4"}, "Slice cannot be called: Thickness is a ui2: '4' is of type str, not int"),
        ({"Thickness": True}, "Slice cannot be called: Thickness is a ui2: True is of type bool, not int"),
        (
            {"Kind": "smoked"},
            "Slice cannot be called: Kind is 'smoked': it is not in the allowedValueList ('raw', 'cooked')",
        ),
        ({"Weight": Decimal(1)}, "Slice cannot be called: Weight is a r8: Decimal('1') is of type Decimal, not float"),
    ],
)
def test_a_call_that_the_scpd_does_not_allow_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared below
        call_texts(HAM, SLICE, GIVEN | change)
    assert str(caught.value) == message


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_argument_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"Slice needs {name}; its arguments are Thickness, Kind, Weight"):
        call_texts(HAM, SLICE, {other: value for other, value in GIVEN.items() if other != name})


def test_an_argument_without_a_variable_is_a_string() -> None:
    action = ActionDescription(name="Say", arguments=[_argument("Words", "in", "Nothing")])
    assert call_texts(HAM, action, {"Words": "a & b"}) == [("Words", "a & b")]


# --- results ---------------------------------------------------------------------------------------------------------


def read(action: ActionDescription, *given: tuple[str, str]) -> tuple[dict[str, object], list[str]]:
    forgiven: list[str] = []
    return result_values(HAM, action, given, forgiven), forgiven


def test_results_have_the_values_of_their_data_types() -> None:
    assert read(SLICE, ("Label", " a "), ("Remaining", "4")) == ({"Remaining": 4, "Label": " a "}, [])


@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [
        (
            [("Remaining", "NOT_IMPLEMENTED"), ("Label", "")],  # media renderers
            {"Remaining": "NOT_IMPLEMENTED", "Label": ""},
            ["Remaining is left as text and not read as ui2: 'NOT_IMPLEMENTED' is not an integer"],
        ),
        (
            [("Remaining", "70000"), ("Label", "")],
            {"Remaining": "70000", "Label": ""},
            ["Remaining is left as text and not read as ui2: 70000 is not within ui2's bounds, 0 to 65535"],
        ),
        (
            [("Remaining", "30"), ("Label", "")],
            {"Remaining": 30, "Label": ""},
            ["Remaining is 30: it is not within the allowedValueRange, 2 to 20"],
        ),
        ([("Label", "")], {"Label": ""}, ["the answer has no Remaining"]),
        ([], {}, ["the answer has no Remaining", "the answer has no Label"]),
        (
            [("remaining", "4"), ("LABEL", "x")],
            {"Remaining": 4, "Label": "x"},
            ["the answer calls Remaining remaining", "the answer calls Label LABEL"],
        ),
        (
            [("Remaining", "4"), ("Remaining", "6"), ("Label", "")],
            {"Remaining": 4, "Label": ""},
            ["the answer has Remaining more than once; the first one counts"],
        ),
        (
            # a television's GetChannelListURL: async_upnp_client #37
            [("Remaining", "4"), ("Label", ""), ("ChannelListType", "0x01")],
            {"Remaining": 4, "Label": "", "ChannelListType": "0x01"},
            ["the answer has ChannelListType, which the description of Slice does not have"],
        ),
    ],
)
def test_an_answer_is_read_as_far_as_it_can_be(
    given: list[tuple[str, str]], values: dict[str, object], expected: list[str]
) -> None:
    assert read(SLICE, *given) == (values, expected)


def test_the_only_value_of_an_answer_may_have_another_name() -> None:
    # home-assistant/core #39276
    values, forgiven = read(COUNT, ("NewTotalPacket", "4"))
    assert values == {"NewTotalPackets": 4}
    assert forgiven == ["the answer calls NewTotalPackets NewTotalPacket"]


def test_a_result_that_the_scpd_names_twice_is_read() -> None:
    twice = ActionDescription(name="Get", arguments=[*COUNT.arguments, *COUNT.arguments])
    assert read(twice, ("NewTotalPackets", "4")) == ({"NewTotalPackets": 4}, [])


@given(st.lists(st.tuples(st.sampled_from(["Remaining", "Label", "label", "X", "NewTotalPackets"]), st.text())))
def test_any_answer_is_read(given: list[tuple[str, str]]) -> None:
    for action in HAM.actions:
        values, forgiven = read(action, *given)
        assert list(values) == [name for name in values if isinstance(name, str)]
        if not forgiven:
            assert values.keys() == {argument.name for argument in action.out_arguments}


# --- both sides ------------------------------------------------------------------------------------------------------


@given(data_types.flatmap(lambda kind: st.tuples(st.just(kind), values_of(kind))))
def test_what_one_side_writes_the_other_one_reads(typed: tuple[DataType, object]) -> None:
    kind, value = typed
    echo = ActionDescription(name="Echo", arguments=[_argument("In", "in", "V"), _argument("Out", "out", "V")])
    service = ServiceDescription(actions=[echo], variables=[VariableDescription(name="V", data_type=kind)])
    received = typed_arguments(service, echo, call_texts(service, echo, {"In": value}))
    assert result_values(service, echo, result_texts(service, echo, {"Out": received["In"]})) == {"Out": value}
