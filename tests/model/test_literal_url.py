"""URLs with literal addresses: what is read, what is refused, and where a reference leads."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.model.literal_url import MAX_URL_CHARACTERS, LiteralUrl, unmapped, without_zone

V4 = IPv4Address("192.0.2.7")
V6 = IPv6Address("2001:db8::7")
LINK_LOCAL = IPv6Address("fe80::7")


@pytest.mark.parametrize(
    ("text", "url", "whole"),
    [
        ("http://192.0.2.7", LiteralUrl(V4, 80, "/"), "http://192.0.2.7:80/"),
        ("http://192.0.2.7:/", LiteralUrl(V4, 80, "/"), "http://192.0.2.7:80/"),
        ("HTTP://192.0.2.7:49152/a/B?c=d&e", LiteralUrl(V4, 49152, "/a/B?c=d&e"), "http://192.0.2.7:49152/a/B?c=d&e"),
        ("http://192.0.2.7?a", LiteralUrl(V4, 80, "/?a"), "http://192.0.2.7:80/?a"),
        ("http://192.0.2.7/a#b", LiteralUrl(V4, 80, "/a"), "http://192.0.2.7:80/a"),
        ("http://192.0.2.7#@192.0.2.1/", LiteralUrl(V4, 80, "/"), "http://192.0.2.7:80/"),
        ("http://192.0.2.7/@192.0.2.1", LiteralUrl(V4, 80, "/@192.0.2.1"), "http://192.0.2.7:80/@192.0.2.1"),
        ("http://192.0.2.7:1/", LiteralUrl(V4, 1, "/"), "http://192.0.2.7:1/"),
        ("http://192.0.2.7:65535/", LiteralUrl(V4, 65535, "/"), "http://192.0.2.7:65535/"),
        ("http://[2001:db8::7]/", LiteralUrl(V6, 80, "/"), "http://[2001:db8::7]:80/"),
        ("http://[2001:DB8:0:0:0:0:0:7]:8080/", LiteralUrl(V6, 8080, "/"), "http://[2001:db8::7]:8080/"),
        ("http://[::ffff:192.0.2.7]/", LiteralUrl(V4, 80, "/"), "http://192.0.2.7:80/"),
        ("http://[::FFFF:c000:207]/", LiteralUrl(V4, 80, "/"), "http://192.0.2.7:80/"),
        ("http://[fe80::7]/", LiteralUrl(LINK_LOCAL, 80, "/"), "http://[fe80::7]:80/"),
        ("http://[fe80::7%eth0]/", LiteralUrl(LINK_LOCAL, 80, "/"), "http://[fe80::7%25eth0]:80/"),
        ("http://[fe80::7%25eth0.5]/", LiteralUrl(LINK_LOCAL, 80, "/"), "http://[fe80::7%25eth0.5]:80/"),
        ("http://[fe80::7%25]/", LiteralUrl(LINK_LOCAL, 80, "/"), "http://[fe80::7%2525]:80/"),  # of a careless device
    ],
)
def test_a_literal_url_is_taken_apart_and_put_together(text: str, url: LiteralUrl, whole: str) -> None:
    found = LiteralUrl.parse(text)
    assert found == url
    assert found.text == str(found) == whole
    assert LiteralUrl.parse(found.text) == found
    assert LiteralUrl.parse(found.text).zone == found.zone


def test_a_zone_is_for_this_host_alone() -> None:
    url = LiteralUrl.parse("http://[fe80::7%25eth0]:49152/")
    assert (url.zone, url.authority) == ("eth0", "[fe80::7]:49152")  # RFC 6874 §4
    assert (url.zoned_address, LiteralUrl.parse("http://192.0.2.7/").zoned_address) == ("fe80::7%eth0", "192.0.2.7")
    assert url == LiteralUrl.parse("http://[fe80::7]:49152/")


@pytest.mark.parametrize(
    "text",
    [
        # other schemes, and none
        *("https://192.0.2.7/", "ftp://192.0.2.7/", "file:///etc/passwd", "//192.0.2.7/", "/a", "", "192.0.2.7"),
        *("http:192.0.2.7/", "http:/192.0.2.7/", "http:///192.0.2.7/", "http://", "http://:80/", " http://192.0.2.7/"),
        # names
        *("http://localhost/", "http://192.0.2.7.example.com/", "http://192.0.2.7./", "http://device.local/"),
        # userinfo
        *(
            "http://192.0.2.7@192.0.2.1/",
            "http://a:b@192.0.2.7/",
            "http://@192.0.2.7/",
            "http://192.0.2.7:80@192.0.2.1/",
        ),
        # other spellings of an address
        *("http://3221225991/", "http://0xc0000207/", "http://0300.0.2.7/", "http://192.0.519/", "http://192.0.02.7/"),
        *("http://127.1/", "http://0/", "http://192%2e0.2.7/", "http://１９２.0.2.7/", "http://192。0。2。7/"),
        *("http://192.0.2.256/", "http://[192.0.2.7]/", "http://[fe80::7::1]/", "http://[]/", "http://[v1.1]/"),
        *("http://[fe80::7%]/", "http://[fe80::7%a b]/", "http://[fe80::7%a/b]/", "http://[fe80::7%\x1b]/"),
        *("http://[fe80::7]x/", "http://[fe80::7/", "http://fe80::7/"),
        # ports
        *("http://192.0.2.7:0/", "http://192.0.2.7:65536/", "http://192.0.2.7:080000/", "http://192.0.2.7:-1/"),
        *("http://192.0.2.7:+80/", "http://192.0.2.7:80:80/", "http://192.0.2.7:8 0/", "http://192.0.2.7:٨٠/"),
        # characters that split a request, or that some readers take for others
        *("http://192.0.2.7\\@192.0.2.1/", "http://192.0.2.7/\\", "http://192.0.2.7/#\\", "http://192.0.2.7/a b"),
        *("http://192.0.2.7/\r\nX: 1", "http://192.0.2.7/\n", "http://192.0.2.7/\x00", "http://192.0.2.7/\x7f"),
        *("http://192.0.2.7/é", "http://192.0.2.7/\x85", "http://192.0.2.7\t/", "http://192.0.2.7/\u2028"),
    ],
)
def test_what_could_lead_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not http:// with a literal|no valid address|which is not 1 to 65535"
    ) as it:
        LiteralUrl.parse(text)
    assert str(it.value).isprintable()


def test_the_length_has_a_bound_and_so_has_the_error() -> None:
    longest = "http://192.0.2.7/" + "x" * (MAX_URL_CHARACTERS - 17)
    assert LiteralUrl.parse(longest).text.endswith("xxx")
    with pytest.raises(ValueError, match="the URL has 1025 characters; at most 1024 are read"):
        LiteralUrl.parse(f"{longest}x")
    with pytest.raises(ValueError, match="is not http") as caught:
        LiteralUrl.parse("x" * MAX_URL_CHARACTERS)
    assert len(str(caught.value)) < 300


# --- references ------------------------------------------------------------------------------------------------------

BASE = LiteralUrl.parse("http://192.0.2.7:49152/b/c/d;p?q")

#: RFC 3986 §5.4.1 and §5.4.2, but for those with another scheme
RFC_3986 = {
    **{"g": "/b/c/g", "./g": "/b/c/g", "g/": "/b/c/g/", "/g": "/g", "?y": "/b/c/d;p?y", "g?y": "/b/c/g?y"},
    **{"#s": "/b/c/d;p?q", "g#s": "/b/c/g", "g?y#s": "/b/c/g?y", ";x": "/b/c/;x", "g;x": "/b/c/g;x"},
    **{"g;x?y#s": "/b/c/g;x?y", "": "/b/c/d;p?q", ".": "/b/c/", "./": "/b/c/", "..": "/b/", "../": "/b/"},
    **{"../g": "/b/g", "../..": "/", "../../": "/", "../../g": "/g", "../../../g": "/g", "../../../../g": "/g"},
    **{"/./g": "/g", "/../g": "/g", "g.": "/b/c/g.", ".g": "/b/c/.g", "g..": "/b/c/g..", "..g": "/b/c/..g"},
    **{"./../g": "/b/g", "./g/.": "/b/c/g/", "g/./h": "/b/c/g/h", "g/../h": "/b/c/h", "g;x=1/./y": "/b/c/g;x=1/y"},
    **{"g;x=1/../y": "/b/c/y", "g?y/./x": "/b/c/g?y/./x", "g?y/../x": "/b/c/g?y/../x", "g#s/../x": "/b/c/g"},
}


@pytest.mark.parametrize(("reference", "target"), RFC_3986.items())
def test_references_mean_what_rfc_3986_says(reference: str, target: str) -> None:
    assert BASE.join(reference) == LiteralUrl(V4, 49152, target)


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("http://192.0.2.7/x", LiteralUrl(V4, 80, "/x")),  # another port of the same address
        ("http://192.0.2.7:8080/x", LiteralUrl(V4, 8080, "/x")),
        ("//192.0.2.7:8080/x", LiteralUrl(V4, 8080, "/x")),
        ("http://[::ffff:192.0.2.7]/x", LiteralUrl(V4, 80, "/x")),
        ("HTTP://192.0.2.7/x", LiteralUrl(V4, 80, "/x")),
        # what vendors write between the tags (ofekp/TinyUPnP #1), and what a request line may not have
        (" \n/x \t", LiteralUrl(V4, 49152, "/x")),
        ("/a b", LiteralUrl(V4, 49152, "/a%20b")),
        ("/é", LiteralUrl(V4, 49152, "/%C3%A9")),
        ("/a%20b", LiteralUrl(V4, 49152, "/a%20b")),
        ("/100%", LiteralUrl(V4, 49152, "/100%")),
        ("/<a>\"'", LiteralUrl(V4, 49152, "/%3Ca%3E%22'")),
        ("/a\r\nX: 1", LiteralUrl(V4, 49152, "/a%0D%0AX:%201")),
        ("/\x00\x1b", LiteralUrl(V4, 49152, "/%00%1B")),
        ("\\\\192.0.2.1\\x", LiteralUrl(V4, 49152, "/b/c/%5C%5C192.0.2.1%5Cx")),
        ("http:///x", LiteralUrl(V4, 49152, "/x")),
        ("/@192.0.2.1/", LiteralUrl(V4, 49152, "/@192.0.2.1/")),
        ("@192.0.2.1", LiteralUrl(V4, 49152, "/b/c/@192.0.2.1")),
    ],
)
def test_what_vendors_write_leads_to_the_same_device(reference: str, url: LiteralUrl) -> None:
    assert BASE.join(reference) == url


@pytest.mark.parametrize(
    "reference",
    [
        *("http://192.0.2.1/", "//192.0.2.1/x", "http://127.0.0.1/", "http://169.254.169.254/", "http://[::1]/"),
        *("http://localhost/", "//example.com/", "https://192.0.2.7/", "g:h", "mailto:a", "file:///etc/passwd"),
        *("http://192.0.2.7@192.0.2.1/", "//192.0.2.7@192.0.2.1/", "http://a@192.0.2.7/", "http://192.0.2.7:0/"),
        *("http://[", "//[", "http://[::1", "http://192.0.2.7\\@192.0.2.1/", "http://192.0.2.7:99999/"),
        "/" + "x" * MAX_URL_CHARACTERS,
    ],
)
def test_a_reference_that_leads_away_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        BASE.join(reference)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("zone", ["", "eth0", "25", "a~b"])
def test_a_reference_keeps_the_zone_of_the_document(zone: str) -> None:
    base = LiteralUrl(LINK_LOCAL, 80, "/a/b", zone=zone)
    for reference in ("c", "/a/c", "http://[fe80::7]/a/c", "http://[fe80::7%25wlan0]/a/c"):
        joined = base.join(reference)
        assert (joined, joined.zone) == (LiteralUrl(LINK_LOCAL, 80, "/a/c"), zone)


_addresses = st.ip_addresses().map(unmapped)
_targets = st.from_regex(r"/[!-\"$-\[\]-~]{0,40}", fullmatch=True)  # no fragment, no backslash
_zones = st.from_regex(r"[a-z0-9._~-]{1,15}", fullmatch=True).filter(lambda zone: not zone.startswith("25"))


@given(_addresses, st.integers(1, 65535), _targets, _zones | st.just(""))
def test_what_is_written_is_read_the_same(
    address: IPv4Address | IPv6Address, port: int, target: str, zone: str
) -> None:
    url = LiteralUrl(address, port, target, zone=zone if address.version == 6 else "")
    found = LiteralUrl.parse(url.text)
    assert (found, found.zone) == (url, url.zone)
    assert url.authority in url.text or url.zone


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda text: f"http://192.0.2.7{text}"))
@example("http://192.0.2.7:" + "9" * 5000 + "/")
def test_any_text_is_a_url_that_a_request_line_may_have_or_is_refused(text: str) -> None:
    try:
        url = LiteralUrl.parse(text)
    except ValueError:
        return
    assert url.target.startswith("/")
    assert url.target.isascii()
    assert url.target.isprintable()
    assert " " not in url.target
    assert 1 <= url.port <= 65535


@given(
    st.text(max_size=60)
    | st.text("/.:@?#[]%\\ 127http", max_size=30)
    | st.builds("//{}{}".format, st.text("@:[]%\\/1.", max_size=9), st.ip_addresses())
)
def test_any_reference_leads_to_the_same_address_or_nowhere(reference: str) -> None:
    try:
        joined = BASE.join(reference)
    except ValueError:
        return
    assert joined.address == V4
    assert LiteralUrl.parse(joined.text) == joined
    assert joined.target.isascii()
    assert joined.target.isprintable()


@given(st.from_regex(r"(?:[a-z.;=]{0,4}/){0,4}[a-z.]{0,4}(?:\?[a-z/.]{0,4})?", fullmatch=True))
def test_plain_references_are_joined_as_the_standard_library_does(reference: str) -> None:
    if not reference.startswith("//"):
        assert BASE.join(reference).text == urljoin(BASE.text, reference)


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::192.0.2.7", "::c000:207"),  # IPv4-compatible, which is another address
        ("::ffff:0:192.0.2.7", "::ffff:0:c000:207"),  # IPv4-translated
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_an_address_that_maps_another_one_is_that_one(text: str, plain: str) -> None:
    assert str(unmapped(ip_address(text))) == plain


@pytest.mark.parametrize(("text", "plain"), [("fe80::7%eth0", "fe80::7"), ("fe80::7", "fe80::7"), ("192.0.2.7",) * 2])
def test_an_address_without_its_zone_is_the_same_on_every_host(text: str, plain: str) -> None:
    assert without_zone(ip_address(text)) == ip_address(plain)
