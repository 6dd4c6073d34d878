"""A client of a UPnP service."""

from typing import Literal, NamedTuple

from upnp_trio.controlpoint import ServiceClient

Flavour = Literal["Salted", "Smoked"]
Speed = Literal["Slow", "Fast"]


class OrderResult(NamedTuple):
    """The results of Order."""

    count_: int
    flavour: str
    note: str


class LimitsClient(ServiceClient, service_type="urn:example-com:service:Limits:1"):
    """Each method calls an action, and raises what `RemoteService.call` raises."""

    async def set_flavour(self, new: Flavour) -> None:
        await self._call("SetFlavour", {"New": new})

    async def set_speed(self, new: Speed) -> None:
        await self._call("SetSpeed", {"New": new})

    async def set_count(self, new: int) -> None:
        await self._call("SetCount", {"New": new})

    async def set_warmth(self, new: int) -> None:
        await self._call("SetWarmth", {"New": new})

    async def set_ratio(self, new: float) -> None:
        await self._call("SetRatio", {"New": new})

    async def order(
        self,
        new_count: int,
        new_flavour: Flavour,
        new_note: str,
    ) -> OrderResult:
        answer = await self._call(
            "Order",
            {"NewCount": new_count, "NewFlavour": new_flavour, "NewNote": new_note},
        )
        return OrderResult(
            answer.value("Count", int),
            answer.value("Flavour", str),
            answer.value("Note", str),
        )

    async def refuse(self) -> None:
        await self._call("Refuse")


class SwitchPowerClient(
    ServiceClient,
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
):
    """Each method calls an action, and raises what `RemoteService.call` raises."""

    async def set_target(self, new_target_value: bool) -> None:
        await self._call("SetTarget", {"newTargetValue": new_target_value})

    async def get_target(self) -> bool:
        answer = await self._call("GetTarget")
        return answer.value("RetTargetValue", bool)

    async def get_status(self) -> bool:
        answer = await self._call("GetStatus")
        return answer.value("ResultStatus", bool)
