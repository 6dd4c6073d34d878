"""Dates in the form that HTTP and SSDP use."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["http_date", "utc_now"]

# Not strftime: its names follow the locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def utc_now() -> datetime:
    """The wall clock's date, in UTC."""
    return datetime.now(UTC)


def http_date(date: datetime) -> str:
    """*date*, which is in UTC, in RFC 1123's form: ``Sun, 06 Nov 1994 08:49:37 GMT``."""
    return (
        f"{_DAYS[date.weekday()]}, {date.day:02} {_MONTHS[date.month - 1]} {date.year:04} "
        f"{date.hour:02}:{date.minute:02}:{date.second:02} GMT"
    )
