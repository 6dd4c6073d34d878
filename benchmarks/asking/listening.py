"""Measures a listener: 5,000 devices announce themselves twice, and then answer a search.

The listener has a core for itself, and the devices another one. Its CPU time per message counts everything: receiving,
reading, keeping, and telling the program about the change.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import attrs

from benchmarks.devices import ASYNC_UPNP_CLIENT, OURS, REPOSITORY
from benchmarks.load import MeasurementError, end_process
from benchmarks.namespaces import DEVICE_ADDRESS, NamespacePair, open_namespace_pair
from benchmarks.processes import process_cpu_ns, process_memory
from benchmarks.scheduling import DEVICE_CORE, LOAD_CORE, give_right_of_way

__all__ = ["LISTENERS", "Listened", "measure_listener"]

LISTENERS = {
    OURS: "benchmarks.asking.upnp_trio_listener",
    ASYNC_UPNP_CLIENT: "benchmarks.asking.async_upnp_client_listener",
}
ROWS = 4
MX = 4
# What a listener has not read so long after the last datagram is lost.
SETTLE_SECONDS = 1.0
START_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Listened:
    """The figures of one run of one listener."""

    #: from the first datagram to the last new device
    full_s: float
    #: CPU time for a message of a new device, for one of a known device, and for an answer to a search
    new_us: float
    known_us: float
    answer_us: float
    #: resident memory for each device
    device_kib: float
    #: resident memory before the first device
    start_mib: float


def measure_listener(name: str, count: int, seconds: float) -> Listened:
    """Run the listener *name* against *count* devices, which announce themselves within *seconds*.

    Raises `MeasurementError` if it does not find all of them.
    """
    with open_namespace_pair() as pair, _running(pair, LISTENERS[name], count) as listener:
        _expect(listener, "ready")
        pid = listener.pid
        time.sleep(SETTLE_SECONDS)
        start_mib = process_memory(pid).resident_mib
        begin_ns, new_us = _load(pair, pid, "announce", count, seconds)
        full_ns = int(_expect(listener))
        device_kib = (process_memory(pid).resident_mib - start_mib) * 1024 / count
        _, known_us = _load(pair, pid, "announce", count, seconds)
        _, answer_us = _load(pair, pid, "answer", count, MX * 0.9)
    return Listened(
        full_s=(full_ns - begin_ns) / 1e9,
        new_us=new_us,
        known_us=known_us,
        answer_us=answer_us,
        device_kib=device_kib,
        start_mib=start_mib,
    )


def _load(pair: NamespacePair, pid: int, kind: str, count: int, seconds: float) -> tuple[int, float]:
    """Let the crowd send; returns when it began, and the listener's CPU time for each of its messages in µs."""
    command = [sys.executable, "-m", "benchmarks.asking.crowd", kind, str(count), str(seconds)]
    crowd = _start(pair.inside(pair.control_points, command), LOAD_CORE)
    try:
        if kind == "answer":
            _expect(crowd, "ready")
        cpu = process_cpu_ns(pid)
        if kind == "answer":
            os.kill(pid, signal.SIGUSR1)
        begin_ns = int(_expect(crowd))
        sent = int(_expect(crowd))
        time.sleep(SETTLE_SECONDS)
        return begin_ns, (process_cpu_ns(pid) - cpu) / 1e3 / sent
    finally:
        end_process(crowd)


@contextmanager
def _running(pair: NamespacePair, module: str, count: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module, DEVICE_ADDRESS, str(count), str(MX)]
    process = _start(pair.inside(pair.device, command), DEVICE_CORE)
    try:
        yield process
    finally:
        end_process(process)


def _start(command: list[str], core: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    give_right_of_way(process.pid, core)
    return process


def _expect(process: subprocess.Popen[str], line: str | None = None) -> str:
    """The next line of *process*, which must be *line* if that is given, within `START_SECONDS`."""
    import select

    assert process.stdout is not None
    if not select.select([process.stdout], [], [], START_SECONDS)[0]:
        raise MeasurementError(f"{process.args!r} said nothing for {START_SECONDS:.0f} s; datagrams may have been lost")
    found = process.stdout.readline().strip()
    if not found or (line is not None and found != line):
        process.kill()
        assert process.stderr is not None
        raise MeasurementError(f"{process.args!r} said {found!r}: {process.stderr.read()[-500:]}")
    return found


def version_of(name: str) -> str:
    """The version of the listener *name*."""
    return version(name.replace("_", "-"))
