"""Dates in the form that HTTP and SSDP require, in any locale."""

from __future__ import annotations

import email.utils
import locale
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.dates import http_date, utc_now


def test_a_date_is_written_as_in_rfc_9110() -> None:
    assert http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_date_is_read_back_to_the_second(date: datetime) -> None:
    text = http_date(date)
    assert len(text) == len("Sun, 06 Nov 1994 08:49:37 GMT")
    # the standard library reads years below 1000 as two digits, as RFC 5322 requires
    if date.year >= 1000:
        assert email.utils.parsedate_to_datetime(text) == date.replace(microsecond=0)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_date_is_what_another_writer_makes_of_it(date: datetime) -> None:
    assert http_date(date) == email.utils.format_datetime(date, usegmt=True)


def test_the_locale_changes_nothing() -> None:
    before = locale.setlocale(locale.LC_TIME)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "ja_JP.UTF-8", "German"):
        with suppress(locale.Error):
            locale.setlocale(locale.LC_TIME, name)
            break
    else:
        pytest.skip("this host has no locale but English ones")
    try:
        assert http_date(datetime(2026, 5, 6, tzinfo=UTC)) == "Wed, 06 May 2026 00:00:00 GMT"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def test_now_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC
    assert abs((utc_now() - datetime.now(UTC)).total_seconds()) < 60
