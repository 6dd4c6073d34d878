"""Identity: the UDN that is the same at every start, and the product's name in SERVER."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio._version import __version__
from upnp_trio.errors import DescriptionError, NetworkError
from upnp_trio.model.device import RootDevice
from upnp_trio.model.names import Udn
from upnp_trio.network.flags import hardware_addresses
from upnp_trio.network.interfaces import is_container_bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from upnp_trio.model.device import Device

__all__ = [
    "host_id",
    "possible_names",
    "require_root_device",
    "require_root_devices",
    "server_token",
    "spec_version_of",
    "with_udns",
]

# The namespace of the names that UDNs are derived from; picked once, at random.
_NAMESPACE = uuid.UUID("5a9d5e3e-4a5c-4b0e-9f0a-6d2f1f0f3c61")
_MACHINE_ID_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
# The multicast bit, which no card's address has, and which marks one that Python made up (RFC 4122 §4.5).
_MADE_UP = 1 << 40
# SERVER has it while no device is served.
DEFAULT_SPEC_VERSION = (1, 1)
# So many programs on one host may serve the same device without a UDN of its own, each under another derived UDN.
MAX_INSTANCES = 64


def host_id() -> str:
    """A text that identifies this host and never changes: the machine id together with a hardware address.

    Hosts that are made from one image share the machine id, and a container may get a new hardware address at each
    start, so neither would do alone. Neither leaves the host; only names derived from them by SHA-1 do.

    Raises `NetworkError` if the system cannot read them at the moment, as the identity must not change because of that.
    """
    try:
        machine_id = _machine_id()
        address = _hardware_address()
    except OSError as error:
        raise NetworkError(
            f"the UDN cannot be derived from this host: {error.strerror}; try again, or give the device a UDN"
        ) from error
    # a made-up address differs at each start, so it is used only without a machine id
    return f"{machine_id}\0{address or ('' if machine_id else f'{uuid.getnode():012x}')}"


def _machine_id() -> str:
    for path in _MACHINE_ID_FILES:
        # the file does not exist; other errors, such as too many open files, do not mean that
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
            if text := Path(path).read_text(encoding="ascii", errors="replace").strip():
                return text
    if sys.platform == "win32":
        import winreg

        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    return ""


def _hardware_address() -> str:
    """The address of this host's first network card, whichever interfaces are served; empty if it has none.

    Real cards come before virtual interfaces (bridges, VPNs), of which some get another address at every start.
    """
    found = [
        (not os.path.exists(f"/sys/class/net/{name}/device"), is_container_bridge(name), position, address)
        for position, (name, address) in enumerate(hardware_addresses())
    ]
    if found:
        return min(found)[3].hex()
    node = uuid.getnode()
    return "" if node & _MADE_UP else f"{node:012x}"


def possible_names(root: RootDevice, host: Callable[[], str]) -> Iterator[RootDevice]:
    """*root* with a UDN for each device: with its own UDN, or with each of those that can be derived for it.

    The first program on this host takes the first one, the second program the second one, and so on. *host* gives the
    `host_id`, and is called only if a UDN is to be derived.
    """
    require_root_device(root)
    if all(device.udn is not None for device in root.walk()):
        yield root
        return
    for instance in range(1, (MAX_INSTANCES if root.udn is None else 1) + 1):
        yield with_udns(root, host(), instance)


def with_udns(root: RootDevice, host: str, instance: int = 1) -> RootDevice:
    """*root* with a UDN for each device that has none.

    It is a name-based UUID (v5) of the host, the type, the friendly name and the *instance*, and for an embedded device
    of its place in the tree: the same at every start (UDA 2.0 §1.1.4).
    """

    def named(device: Device, place: str) -> Device:
        seed = "\0".join([host, place, device.device_type.text, device.friendly_name])
        udn = device.udn or Udn(f"uuid:{uuid.uuid5(_NAMESPACE, seed)}")
        embedded = [named(child, f"{place}{udn}/{number}/") for number, child in enumerate(device.devices)]
        return attrs.evolve(device, udn=udn, devices=embedded)

    # the first instance has no number in its name; no other part begins with a number sign
    named_root = named(root, "" if instance == 1 else f"#{instance}/")
    assert isinstance(named_root, type(root))
    return named_root


def spec_version_of(devices: Sequence[RootDevice]) -> tuple[int, int]:
    """The UDA version that SERVER names: that of the first device. Raises `DescriptionError` for other values."""
    require_root_devices(devices)
    return devices[0].spec_version if devices else DEFAULT_SPEC_VERSION


def require_root_devices(values: object) -> None:
    """Raise `DescriptionError` for what is no sequence of root devices."""
    if isinstance(values, RootDevice) or not isinstance(values, Sequence):
        raise DescriptionError("the devices are not a sequence; give a list of RootDevice values")
    for value in values:
        require_root_device(value)


def require_root_device(value: object) -> None:
    """Raise `DescriptionError` for another value, which a program without types may pass."""
    if not isinstance(value, RootDevice):
        raise DescriptionError(f"{value!r:.80} is a {type(value).__name__}; a device is a RootDevice")


def server_token(spec_version: tuple[int, int]) -> str:
    """The SERVER header: the system, the UDA version and this product, three tokens (UDA 2.0 §1.2.2)."""
    system, release = _system()
    major, minor = spec_version
    return f"{system or 'Unknown'}/{release.split('-')[0] or '0'} UPnP/{major}.{minor} upnp_trio/{__version__}"


def _system() -> tuple[str, str]:
    if sys.platform == "win32":
        import platform  # slow to import, and needed only here

        return platform.system(), platform.release()
    else:
        return os.uname().sysname, os.uname().release
