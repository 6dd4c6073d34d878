"""The stage: a network of two namespaces, a device running in one, and the load generator to be run in the other."""

import math
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import attrs

from benchmarks.clients import AGENT_MARK, SSDP_GROUP, Datagram, unicast, write_datagrams
from benchmarks.devices import HTTP_PORT, REPOSITORY, Device
from benchmarks.generator import (
    Fetches,
    FirstWords,
    Searches,
    read_fetches,
    read_first_words,
    read_searches,
)
from benchmarks.namespaces import (
    CONTROL_POINT_ADDRESS,
    CONTROL_POINTS_LINK,
    DEVICE_ADDRESS,
    FIRST_CONTROL_POINT,
    NamespacePair,
    open_namespace_pair,
)
from benchmarks.processes import Memory, process_cpu_ns, process_memory
from benchmarks.scheduling import DEVICE_CORE, LOAD_CORE, give_right_of_way

LATE_SECONDS = 0.1  # how long after MX answers are still waited for, and counted as late
FEWEST_CONTROL_POINTS = 250
# Half of what upnp_trio grants one searcher by default.
MOST_SEARCHES_OF_ONE = 32.0
UNICAST_CONTROL_POINTS = 1000
READY_SECONDS = 60.0
GENERATOR_SECONDS = 30.0  # beyond what its series takes


class StageError(Exception):
    """A measurement came to nothing; the message says what the device or the generator last said."""


@attrs.frozen(kw_only=True)
class Workshop:
    """What all stages share: the compiled generator, and a folder to write to."""

    generator: Path
    scratch: Path


