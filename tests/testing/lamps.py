"""The device that these tests serve."""

from __future__ import annotations

from upnp_trio import RootDevice

__all__ = ["LAMP", "UDN"]

UDN = "uuid:8e5c1a2e-95cd-4b4b-b4b6-8b7f0c1f9e10"
LAMP = RootDevice(
    device_type="urn:schemas-upnp-org:device:BinaryLight:1",
    friendly_name="Lamp",
    manufacturer="Example",
    model_name="Lamp",
    udn=UDN,
)
