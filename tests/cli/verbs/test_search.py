"""``upnp-trio search``: the meaning of the words."""

from __future__ import annotations

import pytest

from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.verbs.search import parse


def test_the_defaults() -> None:
    assert vars(parse([])) == {
        "target": "upnp:rootdevice",
        "mx": 1,
        "to": None,
        "all": False,
        "long": False,
        "interfaces": [],
        "family": None,
        "timeout": None,
        "json": False,
        "debug": False,
    }


def test_each_option_sets_its_argument() -> None:
    words = """MediaServer --mx 3 --to fe80::1%eth0 --all --long --interface eth0 --ipv6-only --timeout 2.5 --json
        --debug"""
    assert vars(parse(words.split())) == {
        "target": "urn:schemas-upnp-org:device:MediaServer:1",
        "mx": 3,
        "to": "fe80::1%eth0",
        "all": True,
        "long": True,
        "interfaces": ["eth0"],
        "family": "ipv6",
        "timeout": 2.5,
        "json": True,
        "debug": True,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("root all", "search: name one target, not 2"),
        ("é", "'é' is no search target; write one such as MediaServer"),
        ("--mx 6", "--mx: '6' is not a whole number from 1 to 5"),
        ("--to device.local", "--to: 'device.local' is not an IP address such as 192.0.2.7 or fe80::1%eth0"),
        ("--timeout 0", "--timeout: '0' is not a number of seconds above 0"),
    ],
)
def test_wrong_usage_is_reported_with_the_remedy(words: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(words.split())
    assert str(raised.value).startswith(message)
