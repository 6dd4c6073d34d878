"""Moments on trio's clock as times of day."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import trio

__all__ = ["nanoseconds", "time_of_day", "utc_text", "utc_text_now"]


def nanoseconds(moment: float) -> int:
    """Those from 1970 to *moment*."""
    return time.time_ns() - round((trio.current_time() - moment) * 1_000_000_000)


def time_of_day(moment: float) -> str:
    """As a person here reads it, such as ``12:00:00``."""
    return time.strftime("%H:%M:%S", time.localtime(nanoseconds(moment) / 1_000_000_000))


def utc_text(moment: float) -> str:
    """As programs read it, such as ``2026-01-31T12:00:00.250Z``."""
    return _text(datetime.fromtimestamp(nanoseconds(moment) / 1_000_000_000, UTC))


def utc_text_now() -> str:
    """The same for this moment, also where trio does not run."""
    return _text(datetime.now(UTC))


def _text(date: datetime) -> str:
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")
