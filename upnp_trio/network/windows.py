"""What Python does not tell of Windows: the kind and the state of an interface, the time asleep, an error's text.

The functions are those of iphlpapi.dll and kernel32.dll, by `ctypes`, which ifaddr imports in any case.
"""

from __future__ import annotations

import ctypes
import struct
import sys
import time

import attrs

__all__ = ["InterfaceRow", "interface_row", "seconds_asleep", "socket_error"]

# struct MIB_IFROW of <ifmib.h>: a name of 256 UTF-16 units, then numbers of 4 bytes, with 8 bytes of a hardware
# address among them and a description of 256 bytes at the end.
_ROW_BYTES = 860
_INDEX_AT, _TYPE_AT, _STATUS_AT = 512, 516, 544
_DWORD = struct.Struct("<I")

# <ipifcons.h>: PPP, what drivers of VPNs call themselves (Wintun, with WireGuard and others), and tunnels (Teredo)
_POINT_TO_POINT_TYPES = frozenset({23, 53, 131})
_LOOPBACK_TYPE = 24
# INTERNAL_IF_OPER_STATUS: connected, which WANs are, and operational
_UP_STATUSES = frozenset({4, 5})
# The interface went away after it was listed: ERROR_FILE_NOT_FOUND, ERROR_INVALID_DATA, ERROR_NOT_FOUND.
_GONE = frozenset({2, 13, 1168})

# QueryUnbiasedInterruptTime counts in units of 100 ns.
_UNITS_PER_SECOND = 10_000_000


@attrs.frozen
class InterfaceRow:
    """The state and the kind of an interface."""

    is_up: bool = True
    is_loopback: bool = False
    is_point_to_point: bool = False


def interface_row(index: int) -> InterfaceRow | None:
    """What the system says of the interface with *index*; ``None`` if it is gone.

    An interface that the system says nothing of counts as an ordinary one that is up.
    """
    if sys.platform == "win32":
        row = ctypes.create_string_buffer(_ROW_BYTES)
        _DWORD.pack_into(row, _INDEX_AT, index)
        error = ctypes.windll.iphlpapi.GetIfEntry(row)
        if error:
            return None if error in _GONE else InterfaceRow()
        (kind,), (status,) = _DWORD.unpack_from(row, _TYPE_AT), _DWORD.unpack_from(row, _STATUS_AT)
        return InterfaceRow(status in _UP_STATUSES, kind == _LOOPBACK_TYPE, kind in _POINT_TO_POINT_TYPES)
    else:
        raise NotImplementedError


def seconds_asleep() -> float:
    """How long this host has been suspended, up to a constant; 0 where unknown."""
    if sys.platform == "win32":
        awake = ctypes.c_ulonglong()
        if not ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(awake)):
            return 0.0
        return time.monotonic() - awake.value / _UNITS_PER_SECOND
    else:
        raise NotImplementedError


def socket_error(number: int) -> OSError:
    """The exception for Winsock's error *number*, with the system's text, which `os.strerror` does not have."""
    if sys.platform == "win32":
        return ctypes.WinError(number)
    else:
        raise NotImplementedError
