"""Keeping the rest of the machine out of the figures: a core each for the device and the load, and the right of way.

Left to the scheduler, the two share a core in some rounds and not in others, and a wake-up across cores costs more than
all that a device does for an answer: the same device then takes 30 µs in one round and 120 µs in the next. On cores of
their own they could not move out of the way of whatever else runs, for some ms each time; so they are scheduled in
real time, where ordinary processes interrupt them only when they would starve: for 50 ms in a second at most, which is
what a device that needs its core to itself shows as its slowest responses on a machine that is not idle.
"""

import os
from contextlib import suppress

LEAST_REAL_TIME = os.sched_param(1)
_ALLOWED = sorted(os.sched_getaffinity(0))
# The first and the last of the cores allowed, which may be one and the same.
LOAD_CORE, DEVICE_CORE = _ALLOWED[0], _ALLOWED[-1]


def leave_device_core() -> None:
    """Keep this process, and what it starts, off the device's core, where there is another one."""
    os.sched_setaffinity(0, set(_ALLOWED[:-1]) or {LOAD_CORE})


def give_right_of_way(pid: int, core: int) -> None:
    """Put process `pid` on `core`, in real time where that is granted; its later threads follow.

    Real-time round-robin is refused in some containers; the run then goes on without, and its p99 shows the neighbours.
    """
    os.sched_setaffinity(pid, {core})
    with suppress(PermissionError):
        os.sched_setscheduler(pid, os.SCHED_RR, LEAST_REAL_TIME)
