"""An HDHomeRun tuner, for Plex, Jellyfin and other recorders.

They search ``ssdp:all`` or ``urn:schemas-upnp-org:device:MediaServer:1`` and get ``/device.xml`` from the LOCATION, or
are given the address by hand. Then they get ``/discover.json``, ``/lineup_status.json`` and ``/lineup.json``, which the
program answers. HDHomeRun's own discovery on UDP port 65001 is another protocol.

Sources: SiliconDust's HTTP documentation; antennas, tvhProxy and dizqueTV, which have this description for Plex.
"""

from __future__ import annotations

import re
from uuid import NAMESPACE_OID, uuid5

from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import RootDevice

__all__ = ["hdhomerun_tuner"]

_DEVICE_ID = re.compile(r"[0-9A-Fa-f]{8}")


def hdhomerun_tuner(name: str = "HDHomeRun", *, device_id: str) -> RootDevice:
    """A tuner with *device_id*, eight hexadecimal digits such as ``12345678``. Raises `DescriptionError`."""
    if not isinstance(device_id, str) or not _DEVICE_ID.fullmatch(device_id):
        raise DescriptionError(f"device_id is {device_id!r}; it must be eight hexadecimal digits such as '12345678'")
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:MediaServer:1",
        friendly_name=name,
        manufacturer="Silicondust",
        model_name="HDTC-2US",
        model_number="HDTC-2US",
        serial_number=device_id.upper(),
        udn=uuid5(NAMESPACE_OID, f"hdhomerun {device_id.upper()}"),
        description_path="/device.xml",
    )
