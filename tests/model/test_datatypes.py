"""Data types: each value is written as UDA says, and what is written reads as the same value."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service_strategies import data_types, values_of, xml_characters
from upnp_trio.errors import DescriptionError
from upnp_trio.model.datatypes import DATA_TYPES, DataType, data_type, default_data_type
from upnp_trio.model.value_errors import NoSuchValue

ID = UUID("e427ce1a-3e80-43d0-ad6f-89ec42e46363")
BERLIN = timezone(timedelta(hours=1))
INTEGERS = ["ui1", "ui2", "ui4", "ui8", "i1", "i2", "i4", "i8", "int"]
FLOATS = ["r4", "r8", "number", "float"]


class Level(IntEnum):
    LOW = 3


class Channel(StrEnum):
    MASTER = "Master"


class Mixed(str, Enum):  # noqa: UP042  # not a StrEnum: str() of its members is their name
    MASTER = "Master"


class SubMinute(tzinfo):
    """A zone that is an hour and some seconds from UTC."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1, seconds=8)

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return "LMT"


def test_the_types_are_those_of_uda() -> None:
    assert " ".join(DATA_TYPES) == (
        "ui1 ui2 ui4 ui8 i1 i2 i4 i8 int r4 r8 number fixed.14.4 float char string "
        "date dateTime dateTime.tz time time.tz boolean bin.base64 bin.hex uri uuid"
    )
    assert all(data_type(name).name == name for name in DATA_TYPES)


@pytest.mark.parametrize("name", ["", "ui3", "UI4", "xml", "string "])
def test_other_names_are_no_data_types(name: str) -> None:
    with pytest.raises(DescriptionError, match=r"is not a data type; UDA §2\.5 has ui1"):
        data_type(name)


@given(st.data())
def test_a_value_that_is_rendered_and_parsed_is_the_same(data: st.DataObject) -> None:
    kind = data.draw(data_types)
    value = data.draw(values_of(kind))
    text = kind.render(value)
    parsed = kind.parse(text)
    assert parsed == value
    assert type(parsed) is kind.python_type
    assert kind.render(parsed) == text


@given(data_types, st.text() | st.text("0123456789+-.eE:TZ ") | st.text("0123456789abcdef-"))
def test_any_text_is_a_value_or_a_value_error(kind: DataType, text: str) -> None:
    try:
        value = kind.parse(text)
    except ValueError:
        return
    assert kind.parse(kind.render(value)) == value


@given(
    data_types,
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.decimals(),
        st.text(),
        st.binary(),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.uuids(),
        st.lists(st.integers()),
    ),
)
def test_any_value_is_rendered_so_that_it_reads_the_same_or_is_a_value_error(kind: DataType, value: object) -> None:
    try:
        text = kind.render(value)
    except ValueError:
        return
    assert kind.parse(text) == value


# --- numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", INTEGERS)
def test_an_integer_is_tolerated_with_a_sign_zeros_and_white_space(name: str) -> None:
    kind = data_type(name)
    for text in ("5", "+5", " 5", "5\n", "\t 5 \r\n", "0005", "+005"):
        assert kind.parse(text) == 5
    assert kind.parse("-0") == 0


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("text", ["", " ", "five", "5.0", "0x5", "1_0", "1e1", "٥", "- 5", "--5", "5 5", "5" * 129])
def test_other_texts_are_not_integers(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="is not an integer") as caught:
        data_type(name).parse(text)
    assert not isinstance(caught.value, NoSuchValue)
    assert repr(text)[1:10] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("ui1", 0, 255),
        ("ui2", 0, 65535),
        ("ui4", 0, 4294967295),
        ("ui8", 0, 18446744073709551615),
        ("i1", -128, 127),
        ("i2", -32768, 32767),
        ("i4", -2147483648, 2147483647),
        ("i8", -9223372036854775808, 9223372036854775807),
        ("int", -2147483648, 2147483647),
    ],
)
def test_an_integer_has_the_bounds_of_its_bytes(name: str, low: int, high: int) -> None:
    kind = data_type(name)
    for number in (low, high):
        assert kind.parse(str(number)) == number
        assert kind.render(number) == str(number)
    for number in (low - 1, high + 1, 10**100):
        with pytest.raises(NoSuchValue, match=f"is not within {name}'s bounds, {low} to {high}"):
            kind.parse(str(number))
        with pytest.raises(ValueError, match=f"is not within {name}'s bounds"):
            kind.render(number)


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("value", [True, 5.0, "5", None, Decimal(5), b"5"])
def test_an_integer_is_rendered_from_int_alone(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="not int"):
        data_type(name).render(value)


