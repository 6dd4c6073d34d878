"""Types without what a line has no room for."""

from __future__ import annotations

from upnp_trio.cli.printable import printable

__all__ = ["short_type"]


def short_type(urn: str) -> str:
    """The name and the version of a type; a text that is no type stays as it is.

    >>> short_type("urn:schemas-upnp-org:device:MediaServer:1")
    'MediaServer:1'
    """
    parts = urn.split(":")
    is_type = len(parts) == 5 and parts[0] == "urn" and parts[2] in ("device", "service")
    return printable(":".join(parts[3:]) if is_type else urn)
