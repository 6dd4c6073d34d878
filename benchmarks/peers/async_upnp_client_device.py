"""A device on async_upnp_client's `UpnpServer`, with the same texts as the other peers' description.

python -m benchmarks.peers.async_upnp_client_device ADDRESS PORT
"""

import asyncio
import sys
from xml.etree import ElementTree

from async_upnp_client.const import DeviceInfo, ServiceInfo
from async_upnp_client.server import UpnpServer, UpnpServerDevice, UpnpServerService


class JamControl(UpnpServerService):
    """A service without actions, to be listed in the description."""

    SERVICE_DEFINITION = ServiceInfo(
        service_id="urn:upnp-org:serviceId:JamControl",
        service_type="urn:schemas-upnp-org:service:JamControl:1",
        control_url="/upnp/control/JamControl",
        event_sub_url="/upnp/event/JamControl",
        scpd_url="/JamControl.xml",
        xml=ElementTree.Element("server_service"),
    )
    STATE_VARIABLE_DEFINITIONS = {}  # noqa: RUF012 (UpnpServerService declares it like this)


class Jambon(UpnpServerDevice):
    """One root device with one service and no embedded devices."""

    DEVICE_DEFINITION = DeviceInfo(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name="Jambon 3000",
        manufacturer="Benchmarks",
        manufacturer_url="http://example.com/",
        model_description="A device to be searched for and described",
        model_name="Jambon",
        model_number="3000",
        model_url="http://example.com/jambon",
        serial_number="1",
        udn="uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b12",
        upc=None,
        presentation_url=None,
        url="/description.xml",
        icons=[],
        xml=ElementTree.Element("server_device"),
    )
    EMBEDDED_DEVICES = ()
    SERVICES = (JamControl,)


async def serve(address: str, port: int) -> None:
    """Serve the device on `address` until killed."""
    await UpnpServer(Jambon, source=(address, 0), http_port=port).async_start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
