"""A device that libraries for Sonos find, such as SoCo.

They search ``urn:schemas-upnp-org:device:ZonePlayer:1``, keep answers that have "Sonos" somewhere, may compare
``X-RINCON-HOUSEHOLD``, and get ``/xml/device_description.xml`` at port 1400, whatever LOCATION says. What plays music
is not here: SoCo's ``discover`` finds the player and reads its room; for its zones it calls GetHouseholdID of
DeviceProperties and GetZoneGroupState of ZoneGroupTopology, which the program adds as services.

Sources: SoCo (soco/discovery.py, soco/core.py); answers and descriptions of players that RxSonosLib and others
recorded.
"""

from __future__ import annotations

from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import RootDevice
from upnp_trio.model.extension import ExtensionElement
from upnp_trio.profiles.identifiers import mac_digits

__all__ = ["sonos_player"]

# Sonos's own elements have no namespace of their own, and SoCo looks for them in UPnP's.
NAMESPACE = "urn:schemas-upnp-org:device-1-0"
SOFTWARE = "70.3-35220"


def sonos_player(room: str, *, mac: str, household: str = "Sonos_upnp_trio") -> RootDevice:
    """A player in *room*, a ZPS9; *mac* tells players apart, and players of one *household* play together.

    Serve it with ``port=1400``. Raises `DescriptionError`.
    """
    if not isinstance(room, str) or not room.strip():
        raise DescriptionError(f"room is {room!r}; it must be a name such as 'Kitchen'")
    digits = mac_digits(mac).upper()
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    serial = f"{'-'.join(pairs)}:0"
    elements = {
        "softwareVersion": SOFTWARE,
        "hardwareVersion": "1.9.1.10-2",
        "serialNum": serial,
        "MACAddress": ":".join(pairs),
        "roomName": room.strip(),
        "displayVersion": "14.20",
    }
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:ZonePlayer:1",
        friendly_name=f"{room.strip()} - Sonos Playbar",
        manufacturer="Sonos, Inc.",
        manufacturer_url="http://www.sonos.com",
        model_name="Sonos Playbar",
        model_number="S9",
        model_url="http://www.sonos.com/products/zoneplayers/S9",
        serial_number=serial,
        udn=f"uuid:RINCON_{digits}01400",
        extensions=[ExtensionElement(NAMESPACE, element, text) for element, text in elements.items()],
        spec_version=(1, 0),
        description_path="/xml/device_description.xml",
        advertising=Advertising(
            server=f"Linux UPnP/1.0 Sonos/{SOFTWARE} (ZPS9)",
            headers={"X-RINCON-HOUSEHOLD": household, "X-RINCON-WIFIMODE": "0", "X-RINCON-VARIANT": "0"},
        ),
        strict=None,  # the UDN is no UUID
    )