def test_enumerations_are_rendered_as_their_values() -> None:
    assert data_type("ui2").render(Level.LOW) == "3"
    assert data_type("string").render(Channel.MASTER) == data_type("string").render(Mixed.MASTER) == "Master"


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), (" +1.5\n", 1.5), ("-.5", -0.5), ("5.", 5.0), ("5", 5.0), ("1.5E+3", 1500.0), ("2e-3", 0.002)],
)
def test_a_float_is_read_in_decimal_and_scientific_notation(name: str, text: str, value: float) -> None:
    assert data_type(name).parse(text) == value
    assert type(data_type(name).parse(text)) is float


@pytest.mark.parametrize("name", [*FLOATS, "fixed.14.4"])
@pytest.mark.parametrize(
    "text", ["", ".", "nan", "inf", "-Infinity", "1,5", "1_0.0", "0x1p3", "1e", "e5", "٥", "1.5.0", "1" * 129]
)
def test_other_texts_are_not_numbers(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="is not a number") as caught:
        data_type(name).parse(text)
    assert not isinstance(caught.value, NoSuchValue)


@pytest.mark.parametrize("name", FLOATS)
def test_a_float_that_is_no_finite_number_is_refused(name: str) -> None:
    for value in (float("nan"), float("inf"), float("-inf"), 10**400):
        with pytest.raises(ValueError, match="is not a finite number"):
            data_type(name).render(value)
    with pytest.raises(NoSuchValue, match="'1e999' is too large"):
        data_type(name).parse("1e999")


def test_an_r4_has_the_bounds_of_four_bytes() -> None:
    assert data_type("r4").parse("3.40282347E+38") == 3.40282347e38
    assert data_type("r8").parse("1e39") == 1e39
    with pytest.raises(NoSuchValue, match="too large for r4"):
        data_type("r4").parse("1e39")
    with pytest.raises(ValueError, match="r4's bounds"):
        data_type("r4").render(-1e39)


@pytest.mark.parametrize("name", FLOATS)
def test_a_float_may_be_given_as_an_integer_that_it_can_hold(name: str) -> None:
    assert data_type(name).render(5) == "5.0"
    with pytest.raises(ValueError, match="more digits than a float can hold"):
        data_type(name).render(2**53 + 1)
    for value in (True, "5", Decimal(5)):
        with pytest.raises(ValueError, match="not float"):
            data_type(name).render(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50000"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("100"), "100"),
        (Decimal("-0.0001"), "-0.0001"),
        (Decimal("99999999999999.9999"), "99999999999999.9999"),
        (Decimal("0E-99999"), "0"),
        (Decimal("0E+99999"), "0"),
        (7, "7"),
    ],
)
def test_a_fixed_number_is_written_without_an_exponent(value: object, text: str) -> None:
    assert data_type("fixed.14.4").render(value) == text
    assert data_type("fixed.14.4").parse(text) == value


@pytest.mark.parametrize(
    "text", ["100000000000000", "0.00001", "1.23456", "1e999999999", "1e-999999999", "-1e14", "1e9999999999999999999"]
)
def test_a_fixed_number_has_14_digits_before_and_4_after_the_point(text: str) -> None:
    with pytest.raises(NoSuchValue, match="digits"):
        data_type("fixed.14.4").parse(text)


