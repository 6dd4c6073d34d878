"""One round with one device: a network for it, the device started in it, the load beside it, everything gone again."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import attrs
import cattrs

from benchmarks.devices import REPOSITORY, Device
from benchmarks.load import Job
from benchmarks.measures import Plan, Round
from benchmarks.namespaces import CONTROL_POINT_ADDRESSES, DEVICE_ADDRESS, open_namespace_pair
from benchmarks.scheduling import give_right_of_way, pick_cores

GOODBYE_SECONDS = 5.0  # a device that says byebye gets this long, then it is killed


class RoundError(Exception):
    """A round came to nothing; the message says what the device or the load last said."""


def run_round(device: Device, plan: Plan) -> Round:
    """Do one round with `device`; raises RoundError when it does not start, does not answer, or ends early."""
    load_core, device_core = pick_cores()
    with open_namespace_pair() as pair, tempfile.TemporaryFile("w+") as said:
        with running(pair.inside(pair.device, device.command), said) as process:
            give_right_of_way(process.pid, device_core)  # `ip` still runs: before any thread
            job = Job(
                pid=process.pid,
                device=DEVICE_ADDRESS,
                control_points=list(CONTROL_POINT_ADDRESSES),
                fetches=device.serves_http,
                core=load_core,
                plan=plan,
            )
            load = [sys.executable, "-m", "benchmarks.load", json.dumps(cattrs.unstructure(job))]
            try:
                finished = subprocess.run(
                    pair.inside(pair.control_points, load),
                    cwd=REPOSITORY,
                    capture_output=True,
                    text=True,
                    timeout=plan.longest_seconds,
                )
            except subprocess.TimeoutExpired as error:
                raise RoundError(f"the round was not over after {error.timeout:.0f} s") from error
            ended = process.poll()
        if ended is not None:
            raise RoundError(f"the device ended with exit code {ended}: {_last_line(said)}")
        if finished.returncode != 0:
            raise RoundError(finished.stderr.strip().rpartition("\n")[2])
        return cattrs.structure(json.loads(finished.stdout), Round)


@contextmanager
def running(
    command: list[str], said: IO[str], goodbye_seconds: float = GOODBYE_SECONDS
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` for the length of the body; ended with SIGTERM, and after its goodbye time with SIGKILL."""
    process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(goodbye_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_line(said: IO[str]) -> str:
    said.seek(0)
    lines = said.read().strip().splitlines()
    return lines[-1] if lines else "it said nothing"


@attrs.define(eq=False, kw_only=True)
class Record:
    """All rounds of one device; `failure` is why the last failed round did."""

    device: Device
    rounds: list[Round | None] = attrs.field(factory=list)
    failure: str | None = None

    @property
    def good(self) -> list[Round]:
        """The rounds that came to something."""
        return [measured for measured in self.rounds if measured is not None]
