"""Under which names requests are accepted, and from which pages."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio import NetworkError, Settings
from upnp_trio.http.host_check import HOST_MALFORMED, HOST_REFUSED, ORIGIN_REFUSED, HostCheck, parse_authority

V4 = HostCheck("192.0.2.7:49152")
V6 = HostCheck("[fe80::5054:ff:fe12:1]:49152")
PORT_80 = HostCheck("192.0.2.7:80")
LOOPBACK = HostCheck("127.0.0.1:49152")


def named(*allowed: str, advertise_url: str | None = None) -> HostCheck:
    return HostCheck("172.17.0.2:49152", Settings(allowed_hosts=allowed, advertise_url=advertise_url).host_names)


@pytest.mark.parametrize(
    ("host_check", "host"),
    [
        (V4, "192.0.2.7:49152"),
        (V6, "[fe80::5054:ff:fe12:1]:49152"),
        (V6, "[FE80:0:0:0:5054:FF:FE12:0001]:49152"),
        (V6, "[fe80::5054:ff:fe12:1%eth0]:49152"),
        (V6, "[fe80::5054:ff:fe12:1%25eth0]:49152"),
        (V6, "[fe80::5054:ff:fe12:1%3]:49152"),
        (PORT_80, "192.0.2.7"),
        (PORT_80, "192.0.2.7:"),
        (PORT_80, "192.0.2.7:80"),
        (PORT_80, "192.0.2.7:080"),
        (LOOPBACK, "localhost:49152"),
        (HostCheck("[::1]:49152"), "localhost:49152"),
        (named("ham.local"), "ham.local:49152"),
        (named("ham.local"), "HAM.local.:8080"),
        (named("ham.local"), "ham.local"),
        (named("ham.local", "ham.example.com:8080"), "ham.example.com:8080"),
        (named("ham.example.com:80"), "ham.example.com"),
        (named("192.0.2.1"), "192.0.2.1:1234"),
        (named("[2001:db8::1]"), "[2001:DB8:0::1]:1234"),
        (named(advertise_url="http://192.0.2.1:8080"), "192.0.2.1:8080"),
        (named(advertise_url="http://192.0.2.1"), "192.0.2.1"),
        (named(advertise_url="http://Ham.example.com"), "ham.example.com"),
        (named(advertise_url="http://[2001:db8::1]:8080/"), "[2001:db8::1]:8080"),
        (named(advertise_url="http://192.0.2.1:8080"), "172.17.0.2:49152"),
    ],
)
def test_our_address_and_the_allowed_names_are_ours(host_check: HostCheck, host: str) -> None:
    assert host_check.refusal("GET", "/", {"host": host}) is None
    assert host_check.refusal("GET", f"http://{host}/", {"host": host}) is None
    assert host_check.refusal("POST", "/", {"host": host, "origin": f"http://{host}"}) is None


OTHERS = [
    (V4, "rebound.example.com:49152"),
    (V4, "rebound.example.com"),
    (V4, "192.0.2.7"),
    (V4, "192.0.2.7:80"),
    (V4, "192.0.2.7:49153"),
    (V4, "192.0.2.8:49152"),
    (V4, "localhost:49152"),
    (V4, "[::ffff:192.0.2.7]:49152"),
    (V4, "192.0.2.07:49152"),
    (V4, "3221225991:49152"),
    (V4, "0xc0.0.2.7:49152"),
    (V4, "192.0.2.7.example.com:49152"),
    (V6, "[fe80::5054:ff:fe12:2]:49152"),
    (V6, "fe80--5054-ff-fe12-1.ipv6-literal.net:49152"),
    (LOOPBACK, "localhost.example.com:49152"),
    (LOOPBACK, "localhost:49153"),
    (named("ham.local"), "xham.local:49152"),
    (named("ham.local"), "ham.local.example.com"),
    (named("ham.example.com:8080"), "ham.example.com"),
    (named("ham.example.com:8080"), "ham.example.com:8081"),
    (named(advertise_url="http://192.0.2.1:8080"), "192.0.2.1"),
]


@pytest.mark.parametrize(("host_check", "host"), OTHERS)
def test_every_other_name_is_refused(host_check: HostCheck, host: str) -> None:
    assert host_check.refusal("GET", "/", {"host": host}) == HOST_REFUSED


@pytest.mark.parametrize(("host_check", "host"), OTHERS)
def test_an_absolute_target_counts_in_place_of_host(host_check: HostCheck, host: str) -> None:
    ours = host_check.authority
    assert host_check.refusal("GET", f"http://{host}/", {"host": ours}) == HOST_REFUSED
    assert host_check.refusal("GET", f"http://{host}", {}) == HOST_REFUSED
    assert host_check.refusal("GET", f"http://{ours}/", {"host": host}) is None


def test_a_malformed_host_is_refused_beside_an_absolute_target_too() -> None:
    assert V4.refusal("GET", f"http://{V4.authority}/", {"host": "a b"}) == HOST_MALFORMED


@pytest.mark.parametrize("target", ["https://192.0.2.7:49152/", "ftp://192.0.2.7:49152/", "HTTPS://192.0.2.7:49152"])
def test_an_absolute_target_of_another_scheme_is_not_ours(target: str) -> None:
    assert V4.refusal("GET", target, {"host": V4.authority}) == HOST_REFUSED


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ":49152",
        "a b",
        "user@192.0.2.7:49152",
        "192.0.2.7:49152@example.com",
        "192.0.2.7:49152/",
        "192.0.2.7:49152, example.com",
        "192.0.2.7:65536",
        "192.0.2.7:+49152",
        "192.0.2.7:４９１５２",
        "192.0.2.7:49152:49152",
        "http://192.0.2.7:49152",
        "fe80::1",
        "[192.0.2.7]:49152",
        "[fe80::1",
        "[fe80::5054:ff:fe12:1]49152",
        "[]:49152",
        "example.com\\@192.0.2.7:49152",
        "\x00",
        "é",
    ],
)
def test_a_host_header_that_is_not_a_host_is_malformed(host: str) -> None:
    for host_check in (V4, V6, named("ham.local")):
        assert host_check.refusal("GET", "/", {"host": host}) == HOST_MALFORMED


def test_http_1_0_needs_no_host() -> None:
    assert V4.refusal("GET", "/", {}) is None


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://rebound.example.com:49152",
        "http://192.0.2.7",
        "http://192.0.2.7:8080",
        "https://192.0.2.7:49152",
        "192.0.2.7:49152",
        "http://192.0.2.7:49152/",
        "http://192.0.2.7:49152 http://example.com",
        "chrome-extension://abcdef",
        "file://",
        "HTTP://192.0.2.7:49152",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "SUBSCRIBE", "OPTIONS"])
def test_the_script_of_another_page_is_refused_whatever_it_asks(method: str, origin: str) -> None:
    assert V4.refusal(method, "/", {"host": V4.authority, "origin": origin}) == ORIGIN_REFUSED


@pytest.mark.parametrize(
    ("site", "post", "get"),
    [
        ("cross-site", ORIGIN_REFUSED, None),
        ("Same-Site", ORIGIN_REFUSED, None),
        ("nonsense", ORIGIN_REFUSED, None),
        ("same-origin", None, None),
        ("none", None, None),
    ],
)
def test_fetch_metadata_of_another_site_refuses_all_methods_but_get_and_head(
    site: str, post: str | None, get: str | None
) -> None:
    headers = {"host": V4.authority, "sec-fetch-site": site}
    assert [V4.refusal(method, "/", headers) for method in ("POST", "SUBSCRIBE", "GET", "HEAD")] == [post] * 2 + [
        get
    ] * 2


@pytest.mark.parametrize(
    "allowed",
    [
        *("", "*", "*.local", "http://ham.local", "ham.local/", "a b", "ham.local:", "ham.local:x", "ham.local:70000"),
        *("büro.local", "2001:db8::1", "[2001:db8::1", "@", "-ham", "a\r\nb"),
    ],
)
def test_a_text_that_is_not_a_host_cannot_be_allowed(allowed: str) -> None:
    with pytest.raises(NetworkError, match="is not a host to allow"):
        Settings(allowed_hosts=["ham.local", allowed])


def test_one_name_may_be_allowed_without_a_list() -> None:
    assert Settings(allowed_hosts="ham.local").allowed_hosts == ("ham.local",)


@given(st.text(max_size=40) | st.text("[]:.%@/0123456789abcdef", max_size=30))
def test_any_text_is_judged_and_only_our_address_is_ours(text: str) -> None:
    for host_check in (V4, V6):
        found = parse_authority(text)
        assert host_check.is_ours(text) is (found is not None and found == parse_authority(host_check.authority))


@given(st.ip_addresses(), st.integers(1, 65535))
def test_an_address_has_one_usual_spelling(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> None:
    spellings = [str(address)]
    if isinstance(address, ipaddress.IPv6Address):
        spellings = [f"[{text}]" for text in (str(address), address.exploded, address.exploded.upper())]
    host_check = HostCheck(f"{spellings[0]}:{port}")
    assert all(host_check.is_ours(f"{spelling}:{port}") for spelling in spellings)
    assert not any(host_check.is_ours(f"{spelling}:{port % 65535 + 1}") for spelling in spellings)