@pytest.mark.parametrize("text", ["100000000000000", "0.00001", "1.23456", "1e999999999", "1e-999999999", "-1e14"])
def test_a_decimal_with_more_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        data_type("fixed.14.4").render(Decimal(text))


@given(st.integers(-(10**9), 10**9))
def test_a_fixed_number_may_have_the_digits_of_a_double(units: int) -> None:
    """GUPnP holds it as a double, and writes all 17 digits."""
    value = Decimal(units).scaleb(-4)
    assert data_type("fixed.14.4").parse(f"{float(value):.17g}") == value


@pytest.mark.parametrize("text", ["99999999999999.99999", "0.10001", "0.00001", "1e-5", "1e999999"])
def test_a_fixed_number_is_not_rounded(text: str) -> None:
    with pytest.raises(NoSuchValue):
        data_type("fixed.14.4").parse(text)


@pytest.mark.parametrize("value", [1.5, True, "1", Decimal("nan"), Decimal("inf"), Decimal("snan"), 10**14, 10**400])
def test_a_fixed_number_is_rendered_from_decimals_and_integers(value: object) -> None:
    with pytest.raises(ValueError, match=r"not Decimal|digits"):
        data_type("fixed.14.4").render(value)


# --- text ------------------------------------------------------------------------------------------------------


@given(st.text(xml_characters))
def test_a_string_is_taken_as_it_is(text: str) -> None:
    assert data_type("string").parse(text) == data_type("string").render(text) == text


@pytest.mark.parametrize("name", ["string", "uri", "char"])
@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_characters_that_xml_cannot_carry_are_refused(name: str, character: str) -> None:
    text = character if name == "char" else f"a{character}b"
    for use in (data_type(name).parse, data_type(name).render):
        with pytest.raises(ValueError, match=f"at position {len(text) // 2}, which XML cannot carry"):
            use(text)


@pytest.mark.parametrize("text", ["", "ab", "a "])
def test_a_char_is_one_character(text: str) -> None:
    for use in (data_type("char").parse, data_type("char").render):
        with pytest.raises(ValueError, match="is not one character"):
            use(text)
    for character in " \na𝄞":
        assert data_type("char").parse(character) == character


def test_white_space_around_a_uri_is_layout() -> None:
    assert data_type("uri").parse("\n  http://192.0.2.7/a b \n") == "http://192.0.2.7/a b"
    with pytest.raises(ValueError, match="white space around it"):
        data_type("uri").render("http://192.0.2.7/ ")


@pytest.mark.parametrize("text", [str(ID), str(ID).upper(), f" {ID}\n", f"uuid:{ID}"])
def test_a_uuid_is_read_in_any_case_and_with_a_prefix(text: str) -> None:
    assert data_type("uuid").parse(text) == ID
    assert data_type("uuid").render(ID) == str(ID)


@pytest.mark.parametrize("text", ["", ID.hex, f"{{{ID}}}", str(ID)[:-1], f"urn:uuid:{ID}", f"{ID}{ID}"])
def test_a_uuid_has_its_hyphens(text: str) -> None:
    with pytest.raises(ValueError, match="is not a UUID"):
        data_type("uuid").parse(text)


@pytest.mark.parametrize("name", ["char", "string", "uri", "uuid", "bin.base64", "bin.hex", "boolean"])
def test_other_python_types_are_refused(name: str) -> None:
    for value in (5, None, 1.0, ["a"], bytearray(b"a")):
        with pytest.raises(ValueError, match=f"is of type {type(value).__name__}, not "):
            data_type(name).render(value)


# --- others ----------------------------------------------------------------------------------------------------


def test_a_boolean_is_sent_as_a_digit_and_read_as_words_too() -> None:
    kind = data_type("boolean")
    assert [kind.render(value) for value in (True, False)] == ["1", "0"]
    for text in ("1", "true", "yes", "TRUE", "Yes", " 1 ", "\ntrue\n"):
        assert kind.parse(text) is True
    for text in ("0", "false", "no", "False", "NO", " 0 "):
        assert kind.parse(text) is False


