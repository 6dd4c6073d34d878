"""A light that control points switch on and off: ``upnp-trio serve examples/light.py:device``."""

from typing import Annotated

from upnp_trio import In, Out, RootDevice, ServiceHandler, StateVariable, action


class SwitchPower(ServiceHandler, service_type="urn:schemas-upnp-org:service:SwitchPower:1"):
    target: Annotated[bool, StateVariable("Target", evented=False)] = False
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    def set_target(self, value: Annotated[bool, In("newTargetValue", "Target")]) -> None:
        self.target = self.status = value  # the assignment is the event

    @action("GetTarget")
    def get_target(self) -> Annotated[bool, Out("RetTargetValue", "Target")]:
        return self.target

    @action("GetStatus")
    def get_status(self) -> Annotated[bool, Out("ResultStatus", "Status")]:
        return self.status


device = RootDevice(
    device_type="urn:schemas-upnp-org:device:BinaryLight:1",
    friendly_name="Light",
    manufacturer="upnp_trio",
    model_name="Light",
    services=[SwitchPower()],
)
