"""Names for the data types of UDA that are not a Python type's usual one (UDA 2.0 §2.5, table 2-22).

A type checker sees ``Ui2`` as ``int``; a declaration sees the data type ``ui2``. The other data types are the Python
types ``bool``, ``str``, ``bytes`` (bin.base64), ``datetime.date``, ``datetime.datetime`` (dateTime.tz),
``datetime.time``, ``uuid.UUID`` and ``decimal.Decimal`` (fixed.14.4). ``int`` alone is i4, ``float`` alone is r8.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated

from upnp_trio.model.datatypes import DATA_TYPES

__all__ = [
    "I1",
    "I2",
    "I4",
    "I8",
    "R4",
    "R8",
    "BinBase64",
    "BinHex",
    "Char",
    "DateTime",
    "DateTimeTz",
    "Fixed14_4",
    "Float",
    "Int",
    "Number",
    "TimeTz",
    "Ui1",
    "Ui2",
    "Ui4",
    "Ui8",
    "Uri",
]

#: an integer of one byte without a sign, 0 to 255
Ui1 = Annotated[int, DATA_TYPES["ui1"]]
#: an integer of two bytes without a sign, 0 to 65535
Ui2 = Annotated[int, DATA_TYPES["ui2"]]
#: an integer of four bytes without a sign
Ui4 = Annotated[int, DATA_TYPES["ui4"]]
#: an integer of eight bytes without a sign, which control points of UPnP 1.0 may not know
Ui8 = Annotated[int, DATA_TYPES["ui8"]]
#: an integer of one byte, -128 to 127
I1 = Annotated[int, DATA_TYPES["i1"]]
#: an integer of two bytes, -32768 to 32767
I2 = Annotated[int, DATA_TYPES["i2"]]
#: an integer of four bytes
I4 = Annotated[int, DATA_TYPES["i4"]]
#: an integer of eight bytes, which control points of UPnP 1.0 may not know
I8 = Annotated[int, DATA_TYPES["i8"]]
#: UDA's ``int``, an integer of four bytes
Int = Annotated[int, DATA_TYPES["int"]]
#: a number of single precision
R4 = Annotated[float, DATA_TYPES["r4"]]
#: a number of double precision
R8 = Annotated[float, DATA_TYPES["r8"]]
#: the same as `R8` under another name
Number = Annotated[float, DATA_TYPES["number"]]
#: UDA's ``float``, a number of double precision
Float = Annotated[float, DATA_TYPES["float"]]
#: at most 14 digits before the point and 4 after it
Fixed14_4 = Annotated[Decimal, DATA_TYPES["fixed.14.4"]]
#: one character
Char = Annotated[str, DATA_TYPES["char"]]
#: a URI, which may be relative
Uri = Annotated[str, DATA_TYPES["uri"]]
#: bytes, sent as base64
BinBase64 = Annotated[bytes, DATA_TYPES["bin.base64"]]
#: bytes, sent as hexadecimal digits
BinHex = Annotated[bytes, DATA_TYPES["bin.hex"]]
#: a date and a time of day without a zone
DateTime = Annotated[datetime.datetime, DATA_TYPES["dateTime"]]
#: a date and a time of day with a zone
DateTimeTz = Annotated[datetime.datetime, DATA_TYPES["dateTime.tz"]]
#: a time of day with a zone
TimeTz = Annotated[datetime.time, DATA_TYPES["time.tz"]]
