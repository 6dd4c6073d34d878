"""A client of a UPnP service."""

from typing import Literal, NamedTuple

from upnp_trio.controlpoint import ServiceClient

Mode = Literal['It\'s "slow"', "Fast"]


class ImportResult(NamedTuple):
    """The results of Import."""

    count_: int
    current_mode: str
    next_mode_of_the_device: str


class EverythingClient(
    ServiceClient,
    service_type="urn:schemas-upnp-org:service:Everything:1",
):
    """Each method calls an action, and raises what `RemoteService.call` raises."""

    async def stop(self) -> None:
        await self._call("Stop")

    async def set_target(self, new_target_value: bool) -> None:
        await self._call("SetTarget", {"newTargetValue": new_target_value})

    async def get_target(self) -> bool:
        answer = await self._call("GetTarget")
        return answer.value("RetTargetValue", bool)

    async def import_(self, from_: str, from_2: int, self_: Mode) -> ImportResult:
        answer = await self._call(
            "Import",
            {"from": from_, "From": from_2, "Self": self_},
        )
        return ImportResult(
            answer.value("Count", int),
            answer.value("CurrentMode", str),
            answer.value("NextModeOfTheDevice", str),
        )
