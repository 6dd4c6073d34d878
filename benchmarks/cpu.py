"""The CPU time of another process.

Read from the process's CPU-time clock (clock_getcpuclockid(3)): user and system time of all its threads, living and
ended, in nanoseconds. /proc/PID/stat has the same sum in ticks of 10 ms, too coarse for a series of a second or two;
/proc/PID/schedstat sees one thread only and is not in every kernel.
"""

import time

CPUCLOCK_SCHED = 2  # linux/posix-timers.h: "of the whole process, by the scheduler's accounts"


def process_cpu_ns(pid: int) -> int:
    """CPU time of `pid` in nanoseconds; raises OSError when there is no such process."""
    return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)
