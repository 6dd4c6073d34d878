"""``upnp-trio ping`` on a network in memory, whose times are known."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import attrs
import pytest
import trio
import trio.testing

from tests.cli.noted import NotedOutput, noted_outputs
from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from upnp_trio.cli.pinging import Pinging
from upnp_trio.cli.recent_devices import RecentDevice, remember
from upnp_trio.cli.statuses import DONE, INTERRUPTED, NOTHING_FOUND
from upnp_trio.cli.styles import Styles
from upnp_trio.cli.verbs.ping import parse
from upnp_trio.errors import UnknownDevice, UnsafeUrl
from upnp_trio.ssdp.messages import SearchResponse
from upnp_trio.ssdp.rendering import render_search_response
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
#: the time of a datagram from one host to the other
LINK_SECONDS = 0.002


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@attrs.frozen
class Run:
    """One ping."""

    pinging: Pinging
    output: NotedOutput
    errors: NotedOutput

    @property
    def objects(self) -> list[dict[str, object]]:
        """What was written with --json."""
        return [json.loads(line) for line in self.output.lines]


def made(*words: str) -> Run:
    outputs, output, errors = noted_outputs()
    return Run(Pinging(parse(words), outputs, Styles(False)), output, errors)


async def ping(run: Run, asker: Host, *tasks: Callable[..., Awaitable[object]]) -> None:
    async with asking(asker, listen=False) as control_point:
        if not tasks:  # an error leaves as itself
            await run.pinging.probe(control_point)
            return
        async with trio.open_nursery() as nursery:
            for task in tasks:
                await nursery.start(task)
            await run.pinging.probe(control_point)
            nursery.cancel_scope.cancel()


@attrs.define
class ScriptedDevice:
    """Answers unicast searches with the datagrams that a test gives, a list for each search."""

    host: Host
    answers: list[list[bytes]]
    #: when each search came
    at: list[float] = attrs.field(factory=list)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        socket = self.host.open_udp("192.0.2.7", 1900)
        task_status.started()
        while True:
            await socket.wait_readable()
            _, source = socket.recvfrom(4096)
            self.at.append(trio.current_time())
            for answer in self.answers.pop(0) if self.answers else ():
                socket.sendto(answer, source)


def response(udn: str = "uuid:1", location: str = "http://192.0.2.7/") -> bytes:
    message = SearchResponse(
        search_target="upnp:rootdevice", usn=f"{udn}::upnp:rootdevice", location=location, server="x", max_age=1800
    )
    return render_search_response(message)


UNICAST = "192.0.2.7"


# --- what is measured ------------------------------------------------------------------------------------------------


async def test_a_unicast_probe_takes_the_time_there_and_back(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=LINK_SECONDS))
    run = made(JAMBON, "--count", "3", "--json")
    async with serving(device, jambon()):
        await ping(run, asker)
        run.pinging.finish()
    *probes, summary = run.objects
    assert [probe["seq"] for probe in probes] == [1, 2, 3]
    assert {probe["latency_ms"] for probe in probes} == {summary["p50_ms"]} == {LINK_SECONDS * 2000}
    assert (summary["device"], summary["method"]) == ("192.0.2.7", "unicast")
    assert (summary["sent"], summary["answered"], summary["lost"]) == (3, 3, 0)


async def test_probes_are_sent_at_their_rate(autojump_clock: Clock) -> None:
    device, asker = hosts()
    scripted = ScriptedDevice(device, [[response()]] * 6)
    run = made(UNICAST, "--count", "4", "--rate", "2")
    await ping(run, asker, scripted.run)
    first = scripted.at[1]
    assert [at - first for at in scripted.at[1:]] == pytest.approx([0, 0.5, 1, 1.5])


async def test_a_probe_without_an_answer_is_lost_and_the_next_are_sent_all_the_same(autojump_clock: Clock) -> None:
    device, asker = hosts()
    scripted = ScriptedDevice(device, [[response()], [], [response()], []])
    run = made(UNICAST, "--count", "3", "--rate", "10", "--timeout", "0.5")
    await ping(run, asker, scripted.run)
    assert run.pinging.finish() == DONE
    lines = run.output.lines
    assert lines[0] == "192.0.2.7: M-SEARCH for upnp:rootdevice to 192.0.2.7"
    assert lines[1].startswith("192.0.2.7  seq=2  time=")
    assert lines[2:4] == [f"192.0.2.7  seq={seq}  no answer within 0.5 s" for seq in (1, 3)]
    assert lines[5:7][1].split() == ["192.0.2.7", "unicast", "3", "2", "(66.7%)", *[lines[1].split("=")[2][:-3]] * 5]


async def test_an_answer_of_another_device_does_not_count(autojump_clock: Clock) -> None:
    device, asker = hosts()
    other, ours = response("uuid:2", "http://192.0.2.7/other"), response("uuid:1", "http://192.0.2.7:80/ours")
    scripted = ScriptedDevice(device, [[other], [other, ours]])
    run = made("http://192.0.2.7/ours", "--count", "2", "--json")
    await ping(run, asker, scripted.run)
    assert [probe["latency_ms"] is None for probe in sorted(run.objects, key=lambda probe: probe["seq"] == 2)] == [
        True,
        False,
    ]


async def test_a_multicast_probe_is_delayed_by_the_device_within_mx(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=LINK_SECONDS))
    async with serving(device, jambon()) as running:
        run = made(running.locations[0], "--multicast", "--mx", "3", "--count", "20", "--json")
        await ping(run, asker)
    latencies = [float(str(probe["latency_ms"])) for probe in run.objects]
    assert len(latencies) == 20
    assert min(latencies) >= 2000 * LINK_SECONDS
    assert 1000 < max(latencies) < 3000 + 100


async def test_a_late_answer_says_so(autojump_clock: Clock) -> None:
    device, asker = hosts()

    async def answer_late(task_status: trio.TaskStatus[None]) -> None:
        receiving, sending = device.open_udp("239.255.255.250", 1900), device.open_udp("192.0.2.7", 1900)
        task_status.started()
        while True:
            await receiving.wait_readable()
            _, source = receiving.recvfrom(4096)
            await trio.sleep(1.25)
            sending.sendto(response(), source)

    run = made("http://192.0.2.7/", "--multicast", "--count", "1")
    await ping(run, asker, answer_late)
    assert run.output.lines[-1].endswith("seq=1  time=1250 ms  250 ms later than MX allows")


async def test_http_fetches_the_description_one_at_a_time(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=LINK_SECONDS))
    run = made(JAMBON, "--http", "--count", "3", "--json")
    async with serving(device, jambon()):
        await ping(run, asker)
    assert [probe["seq"] for probe in run.objects] == [1, 2, 3]
    assert all(isinstance(probe["latency_ms"], float) for probe in run.objects)


async def test_a_page_that_is_not_there_is_lost_with_its_reason(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made("http://192.0.2.7:49152/nothing", "--http", "--count", "1")
    async with serving(device, jambon()):
        await ping(run, asker)
    assert "404" in run.output.lines[-1]
    assert run.pinging.finish() == NOTHING_FOUND


# --- several ---------------------------------------------------------------------------------------------------------


async def test_ways_and_devices_go_side_by_side(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=LINK_SECONDS))
    remember([RecentDevice(udn=JAMBON, name="Jambon 3000", device_type="t", location="l")])
    run = made("Jambon 3000", "192.0.2.7", "--unicast", "--multicast", "--http", "--count", "2")
    async with serving(device, jambon()):
        await ping(run, asker)
    assert run.pinging.finish() == DONE
    table = [line.split("  ")[:2] for line in run.output.lines[-7:-1]]
    assert [cell for cell, *_ in table] == [*["Jambon 3000"] * 3, *["192.0.2.7"] * 3]
    rows = [line for line in run.output.lines if " seq=" in line]
    assert len(rows) == 12
    assert {line.index("seq=") for line in rows} == {len("Jambon 3000  multicast  ")}


async def test_a_device_that_is_not_found_is_reported_and_the_others_are_probed(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made(JAMBON, "uuid:nobody", "--count", "1")
    async with serving(device, jambon()):
        await ping(run, asker)
    assert run.errors.lines == ["Error: uuid:nobody does not answer searches"]
    assert run.pinging.finish() == DONE


async def test_if_none_is_found_that_is_the_error(autojump_clock: Clock) -> None:
    _, asker = hosts()
    run = made("uuid:nobody", "uuid:no-one")
    with pytest.raises(UnknownDevice, match="does not answer searches"):
        await ping(run, asker)
    assert len(run.errors.lines) == 1


async def test_a_url_with_a_name_is_refused(autojump_clock: Clock) -> None:
    _, asker = hosts()
    with pytest.raises(UnsafeUrl, match="write it as LOCATION has it"):
        await ping(made("http://device.local/"), asker)


async def test_an_address_that_does_not_answer_is_probed_all_the_same(autojump_clock: Clock) -> None:
    _, asker = hosts()
    run = made("192.0.2.99", "--count", "2", "--quiet")
    await ping(run, asker)
    assert run.pinging.finish() == NOTHING_FOUND
    assert run.output.lines[2].split()[:5] == ["192.0.2.99", "unicast", "2", "2", "(100.0%)"]


# --- the end ---------------------------------------------------------------------------------------------------------


async def test_a_ping_that_is_stopped_shows_the_summary_of_what_ended(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made(JAMBON)
    async with serving(device, jambon()):
        with trio.move_on_after(4.5):
            await ping(run, asker)
    assert run.pinging.finish() == DONE
    assert sum("seq=" in line for line in run.output.lines) >= 3


def test_a_ping_that_is_stopped_before_it_began_has_no_summary() -> None:
    run = made(JAMBON)
    assert run.pinging.finish() == INTERRUPTED
    assert run.output.lines == []


async def test_a_histogram_is_shown_if_it_is_asked_for(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=LINK_SECONDS))
    run = made(JAMBON, "--count", "3", "--histogram", "-q")
    async with serving(device, jambon()):
        await ping(run, asker)
    run.pinging.finish()
    assert run.output.lines[-3:] == ["", "192.0.2.7 by unicast", f"4.000 – 4.001 ms  3  {'█' * 40}"]
