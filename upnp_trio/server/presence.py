"""Where a device stands on this host's network at one time, and when it came."""

from __future__ import annotations

from ipaddress import IPv4Address

import attrs

__all__ = ["Presence"]


@attrs.frozen
class Presence:
    """The base URL at each own address, such as ``http://192.0.2.7:49152``, and the BOOTID (UDA 2.0 §1.2.2)."""

    base_urls: dict[IPv4Address, str]
    boot_id: int
