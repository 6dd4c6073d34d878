"""Values of a state variable: which ones it can have, and the error for each other one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service_strategies import values_of, variable_descriptions
from upnp_trio.errors import UpnpError
from upnp_trio.model.datatypes import DATA_TYPES
from upnp_trio.model.service import AllowedRange, Number, VariableDescription
from upnp_trio.model.values import check_value, read_value, zero


def _variable(data_type: str, **fields: object) -> VariableDescription:
    return VariableDescription(name="A", data_type=data_type, **fields)  # type: ignore[arg-type]  # any field


def _ranged(data_type: str, minimum: Number, maximum: Number, step: Number | None = None) -> VariableDescription:
    return _variable(data_type, allowed_range=AllowedRange(minimum, maximum, step))


VOLUME = _ranged("ui2", 0, 100, 5)
CHANNEL = _variable("string", allowed_values=["Master", "LF"])


def _refusal(variable: VariableDescription, text: str) -> UpnpError:
    with pytest.raises(UpnpError) as caught:
        read_value(variable, text)
    return caught.value


def test_a_text_is_read_as_the_data_type_of_its_variable() -> None:
    assert read_value(VOLUME, " +50 ") == 50
    assert read_value(CHANNEL, "LF") == "LF"
    assert read_value(_variable("boolean"), "yes") is True


@pytest.mark.parametrize(
    ("variable", "text", "code", "reason"),
    [
        (VOLUME, "loud", 402, "Invalid Args: A: 'loud' is not an integer"),
        (VOLUME, "", 402, "Invalid Args: A: '' is not an integer"),
        (VOLUME, "70000", 600, "Argument Value Invalid: A: 70000 is not within ui2's bounds, 0 to 65535"),
        (VOLUME, "-1", 600, "Argument Value Invalid: A: -1 is not within ui2's bounds, 0 to 65535"),
        (
            VOLUME,
            "105",
            601,
            "Argument Value Out of Range: A: 105 is not within the allowedValueRange, 0 to 100",
        ),
        (VOLUME, "52", 601, "Argument Value Out of Range: A: 52 is not a multiple of the step 5 above 0"),
        (
            CHANNEL,
            "master",
            601,
            "Argument Value Out of Range: A: 'master' is not in the allowedValueList ('Master', 'LF')",
        ),
        (CHANNEL, " LF", 601, "Argument Value Out of Range: A: ' LF' is not in the allowedValueList ('Master', 'LF')"),
    ],
)
def test_an_error_has_udas_code_and_says_why(variable: VariableDescription, text: str, code: int, reason: str) -> None:
    error = _refusal(variable, text)
    assert (error.code, error.description) == (code, reason)


def test_an_error_does_not_repeat_a_long_text() -> None:
    for variable in (VOLUME, CHANNEL, _variable("uuid"), _variable("bin.hex")):
        assert len(_refusal(variable, "x" * 100_000).description) < 250


@pytest.mark.parametrize(
    ("variable", "allowed", "refused"),
    [
        (_ranged("i2", -10, 10), ["-10", "0", "10"], ["-11", "11"]),
        (_ranged("i2", -10, 10, 3), ["-10", "-7", "-1", "8"], ["-9", "0", "10"]),
        (_ranged("r8", 0.0, 1.0, 0.1), ["0", "0.1", "0.3", "0.30000000000000004", "0.7", "1"], ["0.05", "1.1"]),
        (_ranged("r8", 0.05, 1.0, 0.1), ["0.05", "0.15", "0.95"], ["0.1", "1"]),
        (_ranged("r8", 0, 1e300, 1e-300), ["0", "1e299"], ["-1"]),
        (_ranged("fixed.14.4", Decimal("0.5"), Decimal(2), Decimal("0.25")), ["0.5", "0.75", "2.0"], ["0.6", "2.25"]),
        (_ranged("fixed.14.4", 0, 2, 0.5), ["0.5", "2"], ["0.6"]),
        (_ranged("ui8", 0, 2**64 - 1, 2**32), [str(2**63)], [str(2**63 + 1)]),
        # a vendor's list of numbers, and one's range of texts
        (_variable("ui1", allowed_values=["1", "02"]), ["1", "2"], ["3"]),
        (_variable("string", allowed_range=AllowedRange(0, 1)), ["5"], []),
        (_variable("boolean", allowed_range=AllowedRange(0, 0)), ["0", "1"], []),
    ],
)
def test_a_value_is_within_its_range_and_on_a_step(
    variable: VariableDescription, allowed: list[str], refused: list[str]
) -> None:
    for text in allowed:
        check_value(variable, read_value(variable, text))
    for text in refused:
        assert _refusal(variable, text).code == 601


@given(st.data())
def test_the_value_that_is_read_can_be_assigned(data: st.DataObject) -> None:
    variable = data.draw(variable_descriptions())
    text = variable.data_type.render(data.draw(values_of(variable.data_type)))
    try:
        value = read_value(variable, text)
    except UpnpError as error:
        assert error.code == 601  # noqa: PT017  # a value of the data type may be read or not
        with pytest.raises(ValueError, match="allowedValue"):
            check_value(variable, variable.data_type.parse(text))
        return
    check_value(variable, value)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (VOLUME, 101, "A is 101: it is not within the allowedValueRange, 0 to 100"),
        (VOLUME, 7, "A is 7: it is not a multiple of the step 5 above 0"),
        (VOLUME, True, "A is a ui2: True is of type bool, not int"),
        (VOLUME, "50", "A is a ui2: '50' is of type str, not int"),
        (VOLUME, None, "A is a ui2: None is of type NoneType, not int"),
        (VOLUME, -1, "A is a ui2: -1 is not within ui2's bounds, 0 to 65535"),
        (CHANNEL, "RF", "A is 'RF': it is not in the allowedValueList ('Master', 'LF')"),
    ],
)
def test_a_wrong_assignment_names_variable_value_and_rule(
    variable: VariableDescription, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=r"^A is") as caught:
        check_value(variable, value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (_variable("ui1"), 0),
        (_variable("boolean"), False),
        (_variable("string"), ""),
        (_variable("string", default="x", allowed_values=["y", "x"]), "x"),
        (_variable("string", default="", allowed_values=["y", ""]), ""),
        (CHANNEL, "Master"),
        (_variable("ui1", default=7, allowed_range=AllowedRange(5, 9)), 7),
        (_ranged("ui1", 5, 9), 5),
        (_ranged("string", 5, 9), ""),
        (_ranged("r8", 5, 9), 5.0),
        (_ranged("fixed.14.4", 5, 9), Decimal(5)),
        (_variable("dateTime.tz"), datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_variable_starts_with_its_default_or_the_first_value_that_it_can_have(
    variable: VariableDescription, value: object
) -> None:
    start = zero(variable)
    assert (start, type(start)) == (value, type(value))


@given(variable_descriptions())
def test_every_variable_can_have_the_value_that_it_starts_with(variable: VariableDescription) -> None:
    check_value(variable, zero(variable))
    assert type(zero(variable)) is variable.data_type.python_type


@pytest.mark.parametrize("name", DATA_TYPES)
def test_a_variable_without_limits_has_any_value_of_its_type(name: str) -> None:
    check_value(_variable(name), DATA_TYPES[name].zero)
