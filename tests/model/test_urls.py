"""Where a URL leads, for any string in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import hostile_urls
from upnp_trio.model.urls import has_scheme, is_web_link, path_within

_pieces = st.sampled_from(["..", ".", "/", "\\", "%2e", "%2f", "%5c", "%00", "%", "a", "?", "#", ":", "//", "[", "\n"])


@given(hostile_urls | st.text() | st.lists(_pieces).map("".join))
def test_a_path_never_leads_out_of_its_directory(url: str) -> None:
    path = path_within(url)
    assert not {"..", "."} & set(path.split("/"))
    assert not path.startswith("/")
    assert not path.endswith("/")
    assert "//" not in path
    assert "\\" not in path
    assert not any(character < " " or character == "\x7f" for character in path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", ""),
        ("/", ""),
        ("a/b.png", "a/b.png"),
        ("/a//b/./c/", "a/b/c"),
        ("a/../b", "a/b"),
        ("http://192.0.2.1:80/a/b?c=d#e", "a/b"),
        ("http://192.0.2.1", ""),
        ("http:a", "a"),
        ("//host/a", "a"),
        ("?a/b", ""),
        ("#a/b", ""),
        ("a#b?c", "a"),
        ("%2e%2e/%61", "a"),
        ("a%2fb", "a/b"),
        ("a%2Fb%3Fc", "a/b?c"),
        ("%C3%A9", "é"),
        ("..\\a", ""),
        ("a%7fb/c", "c"),
        ("http://[/a", "a"),
        ("1a:b/c", "1a:b/c"),
    ],
)
def test_the_path_of_a_url_is_decoded_once_and_cleaned(url: str, path: str) -> None:
    assert path_within(url) == path


@pytest.mark.parametrize(
    ("url", "scheme", "web"),
    [
        ("http://a.example.com/", True, True),
        ("HTTPS://a", True, True),
        ("http://[", True, True),
        ("http:///a", True, False),
        ("http:a", True, False),
        ("javascript:alert(1)", True, False),
        ("data:text/html,x", True, False),
        ("C:\\a", True, False),
        ("/a", False, True),
        ("//a", False, True),
        ("a", False, False),
        ("", False, False),
        ("192.0.2.1:80/", False, False),
        (" http://a", False, False),
        ("/javascript:alert(1)", False, True),
    ],
)
def test_schemes_and_web_links_are_recognised(url: str, scheme: bool, web: bool) -> None:
    assert (has_scheme(url), is_web_link(url)) == (scheme, web)
