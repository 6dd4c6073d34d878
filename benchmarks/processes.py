"""CPU time and memory of another process, as the system reports them.

The CPU time is that of the process's CPU-time clock (clock_getcpuclockid(3)), which the generator reads, too: user and
system time of all its threads, running and ended, in nanoseconds. /proc/PID/stat has the same sum in ticks of 10 ms,
which are too coarse for a series of a second.
"""

import time
from pathlib import Path

import attrs

CPUCLOCK_SCHED = 2  # linux/posix-timers.h: "of the whole process, by the scheduler's accounts"


@attrs.frozen(kw_only=True)
class Memory:
    """Resident memory in MiB, and its highest value so far."""

    resident_mib: float
    highest_mib: float


def process_cpu_ns(pid: int) -> int:
    """The CPU time of `pid` in nanoseconds; raises OSError when there is no such process."""
    return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)


def process_memory(pid: int) -> Memory:
    """The memory of `pid`; raises OSError when there is no such process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return Memory(resident_mib=int(found["VmRSS"].split()[0]) / 1024, highest_mib=int(found["VmHWM"].split()[0]) / 1024)
