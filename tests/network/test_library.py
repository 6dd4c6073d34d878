"""The library in a program of its own: ``serve_device`` in a network, and what leaves it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.network.fetching import fetch
from tests.network.processes import Program
from tests.network.served import JAMBON, REPOSITORY
from tests.network.ssdp import m_search, open_listener, open_searcher

if TYPE_CHECKING:
    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop

# Serves a device until it reads a line, and then executes the line.
PROGRAM = """
import sys
import trio
import upnp_trio

async def main():
    device = upnp_trio.load_device(sys.argv[1])
    try:
        async with upnp_trio.serve_device(device) as running:
            print(running.locations[0], flush=True)
            exec(await trio.to_thread.run_sync(sys.stdin.readline))
    except ValueError as error:
        print("caught", repr(error), flush=True)
        if sys.argv[2:]:
            raise
    print("after", flush=True)

trio.run(main)
"""


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(JAMBON.file), *arguments]


@pytest.mark.parametrize(
    ("end", "output_lines"),
    [
        ("raise ValueError('of the body')", ["caught ValueError('of the body')", "after"]),
        ("pass", ["after"]),
        ("raise SystemExit", []),
    ],
    ids=["an exception", "the end of the body", "the end of the program"],
)
def test_however_the_body_ends_byebye_goes_out_and_the_exception_leaves_as_itself(
    end: str, output_lines: list[str], pair: Pair
) -> None:
    with open_listener(pair.asker) as listener, Program(pair.device.command(*_command()), cwd=REPOSITORY) as program:
        location = program.wait_for("^http://.*$").group()
        listener.receive(3 * len(JAMBON.rows))
        program.write_line(end)
        assert program.wait() == 0, program.errors
        assert program.output.splitlines() == [location, *output_lines]
        assert program.errors == ""
        gone = [message for message in listener.receive(5 * len(JAMBON.rows)) if message.is_byebye]
        assert {message["USN"] for message in gone} == JAMBON.usns


def test_an_exception_that_nobody_catches_ends_the_program_with_its_own_traceback(pair: Pair) -> None:
    with Program(pair.device.command(*_command("raise")), cwd=REPOSITORY) as program:
        program.wait_for("^http://.*$")
        program.write_line("raise ValueError('of the body')")
        assert program.wait() == 1
        assert program.errors.endswith("\nValueError: of the body")
        assert "Group" not in program.errors


def test_when_the_body_starts_a_search_is_answered_and_the_location_is_there(pair: Pair) -> None:
    with Program(pair.device.command(*_command()), cwd=REPOSITORY) as program:
        location = program.wait_for("^http://.*$").group()
        with open_searcher(pair.asker) as searcher:
            # once and unicast: a network of one cable loses nothing
            searcher.send(m_search("upnp:rootdevice", mx=None), pair.device_address)
            (answer,) = searcher.receive(1)
        assert answer["LOCATION"] == location
        assert fetch(pair.asker, location).status == 200
        program.write_line("pass")
        assert program.wait() == 0
