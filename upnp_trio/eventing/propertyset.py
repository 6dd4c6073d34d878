"""The body of an event message: the names and values of the variables that changed (UDA 2.0 §4.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.documents.escaping import escape_text
from upnp_trio.documents.xml import DECLARATION, local_name, parse_xml
from upnp_trio.errors import DescriptionError, MalformedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_propertyset", "render_propertyset"]

_START = DECLARATION + b'<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">'
_END = b"</e:propertyset>\n"


def render_propertyset(properties: Iterable[tuple[str, str]]) -> bytes:
    """The body for *properties*, pairs of a variable's name and its value as text, in their order.

    An event must not fail because of a value, so U+FFFD replaces the characters that XML cannot carry.
    """
    elements = [f"<e:property><{name}>{escape_text(text)}</{name}></e:property>" for name, text in properties]
    return b"".join((_START, "".join(elements).encode(), _END))


def read_propertyset(body: bytes, forgiven: list[str] | None = None) -> list[tuple[str, str]]:
    """The names and values in *body*, in their order; raises `MalformedMessage` if it is not a property set.

    Namespaces are not looked at, because vendors write others than UDA's, or none. Some put all variables into one
    property. With *forgiven*, flaws of the document are overlooked as well, each with a sentence in it.
    """
    try:
        root = parse_xml(body, forgiven)
    except DescriptionError as error:
        raise MalformedMessage(f"an event without a readable body: {error}") from error
    if local_name(root.tag) != "propertyset":
        raise MalformedMessage("an event whose body is not a propertyset")
    return [
        (local_name(variable.tag), variable.text or "")
        for holder in root
        if local_name(holder.tag) == "property"
        for variable in holder
    ]
