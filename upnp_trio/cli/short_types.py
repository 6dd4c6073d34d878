"""Types without what all of them have in common."""

from __future__ import annotations

from upnp_trio.cli.printable import printable
from upnp_trio.model.names import STANDARD_DOMAIN

__all__ = ["short_type"]


def short_type(urn: str) -> str:
    """A type without what all have in common: ``MediaServer:1``; types of vendors keep their domain.

    >>> short_type("urn:schemas-upnp-org:device:MediaServer:1")
    'MediaServer:1'
    >>> short_type("urn:ham-example:device:Slicer:1")
    'ham-example Slicer:1'
    """
    parts = urn.split(":")
    if len(parts) != 5 or parts[0] != "urn" or parts[2] not in ("device", "service"):
        return printable(urn)
    domain = "" if parts[1] == STANDARD_DOMAIN else f"{parts[1]} "
    return printable(f"{domain}{parts[3]}:{parts[4]}")
