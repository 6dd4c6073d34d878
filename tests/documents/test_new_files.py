"""Names of files that are made from what strangers say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import hostile_urls
from upnp_trio.documents.new_files import MAX_STEM_CHARACTERS, NewFiles, safe_stem

_NAME = re.compile(r"scpd/[A-Za-z0-9_-]{1,60}\.xml")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/SwitchPower1.xml", "SwitchPower1"),
        ("http://192.0.2.7:8080/a/b/dimming-scpd.xml?x=1#top", "dimming-scpd"),
        ("../../etc/passwd", "passwd"),
        ("%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd"),
        ("..\\..\\windows\\system32", "service"),
        ("C:\\con.xml", "service"),
        ("/con", "con_"),
        ("/LPT1.scpd.xml", "LPT1_scpd"),
        ("/com1.xml", "com1_"),
        ("/.hidden", "hidden"),
        ("/", "service"),
        ("", "service"),
        ("?service=1", "service"),
        ("/Füße und Beine.xml", "F_e_und_Beine"),
        ("/" + "x" * 5000 + ".xml", "x" * MAX_STEM_CHARACTERS),
        ("/a\u202eb", "a_b"),
    ],
)
def test_a_name_is_the_last_part_of_the_url_as_far_as_it_is_safe(url: str, name: str) -> None:
    assert NewFiles().place("scpd", (url, "service"), ".xml", b"") == f"scpd/{name}.xml"


def test_names_that_some_systems_take_for_one_are_numbered() -> None:
    files = NewFiles()
    names = [files.place("scpd", (url, "x"), ".xml", data) for url, data in (("a", b"1"), ("A", b"2"), ("a", b"3"))]
    assert names == ["scpd/a.xml", "scpd/A-2.xml", "scpd/a-3.xml"]
    assert files.files == {"scpd/a.xml": b"1", "scpd/A-2.xml": b"2", "scpd/a-3.xml": b"3"}


@given(st.lists(hostile_urls | st.text(), max_size=6))
def test_whatever_strangers_say_all_names_are_safe_and_different(urls: list[str]) -> None:
    files = NewFiles()
    names = [files.place("scpd", (url, "service"), ".xml", b"") for url in urls]
    assert all(map(_NAME.fullmatch, names))
    assert len({name.lower() for name in names}) == len(urls)
    assert not any(_RESERVED.fullmatch(name[5:-4]) for name in names)


@given(st.text())
def test_a_stem_is_safe_or_empty(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]*", safe_stem(text))
    assert not _RESERVED.fullmatch(safe_stem(text))
