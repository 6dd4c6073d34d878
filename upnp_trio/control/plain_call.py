"""Reads plain calls: envelopes as nearly all control points write them, with texts that need no parser.

A plain call is in UTF-8, binds one prefix to SOAP at the envelope and one to the service type at the action, and has
nothing but text in its arguments. One regular expression reads it in a third of the time that expat takes. Everything
else, malformed calls included, is left to `upnp_trio.control.envelope`; a test checks that both read the same.
``python -m benchmarks.fast_paths`` compares them.
"""

from __future__ import annotations

import re

__all__ = ["parse_plain_call"]

# More than any action of a standard has. The parser bounds the elements of other calls.
MAX_PLAIN_ARGUMENTS = 64
# Two tags for each of them and for envelope, body and action, and the XML declaration. The expression would take many
# times as long as the parser, which is left to refuse a call of thousands.
_MAX_TAGS = 2 * (MAX_PLAIN_ARGUMENTS + 3) + 1

_S = "[ \t\r\n]"
# Names that begin with "xml" are reserved.
_NAME = "(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9_.-]{0,63}"
# Text without markup. XML makes a line feed of a carriage return, and excludes the other control characters.
_PLAIN = "[^<&\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]*"
_TEXT = f"{_PLAIN}(?:&(?:amp|lt|gt|quot|apos);{_PLAIN})*"
_NAMESPACE = "(?!http://www\\.w3\\.org/)[!#-%'-;=-~]{1,256}"
_SOAP = r'xmlns:(?P=s)="http://schemas\.xmlsoap\.org/soap/envelope/"'
_STYLE = r'(?P=s):encodingStyle="http://schemas\.xmlsoap\.org/soap/encoding/"'
_CALL = re.compile(
    rf"""(?:<\?xml{_S}version=(?:"1\.0"|'1\.0')(?:{_S}encoding=(?:"[Uu][Tt][Ff]-8"|'[Uu][Tt][Ff]-8'))?"""
    rf"""(?:{_S}standalone="(?:yes|no)")?{_S}?\?>{_S}*)?"""
    rf"<(?P<s>{_NAME}):Envelope(?:{_S}+{_SOAP}(?:{_S}+{_STYLE})?|{_S}+{_STYLE}{_S}+{_SOAP}){_S}*>{_S}*"
    rf"<(?P=s):Body>{_S}*"
    rf"<(?P<u>{_NAME}):(?P<action>{_NAME}){_S}+xmlns:(?P=u)=\"(?P<type>{_NAMESPACE})\"{_S}*"
    rf"(?:/>|>(?P<arguments>(?:{_S}*<{_NAME}>{_TEXT}</{_NAME}>)*){_S}*</(?P=u):(?P=action)>){_S}*"
    rf"</(?P=s):Body>{_S}*</(?P=s):Envelope>{_S}*"
)
_ARGUMENT = re.compile(f"<({_NAME})>({_TEXT})</({_NAME})>")
_REFERENCE = re.compile("&(amp|lt|gt|quot|apos);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def parse_plain_call(body: bytes) -> tuple[str, str, tuple[tuple[str, str], ...]] | None:
    """Service type, action, and arguments as names and texts; ``None`` if *body* is not a plain call."""
    if body.count(b"<") > _MAX_TAGS:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    call = _CALL.fullmatch(text)
    if call is None or "]]>" in text:  # not even text may hold that (XML 1.0 §2.4)
        return None
    arguments: list[tuple[str, str]] = []
    for name, value, end in _ARGUMENT.findall(call["arguments"] or ""):
        if name != end:
            return None
        arguments.append((name, _REFERENCE.sub(_character, value) if "&" in value else value))
    return call["type"], call["action"], tuple(arguments)


def _character(reference: re.Match[str]) -> str:
    return _CHARACTERS[reference[1]]
