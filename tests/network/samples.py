"""Values of every data type for `tests.services.every_type`, right ones and wrong ones, as they are on the wire."""

from __future__ import annotations

import attrs

__all__ = ["LIMITS", "SAMPLES", "WRONG", "Sample", "Wrong"]


@attrs.frozen
class Sample:
    """A *text* that the *variable* can have, and that is rendered the same way."""

    variable: str
    text: str
    #: the repr() of what async_upnp_client makes of it
    shown: str


@attrs.frozen
class Wrong:
    """A call of *action* with a *text* that is refused with the UPnP error *code*."""

    action: str
    text: str
    code: int


SAMPLES = (
    Sample("Ui1", "255", "255"),
    Sample("Ui2", "65535", "65535"),
    Sample("Ui4", "4294967295", "4294967295"),
    Sample("Ui8", "18446744073709551615", "18446744073709551615"),
    Sample("I1", "-128", "-128"),
    Sample("I2", "-32768", "-32768"),
    Sample("I4", "-2147483648", "-2147483648"),
    Sample("I8", "-9223372036854775808", "-9223372036854775808"),
    Sample("Int", "2147483647", "2147483647"),
    Sample("R4", "3.4e+38", "3.4e+38"),
    Sample("R8", "-1.7976931348623157e+308", "-1.7976931348623157e+308"),
    Sample("Number", "0.1", "0.1"),
    Sample("Fixed", "-1234567.0001", "-1234567.0001"),
    Sample("Float", "5e-324", "5e-324"),
    Sample("Char", "é", "'é'"),
    Sample("String", 'œufs & "jambon" <fumé> 🥓', "'œufs & \"jambon\" <fumé> 🥓'"),
    Sample("Date", "2026-11-24", "datetime.date(2026, 11, 24)"),
    Sample("DateTime", "2026-11-24T18:08:20", "datetime.datetime(2026, 11, 24, 18, 8, 20)"),
    Sample(
        "DateTimeTz",
        "2026-11-24T18:08:20+01:00",
        "datetime.datetime(2026, 11, 24, 18, 8, 20, tzinfo=datetime.timezone(datetime.timedelta(seconds=3600)))",
    ),
    Sample("Time", "18:08:20", "datetime.time(18, 8, 20)"),
    Sample(
        "TimeTz",
        "18:08:20+05:30",
        "datetime.time(18, 8, 20, tzinfo=datetime.timezone(datetime.timedelta(seconds=19800)))",
    ),
    Sample("Boolean", "1", "True"),
    Sample("Base64", "SmFtYm9uAP8=", "'SmFtYm9uAP8='"),
    Sample("Hex", "0aff", "'0aff'"),
    Sample("Uri", "http://192.0.2.1/a?b=c&d=%20", "'http://192.0.2.1/a?b=c&d=%20'"),
    Sample("Uuid", "5f9ec1b3-ed59-1900-4530-00e0a5b3c001", "'5f9ec1b3-ed59-1900-4530-00e0a5b3c001'"),
)

# Table 3-3 of UDA 2.0 §3.2.5: 402 for text that is not of the data type, 600 for text of the right form whose value
# the type does not have.
WRONG = (
    Wrong("SetUi1", "256", 600),
    Wrong("SetUi1", "-1", 600),
    Wrong("SetUi1", "loud", 402),
    Wrong("SetUi2", "65536", 600),
    Wrong("SetUi4", "4294967296", 600),
    Wrong("SetUi8", "18446744073709551616", 600),
    Wrong("SetI1", "-129", 600),
    Wrong("SetI1", "128", 600),
    Wrong("SetI2", "32768", 600),
    Wrong("SetI4", "2147483648", 600),
    Wrong("SetI8", "9223372036854775808", 600),
    Wrong("SetInt", "1.5", 402),
    Wrong("SetR4", "1e39", 600),
    Wrong("SetR8", "1e309", 600),
    Wrong("SetNumber", "nan", 402),
    Wrong("SetFloat", "0x10", 402),
    Wrong("SetFixed", "123456789012345", 600),
    Wrong("SetFixed", "0.00001", 600),
    Wrong("SetChar", "ab", 402),
    Wrong("SetDate", "2026-02-30", 600),
    Wrong("SetDate", "24.11.2026", 402),
    Wrong("SetDateTime", "2026-11-24T18:08:20+01:00", 402),
    Wrong("SetDateTimeTz", "yesterday", 402),
    Wrong("SetTime", "25:00:00", 600),
    Wrong("SetTimeTz", "noon", 402),
    Wrong("SetBoolean", "perhaps", 402),
    Wrong("SetBase64", "*", 402),
    Wrong("SetHex", "0g", 402),
    Wrong("SetUuid", "5f9ec1b3", 402),
)

#: below the minimum, above the maximum, between two steps, and outside the list
LIMITS = (
    Wrong("SetCount", "5", 601),
    Wrong("SetCount", "105", 601),
    Wrong("SetCount", "12", 601),
    Wrong("SetWarmth", "-21", 601),
    Wrong("SetWarmth", "41", 601),
    Wrong("SetRatio", "-2.0", 601),
    Wrong("SetRatio", "2.0", 601),
    Wrong("SetRatio", "0.25", 601),
    Wrong("SetFlavour", "Sweet", 601),
    Wrong("SetSpeed", "slow", 601),
)