@attrs.frozen(kw_only=True)
class Stage:
    """A device at work, and how it started: when its exec was asked for, and its first words."""

    device: Device
    pid: int
    exec_ns: int
    first: FirstWords
    _pair: NamespacePair
    _workshop: Workshop
    _said: IO[str]

    def search(self, datagrams: Sequence[Datagram], rate: float, seconds: float, mx: int) -> Searches:
        """Multicast searches at a steady rate, whether or not answers come."""
        control_points = max(FEWEST_CONTROL_POINTS, math.ceil(rate / MOST_SEARCHES_OF_ONE))
        return self._search(datagrams, round(rate), round(rate * seconds), control_points, mx)

    def search_at_once(self, datagrams: Sequence[Datagram], count: int, mx: int) -> Searches:
        """So many multicast searches as fast as they can be sent, each control point asking only a few times."""
        return self._search(datagrams, 0, count, max(FEWEST_CONTROL_POINTS, count // 8), mx)

    def search_one_by_one(self, count: int, seconds: float, *, differ: bool = False) -> Searches:
        """Send unicast searches for the first of the device's targets, one at a time, each from the next control point.

        With `differ`, each has another USER-AGENT.
        """
        return read_searches(
            self._generate(
                "one_by_one",
                seconds,
                destination=DEVICE_ADDRESS,
                sources=UNICAST_CONTROL_POINTS,
                count=count,
                seconds_ns=int(seconds * 1e9),
                datagrams=self._write(unicast(DEVICE_ADDRESS, self.device.search_targets[0], differ=differ)),
            )
        )

    def fetch(self, connections: int, *, keep: bool, differ: bool, seconds: float) -> Fetches:
        """GETs of the device's description, one outstanding on each connection.

        With `differ`, each request has another User-Agent, as those of different control points have; without it, all
        requests are the same bytes.
        """
        authority, _, path = self.first.location.removeprefix("http://").partition("/")
        agent = AGENT_MARK if differ else "benchmarks"
        closing = "" if keep else "Connection: close\r\n"
        return read_fetches(
            self._generate(
                "fetch",
                seconds,
                destination=DEVICE_ADDRESS,
                sources=UNICAST_CONTROL_POINTS,
                port=authority.rpartition(":")[2],
                connections=connections,
                keep=int(keep),
                request=f"GET /{path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\n{closing}\r\n",
                warm_up_ns=int(seconds * 1e8),
                seconds_ns=int(seconds * 1e9),
            )
        )

    def memory(self) -> Memory:
        """The device's memory now."""
        return process_memory(self.pid)

    def background_cpu(self, seconds: float) -> float:
        """The part of a core that the device uses unasked, measured for so long."""
        cpu, start = process_cpu_ns(self.pid), time.monotonic_ns()
        time.sleep(seconds)
        return (process_cpu_ns(self.pid) - cpu) / (time.monotonic_ns() - start)

    def _search(self, datagrams: Sequence[Datagram], rate: int, count: int, control_points: int, mx: int) -> Searches:
        return read_searches(
            self._generate(
                "steady",
                count / rate + mx if rate else mx,
                destination=SSDP_GROUP,
                sources=control_points,
                rate=rate,
                count=count,
                window_ms=round((mx + LATE_SECONDS) * 1000),
                datagrams=self._write(datagrams),
            )
        )

    def _write(self, datagrams: Sequence[Datagram]) -> Path:
        write_datagrams(datagrams, path := self._workshop.scratch / "datagrams")
        return path

    def _generate(self, kind: str, seconds: float, **options: object) -> str:
        process = _start_generator(self._workshop, self._pair, kind, pid=self.pid, **options)
        try:
            said, complaints = process.communicate(timeout=seconds + GENERATOR_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise StageError(f"the load was not over after {error.timeout:.0f} s") from error
        finally:
            _end(process)
        if process.returncode != 0:
            raise StageError(f"the load failed: {complaints.strip()}; the device: {_last_line(self._said)}")
        return said


@contextmanager
def open_stage(device: Device, workshop: Workshop) -> Iterator[Stage]:
    """Make the network, start `device`, wait for its first words; all is gone at the end, without a goodbye.

    Raises StageError when the device does not start, or ends before the body does.
    """
    write_datagrams(unicast(DEVICE_ADDRESS), datagrams := workshop.scratch / "first")
    with open_namespace_pair() as pair, tempfile.TemporaryFile("w+") as said:
        listener = _start_generator(
            workshop,
            pair,
            "first",
            destination=DEVICE_ADDRESS,
            own=CONTROL_POINT_ADDRESS,
            group=SSDP_GROUP,
            port=HTTP_PORT,
            seconds_ns=int(READY_SECONDS * 1e9),
            datagrams=datagrams,
        )
        try:
            assert listener.stdout is not None
            if listener.stdout.readline() != "ready\n":
                raise StageError(f"the load failed: {listener.communicate()[1].strip()}")
            process, exec_ns = _start_device(pair.inside(pair.device, device.command), said)
            try:
                first = _first_words(listener, said)
                yield Stage(
                    device=device,
                    pid=process.pid,
                    exec_ns=exec_ns,
                    first=first,
                    pair=pair,
                    workshop=workshop,
                    said=said,
                )
                if (ended := process.poll()) is not None:
                    raise StageError(f"the device ended with exit code {ended}: {_last_line(said)}")
            finally:
                _end(process)
        finally:
            _end(listener)


def _start_device(command: list[str], said: IO[str]) -> tuple[subprocess.Popen[str], int]:
    exec_ns = time.time_ns()
    process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=said, stderr=said, text=True)
    give_right_of_way(process.pid, DEVICE_CORE)  # `ip` still runs: before any thread
    return process, exec_ns


def _first_words(listener: subprocess.Popen[str], said: IO[str]) -> FirstWords:
    heard, _ = listener.communicate(timeout=READY_SECONDS + GENERATOR_SECONDS)
    if listener.returncode != 0:
        raise StageError(f"the device was not heard within {READY_SECONDS:.0f} s: {_last_line(said)}")
    return read_first_words(heard.splitlines())


def _start_generator(workshop: Workshop, pair: NamespacePair, kind: str, **options: object) -> subprocess.Popen[str]:
    options |= {"link": CONTROL_POINTS_LINK, "first_source": FIRST_CONTROL_POINT}
    command = [str(workshop.generator), kind, *(f"{name}={value}" for name, value in options.items())]
    process = subprocess.Popen(
        pair.inside(pair.control_points, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    give_right_of_way(process.pid, LOAD_CORE)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _last_line(said: IO[str]) -> str:
    said.seek(0)
    lines = said.read().strip().splitlines()
    return lines[-1] if lines else "it said nothing"
