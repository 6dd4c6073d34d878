"""Titles and icons of pages, as people and attackers write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.documents.web_page import (
    MAX_HTML_BYTES,
    MAX_ICON_LINKS,
    MAX_TITLE_CHARACTERS,
    IconLink,
    WebPage,
    read_web_page,
)


def title(body: str | bytes, content_type: str = "text/html; charset=utf-8") -> str:
    return read_web_page(body.encode() if isinstance(body, str) else body, content_type).title


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<title>DiskStation</title>", "DiskStation"),
        ("<!DOCTYPE html><HTML><HEAD><TITLE lang=fr>\n  Le\tjambon \r\n </TITLE>", "Le jambon"),
        ("<title>Fish &amp; Chips &#8211; &eacute;t&eacute; &lt;b&gt;</title>", "Fish & Chips – été <b>"),
        ("<title>a <b>bold</b> one</title>", "a <b>bold</b> one"),
        ("<title>first</title><title>second</title>", "first"),
        ("<title></title>", ""),
        ("<title/>", ""),
        ("<title>open", "open"),
        ("<title data-x='>'>quoted</title>", "quoted"),
        ("<!-- <title>no</title> --><title>yes</title>", "yes"),
        ("<script>document.write('<title>no</title>')</script><title>yes</title>", "yes"),
        ("<style>a{content:'<title>no'}</style><title>yes</title>", "yes"),
        ("<svg><title>drawing</title></svg><title>page</title>", "page"),
        ("<svg/><title>page</title>", "page"),
        ("<head></head><title>too late</title>", ""),
        ("<body><title>too late</title>", ""),
        ("<titles>no</titles><title>yes</title>", "yes"),
        ("no page at all", ""),
        ("<", ""),
        ("<!--", ""),
        ("<a href='", ""),
        ("\ufeff<title>mark</title>", "mark"),
    ],
)
def test_the_title_is_read_as_browsers_do(body: str, expected: str) -> None:
    assert title(body) == expected


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>été</title>".encode(), "text/html; charset=UTF-8"),
        ("<title>été</title>".encode("latin-1"), 'text/html; charset="iso-8859-1"'),
        ("<title>été</title>".encode("latin-1"), "text/html"),
        ("<title>été</title>".encode(), "text/html"),
        ("<title>été</title>".encode(), ""),
        ('<meta charset="iso-8859-15"><title>été</title>'.encode("latin-1"), "text/html"),
        ('<meta http-equiv="x" content="text/html; charset=windows-1252"><title>été</title>'.encode("cp1252"), ""),
        ("<title>été</title>".encode("utf-16"), "text/html; charset=iso-8859-1"),
        (b"\xfe\xff" + "<title>été</title>".encode("utf-16-be"), "text/html"),
        ("<title>été</title>".encode(), "text/html; charset=nonsense"),
        ("<title>été</title>".encode(), "text/html; charset=rot13"),
        ("<title>été</title>".encode(), "text/html; charset=punycode"),
        ("<meta charset=utf-16><title>été</title>".encode(), "text/html"),
        ("<title>été</title>".encode(), "application/xhtml+xml"),
    ],
)
def test_the_encoding_is_found_as_browsers_do(body: bytes, content_type: str) -> None:
    assert title(body, content_type) == "été"


def test_a_page_that_is_cut_within_a_character_keeps_its_encoding() -> None:
    assert title("<title>été</title>é".encode()[:-1], "text/html") == "été"


@pytest.mark.parametrize("content_type", ["application/json", "image/png", "text/plain", "application/pdf"])
def test_what_is_no_page_has_no_title(content_type: str) -> None:
    assert read_web_page(b"<title>x</title>", content_type) == WebPage()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<title>Disk", ""),
        ("<title>Disk</ti", ""),
        ("<title>DiskStation</title><p", "DiskStation"),
        (f"<title>{'A' * 100}", f"{'A' * 62}…"),
    ],
)
def test_a_page_that_breaks_off_within_its_title_has_none(body: str, expected: str) -> None:
    assert read_web_page(body.encode(), is_whole=False).title == expected


def test_a_title_fits_a_friendly_name() -> None:
    assert title("<title>" + "x" * MAX_TITLE_CHARACTERS) == "x" * MAX_TITLE_CHARACTERS
    long = title(f"<title>{'word ' * 200_000}</title>")
    assert long.endswith(" wo…")
    assert len(long) <= MAX_TITLE_CHARACTERS


def test_what_controls_a_terminal_or_an_xml_document_is_left_out() -> None:
    assert title("<title>a\x1b[31mb\x00c\u202ed\u2028e\x85f&#27;&#0;&#xFFFE;g</title>") == "a[31mbcd e f\ufffdg"


def test_a_character_may_have_a_number_of_any_length() -> None:
    nines, zeros = "9" * 5000, "0" * 5000
    assert title("<title>a&#0000000000066;&#66;&#1114112;&#99999999999;&#x43;") == "aBB\ufffd\ufffdC"
    link = f"<link rel=icon href='&#{zeros}66;&#{zeros};&#x{zeros}43;&#{nines};&#{nines}9&#66&#xfffffffff;'>"
    assert read_web_page(link.encode()).icons == (IconLink("B\ufffdC\ufffd\ufffdB\ufffd"),)


def test_icons_are_listed_with_what_the_page_says_of_them() -> None:
    page = """
        <base href="/app/"><base href="/no/">
        <LINK REL="shortcut icon" HREF="favicon.ico?a=1&amp;b=2">
        <link rel=icon type=image/png sizes="32x32 48x48" href=a.png>
        <link rel='apple-touch-icon' sizes=180x180 href='b.png'>
        <link rel="icon" type="image/svg+xml" sizes=any href=c.svg>
        <link rel="stylesheet" href="icon.css"><link rel="mask-icon" href="d.svg"><link rel=icon><link href=e.png>
    """
    assert read_web_page(page.encode()) == WebPage(
        icons=(
            IconLink("favicon.ico?a=1&b=2"),
            IconLink("a.png", "image/png", 48),
            IconLink("b.png", "", 180, is_for_phones=True),
            IconLink("c.svg", "image/svg+xml"),
        ),
        base="/app/",
    )


def test_the_number_of_icons_is_bounded() -> None:
    assert len(read_web_page(b"<link rel=icon href=x>" * 1000).icons) == MAX_ICON_LINKS


@pytest.mark.parametrize("start", [b"", b"<title>", b"<a "])
@pytest.mark.parametrize(
    "piece",
    [
        *(b"<!--", b"<!", b"<a ", b"<a =", b"</a ", b"<?", b"&#", b"<", b"<![", b"<script>", b"<title></", b"<a b='"),
        *(
            b"a a",
            b"=",
            b" ",
            b"\"'",
            b"<svg>",
            b"<x/",
            b"&amp",
            b"<link rel=icon href=x>",
            b"<a b=\"'",
            b"<meta charset ",
        ),
    ],
)
def test_no_page_takes_longer_than_its_length(start: bytes, piece: bytes) -> None:
    body = start + piece * (MAX_HTML_BYTES // len(piece))
    began = time.thread_time()
    read_web_page(body, "text/html")
    # some 20 ms on a slow core; a reading by the square of the length would take a hundred times as long
    assert time.thread_time() - began < 1.0


@given(body=st.binary() | st.text().map(str.encode), content_type=st.text(max_size=40))
def test_no_page_makes_it_fail(body: bytes, content_type: str) -> None:
    read_web_page(body, content_type)
    assert read_web_page(b"<title>" + body, "text/html").title.isprintable()
