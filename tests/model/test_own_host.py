"""Where a page of another server on this host is, for a reader of ours."""

from __future__ import annotations

import pytest

from upnp_trio.model.own_host import at_own_host

ALL = ["http://[2001:db8::7]:49152", "http://192.0.2.7:49152", "http://192.0.2.8:49152"]


@pytest.mark.parametrize(
    ("url", "base_url", "expected"),
    [
        ("http://{host}:8123/", "http://192.0.2.8:49152", "http://192.0.2.8:8123/"),
        ("http://{host}/a", "http://[2001:db8::7]:49152", "http://[2001:db8::7]/a"),
        ("https://{host}:8443", "http://ham.local", "https://ham.local:8443"),
        ("http://{host}/", "https://ham.local:8123/upnp", "http://ham.local/"),
        ("http://{host}/", "", "http://[2001:db8::7]/"),
        ("http://{ipv4}:8123/", "http://192.0.2.8:49152", "http://192.0.2.8:8123/"),
        ("http://{ipv4}:8123/", "http://[2001:db8::7]:49152", "http://192.0.2.7:8123/"),
        ("http://{ipv4}:8123/", "http://ham.local:80", "http://ham.local:8123/"),
    ],
)
def test_it_is_at_the_host_that_the_reader_has_reached(url: str, base_url: str, expected: str) -> None:
    assert at_own_host(url, base_url, ALL) == expected


def test_it_is_at_ipv6_if_there_is_nothing_else() -> None:
    assert at_own_host("http://{ipv4}/", ALL[0], ALL[:1]) == "http://[2001:db8::7]/"


def test_it_is_nowhere_without_an_address() -> None:
    assert at_own_host("http://{host}/", "", []) is None
