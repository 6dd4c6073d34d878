"""Keeping the rest of the machine out of the figures: one core for the device, one for the load, real-time priority.

Left to the scheduler, the two share a core in some rounds and not in others, and a wake-up across cores costs more than
all that a device does for an answer: the same device then takes 30 µs in one round and 120 µs in the next. A process
that is bound to a core cannot move when other processes use it, so device and load run in real time. The kernel
interrupts real-time processes only when others would starve, for 50 ms in a second at most. On a machine that is not
idle, that gap shows in the slowest responses of a device that needs its whole core.
"""

import os
from contextlib import suppress
from enum import IntEnum

_ALLOWED = sorted(os.sched_getaffinity(0))
# The first and the last of the cores allowed, which may be one and the same.
LOAD_CORE, DEVICE_CORE = _ALLOWED[0], _ALLOWED[-1]


class Priority(IntEnum):
    """Real-time priorities; a process gives way to one with a higher number at once.

    A series that is measured while another load lasts shares that load's core and must not wait for it.
    """

    NORMAL = 1
    MEASURING = 2


def leave_device_core() -> None:
    """Keep this process, and what it starts, off the device's core, where there is another one."""
    os.sched_setaffinity(0, set(_ALLOWED[:-1]) or {LOAD_CORE})


def give_right_of_way(pid: int, core: int, priority: Priority = Priority.NORMAL) -> None:
    """Bind process `pid` to `core`, in real time where the system allows it; its later threads follow.

    Some containers refuse real-time scheduling. The run then goes on without it, and its p99 shows other processes.
    """
    os.sched_setaffinity(pid, {core})
    with suppress(PermissionError):
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(priority))
