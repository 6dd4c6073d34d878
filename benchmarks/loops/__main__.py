"""`python -m benchmarks.loops`: what a device costs beside asyncio, by a thread and by trio's guest mode.

It runs in a network namespace of its own (`unshare`), with nothing but loopback, and takes about a minute. *Added* is
the median of a call beside that of trio alone, where a handler runs in the task that serves. The client is a process of
its own that blocks, and sends one request after the other. The 10th percentile is what other processes disturb least.
"""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import attrs

from benchmarks.loops.device import BLOCKED_SECONDS, BUSY_SECONDS, WAYS
from benchmarks.machine import describe_machine
from benchmarks.processes import process_cpu_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

WARM_UP = 200
CALLS = 1500
SEARCHES = 500
SECONDS_BETWEEN_SEARCHES = 0.004
IDLE_SECONDS = 5.0
ROUNDS = 3
TIMEOUT_SECONDS = 30.0

INSIDE = "--inside"
BODY = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
    '<u:{name} xmlns:u="urn:example-com:service:Lamp:1"><NewLevel>{number}</NewLevel></u:{name}></s:Body></s:Envelope>'
)
SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 127.0.0.1:1900\r\nMAN: "ssdp:discover"\r\nST: upnp:rootdevice\r\n\r\n'


@attrs.define
class Device:
    """A device's process."""

    process: subprocess.Popen[str]
    location: str
    control_url: str

    def ask(self, line: str) -> str:
        """Write a line, and read the one that answers it."""
        self.tell(line)
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, line: str) -> None:
        """Write a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    @property
    def cpu_us(self) -> float:
        """The CPU time that it has had."""
        return process_cpu_ns(self.process.pid) / 1e3

    @property
    def switches(self) -> int:
        """How often one of its threads has begun to wait."""
        found = 0
        for status in Path(f"/proc/{self.process.pid}/task").glob("*/status"):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            found += int(lines["voluntary_ctxt_switches"])
        return found


@contextmanager
def serving(way: str) -> Iterator[Device]:
    """A device that is served in this *way*."""
    command = [sys.executable, "-m", "benchmarks.loops.device", way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        location, control_url = process.stdout.readline().split()
        try:
            yield Device(process, location, control_url)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(TIMEOUT_SECONDS)


def call_times(device: Device, name: str) -> list[float]:
    """How long calls take, in microseconds."""
    connection = http.client.HTTPConnection(urlsplit(device.location).netloc, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "text/xml", "SOAPACTION": f'"urn:example-com:service:Lamp:1#{name}"'}
    times = []
    for number in range(WARM_UP + CALLS):
        body = BODY.format(name=name, number=number).encode()
        begin = time.perf_counter()
        connection.request("POST", device.control_url, body, headers)
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - begin) * 1e6)
        assert response.status == 200
    connection.close()
    return times[WARM_UP:]


def search_times(device: Device, number: int) -> list[float]:
    """How long the answers to searches by unicast take, in microseconds; each search is sent when its time has come."""
    times = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(TIMEOUT_SECONDS)
        for _ in range(number):
            begin = time.perf_counter()
            asker.sendto(SEARCH, ("127.0.0.1", 1900))
            asker.recv(4096)
            times.append((time.perf_counter() - begin) * 1e6)
            time.sleep(SECONDS_BETWEEN_SEARCHES)
    return times


@attrs.frozen(kw_only=True)
class Figures:
    """What was measured of one way; times in microseconds."""

    plain: float
    plain_10: float
    coroutine: float
    coroutine_10: float
    search: float
    cpu_of_search: float
    busy_search: float
    busy_search_99: float
    busy_cpu_of_search: float
    blocked_search: float
    switches_per_second: float


def measure(way: str) -> Figures:
    """Measure one way, once."""
    with serving(way) as device:
        plain = call_times(device, "Plain")
        coroutine = call_times(device, "Async")
        time.sleep(1)
        switches = device.switches
        time.sleep(IDLE_SECONDS)
        switches = device.switches - switches
        cpu = device.cpu_us
        search = search_times(device, SEARCHES)
        cpu = device.cpu_us - cpu
        device.tell("busy")
        time.sleep(0.5)
        busy_cpu, before = device.cpu_us, int(device.ask("rounds"))
        device.tell("busy")
        busy = search_times(device, SEARCHES)
        device.tell("idle")
        busy_cpu, rounds = device.cpu_us - busy_cpu, int(device.ask("rounds")) - before
        device.tell("idle")
        time.sleep(0.2)
        assert device.ask("blocked") == "blocked"
        (blocked,) = search_times(device, 1)
        time.sleep(BLOCKED_SECONDS)
    return Figures(
        plain=statistics.median(plain),
        plain_10=quantile(plain, 10),
        coroutine=statistics.median(coroutine),
        coroutine_10=quantile(coroutine, 10),
        search=statistics.median(search),
        cpu_of_search=cpu / SEARCHES,
        busy_search=statistics.median(busy),
        busy_search_99=quantile(busy, 99),
        busy_cpu_of_search=(busy_cpu - rounds * BUSY_SECONDS * 1e6) / SEARCHES,
        blocked_search=blocked,
        switches_per_second=switches / IDLE_SECONDS,
    )


def quantile(times: list[float], percent: int) -> float:
    """The time that so many of them are below."""
    return sorted(times)[len(times) * percent // 100]


def middle(figures: list[Figures]) -> Figures:
    """The median of each figure over the rounds."""
    fields = [field.name for field in attrs.fields(Figures)]
    return Figures(**{name: statistics.median(getattr(each, name) for each in figures) for name in fields})


def show() -> None:
    """Measure every way, in turns, and print a table."""
    machine = describe_machine()
    cores = f"{machine['cores']} cores"
    print("; ".join([machine["date"], machine["cpu"], cores, machine["kernel"], machine["python"]]))
    rounds: dict[str, list[Figures]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            rounds[way].append(measure(way))
    found = {way: middle(figures) for way, figures in rounds.items()}
    alone = found["trio"]
    rows: list[tuple[str, list[float]]] = [
        ("a call of a plain function, µs", [each.plain for each in found.values()]),
        ("  added", [each.plain - alone.plain for each in found.values()]),
        ("  added, at the 10th percentile", [each.plain_10 - alone.plain_10 for each in found.values()]),
        ("a call of a coroutine function, µs", [each.coroutine for each in found.values()]),
        ("  added", [each.coroutine - alone.coroutine for each in found.values()]),
        ("  added, at the 10th percentile", [each.coroutine_10 - alone.coroutine_10 for each in found.values()]),
        ("a search answered, µs", [each.search for each in found.values()]),
        ("  its CPU time", [each.cpu_of_search for each in found.values()]),
        ("the same, half busy loop, µs", [each.busy_search for each in found.values()]),
        ("  99th percentile", [each.busy_search_99 for each in found.values()]),
        ("  its CPU time", [each.busy_cpu_of_search for each in found.values()]),
        (f"while blocked for {BLOCKED_SECONDS:.0f} s, µs", [each.blocked_search for each in found.values()]),
        ("idle: waits begun per second", [each.switches_per_second for each in found.values()]),
    ]
    print(f"{'':36}", *(f"{way:>15}" for way in found))
    for title, values in rows:
        print(f"{title:36}", *(f"{value:15,.1f}" for value in values))


def main() -> None:
    """Run in a namespace of its own."""
    if sys.argv[1:] == [INSIDE]:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        show()
    else:
        _go_inside()


def _go_inside() -> NoReturn:
    os.execvp("unshare", ["unshare", "--map-root-user", "--net", sys.executable, "-m", "benchmarks.loops", INSIDE])


if __name__ == "__main__":
    main()