@pytest.mark.parametrize("text", ["", "2", "on", "01", "t", "truee", "1" + " " * 200])
def test_other_texts_are_not_booleans(text: str) -> None:
    with pytest.raises(ValueError, match="is not a boolean: 0 or 1"):
        data_type("boolean").parse(text)


@pytest.mark.parametrize("value", [1, 0, "1", None])
def test_a_boolean_is_rendered_from_bool_alone(value: object) -> None:
    with pytest.raises(ValueError, match="not bool"):
        data_type("boolean").render(value)


def test_binary_values_may_have_line_breaks() -> None:
    assert data_type("bin.base64").parse("amFt\r\n Ym9u\n") == b"jambon"
    assert data_type("bin.hex").parse("6A61\n 6d62 6F6e") == b"jambon"
    assert data_type("bin.base64").render(b"\xff" * 60) == "////" * 20
    assert data_type("bin.hex").render(b"\xff\x0a") == "ff0a"


@pytest.mark.parametrize("text", ["a", "amFtYm9=u", "am!t", "amFtYg", "=", "é"])
def test_broken_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not base64: "):
        data_type("bin.base64").parse(text)


@pytest.mark.parametrize("text", ["f", "fg", "0x00", "é", "ff:"])
def test_broken_hexadecimal_digits_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal digits"):
        data_type("bin.hex").parse(text)


DAY = date(2026, 11, 24)
MOMENT = datetime(2026, 11, 24, 18, 8, 20)
OCLOCK = time(18, 8, 20)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("date", " 2026-11-24\n", DAY),
        ("dateTime", "2026-11-24T18:08:20", MOMENT),
        ("dateTime", "2026-11-24 18:08:20", MOMENT),
        ("dateTime", "2026-11-24t18:08", MOMENT.replace(second=0)),
        ("dateTime", "2026-11-24", datetime(2026, 11, 24)),
        ("dateTime", "2026-11-24T18:08:20.5", MOMENT.replace(microsecond=500000)),
        ("dateTime", "2026-11-24T18:08:20,123456789", MOMENT.replace(microsecond=123456)),
        ("dateTime.tz", "2026-11-24T18:08:20", MOMENT),
        ("dateTime.tz", "2026-11-24T18:08:20Z", MOMENT.replace(tzinfo=UTC)),
        ("dateTime.tz", "2026-11-24T18:08:20z", MOMENT.replace(tzinfo=UTC)),
        ("dateTime.tz", "2026-11-24T18:08:20+01:00", MOMENT.replace(tzinfo=BERLIN)),
        ("dateTime.tz", "2026-11-24T18:08:20+0100", MOMENT.replace(tzinfo=BERLIN)),
        ("dateTime.tz", "2026-11-24T18:08+01", MOMENT.replace(second=0, tzinfo=BERLIN)),
        ("time", "18:08:20", OCLOCK),
        ("time", "18:08", OCLOCK.replace(second=0)),
        ("time.tz", "18:08:20", OCLOCK),
        ("time.tz", "18:08:20-03:30", OCLOCK.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
    ],
)
def test_dates_and_times_are_read_with_what_others_leave_out(name: str, text: str, value: object) -> None:
    parsed = data_type(name).parse(text)
    assert parsed == value
    if isinstance(value, datetime | time):
        assert isinstance(parsed, datetime | time)
        assert parsed.utcoffset() == value.utcoffset()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-11-24T00:00:00"),
        ("date", "24.11.2026"),
        ("date", "20261124"),
        ("date", "٢٠٢٦-11-24"),
        ("dateTime", "2026-11-24T18:08:20Z"),
        ("dateTime", "2026-W48-2"),
        ("dateTime.tz", "2026-11-24Z"),
        ("time", "18:08:20+01:00"),
        ("time", "18"),
        ("time", "2026-11-24T18:08:20"),
        ("time.tz", "18:08:20 UTC"),
        ("time.tz", "1" * 1000),
    ],
)
def test_other_texts_are_no_dates_and_times(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (date|time)") as caught:
        data_type(name).parse(text)
    assert not isinstance(caught.value, NoSuchValue)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-02-30"),
        ("date", "0000-01-01"),
        ("dateTime", "2026-11-24T24:00:00"),
        ("dateTime.tz", "2026-11-24T18:08:20+24:00"),
        ("time", "18:08:60"),
        ("time.tz", "18:08:20+01:60"),
    ],
)
def test_dates_and_times_that_do_not_exist_are_no_values(name: str, text: str) -> None:
    with pytest.raises(NoSuchValue, match="does not exist"):
        data_type(name).parse(text)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("date", DAY, "2026-11-24"),
        ("date", date(1, 1, 1), "0001-01-01"),
        ("dateTime", MOMENT, "2026-11-24T18:08:20"),
        ("dateTime.tz", MOMENT, "2026-11-24T18:08:20"),
        ("dateTime.tz", MOMENT.replace(tzinfo=BERLIN), "2026-11-24T18:08:20+01:00"),
        ("dateTime.tz", MOMENT.replace(tzinfo=SubMinute()), "2026-11-24T17:08:12+00:00"),
        ("time", OCLOCK.replace(microsecond=5), "18:08:20.000005"),
        ("time.tz", OCLOCK.replace(tzinfo=UTC), "18:08:20+00:00"),
    ],
)
def test_dates_and_times_are_written_in_full(name: str, value: object, text: str) -> None:
    assert data_type(name).render(value) == text


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("date", MOMENT, "not date"),
        ("dateTime", DAY, "not datetime"),
        ("dateTime", MOMENT.replace(tzinfo=UTC), r"use dateTime\.tz"),
        ("dateTime.tz", "2026-11-24", "not datetime"),
        ("dateTime.tz", datetime.min.replace(tzinfo=SubMinute()), "outside the years"),
        ("time", OCLOCK.replace(tzinfo=UTC), r"use time\.tz"),
        ("time", MOMENT, "not time"),
        ("time.tz", OCLOCK.replace(tzinfo=SubMinute()), "not a fixed number of minutes"),
    ],
)
def test_dates_and_times_of_the_wrong_kind_are_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data_type(name).render(value)


