"""Who we are: the UDN that is the same at every start, the BOOTID that never is, and our name in SERVER."""

from __future__ import annotations

import os
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio._version import __version__
from upnp_trio.model.names import Udn
from upnp_trio.network.flags import hardware_addresses
from upnp_trio.network.interfaces import is_container_bridge

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
    """What tells this host from all others and stays: the machine id together with a hardware address.

    The machine id alone would not do: hosts that are made from one image share it. The hardware address alone would
    not either: in a container it is made up anew. They never leave the host; only names made from them by SHA-1 do.
    """
    return f"{_machine_id()}\0{_hardware_address()}"


def _machine_id() -> str:
    for path in _MACHINE_ID_FILES:
        with suppress(OSError):
            if text := Path(path).read_text(encoding="ascii", errors="replace").strip():
                return text
    if sys.platform == "win32":
        import winreg

        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    return ""


def _hardware_address() -> str:
    """The address of this host's first network card, whichever interface a device is served on.

    Cards come before what software makes up (bridges, VPNs), of which some get another address at every start.
    """
    found = [
        (not Path(f"/sys/class/net/{name}/device").exists(), is_container_bridge(name), position, address)
        for position, (name, address) in enumerate(hardware_addresses())
    ]
    return min(found)[3].hex() if found else f"{uuid.getnode():012x}"


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
    system, release = _system()
    major, minor = spec_version
    return f"{system or 'Unknown'}/{release.split('-')[0] or '0'} UPnP/{major}.{minor} upnp_trio/{__version__}"


def _system() -> tuple[str, str]:
    if sys.platform == "win32":
        import platform  # slow to import, and needed here alone

        return platform.system(), platform.release()
    else:
        return os.uname().sysname, os.uname().release
