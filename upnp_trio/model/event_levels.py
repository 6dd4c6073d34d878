"""How urgent an event by multicast is (UDA 2.0 §4.3.3, LVL)."""

from __future__ import annotations

import re

__all__ = ["DEFAULT_LEVEL", "LEVELS", "is_level"]

#: the levels of UDA 2.0 §4.3.3, the most urgent first
LEVELS = tuple(f"upnp:/{level}" for level in ("emergency", "fault", "warning", "info", "debug", "general"))
DEFAULT_LEVEL = "upnp:/general"

# A vendor's domain and a path below it
_VENDOR_LEVEL = re.compile(r"(?!upnp:)[A-Za-z0-9][A-Za-z0-9.-]{0,253}:/[!-~]{1,256}", re.ASCII | re.IGNORECASE)


def is_level(text: str) -> bool:
    """Whether *text* is a level of UDA 2.0 §4.3.3, or a vendor's (``domain:/level``)."""
    return text in LEVELS or _VENDOR_LEVEL.fullmatch(text) is not None
