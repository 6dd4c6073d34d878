"""Reads a web page of a stranger: its title, and the icons that it names.

The page may be broken, hostile or endless. A bounded part of it is read, and what that does not have is not there.

`html.parser` is not used: the one of Python 3.11 takes a minute for 64 KiB of ``<a <a <a`` (CVE-2025-6069 is the like).
Few tags matter here, and finding them takes time by the length of the page alone.
"""

from __future__ import annotations

import codecs
import html
import re

import attrs

from upnp_trio.model.printable import printable

__all__ = ["MAX_HTML_BYTES", "IconLink", "WebPage", "read_web_page"]

# Titles and links of icons come first in a page, but for scripts and styles that some pages have within themselves.
MAX_HTML_BYTES = 128 * 1024
# UDA 2.0 §2.3: friendlyName should have less than 64.
MAX_TITLE_CHARACTERS = 63
# What is kept of a title before white space and control characters are left out.
MAX_RAW_CHARACTERS = 1024
# Pages name an icon in up to a dozen sizes, for as many kinds of phones.
MAX_ICON_LINKS = 16
# Where a page declares its encoding (WHATWG HTML, "prescan a byte stream").
PRESCAN_BYTES = 1024

_CHARSET_OF_TYPE = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE | re.ASCII)
_CHARSET_OF_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
# Python has more, some of which take minutes for a page ("punycode") or are no text of bytes. UTF-16 cannot be declared
# in ASCII.
_ENCODINGS = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp(?:125\d|866|874|932|936|949|950)|koi8-[rtu]|tis-620|euc_(?:jp|kr)|shift_jis|iso2022_jp"
    r"|gbk|gb2312|gb18030|big5|big5hkscs|mac-(?:roman|cyrillic)"
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9:-]*)")
# To the end of a tag; quoted values may have ">". Nothing that was matched is tried in another way.
_REST_OF_TAG = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s>]++)))?+""")
# Elements whose content has no tags of the page, with their ends. A drawing has a title of its own.
_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("title", "script", "style", "svg")}
# A character by its number; `int` refuses thousands of digits, and no character has more than seven.
_NUMBER = re.compile(r"&#(?=[0-9])0*+([0-9]{0,8}+)[0-9]*+")
_SIZE = re.compile(r"([1-9][0-9]{0,3})x[1-9][0-9]{0,3}", re.IGNORECASE)
# The relations by which a page names its icon; what Apple's phones show has no other one.
_ICON_RELATIONS = frozenset({"icon", "apple-touch-icon", "apple-touch-icon-precomposed"})


@attrs.frozen
class IconLink:
    """An icon that a page names."""

    #: as it is in the page, so mostly relative
    url: str
    mimetype: str = ""
    #: the width that the page gives, in pixels; 0 without one
    width: int = 0
    is_for_phones: bool = False


@attrs.frozen
class WebPage:
    """What a page says of itself."""

    #: one line without control characters; empty without one
    title: str = ""
    icons: tuple[IconLink, ...] = ()
    #: what its URLs are relative to, if not to its own; empty without one
    base: str = ""


def read_web_page(body: bytes, content_type: str = "", *, is_whole: bool = True) -> WebPage:
    """What the start of the page *body* says; its encoding is in it, or in *content_type*.

    Something that is no page has no title, nor has a page that was cut within a short one. This never fails, and takes
    a bounded time.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("", "text/html", "application/xhtml+xml"):
        return WebPage()
    reader = _Reader()
    reader.read(_text(body[:MAX_HTML_BYTES], content_type))
    title = _one_line(_unescape(reader.title or ""))
    if not is_whole and reader.is_title_open and len(title) < MAX_TITLE_CHARACTERS:
        title = ""  # "Disk" would stand for "DiskStation" as long as the page is there
    return WebPage(title, tuple(reader.icons), reader.base)


def _text(body: bytes, content_type: str) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    named = _CHARSET_OF_TYPE.search(content_type)
    in_page = _CHARSET_OF_META.search(body[:PRESCAN_BYTES])
    for name in (named and named[1], in_page and in_page[1].decode("ascii")):
        if name and (known := _encoding(name)):
            return body.decode(known, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3:  # the last character is cut
            return body.decode("utf-8", "replace")
        return body.decode("windows-1252", "replace")  # what browsers fall back to


def _encoding(name: str) -> str | None:
    """Python's name of the encoding that a page calls *name*; ``None`` if no page has it."""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return None
    if not _ENCODINGS.fullmatch(known):
        return None
    return "cp1252" if known in ("ascii", "iso8859-1") else known  # as browsers read them (WHATWG Encoding §4.2)


def _unescape(text: str) -> str:
    """*text* with its characters in place of what names them."""
    return html.unescape(_NUMBER.sub(lambda found: f"&#{found[1] or 0}", text))


def _one_line(title: str) -> str:
    """*title* as a friendlyName may have it."""
    clean = "".join(character for character in " ".join(title.split()) if character.isprintable())
    line = printable(" ".join(clean.split()), MAX_RAW_CHARACTERS)
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"


@attrs.define
class _Reader:
    """Collects what the tags of a page's head say. Each character is looked at a few times at the most."""

    title: str | None = None
    #: whether the text ends before the title does
    is_title_open: bool = False
    icons: list[IconLink] = attrs.field(factory=list)
    base: str = ""

    def read(self, text: str) -> None:
        """Read the tags of *text* up to the end of the head, or to what is not complete."""
        place = text.find("<")
        while place >= 0:
            if text.startswith("<!--", place):
                end = text.find("-->", place + 4)
                place = -1 if end < 0 else text.find("<", end)
                continue
            tag = _TAG.match(text, place)
            if tag is None:
                place = text.find("<", place + 1)
                continue
            rest = _REST_OF_TAG.match(text, tag.end())
            name = tag[1].lower()
            if rest is None or name in ("body", "/head"):
                return
            content = rest.end()
            end = self._end(text, name, content)
            if name == "title" and self.title is None:
                self.title = text[content : min(end, content + MAX_RAW_CHARACTERS)]
                self.is_title_open = end == len(text)
            elif name in ("base", "link"):
                self._add(name, _attributes(rest[0]))
            place = text.find("<", end)

    def _end(self, text: str, name: str, content: int) -> int:
        """Where what belongs to the tag *name* ends: its text, if that has no tags of the page."""
        if name not in _ENDS or (name == "svg" and text[content - 2] == "/"):
            return content
        end = _ENDS[name].search(text, content)
        return len(text) if end is None else end.start()

    def _add(self, name: str, attributes: dict[str, str]) -> None:
        url = attributes.get("href", "").strip()
        if name == "base":
            self.base = self.base or url
            return
        relations = _ICON_RELATIONS & set(attributes.get("rel", "").lower().split())
        if relations and url and len(self.icons) < MAX_ICON_LINKS:
            widths = [int(width) for width in _SIZE.findall(attributes.get("sizes", ""))]
            mimetype, is_for_phones = attributes.get("type", "").strip().lower(), "icon" not in relations
            self.icons.append(IconLink(url, mimetype, max(widths, default=0), is_for_phones))


def _attributes(rest: str) -> dict[str, str]:
    """The attributes in *rest*, a tag after its name; the first of repeated ones counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(rest):
        name, *values = match.groups()
        found.setdefault(name.lower(), _unescape(next((value for value in values if value is not None), "")))
    return found
