"""The values of a call's arguments, and the texts of a result's."""

from __future__ import annotations

import pytest

from upnp_trio.control.arguments import MAX_STRING_CHARACTERS, result_texts, typed_arguments
from upnp_trio.errors import DescriptionError, UpnpError
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    ServiceDescription,
    VariableDescription,
)

SLICE = ActionDescription(
    name="Slice",
    arguments=(
        ArgumentDescription(name="Thickness", direction="in", related_state_variable="Thickness"),
        ArgumentDescription(name="Kind", direction="in", related_state_variable="Kind"),
        ArgumentDescription(name="Note", direction="in", related_state_variable="A_ARG_TYPE_Note"),
        ArgumentDescription(name="Remaining", direction="out", related_state_variable="Thickness"),
        ArgumentDescription(name="Label", direction="out", related_state_variable="A_ARG_TYPE_Note"),
    ),
)
HAM = ServiceDescription(
    actions=(SLICE,),
    variables=(
        VariableDescription(name="Thickness", data_type="ui2", allowed_range=AllowedRange(1, 20)),
        VariableDescription(name="Kind", data_type="string"),
        VariableDescription(name="A_ARG_TYPE_Note", data_type="string", evented=False),
    ),
)
GIVEN = {"Thickness": "3", "Kind": "raw", "Note": " as it is "}


def fault(*given: tuple[str, str], **changed: str) -> UpnpError:
    with pytest.raises(UpnpError) as caught:
        typed_arguments(HAM, SLICE, [*(GIVEN | changed).items(), *given])
    return caught.value


def test_arguments_get_the_values_of_their_data_types() -> None:
    assert typed_arguments(HAM, SLICE, GIVEN.items()) == {"Thickness": 3, "Kind": "raw", "Note": " as it is "}


def test_any_order_is_read_and_given_in_the_order_of_the_scpd() -> None:
    values = typed_arguments(HAM, SLICE, reversed(GIVEN.items()))
    assert list(values) == ["Thickness", "Kind", "Note"]


def test_arguments_that_the_action_does_not_have_are_ignored() -> None:
    extras = [("Extra", "1"), ("Extra", "2"), ("Remaining", "x"), ("thickness", "x")]
    assert typed_arguments(HAM, SLICE, [*extras, *GIVEN.items()])["Thickness"] == 3


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_argument_is_402(name: str) -> None:
    with pytest.raises(UpnpError, match=f"402.*{name} is missing"):
        typed_arguments(HAM, SLICE, [item for item in GIVEN.items() if item[0] != name])


def test_an_argument_that_comes_twice_is_402_even_with_the_same_text() -> None:
    error = fault(("Kind", "raw"))
    assert error.code == 402
    assert "Kind comes twice" in error.description


@pytest.mark.parametrize(
    ("changed", "code"), [({"Thickness": "21"}, 601), ({"Thickness": "70000"}, 600), ({"Thickness": "thin"}, 402)]
)
def test_a_value_that_its_variable_cannot_have_is_refused(changed: dict[str, str], code: int) -> None:
    assert fault(**changed).code == code


def test_a_string_has_a_bound() -> None:
    longest = "x" * MAX_STRING_CHARACTERS
    assert typed_arguments(HAM, SLICE, (GIVEN | {"Note": longest}).items())["Note"] == longest
    assert fault(Note=longest + "x").code == 605


def test_an_action_without_arguments_needs_none() -> None:
    assert typed_arguments(HAM, ActionDescription(name="Stop"), [("Extra", "")]) == {}


def test_a_result_has_the_texts_of_all_out_arguments_in_the_order_of_the_scpd() -> None:
    values = {"Label": "<b>", "Remaining": 7}
    assert result_texts(HAM, SLICE, values) == [("Remaining", "7"), ("Label", "<b>")]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Remaining": 7}, "Slice must give Remaining, Label, and gave Remaining"),
        ({}, "gave nothing"),
        ({"Remaining": 7, "Label": "", "More": 1}, "gave Remaining, Label, More"),
        ({"Remaining": 7, "More": 1}, "gave Remaining, More"),
        ({"Remaining": "x", "Label": ""}, "Slice gave Remaining = 'x': 'x' is of type str, not int"),
    ],
)
def test_a_wrong_result_of_a_handler_names_action_and_argument(values: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        result_texts(HAM, SLICE, values)


def test_an_argument_without_its_variable_is_a_mistake_in_the_description() -> None:
    with pytest.raises(DescriptionError, match="argument Thickness has the related state variable 'Thickness'"):
        typed_arguments(ServiceDescription(actions=(SLICE,)), SLICE, GIVEN.items())
