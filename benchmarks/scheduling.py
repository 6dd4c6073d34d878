"""Keeping the rest of the machine out of the figures: a core each for the device and the load, and the right of way.

Left to the scheduler, the two share a core in some rounds and not in others, and a wake-up across cores costs more than
all that a device does for an answer: the same device then takes 30 µs in one round and 120 µs in the next. On cores of
their own they could not move out of the way of whatever else runs, for some ms each time; so they are scheduled in
real time, where ordinary processes do not interrupt them.
"""

import os
from contextlib import suppress

LEAST_REAL_TIME = os.sched_param(1)


def pick_cores() -> tuple[int, int]:
    """The load's core and the device's: the first and the last of those allowed, which may be one and the same."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def give_right_of_way(pid: int, core: int) -> None:
    """Put process `pid` (0 is this one) on `core`, in real time where that is granted; its later threads follow.

    Real-time round-robin is refused in some containers; the run then goes on without, and its p99 shows the neighbours.
    """
    os.sched_setaffinity(pid, {core})
    with suppress(PermissionError):
        os.sched_setscheduler(pid, os.SCHED_RR, LEAST_REAL_TIME)
