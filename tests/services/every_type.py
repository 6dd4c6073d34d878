"""A device with a variable of every data type, one with limits of every kind, and a switch; for real control points.

``python -m upnp_trio tests.services.every_type:device`` serves it.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from upnp_trio import (
    I1,
    I2,
    I4,
    I8,
    R4,
    R8,
    BinBase64,
    BinHex,
    Char,
    DateTime,
    DateTimeTz,
    Fixed14_4,
    Float,
    In,
    Int,
    Number,
    Out,
    Range,
    RootDevice,
    ServiceHandler,
    StateVariable,
    TimeTz,
    Ui1,
    Ui2,
    Ui4,
    Ui8,
    UpnpError,
    Uri,
    action,
)

__all__ = ["DEVICE_TYPE", "EveryType", "Limits", "SwitchPower", "device"]

DEVICE_TYPE = "urn:example-com:device:EveryType:1"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class SwitchPower(
    ServiceHandler,
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:SwitchPower",
):
    """What most control points try first."""

    target: Annotated[bool, StateVariable("Target", evented=False)] = False
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    async def set_target(self, new_target_value: Annotated[bool, In("newTargetValue", "Target")]) -> None:
        self.target = self.status = new_target_value

    @action("GetTarget")
    def get_target(self) -> Annotated[bool, Out("RetTargetValue", "Target")]:
        return self.target

    @action("GetStatus")
    def get_status(self) -> Annotated[bool, Out("ResultStatus", "Status")]:
        return self.status


class Flavour(StrEnum):
    SALTED = "Salted"
    SMOKED = "Smoked"


class Order(NamedTuple):
    """Several results, of which the first is the return value."""

    number: Annotated[Ui2, Out("Count", "Count", retval=True)]
    flavour: Annotated[Flavour, Out("Flavour", "Flavour")]
    note: Annotated[str, Out("Note", "Note")]


class Limits(
    ServiceHandler, service_type="urn:example-com:service:Limits:1", service_id="urn:example-com:serviceId:Limits"
):
    """Lists, ranges, steps, return values and a fault of its own."""

    flavour: Annotated[Flavour, StateVariable("Flavour")] = Flavour.SALTED
    speed: Annotated[Literal["Slow", "Fast"], StateVariable("Speed")] = "Slow"
    count: Annotated[Ui2, StateVariable("Count"), Range(10, 100, 5)] = 10
    warmth: Annotated[I2, StateVariable("Warmth"), Range(-20, 40)] = 0
    ratio: Annotated[R8, StateVariable("Ratio"), Range(-1.5, 1.5, 0.5)] = 0.0
    note: Annotated[str, StateVariable("Note", evented=False)] = ""

    @action("SetFlavour")
    def set_flavour(self, new: Annotated[Flavour, In("New", "Flavour")]) -> None:
        self.flavour = new

    @action("SetSpeed")
    def set_speed(self, new: Annotated[Literal["Slow", "Fast"], In("New", "Speed")]) -> None:
        self.speed = new

    @action("SetCount")
    def set_count(self, new: Annotated[Ui2, In("New", "Count"), Range(10, 100, 5)]) -> None:
        self.count = new

    @action("SetWarmth")
    def set_warmth(self, new: Annotated[I2, In("New", "Warmth"), Range(-20, 40)]) -> None:
        self.warmth = new

    @action("SetRatio")
    def set_ratio(self, new: Annotated[R8, In("New", "Ratio"), Range(-1.5, 1.5, 0.5)]) -> None:
        self.ratio = new

    @action("Order")
    async def order(
        self,
        count: Annotated[Ui2, In("NewCount", "Count"), Range(10, 100, 5)],
        flavour: Annotated[Flavour, In("NewFlavour", "Flavour")],
        note: Annotated[str, In("NewNote", "Note")],
    ) -> Order:
        self.count, self.flavour, self.note = count, flavour, note
        return Order(count, flavour, note)

    @action("Refuse")
    async def refuse(self) -> None:
        raise UpnpError(701, "No ham left")


class EveryType(
    ServiceHandler,
    service_type="urn:example-com:service:EveryType:1",
    service_id="urn:example-com:serviceId:EveryType",
):
    """An evented variable of each data type of UDA 2.0 §2.5, which one action sets and another one gets."""

    ui1: Annotated[Ui1, StateVariable("Ui1")] = 0
    ui2: Annotated[Ui2, StateVariable("Ui2")] = 0
    ui4: Annotated[Ui4, StateVariable("Ui4")] = 0
    ui8: Annotated[Ui8, StateVariable("Ui8")] = 0
    i1: Annotated[I1, StateVariable("I1")] = 0
    i2: Annotated[I2, StateVariable("I2")] = 0
    i4: Annotated[I4, StateVariable("I4")] = 0
    i8: Annotated[I8, StateVariable("I8")] = 0
    int_: Annotated[Int, StateVariable("Int")] = 0
    r4: Annotated[R4, StateVariable("R4")] = 0.0
    r8: Annotated[R8, StateVariable("R8")] = 0.0
    number: Annotated[Number, StateVariable("Number")] = 0.0
    fixed: Annotated[Fixed14_4, StateVariable("Fixed")] = Decimal("0")
    float_: Annotated[Float, StateVariable("Float")] = 0.0
    char: Annotated[Char, StateVariable("Char")] = "a"
    string: Annotated[str, StateVariable("String")] = ""
    date: Annotated[datetime.date, StateVariable("Date")] = datetime.date(1970, 1, 1)
    date_time: Annotated[DateTime, StateVariable("DateTime")] = datetime.datetime(1970, 1, 1)
    date_time_tz: Annotated[DateTimeTz, StateVariable("DateTimeTz")] = datetime.datetime(
        1970, 1, 1, tzinfo=datetime.UTC
    )
    time: Annotated[datetime.time, StateVariable("Time")] = datetime.time()
    time_tz: Annotated[TimeTz, StateVariable("TimeTz")] = datetime.time(tzinfo=datetime.UTC)
    boolean: Annotated[bool, StateVariable("Boolean")] = False
    base64: Annotated[BinBase64, StateVariable("Base64")] = b""
    hex_: Annotated[BinHex, StateVariable("Hex")] = b""
    uri: Annotated[Uri, StateVariable("Uri")] = ""
    uuid_: Annotated[UUID, StateVariable("Uuid")] = UUID(int=0)

    @action("SetUi1")
    def set_ui1(self, new: Annotated[Ui1, In("New", "Ui1")]) -> None:
        self.ui1 = new

    @action("GetUi1")
    def get_ui1(self) -> Annotated[Ui1, Out("Current", "Ui1")]:
        return self.ui1

    @action("SetUi2")
    def set_ui2(self, new: Annotated[Ui2, In("New", "Ui2")]) -> None:
        self.ui2 = new

    @action("GetUi2")
    def get_ui2(self) -> Annotated[Ui2, Out("Current", "Ui2")]:
        return self.ui2

    @action("SetUi4")
    def set_ui4(self, new: Annotated[Ui4, In("New", "Ui4")]) -> None:
        self.ui4 = new

    @action("GetUi4")
    def get_ui4(self) -> Annotated[Ui4, Out("Current", "Ui4")]:
        return self.ui4

    @action("SetUi8")
    def set_ui8(self, new: Annotated[Ui8, In("New", "Ui8")]) -> None:
        self.ui8 = new

    @action("GetUi8")
    def get_ui8(self) -> Annotated[Ui8, Out("Current", "Ui8")]:
        return self.ui8

    @action("SetI1")
    def set_i1(self, new: Annotated[I1, In("New", "I1")]) -> None:
        self.i1 = new

    @action("GetI1")
    def get_i1(self) -> Annotated[I1, Out("Current", "I1")]:
        return self.i1

    @action("SetI2")
    def set_i2(self, new: Annotated[I2, In("New", "I2")]) -> None:
        self.i2 = new

    @action("GetI2")
    def get_i2(self) -> Annotated[I2, Out("Current", "I2")]:
        return self.i2

    @action("SetI4")
    def set_i4(self, new: Annotated[I4, In("New", "I4")]) -> None:
        self.i4 = new

    @action("GetI4")
    def get_i4(self) -> Annotated[I4, Out("Current", "I4")]:
        return self.i4

    @action("SetI8")
    def set_i8(self, new: Annotated[I8, In("New", "I8")]) -> None:
        self.i8 = new

    @action("GetI8")
    def get_i8(self) -> Annotated[I8, Out("Current", "I8")]:
        return self.i8

    @action("SetInt")
    def set_int(self, new: Annotated[Int, In("New", "Int")]) -> None:
        self.int_ = new

    @action("GetInt")
    def get_int(self) -> Annotated[Int, Out("Current", "Int")]:
        return self.int_

    @action("SetR4")
    def set_r4(self, new: Annotated[R4, In("New", "R4")]) -> None:
        self.r4 = new

    @action("GetR4")
    def get_r4(self) -> Annotated[R4, Out("Current", "R4")]:
        return self.r4

    @action("SetR8")
    def set_r8(self, new: Annotated[R8, In("New", "R8")]) -> None:
        self.r8 = new

    @action("GetR8")
    def get_r8(self) -> Annotated[R8, Out("Current", "R8")]:
        return self.r8

    @action("SetNumber")
    def set_number(self, new: Annotated[Number, In("New", "Number")]) -> None:
        self.number = new

    @action("GetNumber")
    def get_number(self) -> Annotated[Number, Out("Current", "Number")]:
        return self.number

    @action("SetFixed")
    def set_fixed(self, new: Annotated[Fixed14_4, In("New", "Fixed")]) -> None:
        self.fixed = new

    @action("GetFixed")
    def get_fixed(self) -> Annotated[Fixed14_4, Out("Current", "Fixed")]:
        return self.fixed

    @action("SetFloat")
    def set_float(self, new: Annotated[Float, In("New", "Float")]) -> None:
        self.float_ = new

    @action("GetFloat")
    def get_float(self) -> Annotated[Float, Out("Current", "Float")]:
        return self.float_

    @action("SetChar")
    def set_char(self, new: Annotated[Char, In("New", "Char")]) -> None:
        self.char = new

    @action("GetChar")
    def get_char(self) -> Annotated[Char, Out("Current", "Char")]:
        return self.char

    @action("SetString")
    def set_string(self, new: Annotated[str, In("New", "String")]) -> None:
        self.string = new

    @action("GetString")
    def get_string(self) -> Annotated[str, Out("Current", "String")]:
        return self.string

    @action("SetDate")
    def set_date(self, new: Annotated[datetime.date, In("New", "Date")]) -> None:
        self.date = new

    @action("GetDate")
    def get_date(self) -> Annotated[datetime.date, Out("Current", "Date")]:
        return self.date

    @action("SetDateTime")
    def set_date_time(self, new: Annotated[DateTime, In("New", "DateTime")]) -> None:
        self.date_time = new

    @action("GetDateTime")
    def get_date_time(self) -> Annotated[DateTime, Out("Current", "DateTime")]:
        return self.date_time

    @action("SetDateTimeTz")
    def set_date_time_tz(self, new: Annotated[DateTimeTz, In("New", "DateTimeTz")]) -> None:
        self.date_time_tz = new

    @action("GetDateTimeTz")
    def get_date_time_tz(self) -> Annotated[DateTimeTz, Out("Current", "DateTimeTz")]:
        return self.date_time_tz

    @action("SetTime")
    def set_time(self, new: Annotated[datetime.time, In("New", "Time")]) -> None:
        self.time = new

    @action("GetTime")
    def get_time(self) -> Annotated[datetime.time, Out("Current", "Time")]:
        return self.time

    @action("SetTimeTz")
    def set_time_tz(self, new: Annotated[TimeTz, In("New", "TimeTz")]) -> None:
        self.time_tz = new

    @action("GetTimeTz")
    def get_time_tz(self) -> Annotated[TimeTz, Out("Current", "TimeTz")]:
        return self.time_tz

    @action("SetBoolean")
    def set_boolean(self, new: Annotated[bool, In("New", "Boolean")]) -> None:
        self.boolean = new

    @action("GetBoolean")
    def get_boolean(self) -> Annotated[bool, Out("Current", "Boolean")]:
        return self.boolean

    @action("SetBase64")
    def set_base64(self, new: Annotated[BinBase64, In("New", "Base64")]) -> None:
        self.base64 = new

    @action("GetBase64")
    def get_base64(self) -> Annotated[BinBase64, Out("Current", "Base64")]:
        return self.base64

    @action("SetHex")
    def set_hex(self, new: Annotated[BinHex, In("New", "Hex")]) -> None:
        self.hex_ = new

    @action("GetHex")
    def get_hex(self) -> Annotated[BinHex, Out("Current", "Hex")]:
        return self.hex_

    @action("SetUri")
    def set_uri(self, new: Annotated[Uri, In("New", "Uri")]) -> None:
        self.uri = new

    @action("GetUri")
    def get_uri(self) -> Annotated[Uri, Out("Current", "Uri")]:
        return self.uri

    @action("SetUuid")
    def set_uuid(self, new: Annotated[UUID, In("New", "Uuid")]) -> None:
        self.uuid_ = new

    @action("GetUuid")
    def get_uuid(self) -> Annotated[UUID, Out("Current", "Uuid")]:
        return self.uuid_


def device() -> RootDevice:
    """The device with all of them."""
    return RootDevice(
        device_type=DEVICE_TYPE,
        friendly_name="Every type",
        manufacturer="Boucherie numérique SAS",
        model_name="Every type",
        udn="uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11",
        services=[SwitchPower(), Limits(), EveryType()],
    )


def switch() -> RootDevice:
    """A device with the switch alone."""
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:BinaryLight:1",
        friendly_name="Switch",
        manufacturer="Boucherie numérique SAS",
        model_name="Switch",
        udn="uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c12",
        services=[SwitchPower()],
    )
