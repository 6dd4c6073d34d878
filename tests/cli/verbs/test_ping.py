"""``upnp-trio ping``: the meaning of the words, and its bounds."""

from __future__ import annotations

import pytest

from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.verbs.ping import MAX_COUNT, parse


def test_the_defaults() -> None:
    assert vars(parse(["192.0.2.7"])) == {
        "devices": ["192.0.2.7"],
        "methods": ["unicast"],
        "count": MAX_COUNT,
        "rate": 1.0,
        "mx": 1,
        "histogram": False,
        "quiet": False,
        "interfaces": [],
        "family": None,
        "timeout": None,
        "json": False,
        "debug": False,
    }


def test_ways_are_in_the_order_in_which_they_were_asked_for_and_each_once() -> None:
    assert parse(["192.0.2.7", "--http", "--unicast", "--http"]).methods == ["http", "unicast"]


def test_how_long_an_answer_is_awaited_depends_on_the_way() -> None:
    asked = parse(["192.0.2.7", "--mx", "3"])
    assert [asked.seconds(method) for method in ("unicast", "multicast", "http")] == [1.0, 4.0, 5.0]
    assert parse(["192.0.2.7", "--timeout", "0.5"]).seconds("multicast") == 0.5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "ping: name a device by its name, UDN, address or URL; upnp-trio search shows them"),
        ("192.0.2.7 --count 0", "-c/--count: '0' is not a whole number from 1 to 1000000"),
        ("192.0.2.7 --count 1000001", "-c/--count: '1000001' is not a whole number from 1 to 1000000"),
        ("192.0.2.7 --rate 0", "--rate: '0' is not a number from 0.01 to 1000"),
        ("192.0.2.7 --rate 1001", "--rate: '1001' is not a number from 0.01 to 1000"),
        ("192.0.2.7 --rate 1e2", "--rate: '1e2' is not a number from 0.01 to 1000"),
        ("192.0.2.7 --rate 257", "--rate 257 would let 257 probes wait at once if no device answers, and 256 may; "),
        ("192.0.2.7 192.0.2.8 --rate 129", "--rate 129 would let 258 probes wait at once"),
        ("192.0.2.7 --multicast --mx 5 --rate 50", "--rate 50 would let 300 probes wait at once"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words.split())
    assert str(raised.value).startswith(message)


def test_a_higher_rate_goes_with_a_shorter_wait() -> None:
    assert parse(["192.0.2.7", "--rate", "1000", "--timeout", "0.25"]).rate == 1000
    assert parse(["192.0.2.7", "--rate", "1000", "--http"]).rate == 1000
