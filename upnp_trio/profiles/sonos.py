"""A device that libraries for Sonos find, such as SoCo.

They search ``urn:schemas-upnp-org:device:ZonePlayer:1``, keep answers that have "Sonos" in SERVER, may compare
``X-RINCON-HOUSEHOLD``, and get ``/xml/device_description.xml`` at port 1400. What plays music is not here.

Sources: SoCo, node-sonos, recorded answers of players.
"""

from __future__ import annotations

from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import RootDevice
from upnp_trio.profiles.identifiers import mac_digits

__all__ = ["sonos_player"]


def sonos_player(room: str, *, mac: str, household: str = "Sonos_upnp_trio") -> RootDevice:
    """A player in *room*, a ZPS9; *mac* tells players apart, and players of one *household* play together.

    Serve it with ``port=1400``. Raises `DescriptionError`.
    """
    if not isinstance(room, str) or not room.strip():
        raise DescriptionError(f"room is {room!r}; it must be a name such as 'Kitchen'")
    digits = mac_digits(mac).upper()
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:ZonePlayer:1",
        friendly_name=f"{room.strip()} - Sonos Playbar",
        manufacturer="Sonos, Inc.",
        manufacturer_url="http://www.sonos.com",
        model_name="Sonos Playbar",
        model_number="S9",
        model_url="http://www.sonos.com/products/zoneplayers/S9",
        serial_number=f"{'-'.join(digits[at : at + 2] for at in range(0, 12, 2))}:0",
        udn=f"uuid:RINCON_{digits}01400",
        spec_version=(1, 0),
        description_path="/xml/device_description.xml",
        advertising=Advertising(
            server="Linux UPnP/1.0 Sonos/70.3-35220 (ZPS9)",
            headers={"X-RINCON-HOUSEHOLD": household, "X-RINCON-WIFIMODE": "0", "X-RINCON-VARIANT": "0"},
        ),
        strict=False,  # the UDN is no UUID
    )
