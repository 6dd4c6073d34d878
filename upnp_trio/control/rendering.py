"""Writing SOAP envelopes: calls, results and faults (UDA 2.0 §3.2.1, §3.2.2, §3.2.5)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from upnp_trio.control.envelope import CONTROL_NAMESPACE, ENCODING_STYLE, ENVELOPE
from upnp_trio.documents.escaping import escape_attribute, escape_text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["render_action", "render_fault", "render_must_understand", "render_result"]

_HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="{ENVELOPE}" s:encodingStyle="{ENCODING_STYLE}">'

# A name without a prefix. SCPDs of vendors have hyphens in names, which XML allows. It has many more letters, but not
# every parser has the same ones.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


# Names come from the descriptions of services; the bounds are for those of hostile devices and callers.
@lru_cache(maxsize=1024)
def _tags(name: str) -> tuple[str, str]:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an XML element")
    return f"<{name}>", f"</{name}>"


@lru_cache(maxsize=256)
def _around(service_type: str, name: str) -> tuple[str, str]:
    """What an envelope has before and after the arguments of the call or result *name*."""
    _tags(name)
    start = f'{_HEAD}<s:Body><u:{name} xmlns:u="{escape_attribute(service_type)}">'
    return start, f"</u:{name}></s:Body></s:Envelope>\n"


def render_action(service_type: str, name: str, arguments: Iterable[tuple[str, str]]) -> bytes:
    """An envelope with the element *name* in the namespace *service_type*: a call, or a result.

    *arguments* are names and texts, not escaped. U+FFFD replaces each character that XML cannot carry: the action has
    been carried out, and its caller can use the other arguments. Raises `ValueError` for a name that no element can
    have.
    """
    start, end = _around(service_type, name)
    pieces = [start]
    for argument, text in arguments:
        opening, closing = _tags(argument)
        pieces += (opening, escape_text(text), closing)
    pieces.append(end)
    return "".join(pieces).encode()


def render_result(service_type: str, action: str, arguments: Iterable[tuple[str, str]]) -> bytes:
    """The result of a call of *action*, with all its out arguments in their order (UDA 2.0 §3.2.2).

    *service_type* is the one that the caller used, which may be of a lower version than the service's. HTTP carries
    this with status 200. Raises `ValueError` for a name that no element can have.
    """
    return render_action(service_type, f"{action}Response", arguments)


def render_fault(code: int, description: str) -> bytes:
    """A UPnP error as a SOAP fault (UDA 2.0 §3.2.5); HTTP carries it with status 500."""
    return (
        f"{_HEAD}\n"
        "  <s:Body>\n    <s:Fault>\n      <faultcode>s:Client</faultcode>\n"
        "      <faultstring>UPnPError</faultstring>\n      <detail>\n"
        f'        <UPnPError xmlns="{CONTROL_NAMESPACE}">\n'
        f"          <errorCode>{code}</errorCode>\n"
        f"          <errorDescription>{escape_text(description)}</errorDescription>\n"
        "        </UPnPError>\n      </detail>\n    </s:Fault>\n  </s:Body>\n</s:Envelope>\n"
    ).encode()


def render_must_understand() -> bytes:
    """The fault for a header entry that must be understood and is not (SOAP 1.1 §4.4.1); HTTP's status is 500."""
    return (
        f"{_HEAD}<s:Body><s:Fault><faultcode>s:MustUnderstand</faultcode>"
        "<faultstring>SOAP Must Understand Error</faultstring></s:Fault></s:Body></s:Envelope>\n"
    ).encode()
