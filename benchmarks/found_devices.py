"""What it costs to know many devices, beside async_upnp_client's listener: ``python -m benchmarks.found_devices``.

The same datagrams are given to both without a network, each in a process of its own: each device announces its four
rows, twice, and answers a search with them, twice. What is measured begins with the bytes of a datagram and ends with
the changes that a user of the library sees. Memory is what the process has grown by.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
from async_upnp_client.advertisement import SsdpAdvertisementListener
from async_upnp_client.search import SsdpSearchListener
from async_upnp_client.ssdp import SsdpProtocol
from async_upnp_client.ssdp_listener import SsdpListener

from benchmarks.machine import describe_machine
from tests.devices import BASIC
from upnp_trio.model.device import Service
from upnp_trio.ssdp.advertisements import advertisements
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import Arrival
from upnp_trio.ssdp.messages import Alive, SearchResponse
from upnp_trio.ssdp.parsing import parse_leniently
from upnp_trio.ssdp.rendering import render_alive, render_search_response

DEVICES = 5000
# Between two datagrams, as in a network where all devices announce themselves every half hour.
GAP_SECONDS = 0.01
DATE = "Mon, 23 Nov 2026 12:00:00 GMT"
SWITCH = Service(
    service_type="urn:schemas-upnp-org:service:SwitchPower:1",
    service_id="urn:upnp-org:serviceId:1",
    scpd_url="/s",
    control_url="/c",
    event_sub_url="/e",
)


@attrs.frozen
class Datagram:
    """One datagram, and the address that sent it."""

    payload: bytes
    sender: str
    is_answer: bool


Receive = Callable[[Datagram], None]


def rounds(devices: int) -> Iterator[tuple[str, list[Datagram]]]:
    """What is received, in order."""
    announced, answered = [], []
    for number in range(devices):
        udn = f"uuid:e427ce1a-3e80-43d0-ad6f-{number:012x}"
        sender = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        for row in advertisements(attrs.evolve(BASIC, udn=udn, services=[SWITCH])):
            alive = Alive(
                notification_type=row.notification_type,
                usn=row.usn,
                location=f"http://{sender}:49152/{udn[5:]}/description.xml",
                server="Linux/6.1.0 UPnP/1.1 upnp_trio/0.1.0",
                max_age=1800,
                boot_id=1764000000 + number,
                config_id=1234567,
            )
            fields = attrs.asdict(alive)
            answer = SearchResponse(search_target=fields.pop("notification_type"), **fields, date=DATE)
            announced.append(Datagram(render_alive(alive), sender, is_answer=False))
            answered.append(Datagram(render_search_response(answer), sender, is_answer=True))
    yield "announced for the first time", announced
    yield "announced again", announced
    yield "answers for the first time", answered
    yield "answers again", answered


def receive_with_upnp_trio() -> tuple[Receive, Callable[[], int]]:
    """How to receive a datagram, and how many devices are known."""
    cache, now = DeviceCache(), 0.0

    def receive(datagram: Datagram) -> None:
        nonlocal now
        now += GAP_SECONDS
        message, forgiven = parse_leniently(datagram.payload)
        cache.receive(message, Arrival("eth0", 2, datagram.sender), now, forgiven)

    return receive, lambda: len(cache)


class Transport(asyncio.DatagramTransport):
    """A transport without a socket."""


def receive_with_async_upnp_client() -> tuple[Receive, Callable[[], int]]:
    """The same for the listener of async_upnp_client, as its sockets call it."""
    loop = asyncio.new_event_loop()
    listener = SsdpListener(callback=lambda device, kind, source: None, loop=loop)
    announced = SsdpAdvertisementListener(
        on_alive=listener._on_alive, on_update=listener._on_update, on_byebye=listener._on_byebye, loop=loop
    )
    searched = SsdpSearchListener(callback=listener._on_search, loop=loop)
    protocols = [SsdpProtocol(loop, on_data=announced._on_data), SsdpProtocol(loop, on_data=searched._on_data)]
    for protocol in protocols:
        protocol.connection_made(Transport())

    def receive(datagram: Datagram) -> None:
        protocols[datagram.is_answer].datagram_received(datagram.payload, (datagram.sender, 1900))

    return receive, lambda: len(listener.devices)


LIBRARIES = {"upnp_trio": receive_with_upnp_trio, "async_upnp_client": receive_with_async_upnp_client}


def measure(library: str, devices: int) -> dict[str, float]:
    """Microseconds of CPU for each datagram, by round, and KiB for each device."""
    all_rounds = list(rounds(devices))
    receive, known = LIBRARIES[library]()
    gc.collect()
    before = _resident_bytes()
    figures = {}
    for name, datagrams in all_rounds:
        start = time.process_time()
        for datagram in datagrams:
            # a new object each time, as from a socket, whose hash is not known
            receive(attrs.evolve(datagram, payload=bytes(memoryview(datagram.payload))))
        figures[name] = (time.process_time() - start - _overhead(datagrams)) * 1e6 / len(datagrams)
    gc.collect()
    figures["KiB for each device"] = (_resident_bytes() - before) / 1024 / devices
    assert known() == devices
    return figures


def _overhead(datagrams: list[Datagram]) -> float:
    start = time.process_time()
    for datagram in datagrams:
        attrs.evolve(datagram, payload=bytes(memoryview(datagram.payload)))
    return time.process_time() - start


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print the table, or as JSON the figures of one library."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.found_devices", description=__doc__)
    parser.add_argument("--devices", type=int, default=DEVICES, help=f"how many (default: {DEVICES})")
    parser.add_argument("--only", choices=LIBRARIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.devices)))
        return
    command = [sys.executable, "-m", "benchmarks.found_devices", "--devices", str(options.devices), "--only"]
    ours, theirs = (
        json.loads(subprocess.run([*command, library], check=True, capture_output=True, text=True).stdout)
        for library in LIBRARIES
    )
    print("; ".join(describe_machine().values()))
    print(
        f"{f'{options.devices:,} devices, µs of CPU for each datagram':50} {'upnp_trio':>10} {'async_upnp_client':>18}"
    )
    for name, figure in ours.items():
        print(f"{name:50} {figure:>10.1f} {theirs[name]:>18.1f}   {figure / theirs[name]:.2f}×")


if __name__ == "__main__":
    main()
