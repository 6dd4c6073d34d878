"""The word that names a device: a UDN, a URL, an address, or the name of a device that was seen lately."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.recent_devices import RecentDevice

__all__ = ["DeviceWord", "read_device_word", "udn_or_url"]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# More are not listed in a message.
MAX_LISTED = 5


@attrs.frozen
class DeviceWord:
    """What a word names."""

    kind: Literal["udn", "url", "address"]
    #: an address may have a zone, as in fe80::1%eth0
    value: str
    #: the device's name, if the word was a name
    name: str = ""


def read_device_word(word: str, recent: Sequence[RecentDevice] | None = None) -> DeviceWord:
    """What *word* names; raises `UsageError` if it is the name of no device, or of several.

    *recent* are the devices that were seen lately; ``None`` means those in the file.
    """
    if re.match(r"https?://", word, re.IGNORECASE):
        return DeviceWord("url", word)
    if word[:5].lower() == "uuid:" and len(word) > 5 and not re.search(r"\s", word):
        return DeviceWord("udn", word)
    if _UUID.fullmatch(word):
        return DeviceWord("udn", f"uuid:{word}")
    if _is_address(word):
        return DeviceWord("address", word)
    return _named(word, recent)


def udn_or_url(word: str) -> str:
    """What `ControlPoint.describe` takes, for a verb that cannot do with an address; raises `UsageError`."""
    read = read_device_word(word)
    if read.kind == "address":
        raise UsageError(f"{word} is an address, where several devices may be; name one by its name, UDN or URL")
    return read.value


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def _named(word: str, recent: Sequence[RecentDevice] | None) -> DeviceWord:
    if recent is None:
        from upnp_trio.cli.recent_devices import read_recent  # only a name needs it

        recent = read_recent()
    found = [device for device in recent if device.name == word]
    found = found or [device for device in recent if device.name.casefold() == word.casefold()]
    if len(found) == 1:
        return DeviceWord("udn", found[0].udn, found[0].name)
    if found:
        udns = ", ".join(printable(device.udn) for device in found[:MAX_LISTED])
        raise UsageError(f"several devices are called {word!r}; name one by its UDN: {udns}")
    from difflib import get_close_matches  # only a mistyped name needs it

    names = [device.name for device in recent]
    close = [printable(name) for name in get_close_matches(word, names, n=1)]
    hint = f"did you mean {close[0]!r}?" if close else "write its UDN or URL, or find it first by upnp-trio search"
    raise UsageError(f"no device called {word!r} was seen lately; {hint}")
