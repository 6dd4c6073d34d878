"""Reading XML that anybody may have written, and writing XML that every control point can read.

Trees are `xml.etree.ElementTree` elements, whose tags include their namespace (``{namespace}name``).
"""

from __future__ import annotations

from itertools import count
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, indent, tostring

from upnp_trio.documents.xml_repairs import (
    declare_prefixes,
    declared_encoding,
    mend_ampersands,
    note_bare_ampersand,
    repair,
)
from upnp_trio.errors import DescriptionError
from upnp_trio.model.forgiving import forgive

__all__ = [
    "DEVICE_NAMESPACE",
    "SERVICE_NAMESPACE",
    "adopt_namespace",
    "local_name",
    "namespace",
    "parse_xml",
    "render_xml",
]

DEVICE_NAMESPACE = "urn:schemas-upnp-org:device-1-0"
SERVICE_NAMESPACE = "urn:schemas-upnp-org:service-1-0"

# Real descriptions are far smaller, even those of gateways with many services.
MAX_DOCUMENT_BYTES = 1024 * 1024
# Room for embedded devices in 14 levels.
MAX_DEPTH = 32
# A document of 100,000 elements stalled pupnp (pupnp #250).
MAX_ELEMENTS = 4096
# Each element's name is given with its namespace. A namespace of 900 KB around 400 elements took 4 s and 700 MiB.
MAX_NAMESPACE_CHARACTERS = 1024

# The usual prefixes of these namespaces. Some control points search for the characters "dlna:X_DLNADOC".
PREFIXES = {
    "http://www.w3.org/XML/1998/namespace": "xml",
    "urn:schemas-dlna-org:device-1-0": "dlna",
    "http://schemas.microsoft.com/windows/pnpx/2005/11": "pnpx",
    "http://schemas.microsoft.com/windows/2008/09/devicefoundation": "df",
    "urn:schemas-microsoft-com:WMPNSS-1-0": "microsoft",
    "http://www.sec.co.kr/dlna": "sec",
}
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'

# Stands for every encoding with ASCII's bytes for the markup, as it maps each byte to one character and back.
_ONE_BYTE = "latin-1"
# expat's number for a prefix without a namespace
_UNBOUND_PREFIX = 27


