"""What a caller may choose, and what is refused before anything is opened."""

from __future__ import annotations

from typing import Any, get_type_hints

import attrs
import pytest

from upnp_trio import DescriptionError, NetworkError, ServeOptions, Settings


def test_every_option_has_a_setting_and_every_setting_an_option() -> None:
    assert list(get_type_hints(ServeOptions)) == [field.name for field in attrs.fields(Settings)]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"port": 0}, "port is 0"),
        ({"port": 65536}, "port is 65536"),
        ({"ipv4": False, "ipv6": False}, "neither IPv4 nor IPv6"),
        ({"interfaces": ["eth 0"]}, "'eth 0' is not an interface name"),
        ({"multicast_ttl": 0}, "multicast_ttl is 0"),
        ({"reply_budget": 0}, "reply_budget is 0"),
        ({"advertise_url": "192.0.2.1:8080"}, "advertise_url is '192.0.2.1:8080'"),
        ({"advertise_url": "http://192.0.2.1/path"}, "write scheme, host and port"),
        ({"advertise_url": "http://a\r\nb"}, "advertise_url"),
        ({"profile": "Windows"}, "profile is 'Windows'; it is one of uda, windows"),
        ({"max_age": 0}, "max_age is 0"),
        ({"max_age": 2**31}, "max_age is 2147483648"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(options: dict[str, Any], told: str) -> None:
    with pytest.raises((NetworkError, DescriptionError)) as caught:
        Settings(**options)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1", "http://192.0.2.1:8080/", "http://[2001:db8::1]:80", "http://ham.local"]
)
def test_a_base_url_is_scheme_host_and_port(url: str) -> None:
    assert Settings(advertise_url=url).advertise_url == url.rstrip("/")


def test_one_interface_may_be_named_without_a_list() -> None:
    assert Settings(interfaces="eth0").interfaces == ("eth0",)
