"""The device under test: a real process on both links, and its use of resources."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from benchmarks.scheduling import DEVICE_CORE, give_right_of_way
from tests.chaos.arena import DEVICE_ADDRESS, FLAPPING_LINK, LINK
from tests.network.processes import Program
from tests.network.served import REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.namespaces import Namespace

__all__ = ["MAX_AGE", "Device", "Resources", "open_device"]

#: short, so that many announcements are due in a run of minutes
MAX_AGE = 8
DEVICE = REPOSITORY / "tests" / "chaos" / "counter.py"
COUNTED_SECONDS = 10.0
# A fetch or a file that is being read adds to a sample, so the least of several samples counts.
LOOKS = 10
LOOK_GAP = 0.2


@attrs.frozen(kw_only=True)
class Resources:
    """The resources of the process."""

    resident_kib: int
    descriptors: int
    tasks: int
    objects: int


@attrs.define(eq=False)
class Device:
    """The running process."""

    program: Program
    report: Path
    location: str

    @property
    def port(self) -> int:
        """The TCP port of HTTP."""
        port = urlsplit(self.location).port
        assert port is not None
        return port

    @property
    def path(self) -> str:
        """The path of the description."""
        return urlsplit(self.location).path

    def resources(self) -> Resources:
        """The resources of the process when it is idle."""
        samples = []
        for _ in range(LOOKS):
            samples.append(self._measure())
            time.sleep(LOOK_GAP)
        return Resources(
            **{name: min(getattr(sample, name) for sample in samples) for name in attrs.fields_dict(Resources)}
        )

    def _measure(self) -> Resources:
        before = self.report.stat().st_mtime_ns if self.report.exists() else 0
        self.program.signal(signal.SIGUSR2)
        deadline = time.monotonic() + COUNTED_SECONDS
        while not self.report.exists() or self.report.stat().st_mtime_ns == before:
            if time.monotonic() > deadline:
                raise AssertionError(f"the device did not count its tasks within {COUNTED_SECONDS} s")
            time.sleep(0.01)
        return Resources(
            resident_kib=self.resident_kib(),
            descriptors=len(self._descriptors()),
            **json.loads(self.report.read_text()),
        )

    def resident_kib(self) -> int:
        """Its resident memory (VmRSS)."""
        status = Path(f"/proc/{self.program.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1])

    def cpu_seconds(self) -> float:
        """The processor time that it has used itself."""
        fields = Path(f"/proc/{self.program.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cpu_share(self, seconds: float) -> float:
        """How much of a core it uses from now on, for so long."""
        before = self.cpu_seconds()
        time.sleep(seconds)
        return (self.cpu_seconds() - before) / seconds

    def waiting_seconds(self) -> float:
        """How long it was ready to run while no core was free."""
        return int(Path(f"/proc/{self.program.pid}/schedstat").read_text().split()[1]) / 1e9

    def overflown(self) -> int:
        """How many datagrams the kernel has dropped, as the device did not read them in time."""
        # our listeners on this host receive the group, too; their drops are datagrams that they filter out
        inodes = set(re.findall(r"socket:\[(\d+)\]", " ".join(map(_target, self._descriptors()))))
        table = [line.split() for line in Path(f"/proc/{self.program.pid}/net/udp").read_text().splitlines()[1:]]
        return sum(int(drops) for *_, inode, _, _, drops in table if inode in inodes)

    def _descriptors(self) -> list[Path]:
        return list(Path(f"/proc/{self.program.pid}/fd").iterdir())


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # closed since it was listed
        return ""


@contextmanager
def open_device(host: Namespace, folder: Path, *, right_of_way: bool) -> Iterator[Device]:
    """The command on *host*, with its reports in *folder*. With *right_of_way*, no other process delays it."""
    report = folder / "stock.json"
    interfaces = ["--interface", LINK, "--interface", FLAPPING_LINK]
    state = ["--state-dir", str(folder / "state")]
    served = ["--ipv4-only", "--max-age", str(MAX_AGE), *state, *interfaces, f"{DEVICE}:device"]
    command = [sys.executable, "-m", "tests.chaos.observed", str(report), *served]
    with Program(host.command(*command), cwd=REPOSITORY, env=environment()) as program:
        program.wait_for("^Press Ctrl-C")
        if right_of_way:
            give_right_of_way(program.pid, DEVICE_CORE)
        (location,) = re.findall(rf"http://{re.escape(DEVICE_ADDRESS)}:\S+", program.output)
        yield Device(program, report, location)
