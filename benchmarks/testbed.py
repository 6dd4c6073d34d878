"""A testbed: a network of two namespaces, with a running device in one and the load generator in the other."""

import math
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import attrs

from benchmarks.calls import Call
from benchmarks.clients import SSDP_GROUP, Datagram, unicast, write_datagrams
from benchmarks.device_requests import DeviceRequests
from benchmarks.devices import HTTP_PORT, REPOSITORY, Device
from benchmarks.generator import (
    Changes,
    Fetches,
    FirstAnswers,
    Searches,
    read_changes,
    read_fetches,
    read_first_answers,
    read_searches,
)
from benchmarks.load import Load, MeasurementError, Series, end_process, last_line, read_output
from benchmarks.namespaces import CONTROL_POINT_ADDRESS, DEVICE_ADDRESS, open_namespace_pair
from benchmarks.processes import Memory, process_cpu_ns, process_memory
from benchmarks.scheduling import DEVICE_CORE, Priority, give_right_of_way

LATE_SECONDS = 0.1  # answers that come within this time after MX are counted as late
FEWEST_CONTROL_POINTS = 250
# The most searches a second from one control point: half of what upnp_trio answers one address by default.
MOST_SEARCHES_OF_ONE = 32.0
UNICAST_CONTROL_POINTS = 1000
WARM_UP_SEARCHES = 200
READY_SECONDS = 60.0
# A device that has not answered a unicast search, or announced itself, this long after its first response never does.
PATIENCE_SECONDS = 0.3
ALIVE_PATIENCE_SECONDS = 0.6
RESPONSE_SECONDS = 1.0
# UDA §4.3.2 gives a subscriber 30 s to answer; a device that needs this long for an event has failed here.
EVENT_SECONDS = 5.0
WARM_UP_CHANGES = 3
MOST_CHANGES = 1_000_000


@attrs.frozen(kw_only=True)
class Tools:
    """The compiled generator and a folder to write to, which all testbeds share."""

    generator: Path
    scratch: Path