# --- bounds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in DATA_TYPES if name not in ("string", "uri", "bin.hex")])
def test_a_million_digits_are_refused_in_a_short_message(name: str) -> None:
    text = "1" * 1_000_001
    with pytest.raises(ValueError, match="is not") as caught:
        data_type(name).parse(text)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", [*INTEGERS, *FLOATS, "fixed.14.4", "string", "boolean", "uuid"])
def test_a_value_of_a_million_digits_is_refused_in_a_short_message(name: str) -> None:
    for value in (1 << 4_000_000, [random.Random(1).randbytes(10)] * 100_000):
        with pytest.raises(ValueError, match=r"bits|is of type list") as caught:
            data_type(name).render(value)
        assert len(str(caught.value)) < 250


# --- types from Python -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("python_type", "name"),
    [
        (bool, "boolean"),
        (int, "i4"),
        (float, "r8"),
        (Decimal, "fixed.14.4"),
        (str, "string"),
        (bytes, "bin.base64"),
        (UUID, "uuid"),
        (date, "date"),
        (datetime, "dateTime.tz"),
        (time, "time"),
        (Level, "i4"),
        (Channel, "string"),
    ],
)
def test_a_python_type_means_a_data_type(python_type: type, name: str) -> None:
    kind = default_data_type(python_type)
    assert kind is not None
    assert kind.name == name
    assert issubclass(python_type, kind.python_type)


@pytest.mark.parametrize("python_type", [object, list, dict, complex, type(None)])
def test_other_python_types_mean_none(python_type: type) -> None:
    assert default_data_type(python_type) is None


@pytest.mark.parametrize("name", DATA_TYPES)
def test_the_zero_of_a_data_type_is_one_of_its_values(name: str) -> None:
    kind = data_type(name)
    assert kind.parse(kind.render(kind.zero)) == kind.zero
    assert type(kind.zero) is kind.python_type
