"""The SOAP fault, with which a device without actions answers every control request (UDA 2.0 §3.2.5)."""

from __future__ import annotations

from html import escape

__all__ = ["INVALID_ACTION", "render_fault"]

INVALID_ACTION = (401, "Invalid Action")


def render_fault(code: int, description: str) -> bytes:
    """A UPnP error as a SOAP fault; HTTP carries it with status 500."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">\n'
        "  <s:Body>\n    <s:Fault>\n      <faultcode>s:Client</faultcode>\n"
        "      <faultstring>UPnPError</faultstring>\n      <detail>\n"
        '        <UPnPError xmlns="urn:schemas-upnp-org:control-1-0">\n'
        f"          <errorCode>{code}</errorCode>\n"
        f"          <errorDescription>{escape(description, quote=False)}</errorDescription>\n"
        "        </UPnPError>\n      </detail>\n    </s:Fault>\n  </s:Body>\n</s:Envelope>\n"
    ).encode()
