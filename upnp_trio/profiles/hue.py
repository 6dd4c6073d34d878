"""A Hue bridge, for Echo, Harmony and the Hue app.

They search ``urn:schemas-upnp-org:device:basic:1``, ``upnp:rootdevice`` or ``ssdp:all``, a Harmony hub one after the
other; then they get ``/description.xml`` from the LOCATION, ``POST /api`` with ``{"devicetype": "Echo"}``, for a user
name, ``GET /api/<user name>/lights``, and ``PUT /api/<user name>/lights/<id>/state`` with ``{"on": true}``, whose
Content-Type an Echo calls a form. Newer Echos only talk to port 80. The program answers ``/api``.

Sources: Philips's developer documentation (``hue-bridgeid``, the UDN) as other projects quote it; answers that bridges
have sent, such as ``Hue/1.0 UPnP/1.0 IpBridge/1.56.0``; emulated_hue of Home Assistant; falk0069/hue-upnp #1 (Harmony),
#2 and #18 (Echo); home-assistant/core #2942; pimatic-echo #28 (port 80).
"""

from __future__ import annotations

from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import RootDevice
from upnp_trio.profiles.identifiers import mac_digits

__all__ = ["hue_bridge", "hue_bridge_id"]


def hue_bridge(name: str = "Philips hue", *, mac: str) -> RootDevice:
    """A bridge of the second generation, the square one; *mac* is that of the host, such as ``00:17:88:0a:bc:de``.

    Serve it with ``port=80`` for an Echo. Raises `DescriptionError`.
    """
    digits = mac_digits(mac)
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name=name,
        manufacturer="Royal Philips Electronics",
        manufacturer_url="http://www.philips.com",
        model_description="Philips hue Personal Wireless Lighting",
        model_name="Philips hue bridge 2015",
        model_number="BSB002",
        model_url="http://www.meethue.com",
        serial_number=digits,
        udn=f"uuid:2f402f80-da50-11e1-9b23-{digits}",
        spec_version=(1, 0),
        description_path="/description.xml",
        advertising=Advertising(
            server="Hue/1.0 UPnP/1.0 IpBridge/1.56.0",
            max_age=100,
            headers={"hue-bridgeid": hue_bridge_id(mac)},
        ),
        strict=None,  # its announcements are valid for less than UDA's half hour
    )


def hue_bridge_id(mac: str) -> str:
    """The bridge's ID in ``hue-bridgeid`` and in the answer to ``/api/config``: EUI-64 of *mac*, in capitals."""
    digits = mac_digits(mac)
    return f"{digits[:6]}fffe{digits[6:]}".upper()
