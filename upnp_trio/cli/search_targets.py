"""What ``upnp-trio search`` searches for: search targets, and shorter words for them (UDA 2.0 §1.3.2)."""

from __future__ import annotations

import re

from upnp_trio.cli.parsing import UsageError
from upnp_trio.model.names import STANDARD_DOMAIN, can_be_search_target

__all__ = ["ROOT_DEVICES", "SHORT_TARGETS", "search_target"]

ROOT_DEVICES = "upnp:rootdevice"
SHORT_TARGETS = {"root": ROOT_DEVICES, "all": "ssdp:all"}

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# MediaServer, MediaServer:2, device:MediaServer, service:ContentDirectory:3
_TYPE = re.compile(r"(?:(?P<kind>device|service):)?(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?::(?P<version>[0-9]{1,9}))?")


def search_target(word: str) -> str:
    """The search target that *word* is short for, or *word* itself; raises `UsageError`.

    >>> search_target("MediaServer")
    'urn:schemas-upnp-org:device:MediaServer:1'
    """
    if word.lower() in SHORT_TARGETS:
        return SHORT_TARGETS[word.lower()]
    if _UUID.fullmatch(word):
        return f"uuid:{word}"
    if (match := _TYPE.fullmatch(word)) and match["name"] not in ("uuid", "urn", "upnp", "ssdp", "pnp"):
        return f"urn:{STANDARD_DOMAIN}:{match['kind'] or 'device'}:{match['name']}:{match['version'] or 1}"
    if " " in word or not can_be_search_target(word):
        raise UsageError(
            f"{word!r} is no search target; write one such as MediaServer, service:SwitchPower:1, uuid:… or urn:…"
        )
    return word
