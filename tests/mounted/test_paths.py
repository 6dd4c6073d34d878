"""Which request is for which path of ours, however a server and a framework say where the app is mounted."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest

from upnp_trio.mounted.paths import decoded_prefix, target_within


def target(prefix: str, root_path: str, path: str, query: str = "") -> str | None:
    return target_within(prefix, decoded_prefix(prefix), root_path, path, query)


@pytest.mark.parametrize(
    ("prefix", "root_path", "path", "expected"),
    [
        # mounted as ASGI says: path has root_path, too
        ("/upnp", "/upnp", "/upnp/d.xml", "/upnp/d.xml"),
        ("/upnp", "/upnp", "/upnp", "/upnp/"),
        ("/upnp", "/upnp", "/upnp/", "/upnp/"),
        ("/upnp", "/upnp/", "/upnp/d.xml", "/upnp/d.xml"),
        ("/a/b", "/a/b", "/a/b/d.xml", "/a/b/d.xml"),
        # mounted as frameworks did before that
        ("/upnp", "/upnp", "/d.xml", "/upnp/d.xml"),
        ("/upnp", "/upnp", "/", "/upnp/"),
        ("/upnp", "/upnp", "", "/upnp/"),
        # passed on by hand, and at the top
        ("/upnp", "", "/upnp/d.xml", "/upnp/d.xml"),
        ("", "", "/d.xml", "/d.xml"),
        ("", "", "/", "/"),
        # in a server that is told of a proxy which takes /api away
        ("/upnp", "/api", "/api/upnp/d.xml", "/upnp/d.xml"),
        ("/upnp", "/api/upnp", "/api/upnp/d.xml", "/upnp/d.xml"),
        ("", "/api", "/api/d.xml", "/d.xml"),
        # behind a proxy that has the mount below /ham
        ("/ham/upnp", "/upnp", "/upnp/d.xml", "/ham/upnp/d.xml"),
        # one whose path looks like the mount's
        ("/upnp", "/upnp", "/upnp/upnp/d.xml", "/upnp/upnp/d.xml"),
        # characters that a URL escapes
        ("/h%C3%A2m", "/hâm", "/hâm/a b?#%.xml", "/h%C3%A2m/a%20b%3F%23%25.xml"),
        # for other apps
        ("/upnp", "", "/d.xml", None),
        ("/upnp", "", "/upnpx/d.xml", None),
        ("/upnp", "", "/", None),
        ("/upnp", "/other", "/other/d.xml", None),
        ("/upnp", "/xupnp", "/xupnp/d.xml", None),
        ("/xupnp", "/upnp", "/upnp/d.xml", None),
    ],
)
def test_a_request_has_the_path_of_the_document(prefix: str, root_path: str, path: str, expected: str | None) -> None:
    assert target(prefix, root_path, path) == expected
    if expected is not None:
        assert unquote(expected).startswith(unquote(prefix))
        assert target(prefix, root_path, path, "after=7") == f"{expected}?after=7"


@pytest.mark.parametrize(
    ("prefix", "root_path", "path", "raw", "expected"),
    [
        ("/upnp", "/upnp", "/upnp/a/b.xml", "/upnp/a%2Fb.xml", "/upnp/a%2Fb.xml"),
        ("/upnp", "/upnp", "/upnp/a/b.xml", "/upnp/a%2fb.xml?c=%2F", "/upnp/a%2fb.xml"),
        ("/upnp", "", "/upnp/a/b c.xml", "http://192.0.2.7/upnp/a%2Fb%20c.xml", "/upnp/a%2Fb%20c.xml"),
        ("", "", "/a/b", "/a%2Fb", "/a%2Fb"),
        # what a proxy in front has taken away or added
        ("/upnp", "/upnp", "/upnp/a/b", "/api/upnp/a%2Fb", "/upnp/a%2Fb"),
        # nothing to tell apart, or not what was sent
        ("/upnp", "/upnp", "/upnp/a/b", "/upnp/a/b", "/upnp/a/b"),
        ("/upnp", "/upnp", "/upnp/a/b", "/upnp/a/b?%2F", "/upnp/a/b"),
        ("/upnp", "/upnp", "/upnp/a/b", "/other%2Fc", "/upnp/a/b"),
        ("/a%2Fupnp", "/a/upnp", "/a/upnp/b", "/a%2Fupnp/b", "/a%2Fupnp/b"),
        ("", "", "/" * 5000 + "a/b", "/" * 5000 + "a%2Fb", "/" * 5000 + "a/b"),
    ],
)
def test_an_encoded_slash_is_none_that_parts_a_path(
    prefix: str, root_path: str, path: str, raw: str, expected: str
) -> None:
    assert target_within(prefix, decoded_prefix(prefix), root_path, path, "", raw) == expected


@pytest.mark.parametrize("part", ["/%2f", "/%2Fa", "/", "/a"])
def test_each_part_of_what_was_sent_is_decoded_once(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []

    def note(text: str) -> str:
        decoded.append(text)
        return unquote(text)

    monkeypatch.setattr("upnp_trio.mounted.paths.unquote", note)
    raw = part * (1000 // len(part)) + "%2f"
    assert target_within("", "", "", unquote(raw), "", raw) == raw
    assert target_within("", "", "", unquote(raw) + "x", "", raw) == quote(unquote(raw) + "x")
    assert sum(map(len, decoded)) <= 2 * len(raw)
