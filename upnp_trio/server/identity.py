"""Who we are: the UDN that is the same at every start, the BOOTID that never is, and our name in SERVER."""

from __future__ import annotations

import platform
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio._version import __version__
from upnp_trio.model.names import Udn

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from upnp_trio.model.device import Device, RootDevice

__all__ = ["host_id", "next_boot_id", "server_token", "with_udns"]

# The namespace of the names that our UDNs are made from; picked once, at random.
_NAMESPACE = uuid.UUID("5a9d5e3e-4a5c-4b0e-9f0a-6d2f1f0f3c61")
_MACHINE_ID_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
MAX_BOOT_ID = 2**31 - 1


def host_id() -> str:
    """What tells this host from all others and stays: the machine id, or else the hardware address.

    It never leaves the host; only names made from it by SHA-1 do.
    """
    for path in _MACHINE_ID_FILES:
        with suppress(OSError):
            if text := Path(path).read_text(encoding="ascii", errors="replace").strip():
                return text
    if sys.platform == "win32":
        import winreg

        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    return f"{uuid.getnode():012x}"


def with_udns(root: RootDevice, host: str) -> RootDevice:
    """*root* with a UDN for each device that has none.

    It is a name-based UUID (v5) of the host, the type and the friendly name, and for an embedded device of its
    place in the tree: the same at every start (UDA 2.0 §1.1.4).
    """

    def named(device: Device, place: str) -> Device:
        seed = "\0".join([host, place, device.device_type.text, device.friendly_name])
        udn = device.udn or Udn(f"uuid:{uuid.uuid5(_NAMESPACE, seed)}")
        embedded = [named(child, f"{place}{udn}/{number}/") for number, child in enumerate(device.devices)]
        return attrs.evolve(device, udn=udn, devices=embedded)

    named_root = named(root, "")
    assert isinstance(named_root, type(root))
    return named_root


_last_boot_id = 0


def next_boot_id(utcnow: Callable[[], datetime]) -> int:
    """A BOOTID above all that this process has used: Unix seconds, as UDA 2.0 §1.2.2 suggests."""
    global _last_boot_id  # one process, one line of BOOTIDs: two starts may share a second
    _last_boot_id = min(max(int(utcnow().timestamp()), _last_boot_id + 1), MAX_BOOT_ID)
    return _last_boot_id


def server_token(spec_version: tuple[int, int]) -> str:
    """The SERVER header: the system, the UDA version and this product, three tokens (UDA 2.0 §1.2.2)."""
    system = platform.system() or "Unknown"
    release = platform.release().split("-")[0] or "0"
    major, minor = spec_version
    return f"{system}/{release} UPnP/{major}.{minor} upnp_trio/{__version__}"
