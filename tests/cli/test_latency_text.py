"""Latencies as people read them."""

from __future__ import annotations

import pytest

from upnp_trio.cli.latency_text import bars, in_ms, milliseconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.000"),
        (0.000081, "0.081"),
        (0.00099949, "0.999"),
        (0.0009996, "1.00"),
        (0.00123456, "1.23"),
        (0.0099951, "10.0"),
        (0.0123, "12.3"),
        (0.09996, "100"),
        (0.123456, "123"),
        (1.2345, "1234"),
    ],
)
def test_milliseconds_have_three_digits(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text


def test_milliseconds_in_json_are_exact_to_the_microsecond() -> None:
    assert in_ms(0.0012344) == 1.234


SPREAD = [*[0.0010] * 40, *[0.0015] * 20, *[0.0019] * 10]


def test_the_histogram_has_a_bar_for_each_bin() -> None:
    lines = bars(SPREAD, is_unicode=True).splitlines()
    assert lines[0] == f"1.0 – 1.1 ms  40  {'█' * 40}"
    assert lines[5] == f"1.5 – 1.6 ms  20  {'█' * 20}"
    assert lines[-1] == f"1.9 – 2.0 ms  10  {'█' * 10}"
    assert lines[1] == "1.1 – 1.2 ms   0"


def test_a_plain_histogram_is_ascii() -> None:
    text = bars([*SPREAD, 2.0], is_unicode=False)
    assert text.isascii()
    assert text.splitlines()[0] == f"1.0 - 1.1 ms  40  {'#' * 40}"
    assert text.splitlines()[-1] == "    >=2.0 ms   1  #"


def test_a_count_of_one_among_many_can_be_seen() -> None:
    assert bars([0.001] * 1000 + [0.002], is_unicode=True).splitlines()[-1].endswith("▏")
