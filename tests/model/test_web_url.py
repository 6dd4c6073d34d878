"""URLs of pages, as people write them and as pages name others."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.model.web_url import WebUrl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://nas.local:5000/", "http://nas.local:5000/"),
        (" HTTPS://NAS.Local ", "https://nas.local/"),
        ("http://192.0.2.7:80/a?b=c#d", "http://192.0.2.7/a?b=c"),
        ("https://192.0.2.7:443?x", "https://192.0.2.7/?x"),
        ("http://[2001:DB8::0:1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::ffff:192.0.2.7]/", "http://192.0.2.7/"),
        ("http://bücher.example/été?a=ß", "http://xn--bcher-kva.example/%C3%A9t%C3%A9?a=%C3%9F"),
        ("http://my_nas/", "http://my_nas/"),
        ("http://nas./", "http://nas./"),
        ("http://localhost:8000", "http://{host}:8000/"),
        ("http://LOCALHOST.:8000/x", "http://{host}:8000/x"),
        ("http://app.localhost:8000/x", "http://{host}:8000/x"),
        ("http://127.0.0.2/", "http://{host}/"),
        ("http://0.0.0.0:8000/", "http://{host}:8000/"),
        ("http://[::1]:8000/", "http://{host}:8000/"),
        ("http://[::]/", "http://{host}/"),
        ("https://{host}:8443/ui", "https://{host}:8443/ui"),
    ],
)
def test_a_url_is_read_as_it_is_meant(text: str, expected: str) -> None:
    url = WebUrl.parse(text)
    assert url.text == expected
    assert str(url) == expected.replace("{host}", "localhost")
    assert url.is_here is ("{host}" in expected)
    assert WebUrl.parse(expected) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nas.local", "has no scheme; write it with http:// or https://"),
        ("nas.local:5000", "has no scheme"),
        ("ftp://nas.local/", "is not a web page"),
        ("file:///etc/passwd", "is not a web page"),
        ("javascript:alert(1)", "has no scheme"),
        ("http://", "is not a URL"),
        ("http:///x", "is not a URL"),
        ("http://a b/", "is not a URL"),
        ("http://a\\b/", "is not a URL"),
        ("http://nas:80a/", "is not a URL"),
        ("http://nas/a\r\nb", "is not a URL"),
        ("http://nas:0/", "has the port 0"),
        ("http://nas:65536/", "has the port 65536"),
        ("http://me:secret@nas/", "the URL of nas has a user name, which everybody would see"),
        ("http://nas..local/", "has no valid name"),
        ("http://-nas/", "has no valid name"),
        (f"http://{'a' * 64}é.example/", "has no valid name"),
        (f"http://{'a' * 64}.example/", "has no valid name"),
        (f"http://{'a.' * 130}b/", "has no valid name"),
        ("http://faß.example/", "has a name with two forms in ASCII; write the one that is meant"),
        ("http://1.2.3/", "has no valid address"),
        ("http://0x7f000001/", "has no valid address"),
        ("http://[1::2::3]/", "has no valid address"),
        ("http://239.255.255.250/", "has a group's address"),
        ("http://[fe80::1]/", "on one link alone"),
        ("http://[fe80::1%25eth0]/", "is not a URL"),
        ("http://{hots}/", "is not a URL"),
        ("http://nas/" + "x" * 1100, "the URL has 1111 characters"),
    ],
)
def test_what_is_no_url_of_a_page_is_an_error_that_says_why(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        WebUrl.parse(text)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("login", "http://nas:5000/ui/login"),
        ("/login?a b", "http://nas:5000/login?a%20b"),
        ("?x", "http://nas:5000/ui/?x"),
        ("//other/", "http://other/"),
        ("https://nas:5001/", "https://nas:5001/"),
        ("", "http://nas:5000/ui/"),
    ],
)
def test_a_reference_is_resolved_as_in_a_page(reference: str, expected: str) -> None:
    assert WebUrl.parse("http://nas:5000/ui/").join(reference).text == expected


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "javascript:x", "http://[", "data:,x", "http://u@nas/"])
def test_a_reference_that_leads_nowhere_is_an_error(reference: str) -> None:
    with pytest.raises(ValueError, match="leads nowhere"):
        WebUrl.parse("http://nas/").join(reference)


def test_a_page_of_this_host_is_at_each_address() -> None:
    url = WebUrl.parse("http://localhost:8000/a")
    assert url.at(ip_address("192.0.2.7")).text == "http://192.0.2.7:8000/a"
    assert url.at(ip_address("2001:db8::1")).text == "http://[2001:db8::1]:8000/a"


@given(
    text=st.text()
    | st.text().map("http://".__add__)
    | st.text(alphabet="a1.:/[]{}@%#?é", max_size=30).map("http://".__add__)
)
def test_any_text_is_a_url_or_an_error(text: str) -> None:
    try:
        url = WebUrl.parse(text)
    except ValueError:
        return
    assert WebUrl.parse(url.text) == url
    assert url.text.isascii()
    assert url.text.isprintable()
