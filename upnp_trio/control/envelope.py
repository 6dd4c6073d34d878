"""Reading SOAP envelopes that anybody may have written: bytes to the one element in the body, within bounds.

Calls arrive one after another on a kept connection, and reading them is most of their cost. Therefore this stands on
expat itself. `upnp_trio.documents.xml` builds a tree in Python and takes almost three times as long; it has the same
rules: no DOCTYPE (and so no entities), no processing instructions, few levels, few elements.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from upnp_trio.errors import MalformedMessage

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

__all__ = [
    "CHARSETS",
    "CONTROL_NAMESPACE",
    "ENCODING_STYLE",
    "ENVELOPE",
    "Content",
    "MustUnderstand",
    "charset_of",
    "read_envelope",
]

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENCODING_STYLE = "http://schemas.xmlsoap.org/soap/encoding/"
#: the namespace of UPnP errors, and of QueryStateVariable
CONTROL_NAMESPACE = "urn:schemas-upnp-org:control-1-0"

# Arguments are elements of level 4. Those below are a document that a client has not escaped.
MAX_DEPTH = 32
# pupnp took seconds for 100,000 elements (pupnp #250).
MAX_ELEMENTS = 4096
# Bare ampersands, which some clients leave in the query of a URL. To mend tens of thousands takes as long as ten calls.
MAX_MENDED = 256
# expat gives each element's name with its namespace. Real ones have less than 100 characters.
MAX_NAMESPACE_CHARACTERS = 256

_ENVELOPE_LEVEL, _PART_LEVEL, _CONTENT_LEVEL, _ARGUMENT_LEVEL = 1, 2, 3, 4
_NO_LEVEL = 0

# expat gives "namespace name". A namespace with a space in it is refused by expat from 2.4.5 on; a name has none.
_SEPARATOR = " "
_ENVELOPE_TAG = f"{ENVELOPE}{_SEPARATOR}Envelope"
_BODY_TAG = f"{ENVELOPE}{_SEPARATOR}Body"
_MUST_UNDERSTAND = f"{ENVELOPE}{_SEPARATOR}mustUnderstand"
_ACTOR = f"{ENVELOPE}{_SEPARATOR}actor"
_NEXT_ACTOR = "http://schemas.xmlsoap.org/soap/actor/next"

#: the charsets that are read, by their names in Content-Type and in XML declarations
CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be"), "utf-16"),
    **dict.fromkeys(("iso-8859-1", "latin1", "iso8859-1"), "iso-8859-1"),
    **dict.fromkeys(("windows-1252", "cp1252"), "windows-1252"),
}
# libupnp and some printers end the document with a zero byte, as their strings end. A BOM is no part of the text.
_AROUND = "\ufeff \t\r\n\0"


# as UDA 2.0 §3.2.1 writes it, and without the quotes
_USUAL_TYPES = frozenset({'text/xml; charset="utf-8"', "text/xml; charset=utf-8", "text/xml"})


class MustUnderstand(MalformedMessage):
    """The envelope has a header entry that only who understands it may ignore (SOAP 1.1 §4.2.3)."""


class Content:
    """The element in the body of an envelope: a call, a result or a fault."""

    __slots__ = ("arguments", "name", "namespace", "nested")

    def __init__(self) -> None:
        self.namespace = ""
        self.name = ""
        #: the child elements in document order, as local names and texts. A text that holds elements is their XML
        self.arguments: list[tuple[str, str]] = []
        #: the texts of the elements within arguments, by local name; the first of each
        self.nested: dict[str, str] = {}


def charset_of(content_type: str) -> tuple[str, str]:
    """The media type and the charset that a Content-Type names, in lower case; without a charset, UTF-8."""
    if content_type in _USUAL_TYPES:
        return "text/xml", "utf-8"
    media_type, _, parameters = content_type.partition(";")
    charset = "utf-8"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").strip().lower()
            break
    return media_type.strip().lower(), charset


def read_envelope(data: bytes, charset: str = "utf-8") -> Content:
    """The element in the body of the SOAP 1.1 envelope *data*, which is in one of `CHARSETS`.

    Raises `MalformedMessage` for what is no such envelope, or has a DOCTYPE, a processing instruction, more than
    `MAX_DEPTH` levels, more than `MAX_ELEMENTS` elements, more than `MAX_MENDED` bare ampersands or a namespace of more
    than `MAX_NAMESPACE_CHARACTERS`; and its subclass `MustUnderstand`.
    """
    try:
        text = _decode(data, charset).strip(_AROUND)
    except UnicodeDecodeError as error:
        raise MalformedMessage(f"the envelope is not in {charset}: {error.reason} at byte {error.start}") from error
    try:
        return _read(text)
    except expat.ExpatError as error:
        from upnp_trio.documents.xml_repairs import mend_ampersands

        mended = mend_ampersands(text, MAX_MENDED)
        if mended == text:
            raise _not_xml(error) from error
    try:
        return _read(mended)
    except expat.ExpatError as error:
        raise _not_xml(error) from error


def _not_xml(error: expat.ExpatError) -> MalformedMessage:
    reason = str(error).partition(":")[0]
    return MalformedMessage(f"line {error.lineno}, column {error.offset + 1}: not well-formed XML ({reason})")


def _decode(data: bytes, charset: str) -> str:
    """The text of *data*: what the bytes themselves say goes first, then the header, then the XML declaration.

    .NET declares UTF-16, in which its strings are, and sends UTF-8. Others declare and send ISO-8859-1 under a header
    that says UTF-8, because UDA prints it so.
    """
    if data.startswith((b"\xff\xfe", b"<\0")):
        return data.decode("utf-16-le")
    if data.startswith((b"\xfe\xff", b"\0<\0")):
        return data.decode("utf-16-be")
    encoding = CHARSETS[charset]
    if encoding == "utf-16":
        encoding = "utf-8"  # the bytes are not: each half of "<" would be a zero byte
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        from upnp_trio.documents.xml_repairs import declared_encoding

        other = CHARSETS.get(declared_encoding(data) or "", encoding)
        if other in (encoding, "utf-16"):
            raise
        return data.decode(other)


def _read(text: str) -> Content:
    parser = expat.ParserCreate(None, _SEPARATOR)
    reader = _Reader(text, parser)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.parts.append
    parser.StartNamespaceDeclHandler = _refuse_long_namespace
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.ProcessingInstructionHandler = _refuse_instruction
    try:
        # Text instead of bytes: the encoding is settled, whatever the XML declaration says.
        parser.Parse(text, True)
    finally:
        del reader.parser  # the parser holds the reader; without this, each call would leave work for the collector
    if not reader.content.name:
        raise MalformedMessage("the envelope has no element in a <Body>")
    return reader.content


def _refuse_long_namespace(_: str | None, uri: str | None) -> None:
    if uri is not None and len(uri) > MAX_NAMESPACE_CHARACTERS:
        raise MalformedMessage(f"the envelope has a namespace of more than {MAX_NAMESPACE_CHARACTERS} characters")


def _refuse_doctype(*_: object) -> NoReturn:
    raise MalformedMessage("the envelope has a DOCTYPE, which SOAP 1.1 §3 forbids")


def _refuse_instruction(target: str, _: str) -> NoReturn:
    raise MalformedMessage("the envelope has a processing instruction, which SOAP 1.1 §3 forbids")


class _Reader:
    """What expat calls. It keeps the content of the body, and refuses what is no SOAP 1.1 envelope."""

    __slots__ = (
        "_before",
        "_bytes",
        "_inner",
        "_text",
        "argument_level",
        "content",
        "depth",
        "elements",
        "parser",
        "parts",
    )

    def __init__(self, text: str, parser: XMLParserType) -> None:
        self._text = text
        self._bytes: bytes | None = None
        self.parser = parser
        self.content = Content()
        #: the text since the last start tag, in pieces
        self.parts: list[str] = []
        self.depth = 0
        self.elements = 0
        #: `_ARGUMENT_LEVEL` within the body
        self.argument_level = _NO_LEVEL
        #: where the first element in this argument begins, in bytes of UTF-8, and the text before it
        self._inner: int | None = None
        self._before = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth = depth = self.depth + 1
        self.elements += 1
        if depth > _ARGUMENT_LEVEL or self.elements > MAX_ELEMENTS:
            self._start_nested()
        elif depth != self.argument_level:
            self._start_frame(name, attributes)
        self.parts.clear()

    def end(self, name: str) -> None:
        depth = self.depth
        if depth == self.argument_level:
            text = "".join(self.parts) if self._inner is None else self._take_inner(self._inner)
            self.content.arguments.append((name.rpartition(_SEPARATOR)[2], text))
            self.parts.clear()
        elif depth == _PART_LEVEL:
            self.argument_level = _NO_LEVEL
        elif depth > _ARGUMENT_LEVEL and self.argument_level:
            self.content.nested.setdefault(name.rpartition(_SEPARATOR)[2], "".join(self.parts))
        self.depth = depth - 1

    def _start_nested(self) -> None:
        if self.depth > MAX_DEPTH:
            raise MalformedMessage(f"the envelope nests its elements deeper than {MAX_DEPTH}")
        if self.elements > MAX_ELEMENTS:
            raise MalformedMessage(f"the envelope has more than {MAX_ELEMENTS} elements")
        if self.argument_level and self._inner is None:
            self._inner = self.parser.CurrentByteIndex
            self._before = "".join(self.parts)

    def _take_inner(self, start: int) -> str:
        # As the client wrote it: with its prefixes, even if they are declared further out.
        self._inner = None
        if self._bytes is None:
            self._bytes = self._text.encode()
        inner = self._bytes[start : self.parser.CurrentByteIndex].decode()
        return escape(self._before, quote=False) + inner

    def _start_frame(self, name: str, attributes: dict[str, str]) -> None:
        depth = self.depth
        if depth == _CONTENT_LEVEL and self.argument_level:
            if self.content.name:
                raise MalformedMessage("the envelope has more than one element in its <Body>")
            self.content.namespace, _, self.content.name = name.rpartition(_SEPARATOR)
        elif depth == _CONTENT_LEVEL:
            _check_understood(name, attributes)
        elif depth == _PART_LEVEL and name == _BODY_TAG:
            if self.content.name:
                raise MalformedMessage("the envelope has more than one <Body>")
            self.argument_level = _ARGUMENT_LEVEL
        elif depth == _ENVELOPE_LEVEL and name != _ENVELOPE_TAG:
            raise MalformedMessage("the document is not a SOAP 1.1 envelope")


def _check_understood(name: str, attributes: dict[str, str]) -> None:
    required = attributes.get(_MUST_UNDERSTAND, "0").strip() in ("1", "true")
    # with the name of another actor, it is for somebody on the way
    if required and attributes.get(_ACTOR, "") in ("", _NEXT_ACTOR):
        raise MustUnderstand("the envelope has a header entry that must be understood, and is not")
