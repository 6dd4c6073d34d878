"""Repairs of documents that are almost XML, each of which some device on the market needs.

They are tried when a parser has refused a document, and each is told to whoever wants to know.
"""

from __future__ import annotations

import re

from upnp_trio.model.forgiving import forgive

__all__ = ["declare_prefixes", "declared_encoding", "mend_ampersands", "note_bare_ampersand", "repair"]

# An "&" that begins no reference. CDATA sections, comments and the XML declaration, where "&" needs no repair, are
# matched whole as group 1.
_NEEDS_NO_REPAIR = r"(<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z))"
_BARE_AMPERSAND = re.compile(
    rf"{_NEEDS_NO_REPAIR}|&(?!#[0-9]+;|#x[0-9A-Fa-f]+;|[A-Za-z_][\w.\-]*;)", re.ASCII | re.DOTALL
)
# The same, and a reference to an entity that only a DOCTYPE could declare: some devices write HTML's "&uuml;".
_NO_REFERENCE = re.compile(
    rf"{_NEEDS_NO_REPAIR}|&(?!#[0-9]+;|#x[0-9A-Fa-f]+;|(?:amp|lt|gt|quot|apos);)", re.ASCII | re.DOTALL
)
_DECLARED = re.compile(rb"<\?xml[^>]{1,100}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._-]{1,40})")
_DECLARATION = re.compile(r"<\?xml[ \t\r\n][^>]{0,200}\?>")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Nothing is given back: that would take forever with a thousand comments.
_ROOT = re.compile(r"(?>[^<]|<!--.*?-->)*+<[A-Za-z_][\w.\-:]*", re.ASCII | re.DOTALL)
_PREFIX = re.compile(r"<([A-Za-z_][\w.\-]*):[A-Za-z_]|\s([A-Za-z_][\w.\-]*):[A-Za-z_][\w.\-]*\s*=\s*[\"']", re.ASCII)
_DECLARED_PREFIX = re.compile(r"\sxmlns:([A-Za-z_][\w.\-]*)", re.ASCII)
_UTF_8_MARK = b"\xef\xbb\xbf"

# No others: some of Python's codecs take a time that grows with the square of the text's length.
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1"), "iso-8859-1"),
    **dict.fromkeys(("windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    **{name: name for name in ("iso-8859-2", "iso-8859-15", "windows-1250", "windows-1251", "koi8-r")},
    **{name: name for name in ("big5", "shift_jis", "euc-jp", "euc-kr")},
}
# Each takes time, and a document of nothing else takes a tenth of a second. Titles of songs have one or two.
MAX_MENDED = 4096
# Real documents have one or two prefixes too many.
MAX_PREFIXES = 16


def mend_ampersands(text: str, at_most: int = MAX_MENDED) -> str:
    """The document *text* with ``&amp;`` for each bare ``&``, or for about the first *at_most* of them."""
    return _BARE_AMPERSAND.sub(_mended, text, count=at_most)


def _mended(match: re.Match[str]) -> str:
    return match[1] or "&amp;"


def declared_encoding(data: bytes) -> str | None:
    """The encoding that the XML declaration names, in lower case."""
    declared = _DECLARED.match(data)
    return declared[1].decode().lower() if declared else None


def repair(data: bytes, utf_16: str | None, forgiven: list[str]) -> str:
    """The text of the document *data* with its flaws mended, without an XML declaration.

    *utf_16* is its encoding if it is in UTF-16. What was mended is added to *forgiven*.
    """
    text = data.decode(utf_16, "replace").removeprefix("\ufeff") if utf_16 else _decode(data, forgiven)
    # Windows repeats the head of the HTTP response in the body (jUPnP's RecoveringUDA10DeviceDescriptorBinderImpl).
    start = max(text.find("<"), 0)
    if text[:start].strip():
        forgive(forgiven, f"there are {start} characters before the document")
    declaration = _DECLARATION.match(text, start)
    text, count = _NOT_IN_XML.subn(" ", text[declaration.end() if declaration else start :])
    if count:
        forgive(forgiven, "the document has control characters, read as blanks")
    return _mend_references(text, forgiven)


def _mend_references(text: str, forgiven: list[str]) -> str:
    note_bare_ampersand(text, forgiven, _NO_REFERENCE)
    return _NO_REFERENCE.sub(_mended, text, count=MAX_MENDED)


def note_bare_ampersand(text: str, forgiven: list[str], pattern: re.Pattern[str] = _BARE_AMPERSAND) -> None:
    """Add the line of the first bare ``&`` in the document *text* to *forgiven*, if there is one."""
    bare = next((match for match in pattern.finditer(text) if match[1] is None), None)
    if bare is not None:
        line = text.count("\n", 0, bare.start()) + 1
        forgive(forgiven, f"a bare & in line {line}")


def _decode(data: bytes, forgiven: list[str]) -> str:
    marked = data.startswith(_UTF_8_MARK)
    data = data.removeprefix(_UTF_8_MARK)
    declared = declared_encoding(data) or "utf-8"
    # A mark wins over a declaration (RFC 7303 §3). .NET declares UTF-16, in which its strings are, and sends UTF-8.
    promised = _CODECS.get(declared)
    for codec in ["utf-8"] if marked or promised is None else [promised, "utf-8"]:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec != promised:
            forgive(forgiven, f"the document is not in {declared}, as it says, but in {codec}")
        return text
    forgive(forgiven, f"the document is not in {declared}, as it says; it is read as windows-1252")
    return data.decode("cp1252", "replace")


def declare_prefixes(text: str, known: dict[str, str], forgiven: list[str]) -> str:
    """The document *text* with a namespace for each prefix that it uses and does not declare.

    *known* are the usual prefixes of namespaces. uShare writes ``dlna:X_DLNADOC`` without a declaration (cling #204).
    """
    root = _ROOT.match(text)
    if root is None:
        return text
    usual = {prefix: uri for uri, prefix in known.items()}
    used = dict.fromkeys(match[1] or match[2] for match in _PREFIX.finditer(text))
    declared = set(_DECLARED_PREFIX.findall(text))
    missing = [prefix for prefix in used if prefix not in declared and prefix[:3].lower() != "xml"]
    added = ""
    for prefix in missing[:MAX_PREFIXES]:
        forgive(forgiven, f"the prefix {prefix} has no namespace")
        added += f' xmlns:{prefix}="{usual.get(prefix, f"urn:undeclared:{prefix}")}"'
    return text[: root.end()] + added + text[root.end() :]
