"""What many root devices in one process cost: start-up, memory, and a search for one of them.

`python -m benchmarks.scaling` starts 1, 10, 100, 1,000 and 5,000 devices in turn, each number in a namespace pair of
its own, and prints one table. The same module is the load in the other namespace (`--load`).
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
import cattrs

from benchmarks.cpu import process_cpu_ns
from benchmarks.devices import REPOSITORY
from benchmarks.namespaces import CONTROL_POINT_ADDRESSES, DEVICE_ADDRESS, open_namespace_pair, why_unavailable
from benchmarks.peers.many_devices import udn_of
from benchmarks.running import running
from benchmarks.searching import (
    MAX_DATAGRAM_BYTES,
    READY_INTERVAL_SECONDS,
    SSDP_PORT,
    NotReadyError,
    open_searcher,
    render_search,
)

COUNTS = (1, 10, 100, 1000, 5000)
SEARCHES = 5000
SEARCH_SECONDS = 5.0
READY_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Job:
    """The process that serves `count` devices, and since when it runs (time.monotonic_ns, one clock for all)."""

    pid: int
    count: int
    started_ns: int


@attrs.frozen(kw_only=True)
class Scale:
    """What `count` devices in one process cost."""

    count: int
    start_seconds: float
    resident_kib: int
    search_cpu_us: float
    search_p50_us: float


def measure(job: Job) -> Scale:
    """Wait for the last device's first answer, then search for it over and over, one search at a time."""
    search = render_search(DEVICE_ADDRESS, None, udn_of(job.count - 1))
    with open_searcher(CONTROL_POINT_ADDRESSES[0]) as searcher:
        searcher.settimeout(READY_INTERVAL_SECONDS / 10)
        while not _answers(searcher, search):
            if time.monotonic_ns() > job.started_ns + READY_SECONDS * 1e9:
                raise NotReadyError(f"{job.count} devices gave no answer within {READY_SECONDS:.0f} s")
        start_seconds = (time.monotonic_ns() - job.started_ns) / 1e9
        searcher.settimeout(1.0)
        delays: list[int] = []
        cpu, end = process_cpu_ns(job.pid), time.monotonic() + SEARCH_SECONDS
        while len(delays) < SEARCHES and time.monotonic() < end:
            sent = time.perf_counter_ns()
            if _answers(searcher, search):
                delays.append(time.perf_counter_ns() - sent)
        cpu = process_cpu_ns(job.pid) - cpu
    return Scale(
        count=job.count,
        start_seconds=start_seconds,
        resident_kib=_resident_kib(job.pid),
        search_cpu_us=cpu / 1e3 / len(delays),
        search_p50_us=sorted(delays)[len(delays) // 2] / 1e3,
    )


def _answers(searcher: socket.socket, search: bytes) -> bool:
    searcher.sendto(search, (DEVICE_ADDRESS, SSDP_PORT))
    try:
        searcher.recvfrom(MAX_DATAGRAM_BYTES)
    except (TimeoutError, ConnectionRefusedError):
        return False
    return True


def _resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise NotReadyError(f"process {pid} has no memory")


def run(count: int) -> Scale:
    """One number of devices, from start to end."""
    with open_namespace_pair() as pair, tempfile.TemporaryFile("w+") as said:
        command = pair.inside(pair.device, [sys.executable, "-m", "benchmarks.peers.many_devices", str(count)])
        started_ns = time.monotonic_ns()
        with running(command, said, goodbye_seconds=READY_SECONDS) as process:
            job = Job(pid=process.pid, count=count, started_ns=started_ns)
            load = [sys.executable, "-m", "benchmarks.scaling", "--load", json.dumps(cattrs.unstructure(job))]
            finished = subprocess.run(
                pair.inside(pair.control_points, load),
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                text=True,
                timeout=READY_SECONDS + 2 * SEARCH_SECONDS + 20,
                check=True,
            )
    return cattrs.structure(json.loads(finished.stdout), Scale)


def table(scales: Sequence[Scale]) -> str:
    """All numbers of devices, with their cost for each search relative to that of the first."""
    first = scales[0]
    lines = [
        "| devices | start to first answer | resident | per device | search, CPU | search, p50 |",
        "| ------: | --------------------: | -------: | ---------: | ----------: | ----------: |",
    ]
    for scale in scales:
        more = scale.count - first.count
        each = f"{(scale.resident_kib - first.resident_kib) / more:.1f} KiB" if more else "-"
        lines.append(
            f"| {scale.count:,} | {scale.start_seconds:.2f} s | {scale.resident_kib / 1024:.1f} MiB | {each} "
            f"| {scale.search_cpu_us:.0f} µs (×{scale.search_cpu_us / first.search_cpu_us:.2f}) "
            f"| {scale.search_p50_us:.0f} µs (×{scale.search_p50_us / first.search_p50_us:.2f}) |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, or be the load of a measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS), help="how many devices, in turn")
    parser.add_argument("--load", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        print(json.dumps(cattrs.unstructure(measure(cattrs.structure(json.loads(options.load), Job)))))
        return
    if reason := why_unavailable():
        sys.exit(reason)
    print(table([run(count) for count in options.counts]))


if __name__ == "__main__":
    main()
