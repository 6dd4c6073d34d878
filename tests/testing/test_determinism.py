"""What is chance or a date elsewhere, and is decided by the seed and the test's clock on a network in memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress

import attrs
import pytest
import trio

from examples.light import SwitchPower
from tests.controlpoint.following import light
from tests.testing.lamps import LAMP
from tests.testing.runs import ROOT, RUN_SECONDS
from upnp_trio.errors import RequestFailed
from upnp_trio.testing import Host, MemoryNetwork, serve_connections
from upnp_trio.testing.pipes import PipeStream


def run_once(seed: int) -> bytes:
    network = MemoryNetwork(seed, jitter=0.01, loss=0.1, duplicates=0.1)

    async def run() -> None:
        lamp, phone = network.host("lamp"), network.host("phone")
        async with lamp.serve(attrs.evolve(LAMP, udn=None)), phone.control_point() as control_point:
            async for result in control_point.search("upnp:rootdevice"):
                with suppress(RequestFailed):
                    await control_point.describe(result.udn)
            lamp.change(network.free_address())
            await trio.sleep(1000)

    network.run(run)
    return network.recording.as_bytes()


def test_two_runs_with_one_seed_are_alike_to_the_byte() -> None:
    assert run_once(1) == run_once(1)
    assert run_once(1) != run_once(2)


def test_each_program_has_chances_of_its_own() -> None:
    def drawn(host: Host) -> tuple[float, bytes]:
        rng, secret = host.programs.next_chance()
        return rng.random(), secret(8)

    network = MemoryNetwork(seed=1)
    draws = [drawn(network.host(name)) for name in "ab"]
    draws += [drawn(network.hosts["a"])]
    assert len({number for number, _ in draws}) == len({secret for _, secret in draws}) == 3
    assert drawn(MemoryNetwork(seed=1).host("a")) == draws[0]
    other = drawn(MemoryNetwork(seed=2).host("a"))
    assert other[0] != draws[0][0]
    assert other[1] != draws[0][1]


def subscribing(seed: int) -> tuple[bytes, bytes]:
    """What a control point sends to a light, and what the light responds, from its description to a subscription.

    It goes through a host between the two of them, which has its eyes open. At the end comes what the control point's
    own server responds to a stranger.
    """
    network = MemoryNetwork(seed)
    lamp, phone, between = (network.host(name) for name in ("lamp", "phone", "between"))
    sent, responded = bytearray(), bytearray()

    async def copy(source: PipeStream, to: PipeStream, seen: bytearray) -> None:
        while data := await source.receive_some():
            seen += data
            await to.send_all(data)
        await to.send_eof()

    async def pass_on(stream: PipeStream) -> None:
        async with lamp.accept_from("192.0.2.2", 49152) as to_lamp, trio.open_nursery() as nursery:
            nursery.start_soon(copy, stream, to_lamp, sent)
            nursery.start_soon(copy, to_lamp, stream, responded)

    async def run() -> None:
        async with trio.open_nursery() as nursery, phone.control_point() as control_point:
            await nursery.start(serve_connections, between, 80, pass_on)
            async with lamp.serve(light(SwitchPower()), allowed_hosts=["192.0.2.3"]) as running:
                described = await control_point.describe(running.locations[0].replace("192.0.2.1:49152", "192.0.2.3"))
                subscription = described.service("SwitchPower").subscribe()
                with trio.move_on_after(1):  # the events come from another address than the light's, and are refused
                    async for _ in subscription:
                        pass
                async with phone.accept_from("192.0.2.9", 49152) as stranger:
                    await stranger.send_all(b"GET / HTTP/1.1\r\nHost: 192.0.2.2:49152\r\n\r\n")
                    responded.extend(await stranger.receive_some())
            nursery.cancel_scope.cancel()

    network.run(run)
    return bytes(sent), bytes(responded)


def test_subscriptions_repeat_with_their_names_and_dates() -> None:
    sent, responded = subscribing(1)
    assert re.search(rb"(?i)\r\ncallback: <http://192\.0\.2\.2:49152/[\w-]{22}>\r\n", sent)
    assert re.search(rb"(?i)\r\nsid: uuid:[0-9a-f-]{36}\r\n", responded)
    assert set(re.findall(rb"(?i)\r\ndate: (.{22})", responded)) == {b"Thu, 01 Jan 2026 12:00"}
    assert subscribing(1) == (sent, responded)
    other_sent, other_responded = subscribing(2)
    assert other_sent != sent
    assert other_responded != responded


@pytest.fixture(scope="module")
def days() -> list[str]:
    """What a day was, in processes that order sets of strings in different ways; the last one has run another day."""
    found = []
    for hash_seed, days in ((0, 1), (1, 2)):
        command = (sys.executable, "-m", "tests.testing.day", "--seed", str(4 - days), "--days", str(days))
        environ = os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=RUN_SECONDS, check=True)
        found.append(ran.stdout.decode().splitlines()[-1])
    return [re.sub(r"\d+ ms \(\d+ ms of CPU\)", "", day) for day in found]


def test_a_day_is_the_same_in_every_process(days: list[str]) -> None:
    assert days[0].startswith("a day with seed 3: ")
    assert re.search(r", sha256 [0-9a-f]{64}$", days[0])
    assert set(days) == {days[0]}
