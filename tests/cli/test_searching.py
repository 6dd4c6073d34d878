"""``upnp-trio search`` on a network in memory: which lines come, when, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.cli.noted import NotedOutput, noted_outputs
from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from upnp_trio import render_description
from upnp_trio.cli.recent_devices import RecentDevice, read_recent, remember
from upnp_trio.cli.searching import FIRST_LINE_SECONDS, NEXT_DESCRIPTION_SECONDS, OTHER_LINES_SECONDS, Searching
from upnp_trio.cli.statuses import DONE, NOTHING_FOUND
from upnp_trio.cli.styles import Styles
from upnp_trio.cli.verbs.search import parse
from upnp_trio.network.endpoint import Address
from upnp_trio.profiles import roku_player
from upnp_trio.ssdp.messages import SearchResponse
from upnp_trio.ssdp.rendering import render_search_response
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import answer_datagrams, http_response, serve_connections
from upnp_trio.testing.pipes import PipeStream

Clock = trio.testing.MockClock
HEAD = "NAME                      TYPE                MAKER AND MODEL            LATENCY  ADDRESS"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@attrs.frozen
class Run:
    """One search."""

    searching: Searching
    output: NotedOutput
    errors: NotedOutput


def made(*words: str) -> Run:
    outputs, output, errors = noted_outputs()
    return Run(Searching(parse(words), outputs, Styles(False)), output, errors)


def response(udn: str = JAMBON, location: str = "http://192.0.2.7:80/d.xml") -> bytes:
    message = SearchResponse(
        search_target="upnp:rootdevice", usn=f"{udn}::upnp:rootdevice", location=location, server="x", max_age=1800
    )
    return render_search_response(message)


class Answers:
    """Answers the first searches with these responses, and the next ones not at all; knows when each came."""

    def __init__(self, *responses: bytes) -> None:
        self.responses = list(responses)
        self.at: list[float] = []

    def __call__(self, payload: bytes, source: Address) -> Iterator[bytes]:
        if self.responses:
            self.at.append(trio.current_time())
            yield self.responses.pop(0)


async def serve_late(seconds: float, body: bytes, stream: PipeStream) -> None:
    await stream.receive_some(65536)
    await trio.sleep(seconds)
    await stream.send_all(memoryview(http_response(body)))


async def search(run: Run, asker: Host, *tasks: Callable[..., Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for task in tasks:
            await nursery.start(task)
        async with asking(asker, listen=False) as control_point:
            await run.searching.search(control_point)
        nursery.cancel_scope.cancel()


# --- devices ---------------------------------------------------------------------------------------------------------


async def test_a_device_is_one_line_with_its_name(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    run = made()
    async with serving(device, jambon()):
        await search(run, asker)
    head, line = run.output.lines
    assert head == HEAD
    assert line.startswith("Jambon 3000               Basic:1             Boucherie numérique SAS Jambon 3000  ")
    assert line.endswith("  192.0.2.7")
    assert run.searching.finish(DONE) == DONE
    assert run.errors.lines == []


async def test_the_first_line_comes_before_a_slow_description_and_the_others_wait_for_theirs(
    autojump_clock: Clock,
) -> None:
    device, asker = hosts(Link(seconds=0.001))
    run, answers = made(), Answers(response("uuid:1"), response())
    described = partial(serve_late, 0.5, render_description(jambon()))
    await search(
        run, asker, partial(answer_datagrams, device, answers), partial(serve_connections, device, 80, described)
    )
    assert [line.split("  ")[0] for line in run.output.lines] == ["NAME", "uuid:1", "Jambon 3000"]
    _, first_at, second_at = (at for at, _ in run.output.texts)
    first, second = answers.at
    assert first_at == pytest.approx(first + 0.001 + FIRST_LINE_SECONDS, abs=1e-9)
    assert FIRST_LINE_SECONDS < 0.05
    assert second + 0.5 < second_at < second + 0.51


async def test_no_line_waits_for_longer_than_a_second(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run, answers = made(), Answers(response("uuid:1"), response())
    never = partial(serve_late, 1000, b"")
    await search(run, asker, partial(answer_datagrams, device, answers), partial(serve_connections, device, 80, never))
    assert [line.split("  ")[0].split(" ")[0] for line in run.output.lines] == ["NAME", "uuid:1", JAMBON]
    assert run.output.texts[-1][0] == pytest.approx(answers.at[1] + OTHER_LINES_SECONDS, abs=1e-9)


async def test_a_device_that_was_seen_before_has_its_name_at_once(autojump_clock: Clock) -> None:
    remember([RecentDevice(udn=JAMBON.upper(), name="Old name", device_type="t", location="l")])
    device, asker = hosts()
    described = partial(serve_late, 1, render_description(jambon()))
    run = made()
    await search(
        run,
        asker,
        partial(answer_datagrams, device, Answers(response())),
        partial(serve_connections, device, 80, described),
    )
    assert run.output.lines[1].startswith("Old name  ")


async def test_an_object_waits_for_its_description(autojump_clock: Clock) -> None:
    device, asker = hosts()
    described = partial(serve_late, 0.5, render_description(jambon()))
    run, answers = made("--json"), Answers(response())
    await search(
        run, asker, partial(answer_datagrams, device, answers), partial(serve_connections, device, 80, described)
    )
    ((at, text),) = run.output.texts
    shown = json.loads(text)
    assert (shown["udn"], shown["name"], shown["problem"]) == (JAMBON, "Jambon 3000", None)
    assert at == pytest.approx(answers.at[0] + 0.5, abs=0.01)


async def test_a_description_that_does_not_come_ends_the_waiting(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run, answers = made("--json"), Answers(response())
    never = partial(serve_late, 1000, b"")
    await search(run, asker, partial(answer_datagrams, device, answers), partial(serve_connections, device, 80, never))
    ((at, text),) = run.output.texts
    shown = json.loads(text)
    assert (shown["udn"], shown["name"]) == (JAMBON, None)
    assert shown["problem"]
    assert at < 2.5 + NEXT_DESCRIPTION_SECONDS


async def test_a_device_whose_description_cannot_be_read_says_why(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made("--json")
    await search(
        run,
        asker,
        partial(answer_datagrams, device, Answers(response(), response("uuid:2", "http://127.0.0.1/evil"))),
        partial(serve_connections, device, 80, partial(serve_late, 0, b"<html/>")),
    )
    shown = {found["udn"]: found["problem"] for found in map(json.loads, run.output.lines)}
    assert "html" in shown[JAMBON]
    assert "127.0.0.1" in shown["uuid:2"]


async def test_the_timeout_ends_a_search_and_what_was_found_is_shown(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made("--timeout", "0.3", "--mx", "5", "--json")
    await search(
        run,
        asker,
        partial(answer_datagrams, device, Answers(response())),
        partial(serve_connections, device, 80, partial(serve_late, 1000, b"")),
    )
    ((at, text),) = run.output.texts
    assert json.loads(text)["udn"] == JAMBON
    assert at == pytest.approx(0.3, abs=0.02)


async def test_what_was_described_is_remembered(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made()
    async with serving(device, jambon()) as running:
        await search(run, asker)
        assert read_recent() == []  # it is written at the end, also of a search that was interrupted
        run.searching.finish(DONE)
        (remembered,) = read_recent()
        assert (remembered.udn, remembered.name) == (JAMBON, "Jambon 3000")
        assert remembered.location in running.locations


async def test_a_row_beside_upnp_s_has_the_name_of_its_device(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run, player = made("roku:ecp"), roku_player("Living room", serial="P0A070000007")
    async with serving(device, player):
        await search(run, asker)
        run.searching.finish(DONE)
    (line,) = run.output.lines[1:]
    assert line.startswith("Living room               player:1-0          Roku 4 4400X  ")
    assert line.endswith("  192.0.2.7")
    (remembered,) = read_recent()
    assert remembered.udn == str(player.udn)


async def test_a_unicast_search_finds_what_is_at_the_address(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run = made("--to", "192.0.2.7")
    async with serving(device, jambon()):
        await search(run, asker)
    assert run.output.lines[1].startswith("Jambon 3000 ")


async def test_nothing_found_is_a_hint_on_standard_error(autojump_clock: Clock) -> None:
    _, asker = hosts()
    run = made("MediaServer")
    await search(run, asker)
    assert run.searching.finish(NOTHING_FOUND) == NOTHING_FOUND
    assert run.output.lines == []
    (line,) = run.errors.lines
    assert line.startswith("Nothing answered a search for urn:schemas-upnp-org:device:MediaServer:1. upnp-trio interf")


async def test_more_devices_than_can_be_shown_are_counted(autojump_clock: Clock) -> None:
    run = made()
    run.searching._roots.left_out = 2
    run.searching.finish(DONE)
    assert run.errors.lines == ["2 answers more came than could be shown."]


# --- answers ---------------------------------------------------------------------------------------------------------


async def test_with_all_each_answer_is_a_line_at_once_and_nothing_is_fetched(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    run = made("all", "--all")
    async with serving(device, jambon()):
        await search(run, asker)
    assert len(run.output.lines) == 4
    assert sum("upnp:rootdevice  http://192.0.2.7:" in line for line in run.output.lines) == 1
    assert asker.connections == []


async def test_with_all_and_json_each_answer_is_an_object(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    run = made("all", "--all", "--json")
    async with serving(device, jambon()):
        await search(run, asker)
    shown = [json.loads(line) for line in run.output.lines]
    assert {found["usn"].partition("::")[0] for found in shown} == {JAMBON}
    for found, (at, _) in zip(shown, run.output.texts, strict=True):
        sent_at = at - found["latency_ms"] / 1000
        assert found["send"] == (
            1 if sent_at > 0.1 else 0
        )  # of the two, the second leaves some tenths of a second later
