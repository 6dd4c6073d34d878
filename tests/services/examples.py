"""Services that the tests share."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Annotated, Literal, NamedTuple

from upnp_trio import Caller, In, Out, Range, ServiceHandler, StateVariable, Ui1, Ui2, Ui4, action

__all__ = ["CALLER", "SERVICE_TYPE", "Dimming", "Kind", "Slicer", "SwitchPower"]

CALLER = Caller(address="192.0.2.7", interface="eth0", user_agent="test/1.0")
SERVICE_TYPE = "urn:schemas-upnp-org:service:Test:1"


class SwitchPower(
    ServiceHandler,
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:SwitchPower",
):
    target: Annotated[bool, StateVariable("Target", evented=False)] = False
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    async def set_target(self, new_target_value: Annotated[bool, In("newTargetValue", "Target")]) -> None:
        self.target = self.status = new_target_value

    @action("GetStatus")
    def get_status(self) -> Annotated[bool, Out("ResultStatus", "Status")]:
        return self.status


class Dimming(ServiceHandler, service_type="urn:schemas-upnp-org:service:Dimming:1"):
    level: Annotated[Ui1, StateVariable("LoadLevelStatus"), Range(0, 100)] = 50

    @action
    def set_load_level_target(self, new_load_level_target: Annotated[Ui1, Range(0, 100, 5)]) -> None:
        self.level = new_load_level_target

    @action
    def get_load_level_status(self) -> Ui1:
        return self.level


class Kind(StrEnum):
    HAM = "Jambon"
    SAUSAGE = "Saucisson"


class Mode(Enum):
    SLOW = "Slow"
    FAST = "Fast"


class Slices(NamedTuple):
    left: Annotated[Ui4, Out("Count", "Remaining", retval=True)]
    kind: Annotated[Kind, Out(related="Kind")]
    mode: Mode
    colour: Literal["Red", "Pink"]


class Slicer(ServiceHandler, service_type="urn:example-com:service:Slicer:2"):
    remaining: Annotated[Ui4, StateVariable(maximum_rate=0.5, minimum_delta=2, multicast=True, level="upnp:/info")] = (
        300
    )
    kind: Annotated[Kind, StateVariable()] = Kind.HAM
    mode: Annotated[Mode, StateVariable("CurrentMode", evented=False)] = Mode.SLOW

    @action
    async def slice(self, thickness: Ui2, *, kind: Annotated[Kind, In("NewKind", "Kind")], caller: Caller) -> Slices:
        self.remaining -= thickness
        self.kind = kind
        return Slices(left=self.remaining, kind=kind, mode=Mode.FAST, colour="Red" if caller.address else "Pink")
