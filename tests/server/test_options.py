"""The options of serving, and the values that are refused before anything is opened."""

from __future__ import annotations

from typing import Any, get_type_hints

import attrs
import pytest

from upnp_trio import DescriptionError, NetworkError, ServeOptions, Settings


def test_every_option_has_a_setting_and_every_setting_an_option() -> None:
    assert list(get_type_hints(ServeOptions)) == [field.name for field in attrs.fields(Settings)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 0}, "port is 0"),
        ({"port": "80"}, "port is '80'"),
        ({"port": 65536}, "port is 65536"),
        ({"ipv4": False, "ipv6": False}, "neither IPv4 nor IPv6"),
        ({"interfaces": ["eth 0"]}, "'eth 0' is not an interface name"),
        ({"multicast_ttl": 0}, "multicast_ttl is 0"),
        ({"reply_budget": 0}, "reply_budget is 0"),
        ({"max_subscriptions": 0}, "max_subscriptions is 0"),
        ({"advertise_url": "192.0.2.1:8080"}, "advertise_url is '192.0.2.1:8080'"),
        ({"advertise_url": "http://192.0.2.1/path"}, "write scheme, host and port"),
        ({"advertise_url": "http://a\r\nb"}, "advertise_url"),
        ({"advertise_url": "http://192.0.2.1:99999"}, "99999 is not a port"),
        ({"advertise_url": "http://192.0.2.1:0"}, "0 is not a port"),
        ({"advertise_url": "http://192.0.2.1:"}, "it is not a plain http URL"),
        ({"advertise_url": "http://192.0.2.1:８０"}, "it is not a plain http URL"),
        ({"advertise_url": "http://１９２.0.2.1"}, "it is not a plain http URL"),
        ({"advertise_url": "http://ham\0.local"}, r"advertise_url is 'http://ham\x00.local'"),
        ({"advertise_url": "http://ham\x1b[2J"}, r"advertise_url is 'http://ham\x1b[2J'"),
        ({"advertise_url": "http://ham\x7f"}, "it is not a plain http URL"),
        ({"advertise_url": "http://hâm.local"}, "it is not a plain http URL"),
        ({"advertise_url": "http://me@ham.local"}, "it is not a plain http URL"),
        ({"advertise_url": "http://"}, "it is not a plain http URL"),
        ({"advertise_url": "https://ham.local"}, "it is not a plain http URL"),
        ({"advertise_url": "http://ham..local"}, "ham..local is not a host name"),
        ({"advertise_url": "http://-ham"}, "-ham is not a host name"),
        ({"advertise_url": f"http://{'a' * 64}.local"}, "is not a host name"),
        ({"advertise_url": f"http://{'a.' * 130}local"}, "is not a host name"),
        ({"advertise_url": "http://192.0.2.256"}, "192.0.2.256 is not an address"),
        ({"advertise_url": "http://192.0.2"}, "192.0.2 is not an address"),
        ({"advertise_url": "http://1"}, "1 is not an address"),
        ({"advertise_url": "http://[::12345]"}, "[::12345] is not an address"),
        ({"advertise_url": "http://[192.0.2.1]"}, "[192.0.2.1] is not an address"),
        ({"advertise_url": "http://[fe80::1%eth0]"}, "a zone is a name of one host's own, so leave it out"),
        ({"advertise_url": "http://[]"}, "it is not a plain http URL"),
        ({"advertise_url": "http://0.0.0.0"}, "nothing can be reached at 0.0.0.0"),
        ({"advertise_url": "http://[ff02::c]"}, "nothing can be reached at ff02::c"),
        ({"state_dir": "a\0b"}, r"state_dir is 'a\x00b'"),
        ({"profile": "Windows"}, "profile is 'Windows'; it must be one of uda, windows, roku, hue, or several of them"),
        ({"profile": ["hue", "sonos"]}, "profile is 'sonos'; it must be one of"),
        ({"max_age": 0}, "max_age is 0"),
        ({"max_age": 2**31}, "max_age is 2147483648"),
    ],
)
def test_an_impossible_value_is_refused_with_its_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises((NetworkError, DescriptionError)) as caught:
        Settings(**options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1",
        "http://192.0.2.1:8080/",
        "http://[2001:db8::1]:80",
        "http://[fe80::1]",
        "http://ham.local",
        "http://HAM_3000:65535",
        "http://ham.example.com.:1",
        "http://xn--hm-hia.local",
        "http://3com.example.com",
    ],
)
def test_a_base_url_is_scheme_host_and_port(url: str) -> None:
    assert Settings(advertise_url=url).advertise_url == url.rstrip("/")


def test_one_interface_may_be_named_without_a_list() -> None:
    assert Settings(interfaces="eth0").interfaces == ("eth0",)
