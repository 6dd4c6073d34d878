"""Dates and times of UDA's data types: a subset of ISO 8601 (UDA 2.0 §2.5, table 2-22)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

from upnp_trio.model.value_errors import NoSuchValue, wrong_type

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "parse_date",
    "parse_local",
    "parse_local_time",
    "parse_zoned",
    "parse_zoned_time",
    "render_date",
    "render_local",
    "render_local_time",
    "render_zoned",
    "render_zoned_time",
]

_T = TypeVar("_T")

# A full date and time with a zone has 35 characters.
MAX_CHARACTERS = 128

_DATE = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
# Seconds may be missing, although UDA's examples have them all. Digits behind the microseconds are dropped.
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,12}))?)?"
_ZONE = r"(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)"
_DATE_ONLY = re.compile(_DATE, re.ASCII)
_LOCAL = re.compile(rf"{_DATE}(?:[Tt ]{_TIME})?", re.ASCII)
_ZONED = re.compile(rf"{_DATE}(?:[Tt ]{_TIME}{_ZONE}?)?", re.ASCII)
_LOCAL_TIME = re.compile(_TIME, re.ASCII)
_ZONED_TIME = re.compile(rf"{_TIME}{_ZONE}?", re.ASCII)


def parse_date(text: str) -> date:
    """A date such as ``2026-11-24``."""
    return _read(text, _DATE_ONLY, "a date such as 2026-11-24", _date)


def parse_local(text: str) -> datetime:
    """A date, with or without a time, without a zone: ``2026-11-24T18:08:20``."""
    return _read(text, _LOCAL, "a date and time without a zone, such as 2026-11-24T18:08:20", _datetime)


def parse_zoned(text: str) -> datetime:
    """A date, with or without a time and a zone; the result is aware if there is a zone."""
    return _read(text, _ZONED, "a date and time such as 2026-11-24T18:08:20Z", _datetime)


def parse_local_time(text: str) -> time:
    """A time without a zone: ``18:08:20``."""
    return _read(text, _LOCAL_TIME, "a time without a zone, such as 18:08:20", _time)


def parse_zoned_time(text: str) -> time:
    """A time, with or without a zone: ``18:08:20+01:00``."""
    return _read(text, _ZONED_TIME, "a time such as 18:08:20Z", _time)


def render_date(value: object) -> str:
    """A date, but not a `datetime`."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong_type(value, "date")
    return value.isoformat()


def render_local(value: object) -> str:
    """A naive `datetime`: UDA's dateTime has no room for a zone."""
    moment = _as_datetime(value)
    if moment.utcoffset() is not None:
        raise ValueError(f"{value!r} has a time zone, which dateTime cannot carry; use dateTime.tz")
    return moment.replace(tzinfo=None).isoformat()


def render_zoned(value: object) -> str:
    """A `datetime`, with its zone if it is aware."""
    moment = _as_datetime(value)
    offset = moment.utcoffset()
    if offset is None:
        return moment.replace(tzinfo=None).isoformat()
    if offset % timedelta(minutes=1):  # such as the local mean time of a city; ISO 8601 has no seconds in a zone
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{value!r} is outside the years 1 to 9999 in UTC") from None
    return moment.isoformat()


def render_local_time(value: object) -> str:
    """A naive `time`: UDA's time has no room for a zone."""
    moment = _as_time(value)
    if moment.tzinfo is not None:
        raise ValueError(f"{value!r} has a time zone, which time cannot carry; use time.tz")
    return moment.isoformat()


def render_zoned_time(value: object) -> str:
    """A `time`, with its zone if it has one."""
    moment = _as_time(value)
    offset = moment.utcoffset()
    if moment.tzinfo is not None and (offset is None or offset % timedelta(minutes=1)):
        raise ValueError(f"{value!r} has a zone that is not a fixed number of minutes from UTC")
    return moment.isoformat()


def _read(text: str, form: re.Pattern[str], wanted: str, build: Callable[[dict[str, str]], _T]) -> _T:
    match = form.fullmatch(text.strip(" \t\r\n")) if len(text) <= MAX_CHARACTERS else None
    if match is None:
        raise ValueError(f"{text[:60]!r} is not {wanted}")
    try:
        return build({name: part for name, part in match.groupdict().items() if part is not None})
    except ValueError as error:
        raise NoSuchValue(f"{text!r} does not exist: {error}") from None


def _date(parts: dict[str, str]) -> date:
    return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))


def _time(parts: dict[str, str]) -> time:
    return time(
        int(parts.get("hour", "0")),
        int(parts.get("minute", "0")),
        int(parts.get("second", "0")),
        int(parts.get("fraction", "0")[:6].ljust(6, "0")),
        _zone(parts["zone"]) if "zone" in parts else None,
    )


def _datetime(parts: dict[str, str]) -> datetime:
    return datetime.combine(_date(parts), _time(parts))


def _zone(text: str) -> timezone:
    if text in ("Z", "z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or "0")
    if minutes > 59:
        raise ValueError("the minutes of a zone must be in 0..59")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text.startswith("-") else offset)


def _as_datetime(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise wrong_type(value, "datetime")
    return value


def _as_time(value: object) -> time:
    if not isinstance(value, time):
        raise wrong_type(value, "time")
    return value
