"""A light of this project, with the services of the peers' light: python -m benchmarks.peers.upnp_trio_light PORT."""

import sys
from typing import Annotated

import attrs
import trio

from upnp_trio import In, Out, RootDevice, Service, ServiceHandler, StateVariable, action, serve_device

# The default is 32. The subscribers of the benchmark have different addresses, so that of one peer does not matter.
MAX_SUBSCRIPTIONS = 1024


class SwitchPower(
    ServiceHandler,
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:SwitchPower",
):
    """SwitchPower:1, with all its actions."""

    target: Annotated[bool, StateVariable("Target", evented=False)] = False
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    def set_target(self, new_target_value: Annotated[bool, In("newTargetValue", "Target")]) -> None:
        """Switch the light."""
        self.target = self.status = new_target_value

    @action("GetTarget")
    def get_target(self) -> Annotated[bool, Out("RetTargetValue", "Target")]:
        """Return what was set last."""
        return self.target

    @action("GetStatus")
    def get_status(self) -> Annotated[bool, Out("ResultStatus", "Status")]:
        """Return whether the light is on."""
        return self.status


class MessageBoard(
    ServiceHandler,
    service_type="urn:example-com:service:MessageBoard:1",
    service_id="urn:example-com:serviceId:MessageBoard",
):
    """A message that everyone may replace; its change is the event that is measured."""

    message: Annotated[str, StateVariable("Message")] = ""

    @action("SetMessage")
    def set_message(
        self, new_message: Annotated[str, In("NewMessage", "Message")]
    ) -> Annotated[str, Out("CurrentMessage", "Message")]:
        """Replace the message."""
        self.message = new_message
        return self.message


def _served(handler: ServiceHandler, name: str) -> Service:
    """The service at the peers' URLs, relative to the description."""
    return attrs.evolve(
        handler.as_service(),
        scpd_url=f"{name}.xml",
        control_url=f"control/{name}",
        event_sub_url=f"events/{name}",
    )


async def main(port: int) -> None:
    """Serve until killed."""
    light = RootDevice(
        device_type="urn:schemas-upnp-org:device:BinaryLight:1",
        friendly_name="Light",
        manufacturer="Benchmarks",
        model_name="Light",
        udn="uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b16",
        services=[_served(SwitchPower(), "SwitchPower"), _served(MessageBoard(), "MessageBoard")],
    )
    async with serve_device(light, ipv6=False, port=port, max_subscriptions=MAX_SUBSCRIPTIONS):
        await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
