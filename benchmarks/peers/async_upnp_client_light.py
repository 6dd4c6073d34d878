"""A light on async_upnp_client's `UpnpServer`, with the services of the other peers' light.

python -m benchmarks.peers.async_upnp_client_light ADDRESS PORT
"""

import asyncio
import sys
from collections.abc import Mapping
from xml.etree import ElementTree

from async_upnp_client.client import UpnpStateVariable
from async_upnp_client.const import DeviceInfo, ServiceInfo, StateVariableTypeInfo
from async_upnp_client.server import (
    UpnpServer,
    UpnpServerDevice,
    UpnpServerService,
    callable_action,
    create_event_var,
    create_state_var,
)

Results = dict[str, UpnpStateVariable[object]]


def _service(service_type: str, service_id: str, name: str) -> ServiceInfo:
    return ServiceInfo(
        service_id=service_id,
        service_type=service_type,
        control_url=f"/control/{name}",
        event_sub_url=f"/events/{name}",
        scpd_url=f"/{name}.xml",
        xml=ElementTree.Element("server_service"),
    )


class SwitchPower(UpnpServerService):
    """SwitchPower:1, with all its actions."""

    SERVICE_DEFINITION = _service(
        "urn:schemas-upnp-org:service:SwitchPower:1", "urn:upnp-org:serviceId:SwitchPower", "SwitchPower"
    )
    STATE_VARIABLE_DEFINITIONS: Mapping[str, StateVariableTypeInfo] = {
        "Target": create_state_var("boolean", default="0"),
        "Status": create_event_var("boolean", default="0"),
    }

    @callable_action("SetTarget", {"newTargetValue": "Target"}, {})
    async def set_target(self, newTargetValue: bool) -> Results:
        """Switch the light."""
        self.state_variable("Target").value = newTargetValue
        self.state_variable("Status").value = newTargetValue
        return {}

    @callable_action("GetTarget", {}, {"RetTargetValue": "Target"})
    async def get_target(self) -> Results:
        """Return what was set last."""
        return {"RetTargetValue": self.state_variable("Target")}

    @callable_action("GetStatus", {}, {"ResultStatus": "Status"})
    async def get_status(self) -> Results:
        """Return whether the light is on."""
        return {"ResultStatus": self.state_variable("Status")}


class MessageBoard(UpnpServerService):
    """A message that everyone may replace; its change is the event that is measured."""

    SERVICE_DEFINITION = _service(
        "urn:example-com:service:MessageBoard:1", "urn:example-com:serviceId:MessageBoard", "MessageBoard"
    )
    STATE_VARIABLE_DEFINITIONS: Mapping[str, StateVariableTypeInfo] = {
        "Message": create_event_var("string", default="")
    }

    @callable_action("SetMessage", {"NewMessage": "Message"}, {"CurrentMessage": "Message"})
    async def set_message(self, NewMessage: str) -> Results:
        """Replace the message."""
        message = self.state_variable("Message")
        message.value = NewMessage
        return {"CurrentMessage": message}


class Light(UpnpServerDevice):
    """One root device with two services."""

    DEVICE_DEFINITION = DeviceInfo(
        device_type="urn:schemas-upnp-org:device:BinaryLight:1",
        friendly_name="Light",
        manufacturer="Benchmarks",
        manufacturer_url=None,
        model_description=None,
        model_name="Light",
        model_number=None,
        model_url=None,
        serial_number=None,
        udn="uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b15",
        upc=None,
        presentation_url=None,
        url="/description.xml",
        icons=[],
        xml=ElementTree.Element("server_device"),
    )
    EMBEDDED_DEVICES = ()
    SERVICES = (SwitchPower, MessageBoard)


async def serve(address: str, port: int) -> None:
    """Serve the device on `address` until killed."""
    await UpnpServer(Light, source=(address, 0), http_port=port).async_start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