@attrs.frozen(kw_only=True)
class Testbed:
    """A running device: when it was started, when it first answered, and the series to run against it."""

    device: Device
    pid: int
    exec_ns: int
    first: FirstAnswers
    _load: Load
    _scratch: Path

    def search(self, datagrams: Sequence[Datagram], rate: float, seconds: float, mx: int) -> Searches:
        """Send multicast searches at a steady rate, whether or not answers come."""
        control_points = max(FEWEST_CONTROL_POINTS, math.ceil(rate / MOST_SEARCHES_OF_ONE))
        return self._search(datagrams, round(rate), round(rate * seconds), control_points, mx)

    def search_now_and_then(self, rate: int, count: int) -> Searches:
        """Send unicast searches at a steady rate, with a pause before each, as people and programs do."""
        return self._search(unicast(DEVICE_ADDRESS), rate, count, FEWEST_CONTROL_POINTS, 1, DEVICE_ADDRESS)

    def search_at_once(self, datagrams: Sequence[Datagram], count: int, mx: int) -> Searches:
        """Send so many multicast searches as fast as possible, at most about eight from each control point."""
        return self._search(datagrams, 0, count, max(FEWEST_CONTROL_POINTS, count // 8), mx)

    def search_one_by_one(
        self, count: int, seconds: float, *, differ: bool = False, warm_up: int = WARM_UP_SEARCHES
    ) -> Searches:
        """Send unicast searches for the first of the device's targets, one at a time, each from the next control point.

        With `differ`, each has another USER-AGENT. The searches of the warm-up are not counted; a device that leaves
        the first of them unanswered gets no others.
        """
        return read_searches(
            self._load.run(
                "one_by_one",
                seconds,
                pid=self.pid,
                destination=DEVICE_ADDRESS,
                sources=UNICAST_CONTROL_POINTS,
                count=count,
                warm_up=warm_up,
                seconds_ns=_ns(seconds),
                datagrams=self._write(unicast(DEVICE_ADDRESS, self.device.search_targets[0], differ=differ)),
            )
        )

    def fetch(self, connections: int, *, keep: bool, differ: bool, seconds: float) -> Fetches:
        """Send GETs of the device's description, one outstanding on each connection.

        With `differ`, each request has another User-Agent, as those of different control points have; without it, all
        requests are the same bytes.
        """
        return self._request(
            "fetch", connections, keep=keep, seconds=seconds, options=self._requests.get(differ=differ, keep=keep)
        )

    def call(self, call: Call, connections: int, *, keep: bool, seconds: float) -> Fetches:
        """Send calls, one outstanding on each connection; for a device that is a light."""
        options = self._requests.call(call, keep=keep)
        return self._request("call", connections, keep=keep, seconds=seconds, options=options)

    def change(self, call: Call, subscribers: int, *, seconds: float, rest_seconds: float) -> Changes:
        """Subscribe from so many addresses and send a call that changes the variable, one change after the other.

        Raises MeasurementError when a subscription or a call is refused, and without all initial events.
        """
        return read_changes(
            self._load.run(
                "notify",
                seconds + rest_seconds,
                pid=self.pid,
                sources=UNICAST_CONTROL_POINTS,
                subscribers=subscribers,
                patience_ns=_ns(EVENT_SECONDS),
                warm_up=WARM_UP_CHANGES,
                changes=MOST_CHANGES,
                seconds_ns=_ns(seconds),
                rest_ns=_ns(rest_seconds),
                **self._requests.subscription(call),
                **self._requests.call(call, keep=True),
            )
        )

    @contextmanager
    def pipelining(self, connections: int, seconds: float) -> Iterator[Series]:
        """Pipeline GETs without a pause on connections from one address during the body; for `read_pipelining`."""
        options = self._requests.get(differ=True, keep=True)
        with self._lasting_load("pipeline", seconds, connections=connections, **options) as series:
            yield series

    @contextmanager
    def crowding(self, held: int, rate: int, seconds: float) -> Iterator[Series]:
        """Hold connections from one address, and open more of them, during the body; for `read_crowding`."""
        options = self._requests.get(differ=True, keep=True)
        with self._lasting_load("crowd", seconds, held=held, rate=rate, **options) as series:
            yield series

    def inside_control_points(self, command: list[str]) -> list[str]:
        """*command*, to be run where the load runs."""
        return self._load.pair.inside(self._load.pair.control_points, command)

    def memory(self) -> Memory:
        """The device's memory now."""
        return process_memory(self.pid)

    def device_output(self) -> list[str]:
        """The lines that the device has printed so far."""
        return read_output(self._load.device_output)

    def background_cpu(self, seconds: float) -> float:
        """Measure for so long which share of a core the device uses without any load."""
        cpu, start = process_cpu_ns(self.pid), time.monotonic_ns()
        time.sleep(seconds)
        return (process_cpu_ns(self.pid) - cpu) / (time.monotonic_ns() - start)

    def _search(
        self,
        datagrams: Sequence[Datagram],
        rate: int,
        count: int,
        control_points: int,
        mx: int,
        destination: str = SSDP_GROUP,
    ) -> Searches:
        return read_searches(
            self._load.run(
                "steady",
                count / rate + mx if rate else mx,
                pid=self.pid,
                destination=destination,
                sources=control_points,
                rate=rate,
                count=count,
                window_ms=round((mx + LATE_SECONDS) * 1000),
                datagrams=self._write(datagrams),
            )
        )

    def _request(
        self, kind: str, connections: int, *, keep: bool, seconds: float, options: dict[str, object]
    ) -> Fetches:
        return read_fetches(
            self._load.run(
                kind,
                seconds,
                pid=self.pid,
                sources=UNICAST_CONTROL_POINTS,
                connections=connections,
                keep=int(keep),
                patience_ns=_ns(RESPONSE_SECONDS),
                warm_up_ns=_ns(seconds / 10),
                seconds_ns=_ns(seconds),
                **options,
            )
        )

    @contextmanager
    def _lasting_load(self, kind: str, seconds: float, **options: object) -> Iterator[Series]:
        options |= {"own": CONTROL_POINT_ADDRESS, "seconds_ns": _ns(seconds)}
        with self._load.start(kind, seconds, options, Priority.NORMAL) as series:
            series.await_ready()
            yield series

    @property
    def _requests(self) -> DeviceRequests:
        return DeviceRequests(self.device, self.first.location)

    def _write(self, datagrams: Sequence[Datagram]) -> Path:
        write_datagrams(datagrams, path := self._scratch / "datagrams")
        return path


@contextmanager
def open_testbed(device: Device, tools: Tools, *, await_alive: bool = False) -> Iterator[Testbed]:
    """Make the network, start `device` and wait for its first answers; kill it and remove the network at the end.

    With `await_alive`, wait for its first ssdp:alive, too. Raises MeasurementError when the device does not start, or
    ends before the body does.
    """
    write_datagrams(unicast(DEVICE_ADDRESS), datagrams := tools.scratch / "first")
    with open_namespace_pair() as pair, tempfile.TemporaryFile("w+") as output:
        load = Load(program=tools.generator, pair=pair, device_output=output)
        options: dict[str, object] = {
            "destination": DEVICE_ADDRESS,
            "own": CONTROL_POINT_ADDRESS,
            "group": SSDP_GROUP,
            "port": HTTP_PORT,
            "path": "/description.xml",
            "alive": int(await_alive),
            "patience_ns": _ns(ALIVE_PATIENCE_SECONDS if await_alive else PATIENCE_SECONDS),
            "seconds_ns": _ns(READY_SECONDS),
            "datagrams": datagrams,
        }
        with load.start("first", READY_SECONDS, options) as series:
            series.await_ready()
            process, exec_ns = _start_device(pair.inside(pair.device, device.command), output, tools.scratch)
            try:
                yield Testbed(
                    device=device,
                    pid=process.pid,
                    exec_ns=exec_ns,
                    first=read_first_answers(series.finish()),
                    load=load,
                    scratch=tools.scratch,
                )
                if (ended := process.poll()) is not None:
                    raise MeasurementError(f"the device ended with exit code {ended}: {last_line(output)}")
            finally:
                end_process(process)


def _start_device(command: list[str], output: IO[str], scratch: Path) -> tuple[subprocess.Popen[str], int]:
    environment = os.environ | {"XDG_STATE_HOME": str(scratch)}  # upnp_trio keeps its BOOTID there
    exec_ns = time.time_ns()
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        text=True,
    )
    # `ip netns exec` still runs, so this holds for all threads of the device.
    give_right_of_way(process.pid, DEVICE_CORE)
    return process, exec_ns


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
