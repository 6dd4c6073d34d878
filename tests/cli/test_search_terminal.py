"""``upnp-trio search`` on a terminal: devices are shown when they answer, filled in, and written by name at the end."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.cli.noted import NotedOutput, noted_outputs
from tests.cli.results import result
from tests.cli.test_searching import Answers, Run, response, search, serve_late
from tests.controlpoint.scenes import JAMBON, hosts, jambon
from tests.devices import BASIC
from upnp_trio import render_description
from upnp_trio.cli.search_groups import FoundRoots
from upnp_trio.cli.search_lines import Found
from upnp_trio.cli.search_terminal import open_terminal_view
from upnp_trio.cli.searching import Searching
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.styles import Styles
from upnp_trio.cli.verbs.search import parse
from upnp_trio.testing import Link
from upnp_trio.testing.peers import answer_datagrams, serve_connections

Clock = trio.testing.MockClock
PLAIN = Styles(False)


@pytest.fixture(autouse=True)
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 90 columns and 10 rows; nothing was seen before."""
    for name, value in [("COLUMNS", "90"), ("LINES", "10"), ("TERM", "xterm"), ("XDG_STATE_HOME", str(tmp_path))]:
        monkeypatch.setenv(name, value)


def made(*words: str) -> Run:
    outputs, output, errors = noted_outputs(is_terminal=True)
    return Run(Searching(parse(words), outputs, PLAIN), output, errors)


def screens(output: NotedOutput) -> list[tuple[float, list[str]]]:
    """What the terminal shows after each change below what was there, without escape sequences."""
    return [(at, re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text).strip().splitlines()) for at, text in output.texts]


def found(number: int, name: str = "") -> Found:
    root = FoundRoots().take(result(f"uuid:{number}", location=f"http://192.0.2.{number}/"))
    assert root is not None
    return Found(root=root, device=attrs.evolve(BASIC, friendly_name=name, udn=f"uuid:{number}") if name else None)


async def test_a_device_is_there_when_it_answers_and_has_its_name_later(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    run, answers = made(), Answers(response())
    described = partial(serve_late, 0.5, render_description(jambon()))
    await search(
        run, asker, partial(answer_datagrams, device, answers), partial(serve_connections, device, 80, described)
    )
    shown = [(at, lines) for at, lines in screens(run.output) if any("192.0.2.7" in line for line in lines)]
    at, lines = shown[0]
    # within a round of the screen
    assert answers.at[0] < at < answers.at[0] + 0.05
    assert lines[-1].startswith(JAMBON[:8])
    named = next(at for at, lines in shown if "Jambon 3000" in " ".join(lines))
    assert answers.at[0] + 0.5 < named < answers.at[0] + 0.56
    assert any("searching for upnp:rootdevice, 1 of 3 s: 1 device" in line for _, lines in shown for line in lines)
    run.searching.finish(DONE)
    assert re.fullmatch(r"1 device in 2\.\d s", screens(run.output)[-1][1][-1])


async def test_a_ctrl_c_leaves_what_was_found(autojump_clock: Clock) -> None:
    device, asker = hosts()
    run, answers = made(), Answers(response())
    with trio.move_on_after(0.7):
        await search(
            run,
            asker,
            partial(answer_datagrams, device, answers),
            partial(serve_connections, device, 80, partial(serve_late, 1000, b"")),
        )
    last = screens(run.output)[-1][1]
    assert last[-1].startswith(f"{JAMBON[:5]}")
    assert "its description did not come in time" in last[-1]


def test_the_end_is_a_table_of_all_devices_by_name_also_beyond_the_screen() -> None:
    outputs, output, _ = noted_outputs(is_terminal=True)
    with open_terminal_view(outputs, PLAIN, is_long=False, progress=lambda seconds: "…") as view:
        for number in range(30):
            view.show(found(number, f"Device {29 - number:02}" if number else ""))
        view._draw(0.0)
        drawn = screens(output)[-1][1]
        assert len(drawn) < 10
        assert drawn[-1] == "… and 24 more"
    table = screens(output)[-1][1]
    names = [line.split("  ")[0] for line in table]
    assert names == ["NAME", *[f"Device {number:02}" for number in range(29)], "uuid:0"]


def test_the_long_form_is_shown_at_the_end() -> None:
    outputs, output, _ = noted_outputs(is_terminal=True)
    with open_terminal_view(outputs, PLAIN, is_long=True, progress=lambda seconds: "…") as view:
        view.show(found(7, "Lamp"))
    lines = [line.strip() for line in screens(output)[-1][1]]
    assert lines[2:] == ["uuid:7", "http://192.0.2.7/  eth0"]


def test_a_device_that_was_shown_before_is_left_out() -> None:
    outputs, output, _ = noted_outputs(is_terminal=True)
    with open_terminal_view(outputs, PLAIN, is_long=False, progress=lambda seconds: "…") as view:
        again = found(7)
        view.answered(again)
        view.forget(again)
    assert "uuid:7" not in str(screens(output)[-1])
