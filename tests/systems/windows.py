"""The modules that Python has on Windows alone, as far as the package uses them, and what `ctypes` has there."""

from __future__ import annotations

import ctypes
import fcntl
import time
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.systems.package import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.systems.kernel import Kernel

__all__ = ["MACHINE_GUID", "windows_modules"]

MACHINE_GUID = "0b5f5a3c-8c1e-4a56-9d0f-2f0e2d1c0b0a"
_LK_NBLCK = 2
_ERROR_INVALID_DATA = 13
_HANDLE = 2**40  # more than a C int


class _MibIfRow(ctypes.Structure):
    """MIB_IFROW as <ifmib.h> declares it."""

    _fields_ = (
        ("wszName", ctypes.c_uint16 * 256),
        ("dwIndex", ctypes.c_uint32),
        ("dwType", ctypes.c_uint32),
        ("dwMtu", ctypes.c_uint32),
        ("dwSpeed", ctypes.c_uint32),
        ("dwPhysAddrLen", ctypes.c_uint32),
        ("bPhysAddr", ctypes.c_ubyte * 8),
        ("dwAdminStatus", ctypes.c_uint32),
        ("dwOperStatus", ctypes.c_uint32),
        ("rest", ctypes.c_uint32 * 14),
        ("bDescr", ctypes.c_ubyte * 256),
    )


def windows_modules(kernel: Kernel) -> dict[str, ModuleType]:
    """Stand-ins for `msvcrt`, `winreg` and `ctypes`."""

    def locking(descriptor: int, mode: int, number: int) -> None:
        assert (mode, number) == (_LK_NBLCK, 1)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PermissionError(13, "Permission denied") from error

    @contextmanager
    def open_key(key: str, path: str) -> Iterator[str]:
        yield f"{key}\\{path}"

    def query(key: str, name: str) -> tuple[str, int]:
        if (key, name) != (r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid"):
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return MACHINE_GUID, 1

    def get_if_entry(row: ctypes.Array[ctypes.c_char]) -> int:
        assert len(row) == ctypes.sizeof(_MibIfRow)
        asked = _MibIfRow.from_buffer(row)
        if error := kernel.row_errors.get(asked.dwIndex):
            return error
        found = kernel.nic_at(asked.dwIndex)
        if found is None:
            return _ERROR_INVALID_DATA
        asked.dwType, asked.dwOperStatus = found.kind, found.status
        return 0

    def query_unbiased_interrupt_time(units: Any) -> int:  # noqa: ANN401  # what byref gives has no type
        units._obj.value = int((time.monotonic() - kernel.seconds_asleep) * 10_000_000)
        return 1

    def get_console_mode(handle: ctypes.c_void_p, mode: Any) -> int:  # noqa: ANN401  # the same
        assert handle.value == _HANDLE
        if kernel.console_mode is None:
            return 0
        mode._obj.value = kernel.console_mode
        return 1

    def set_console_mode(handle: ctypes.c_void_p, mode: int) -> int:
        assert handle.value == _HANDLE
        if kernel.is_old_console:
            return 0
        kernel.console_mode = mode
        return 1

    def win_error(number: int) -> OSError:
        return kernel.error(next(name for name, known in kernel.rules.errnos.items() if known == number))

    dlls = SimpleNamespace(
        iphlpapi=SimpleNamespace(GetIfEntry=get_if_entry),
        kernel32=SimpleNamespace(
            QueryUnbiasedInterruptTime=query_unbiased_interrupt_time,
            GetConsoleMode=get_console_mode,
            SetConsoleMode=set_console_mode,
        ),
    )
    registry = {"HKEY_LOCAL_MACHINE": "HKLM", "OpenKey": open_key, "QueryValueEx": query}
    runtime = {"LK_NBLCK": _LK_NBLCK, "locking": locking, "get_osfhandle": lambda descriptor: _HANDLE}
    return {
        "ctypes": StandIn(ctypes, "ctypes", {"windll": dlls, "WinError": win_error}),
        "msvcrt": StandIn(None, "msvcrt", runtime),
        "winreg": StandIn(None, "winreg", registry),
    }
