"""A Roku player, for Roku's remote app, Harmony hubs and Home Assistant.

They search ``roku:ecp``, often without MX (serve it with ``profile="roku"``), get ``/`` from the LOCATION, which is the
description, then ``/query/device-info`` and ``/query/apps``, and send ``POST /keypress/Home``. The program answers all
but ``/``. Remotes expect port 8060.

Sources: Roku's External Control Protocol (developer.roku.com); answers of players that projects have recorded, such as
``Roku/11.5.0 UPnP/1.0 Roku/11.5.0`` and ``device-group.roku.com``, without which some remotes take no answer;
emulated_roku for the description; Home Assistant's matcher: ST ``roku:ecp``, this manufacturer and this device type.
"""

from __future__ import annotations

import hashlib
from uuid import NAMESPACE_OID, uuid5

from upnp_trio.model.advertising import AdvertisedRow, Advertising
from upnp_trio.model.device import RootDevice
from upnp_trio.profiles.identifiers import serial_text, wakeup

__all__ = ["roku_player"]


def roku_player(name: str = "Roku", *, serial: str, mac: str | None = None) -> RootDevice:
    """A player with the serial number *serial*, such as ``P0A070000007``; with *mac* it can be woken by Wake-on-LAN.

    Raises `DescriptionError`.
    """
    serial = serial_text(serial)
    # twenty digits that a household's players share; a player of its own is its own group
    headers = {"device-group.roku.com": hashlib.sha256(serial.encode()).hexdigest()[:20].upper()}
    if mac is not None:
        headers["WAKEUP"] = wakeup(mac)
    return RootDevice(
        device_type="urn:roku-com:device:player:1-0",
        friendly_name=name,
        manufacturer="Roku",
        manufacturer_url="http://www.roku.com/",
        model_description="Roku Streaming Player Network Media",
        model_name="Roku 4",
        model_number="4400X",
        model_url="http://www.roku.com/",
        serial_number=serial,
        udn=uuid5(NAMESPACE_OID, serial),
        spec_version=(1, 0),
        description_path="/",
        advertising=Advertising(
            server="Roku/12.0.0 UPnP/1.0 Roku/12.0.0",
            max_age=3600,
            headers=headers,
            rows=[AdvertisedRow("roku:ecp", f"uuid:roku:ecp:{serial}")],
        ),
        strict=None,  # the device type has no whole number at its end
    )