def namespace(tag: str) -> str:
    """The namespace of a tag, or an empty string."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def local_name(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


class _BoundedBuilder(TreeBuilder):
    """A tree builder that refuses processing instructions, long namespaces, and too many levels or elements."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    @property
    def has_ended(self) -> bool:
        """Whether the root element has ended."""
        return self._elements > 0 and self._depth == 0

    def start_ns(self, prefix: str, uri: str, /) -> None:
        if len(uri) > MAX_NAMESPACE_CHARACTERS:
            raise DescriptionError(f"the document has a namespace of more than {MAX_NAMESPACE_CHARACTERS} characters")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise DescriptionError(f"the document nests its elements deeper than {MAX_DEPTH}")
        if self._elements > MAX_ELEMENTS:
            raise DescriptionError(f"the document has more than {MAX_ELEMENTS} elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def pi(self, target: str, text: str | None = None, /) -> NoReturn:
        raise DescriptionError(f"the document has the processing instruction {target!r}, which UPnP has no use for")


def parse_xml(data: bytes, forgiven: list[str] | None = None) -> Element:
    """Read a document without DOCTYPE, entities or processing instructions, of bounded size and depth.

    White space and zero bytes around the document are ignored. A bare ``&`` stands for itself, because some devices
    copy a user's words into their XML unescaped. With *forgiven*, which takes a sentence for each, more is mended: text
    around the document, another encoding than the declared one, control characters, unknown entities and prefixes
    without a namespace. Raises `DescriptionError`, which names line and column of what is not well-formed.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DescriptionError(f"the document has {len(data)} bytes; at most {MAX_DOCUMENT_BYTES} are read")
    utf_16 = _utf_16(data)
    if not utf_16:  # in UTF-16, a zero byte is half a character
        data, whole = data.strip(b" \t\r\n\0"), data
        if b"\0" in whole[-1:] + whole[:1]:
            forgive(forgiven, "there are zero bytes around the document")
    if forgiven is not None:
        _note_encoding(data, utf_16, forgiven)
    try:
        return _parse(data, forgiven)
    except ParseError as error:
        flaw: DescriptionError = _not_xml(error)
        mended = _mend(data, utf_16 or _ONE_BYTE)
    except _UnreadableEncoding as error:
        flaw, mended = error, data
    if mended != data:
        try:
            root = _parse(mended, forgiven)
        except ParseError as error:
            flaw = _not_xml(error)
        else:
            if forgiven is not None:
                note_bare_ampersand(data.decode(utf_16 or _ONE_BYTE), forgiven)
            return root
    if forgiven is None:
        raise flaw
    return _parse_repaired(repair(data, utf_16, forgiven), forgiven)


def _utf_16(data: bytes) -> str | None:
    """UTF-16 of either byte order, if *data* is in it; ``None`` if it has one byte for each character of its markup."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"<\0\0\0", b"\0\0\0<\0")):
        raise DescriptionError("the document is in UTF-32, which XML parsers need not read; save it as UTF-8")
    if data.startswith((b"\xff\xfe", b"<\0")):
        return "utf-16-le"
    if data.startswith((b"\xfe\xff", b"\0<\0")):
        return "utf-16-be"
    return None


def _mend(data: bytes, encoding: str) -> bytes:
    """`mend_ampersands` for bytes; they stay unchanged if *encoding* cannot decode them."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return data
    return mend_ampersands(text).encode(encoding)


def _note_encoding(data: bytes, utf_16: str | None, forgiven: list[str]) -> None:
    encoding = "utf-16" if utf_16 else declared_encoding(data.removeprefix(b"\xef\xbb\xbf")) or "utf-8"
    if encoding != "utf-8":
        forgive(forgiven, f"the encoding is {encoding}; UDA §2.3 wants UTF-8")


def _parse_repaired(text: str, forgiven: list[str]) -> Element:
    try:
        return _parse(text.encode(), forgiven)
    except ParseError as error:
        if error.code != _UNBOUND_PREFIX:
            raise _not_xml(error) from error
    try:
        return _parse(declare_prefixes(text, PREFIXES, forgiven).encode(), forgiven)
    except ParseError as error:
        raise _not_xml(error) from error


class _UnreadableEncoding(DescriptionError):
    """The XML declaration names an encoding that is unknown, or that expat does not read."""


def _parse(data: bytes, forgiven: list[str] | None = None) -> Element:
    # Imported here, because serving a device reads no XML.
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    builder = _BoundedBuilder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise DescriptionError("the document has a DOCTYPE or entities, which UPnP has no use for") from error
    except ParseError:
        if forgiven is None or not builder.has_ended:
            raise
        forgive(forgiven, "there is something behind the end of the document")
        return builder.close()
    except (LookupError, ValueError, Warning) as error:
        # The XML declaration names an unknown or multi-byte encoding. Some of Python's ("unicode_escape") warn.
        raise _UnreadableEncoding(f"the document's encoding cannot be read: {error}") from error
    return root


def _not_xml(error: ParseError) -> DescriptionError:
    line, column = error.position
    return DescriptionError(f"line {line}, column {column + 1}: not well-formed XML ({str(error).split(':')[0]})")


def adopt_namespace(document: Element, ours: str, forgiven: list[str] | None = None) -> None:
    """Read the namespace of the root, or none, as *ours*.

    Homebrew devices write none. WeMo plugs and the TR-064 descriptions of gateways have their own.
    """
    theirs = namespace(document.tag)
    for element in document.iter():
        if namespace(element.tag) in ("", theirs):
            element.tag = f"{{{ours}}}{local_name(element.tag)}"
    if theirs != ours:
        forgive(forgiven, f"the namespace is {theirs}, not {ours}" if theirs else f"the namespace {ours} is missing")


def render_xml(root: Element) -> bytes:
    """Write a document in UTF-8. The root's namespace is the default one, and the root declares all others."""
    default = namespace(root.tag)
    prefixes = {default: ""}
    numbers = count(1)

    def prefixed(name: str, *, attribute: bool = False) -> str:
        uri = namespace(name)
        if not uri:
            return name
        if uri not in prefixes or (attribute and not prefixes[uri]):  # attributes have no default namespace
            prefixes[uri] = PREFIXES.get(uri) or f"ns{next(numbers)}"
        prefix = prefixes[uri]
        return f"{prefix}:{local_name(name)}" if prefix else local_name(name)

    def copy(element: Element) -> Element:
        attributes = {prefixed(name, attribute=True): value for name, value in element.items()}
        twin = Element(prefixed(element.tag), attributes)
        twin.text = element.text
        twin.extend([copy(child) for child in element])
        return twin

    plain = copy(root)
    declared = {f"xmlns:{prefix}" if prefix else "xmlns": uri for uri, prefix in prefixes.items() if prefix != "xml"}
    if prefixes[default]:  # an attribute needed a prefix for the default namespace, which keeps its declaration
        declared["xmlns"] = default
    plain.attrib = declared | plain.attrib
    indent(plain)
    text = tostring(plain, encoding="unicode", short_empty_elements=False)
    # A reader takes a bare carriage return for a line feed (XML 1.0 §2.11).
    return DECLARATION + text.replace("\r", "&#13;").encode() + b"\n"
