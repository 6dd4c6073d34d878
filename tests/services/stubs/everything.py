"""A service of a UPnP device."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from upnp_trio import (
    R8,
    BinHex,
    DateTimeTz,
    Fixed14_4,
    In,
    Int,
    Out,
    Range,
    ServiceHandler,
    StateVariable,
    Ui2,
    UpnpError,
    Uri,
    action,
)

Mode = Literal['It\'s "slow"', "Fast"]
Mode2 = Literal["Ring"]


class ImportResult(NamedTuple):
    """The results of Import."""

    count_: Annotated[Ui2, Out("Count", "Volume", retval=True)]
    current_mode: Annotated[Mode, Out("CurrentMode", "Mode")]
    next_mode_of_the_device: Annotated[
        Mode2,
        Out("NextModeOfTheDevice", "A_ARG_TYPE_Mode"),
    ]


class Everything(
    ServiceHandler,
    service_type="urn:schemas-upnp-org:service:Everything:1",
):
    """Each action is answered with UPnP error 602 until its method is written."""

    target: Annotated[bool, StateVariable("Target", evented=False)] = False
    volume: Annotated[
        Ui2,
        StateVariable("Volume", describe_default=False),
        Range(0, 100, 1),
    ] = 0
    mode: Annotated[Mode, StateVariable("Mode", multicast=True)] = 'It\'s "slow"'
    a_arg_type_mode: Annotated[Mode2, StateVariable("A_ARG_TYPE_Mode", evented=False)]
    a_arg_type_source: Annotated[Uri, StateVariable("A_ARG_TYPE_Source", evented=False)]
    class_: Annotated[UUID, StateVariable("class", evented=False)]
    stop: Annotated[Int, StateVariable("Stop", evented=False)] = -1
    datetime_: Annotated[
        DateTimeTz,
        StateVariable("Datetime", evented=False, describe_default=True),
    ] = datetime.datetime.fromisoformat("2026-01-02T03:04:05+01:00")
    connect_: Annotated[
        datetime.date,
        StateVariable("Connect", evented=False, describe_default=True),
    ] = datetime.date.fromisoformat("2026-01-02")
    price: Annotated[
        Fixed14_4,
        StateVariable("Price", evented=False),
        Range(Decimal("0"), Decimal("10")),
    ] = Decimal("1.5")
    key: Annotated[BinHex, StateVariable("Key", evented=False)] = b"\x00\xff"
    x_2: Annotated[R8, StateVariable("x.2", evented=False)] = 1e30

    @action("Stop")
    async def stop_(self) -> None:
        raise UpnpError(602)

    @action("SetTarget")
    async def set_target(
        self,
        new_target_value: Annotated[bool, In("newTargetValue", "Target")],
    ) -> None:
        raise UpnpError(602)

    @action("GetTarget")
    async def get_target(
        self,
    ) -> Annotated[bool, Out("RetTargetValue", "Target", retval=True)]:
        raise UpnpError(602)

    @action("Import")
    async def import_(
        self,
        from_: Annotated[Uri, In("from", "A_ARG_TYPE_Source")],
        from_2: Annotated[Ui2, In("From", "Volume")],
        self_: Annotated[Mode, In("Self", "Mode")],
    ) -> ImportResult:
        raise UpnpError(602)
