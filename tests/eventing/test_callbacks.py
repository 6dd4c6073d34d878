"""CALLBACK: every trick by which a device could be made to connect elsewhere (CVE-2020-12695, CVE-2020-23622)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.eventing.callbacks import (
    CALLBACK_ELSEWHERE,
    CALLBACK_MALFORMED,
    CALLBACK_TOO_LONG,
    NO_CALLBACK,
    TOO_MANY_CALLBACKS,
    read_callbacks,
)
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.model.literal_url import LiteralUrl

V4 = IPv4Address("192.0.2.9")
LINK_LOCAL = IPv6Address("fe80::9%eth0")
GLOBAL = IPv6Address("2001:db8::9")
GOOD = "<http://192.0.2.9:4004/cb>"


@pytest.mark.parametrize(
    ("value", "targets"),
    [
        (GOOD, [(4004, "/cb")]),
        ("<http://192.0.2.9>", [(80, "/")]),
        ("<http://192.0.2.9:/>", [(80, "/")]),
        ("<HTTP://192.0.2.9/A?b=c&d=%20>", [(80, "/A?b=c&d=%20")]),
        ("<http://192.0.2.9?b=/@192.0.2.1>", [(80, "/?b=/@192.0.2.1")]),
        ("<http://192.0.2.9/a#b@192.0.2.1>", [(80, "/a")]),
        ("<http://192.0.2.9#@192.0.2.1/>", [(80, "/")]),
        ("<http://192.0.2.9/@192.0.2.1>", [(80, "/@192.0.2.1")]),
        ("<http://192.0.2.9:1/><http://192.0.2.9:65535/>", [(1, "/"), (65535, "/")]),
        ("  <http://192.0.2.9:1/> , \t<http://192.0.2.9:2/>,", [(1, "/"), (2, "/")]),
        (GOOD * 3, [(4004, "/cb")]),
        ("<http://[::ffff:192.0.2.9]:4004/cb>", [(4004, "/cb")]),
        ("<http://[::FFFF:c000:209]:4004/cb>", [(4004, "/cb")]),
    ],
)
def test_urls_at_the_subscriber_s_own_address_are_read(value: str, targets: list[tuple[int, str]]) -> None:
    assert read_callbacks(value, V4) == tuple(LiteralUrl(V4, port, target) for port, target in targets)
    assert read_callbacks(value, IPv6Address("::ffff:192.0.2.9")) == read_callbacks(value, V4)


@pytest.mark.parametrize(
    "url",
    [
        "http://[fe80::9]:4004/cb",
        "http://[fe80::9%eth0]:4004/cb",
        "http://[fe80::9%25eth0]:4004/cb",
        "http://[FE80:0:0:0:0:0:0:9%254]:4004/cb",
    ],
)
def test_a_link_local_url_leads_to_the_zone_that_the_request_came_from(url: str) -> None:
    (callback,) = read_callbacks(f"<{url}>", LINK_LOCAL)
    assert callback == LiteralUrl(IPv6Address("fe80::9"), 4004, "/cb")
    assert callback.zone == "eth0"
    assert callback.authority == "[fe80::9]:4004"  # a zone has no meaning at the other end (RFC 6874 §4)


def test_host_of_an_ipv4_url_is_address_and_port() -> None:
    assert LiteralUrl(V4, 80, "/").authority == "192.0.2.9:80"


ELSEWHERE = [
    "http://192.0.2.1:4004/cb",
    "http://198.51.100.1/",
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://255.255.255.255/",
    "http://192.0.2.255/",
    "http://239.255.255.250:1900/",
    "http://[ff02::c]:1900/",
    "http://169.254.169.254/latest/meta-data",
    "http://[fe80::9]/",
    "http://[2001:db8::9]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:0:192.0.2.9]/",  # IPv4-translated, another address
    "http://[::192.0.2.9]/",  # IPv4-compatible, another address
    "http://[64:ff9b::192.0.2.9]/",  # through a NAT64
    "http://[2002:c000:209::]/",  # through a 6to4 relay
]
MALFORMED = [
    # other schemes, or none
    "https://192.0.2.9/",
    "ftp://192.0.2.9/",
    "gopher://192.0.2.9/",
    "file:///etc/passwd",
    "//192.0.2.9/",
    "192.0.2.9:4004/cb",
    "/cb",
    "http:192.0.2.9/",
    "http:/192.0.2.9/",
    "http:///192.0.2.9/",
    "http://",
    "http://:80/",
    # names
    "http://localhost/",
    "http://192.0.2.9.example.com/",
    "http://192-0-2-9.example.com/",
    "http://192.0.2.9./",
    "http://subscriber.local:4004/",
    # userinfo
    "http://192.0.2.9@192.0.2.1/",
    "http://user:pass@192.0.2.9/",
    "http://@192.0.2.9/",
    "http://192.0.2.1:80@192.0.2.9/",
    "http://192.0.2.9:80@192.0.2.1/",
    # other spellings of an address
    "http://3221225993/",
    "http://0xc0000209/",
    "http://0xc0.0.2.9/",
    "http://0300.0.2.9/",
    "http://192.0.521/",
    "http://192.0.02.9/",
    "http://192.0.2.09/",
    "http://127.1/",
    "http://0/",
    "http://192%2e0.2.9/",
    "http://１９２.0.2.9/",
    "http://192。0。2。9/",
    "http://192.0.2.9%00.example.com/",
    "http://192.0.2.256/",
    "http://[192.0.2.9]/",
    "http://[::ffff:192.0.2.9/",
    "http://::ffff:192.0.2.9/",
    "http://[::ffff:192.0.2.9]x/",
    "http://[fe80::9::1]/",
    "http://[fe80::9%]/",
    "http://[v1.192]/",
    "http://[]/",
    # ports
    "http://192.0.2.9:0/",
    "http://192.0.2.9:65536/",
    "http://192.0.2.9:99999/",
    "http://192.0.2.9:080000/",
    "http://192.0.2.9:-1/",
    "http://192.0.2.9:+80/",
    "http://192.0.2.9:80:80/",
    "http://192.0.2.9:8 0/",
    "http://192.0.2.9:http/",
    "http://192.0.2.9:٨٠/",
    # characters
    "http://192.0.2.9\\@192.0.2.1/",
    "http://192.0.2.9/\\",
    "http://192.0.2.9/a b",
    " http://192.0.2.9/",
    "http://192.0.2.9/ ",
    "http://192.0.2.9/\r\nX-Injected: 1",
    "http://192.0.2.9/\n",
    "http://192.0.2.9/\x00",
    "http://192.0.2.9/#\r\nX-Injected: 1",
    "http://192.0.2.9/#\\",
    "http://192.0.2.9/\x7f",
    "http://192.0.2.9/é",
    "http://192.0.2.9/\x85",
    "http://192.0.2.9\t/",
    "",
]


def refusal(value: str, subscriber: IPv4Address | IPv6Address = V4) -> str:
    with pytest.raises(EventingRefused) as caught:
        read_callbacks(value, subscriber)
    assert caught.value.status == 412
    return caught.value.reason


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("form", ["<{}>", "{good}<{}>", "<{}>{good}"])
def test_one_url_that_leads_elsewhere_refuses_them_all(url: str, form: str) -> None:
    assert refusal(form.format(url, good=GOOD)) == CALLBACK_ELSEWHERE


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.parametrize("form", ["<{}>", "{good}<{}>", "<{}>{good}"])
def test_one_url_that_is_malformed_refuses_them_all(url: str, form: str) -> None:
    assert refusal(form.format(url, good=GOOD)) == CALLBACK_MALFORMED


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ",",
        "http://192.0.2.9/",
        "<http://192.0.2.9/",
        "http://192.0.2.9/>",
        "<<http://192.0.2.9/>>",
        f"{GOOD}http://192.0.2.1/",
        f"http://192.0.2.1/{GOOD}",
        f"{GOOD};{GOOD}",
        f"{GOOD}\r\n{GOOD}",
        f"{GOOD}\xa0{GOOD}",
    ],
)
def test_what_is_not_a_list_of_urls_is_refused(value: str) -> None:
    assert refusal(value) == NO_CALLBACK


@pytest.mark.parametrize(
    ("url", "subscriber"),
    [
        ("http://[fe80::9%25eth0]/", IPv6Address("fe80::8%eth0")),
        ("http://192.0.2.9/", GLOBAL),
        ("http://0.0.0.0/", IPv4Address("0.0.0.0")),
        ("http://[::]/", IPv6Address("::")),
        ("http://239.0.0.1/", IPv4Address("239.0.0.1")),
        ("http://[ff02::1]/", IPv6Address("ff02::1%eth0")),
        ("http://255.255.255.255/", IPv4Address("255.255.255.255")),
        ("http://127.0.0.2/", IPv4Address("127.0.0.1")),
    ],
)
def test_addresses_that_belong_to_no_single_host_are_refused_in_any_case(
    url: str, subscriber: IPv4Address | IPv6Address
) -> None:
    assert refusal(f"<{url}>", subscriber) == CALLBACK_ELSEWHERE


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_subscriber_on_this_host_may_use_loopback(address: str) -> None:
    ip = ip_address(address)
    (callback,) = read_callbacks(f"<http://{LiteralUrl(ip, 5000, '/').authority}/>", ip)
    assert callback == LiteralUrl(ip, 5000, "/")


def test_the_number_and_the_length_of_urls_have_bounds() -> None:
    url = "http://192.0.2.9/" + "x" * 239
    assert len(url) == 256
    assert len(read_callbacks(f"<{url}>", V4)) == 1
    assert refusal(f"<{url}x>") == CALLBACK_TOO_LONG
    assert len(read_callbacks("".join(f"<http://192.0.2.9:{port}/>" for port in range(1, 7)), V4)) == 6
    assert refusal(GOOD * 7) == TOO_MANY_CALLBACKS


@given(st.ip_addresses(), st.ip_addresses())
def test_only_the_subscriber_s_own_address_is_accepted(
    subscriber: IPv4Address | IPv6Address, other: IPv4Address | IPv6Address
) -> None:
    value = f"<http://{LiteralUrl(other, 5000, '/').authority}/>"
    if subscriber != other:
        assert refusal(value, subscriber) == CALLBACK_ELSEWHERE
