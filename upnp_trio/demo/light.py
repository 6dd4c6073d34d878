"""A dimmable light (DimmableLight:1): its services SwitchPower:1 and Dimming:1 as their standards describe them.

Save it under another name, and ``upnp-trio serve my_light.py:device`` serves it.
"""

from pathlib import Path
from typing import Annotated

from upnp_trio import Icon, In, Out, Range, RootDevice, ServiceHandler, StateVariable, Ui1, action

__all__ = ["Dimming", "SwitchPower", "device"]

Level = Annotated[Ui1, Range(0, 100)]
Step = Annotated[Ui1, Range(1, 100)]


class SwitchPower(
    ServiceHandler,
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:SwitchPower",
):
    """Switches the light on and off."""

    target: Annotated[bool, StateVariable("Target", evented=False)] = False
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    def set_target(self, new_target_value: Annotated[bool, In("newTargetValue", "Target")]) -> None:
        """Switch. A real lamp is switched here; `status` follows once it is on or off."""
        self.target = self.status = new_target_value  # the assignment to an evented variable is the event

    @action("GetTarget")
    def get_target(self) -> Annotated[bool, Out("RetTargetValue", "Target")]:
        """What was asked for."""
        return self.target

    @action("GetStatus")
    def get_status(self) -> Annotated[bool, Out("ResultStatus", "Status")]:
        """Whether the light is on."""
        return self.status


class Dimming(
    ServiceHandler,
    service_type="urn:schemas-upnp-org:service:Dimming:1",
    service_id="urn:upnp-org:serviceId:Dimming",
):
    """Makes the light brighter and darker; a level is a percentage."""

    target: Annotated[Level, StateVariable("LoadLevelTarget", evented=False)] = 100
    status: Annotated[Level, StateVariable("LoadLevelStatus")] = 100
    step: Annotated[Step, StateVariable("StepDelta")] = 10

    @action("SetLoadLevelTarget")
    def set_level(self, new_level: Annotated[Level, In("newLoadlevelTarget", "LoadLevelTarget")]) -> None:
        """Dim to a level."""
        self.target = self.status = new_level

    @action("GetLoadLevelTarget")
    def get_target(self) -> Annotated[Level, Out("GetLoadlevelTarget", "LoadLevelTarget")]:
        """The level that was asked for."""
        return self.target

    @action("GetLoadLevelStatus")
    def get_status(self) -> Annotated[Level, Out("retLoadlevelStatus", "LoadLevelStatus")]:
        """The level now."""
        return self.status

    @action("StepUp")
    def step_up(self) -> None:
        """One step brighter."""
        self.set_level(min(self.status + self.step, 100))

    @action("StepDown")
    def step_down(self) -> None:
        """One step darker."""
        self.set_level(max(self.status - self.step, 0))

    @action("SetStepDelta")
    def set_step(self, new_step: Annotated[Step, In("newStepDelta", "StepDelta")]) -> None:
        """How large a step is from now on."""
        self.step = new_step

    @action("GetStepDelta")
    def get_step(self) -> Annotated[Step, Out("retStepDelta", "StepDelta")]:
        """How large a step is."""
        return self.step


def device() -> RootDevice:
    """The light."""
    icon = Path(__file__).with_name("light.png").read_bytes()
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:DimmableLight:1",
        friendly_name="Demo light",
        manufacturer="upnp_trio",
        model_name="Demo light",
        model_description="A light to try control points with: upnp-trio demo light",
        icons=[Icon(mimetype="image/png", width=120, height=120, depth=32, url="light.png", data=icon)],
        services=[SwitchPower(), Dimming()],
    )
