"""A thousand devices in one process: all are found, one by one, and each sends byebye."""

from __future__ import annotations

import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from tests.network.fetching import fetch
from tests.network.processes import Program
from tests.network.scenes import SILENCE_SECONDS
from tests.network.served import REPOSITORY, environment
from tests.network.ssdp import Message, SsdpSocket, m_search, open_listener, open_searcher

if TYPE_CHECKING:
    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop

COUNT = 1000
UDNS = [f"uuid:0e6d5d2a-94a0-4b6a-8d1c-{number:012x}" for number in range(COUNT)]
KINDS = ["", "::upnp:rootdevice", "::urn:schemas-upnp-org:device:Basic:1"]
ROWS = [udn + kind for udn in UDNS for kind in KINDS]
SAMPLE = [0, 1, 255, 256, 500, 767, 768, COUNT - 1]
# 256 answers at most to one search, so a dozen would do; the rest is for those that a full buffer loses
MAX_SEARCHES = 60

PROGRAM = """
import signal, sys
import trio
import upnp_trio

async def main():
    devices = [
        upnp_trio.RootDevice(
            device_type="urn:schemas-upnp-org:device:Basic:1",
            friendly_name=f"Number {number}",
            manufacturer="The upnp_trio developers",
            model_name="One of many",
            udn=udn,
        )
        for number, udn in enumerate(sys.argv[1:])
    ]
    with trio.CancelScope() as scope, trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with upnp_trio.serve_devices(devices, ipv6=False) as running:
            print(len(running.locations), flush=True)
            async for _ in signals:
                scope.cancel()
    print("after", flush=True)

trio.run(main)
"""

_SO_RCVBUFFORCE = 33  # <asm-generic/socket.h>; beyond net.core.rmem_max, for root


def _with_room(receiver: SsdpSocket) -> SsdpSocket:
    receiver.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 * 1024 * 1024)
    return receiver


def _rows(messages: list[Message]) -> set[str]:
    return {message["USN"] for message in messages}


def test_a_thousand_devices_are_found_one_by_one_and_send_byebye(pair: Pair) -> None:
    command = [sys.executable, "-c", PROGRAM, *UDNS]
    with (
        _with_room(open_listener(pair.asker)) as listener,
        Program(pair.device.command(*command), cwd=REPOSITORY, env=environment()) as program,
    ):
        assert program.wait_for(r"^\d+$").group() == str(COUNT)
        with _with_room(open_searcher(pair.asker)) as searcher:
            _check_each_of(SAMPLE, searcher, pair)
            searcher.received.clear()
            _find_all(searcher)
        assert program.is_running
        program.signal(signal.SIGTERM)
        assert program.wait() == 0, program.errors
        assert program.errors == ""
        listener.receive_for(SILENCE_SECONDS)  # all of it waits in the buffer already
        gone = [message for message in listener.received if message.is_byebye]
        assert _rows(gone) == set(ROWS)
        assert len(gone) == 2 * len(ROWS)


def _check_each_of(numbers: list[int], searcher: SsdpSocket, pair: Pair) -> None:
    for number in numbers:
        searcher.send(m_search(UDNS[number]))
    found = {answer["USN"]: answer["LOCATION"] for answer in searcher.receive(len(numbers))}
    assert found.keys() == {UDNS[number] for number in numbers}
    for number in numbers:
        body = fetch(pair.asker, found[UDNS[number]]).body
        assert f"<friendlyName>Number {number}</friendlyName>".encode() in body


def _find_all(searcher: SsdpSocket) -> None:
    """Search for everything until everything was found, a bounded number of times.

    A search is answered with a part of the rows, and with none while the asker's budget for sweeps is spent.
    """
    for _ in range(MAX_SEARCHES):
        searcher.send(m_search("ssdp:all", mx=1))
        searcher.receive_for(1.1)
        if _rows(searcher.received) == set(ROWS):
            return
    missing = set(ROWS) - _rows(searcher.received)
    raise AssertionError(f"{len(missing)} of {len(ROWS)} rows were not found in {MAX_SEARCHES} searches")
