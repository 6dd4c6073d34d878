"""The identifiers of profiles, MAC addresses and serial numbers; checked, as UDNs are made of them."""

from __future__ import annotations

import re

from upnp_trio.errors import DescriptionError

__all__ = ["mac_digits", "serial_text", "wakeup"]

_MAC = re.compile(r"([0-9A-Fa-f]{2}([:-]?)[0-9A-Fa-f]{2}(\2[0-9A-Fa-f]{2}){4})")
# It is part of a UDN, which SSDP repeats letter for letter.
_SERIAL = re.compile(r"[0-9A-Za-z._-]{1,64}")
# Picked arbitrarily: apps wait for a screen that wakes, and nobody waits longer.
MAX_WAKEUP_SECONDS = 3600


def mac_digits(mac: str) -> str:
    """The twelve digits of *mac*, in lower case; raises `DescriptionError`."""
    if not isinstance(mac, str) or not _MAC.fullmatch(mac.strip()):
        raise DescriptionError(f"mac is {mac!r}; it must be six bytes such as '00:17:88:0a:bc:de'")
    return re.sub("[^0-9a-f]", "", mac.strip().lower())


def serial_text(serial: str) -> str:
    """*serial* without white space around it; raises `DescriptionError` if it cannot be part of a UDN."""
    if not isinstance(serial, str) or not _SERIAL.fullmatch(serial.strip()):
        raise DescriptionError(
            f"serial is {serial!r}; it must be up to 64 letters, digits, dots, dashes and underscores, "
            "such as '221517K0101769'"
        )
    return serial.strip()


def wakeup(mac: str, seconds: int = 10) -> str:
    """The value of WAKEUP: which MAC address wakes a device, and within how many seconds (DIAL 2.2.1 §5.2)."""
    digits = mac_digits(mac)
    if type(seconds) is not int or not 1 <= seconds <= MAX_WAKEUP_SECONDS:
        raise DescriptionError(f"seconds is {seconds!r}; it must be 1 to {MAX_WAKEUP_SECONDS}")
    return f"MAC={':'.join(digits[at : at + 2] for at in range(0, 12, 2))};Timeout={seconds}"
