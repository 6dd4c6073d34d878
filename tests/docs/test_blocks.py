"""Every code block is run, or at least read by what it is for."""

from __future__ import annotations

import ast
import re
import signal
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import h11
import pytest

import upnp_trio
import upnp_trio.asyncio
import upnp_trio.controlpoint
import upnp_trio.profiles
import upnp_trio.testing
import upnp_trio.threads
from tests.docs.blocks import ROOT, Block, blocks, pages
from tests.docs.commands import words_of
from tests.docs.conftest import Folder
from tests.docs.test_exchanges import PAGE as EXCHANGES
from tests.network.namespaces import Namespace
from tests.network.processes import Program
from tests.network.served import environment, open_served
from upnp_trio import load_device, parse_scpd, render_client
from upnp_trio.demo.light import SwitchPower
from upnp_trio.model.service_rules import service_violations
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_alive, render_byebye, render_search, render_search_response

CHECKED = {"python", "toml", "xml", "sh", "console", "http"}
FRAGMENT_SECONDS = 2

# What stands around a fragment: the names that the page has introduced, and a device that is served where it needs one.
BEFORE = """
import attrs
import trio
from upnp_trio import *

def described(name):
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1", friendly_name=name, manufacturer="M", model_name="M"
    )

device, lamp = described("Jambon 3000"), described("Lamp")

async def main():
    async with {manager}:
        with trio.move_on_after({seconds}):
{body}

trio.run(main)
"""

# The same for a control point's code: one that has found the light.
BEFORE_BESIDE_A_LIGHT = """
import trio
from upnp_trio import *
from upnp_trio.controlpoint import *

async def main():
    async with open_control_point() as control_point:
        async for result in control_point.search("urn:schemas-upnp-org:device:DimmableLight:1"):
            break
        light = await control_point.describe(result.udn)
        with trio.move_on_after({seconds}):
{body}

trio.run(main)
"""
#: the modules that have public names
PUBLIC: dict[str, list[str]] = {
    module.__name__: module.__all__
    for module in (
        upnp_trio,
        upnp_trio.asyncio,
        upnp_trio.controlpoint,
        upnp_trio.profiles,
        upnp_trio.testing,
        upnp_trio.threads,
    )
}


def of(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [block for block in blocks(*languages) if block.is_checked], ids=str)


@pytest.mark.parametrize("name", pages())
def test_every_block_is_in_a_language_that_is_checked_or_has_a_reason_why_not(name: str) -> None:
    unknown = [f"{block} ({block.language or 'no language'})" for block in blocks() if block.page == name]
    known = [f"{block} ({block.language})" for block in blocks(*CHECKED) if block.page == name]
    excused = [f"{block} ({block.language or 'no language'})" for block in blocks() if not block.is_checked]
    assert set(unknown) - set(known) - set(excused) == set()


def test_there_are_blocks_of_every_kind() -> None:
    assert {block.language for block in blocks() if block.is_checked} >= {"python", "toml", "sh", "console", "http"}


# --- Python ----------------------------------------------------------------------------------------------------------


def is_program(block: Block) -> bool:
    return "\nimport " in f"\n{block.text}" or "ends by itself" in block.notes


@of("python")
def test_python_is_python_and_imports_public_names_alone(block: Block) -> None:
    tree = compile(block.text, str(block), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("upnp_trio"):
            assert node.module in PUBLIC
            assert {name.name for name in node.names} <= set(PUBLIC[node.module])


@contextmanager
def open_light(host: Namespace) -> Iterator[None]:
    """A light for control points."""
    with open_served(host, "demo", "light", "--ipv4-only", "--interface", "lo"):
        yield


@pytest.mark.interop
@of("python")
def test_python_runs(block: Block, folder: Folder, lonely_host: Namespace) -> None:
    where = folder(block)
    if is_program(block):
        code = block.text
    elif "beside a light" in block.notes:
        body = "\n".join(f"            {line}" for line in block.text.splitlines())
        code = BEFORE_BESIDE_A_LIGHT.format(seconds=FRAGMENT_SECONDS, body=body)
    else:
        is_served = "as running:" in block.text
        code = BEFORE.format(
            manager="trio.open_nursery()" if is_served else "serve_device(device) as running",
            seconds=FRAGMENT_SECONDS,
            body="\n".join(f"            {line}" for line in block.text.splitlines()),
        )
    (where / "block.py").write_text(code, encoding="utf-8")
    if "run by pytest" in block.notes:
        plugins = ("-p", "no:cacheprovider", "-p", "upnp_trio.testing.pytest_plugin")
        python = lonely_host.command(sys.executable, "-m", "pytest", "-q", *plugins, "block.py")
    else:
        python = lonely_host.command(sys.executable, "block.py")
    with (
        open_light(lonely_host) if "beside a light" in block.notes else nullcontext(),
        Program(python, cwd=where, env={**environment(), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}) as program,
    ):
        if "run by pytest" in block.notes:
            assert program.wait() == 0, program.output
            assert re.search(r"\b[1-9]\d* passed", program.output)
        elif is_program(block) and "ends by itself" not in block.notes:
            program.wait_for(r"http://127\.0\.0\.1:\d+/")
            program.stop(signal.SIGINT)
            # a framework catches Ctrl-C while it serves, and may be about to
            caught = {"KeyboardInterrupt"} if "ends cleanly after Ctrl-C" in block.notes else set()
            assert {*errors_that_left(program.errors), *caught} == {"KeyboardInterrupt"}, program.errors
        else:
            assert program.wait() == 0, program.errors
            assert program.errors == ""
            assert bool(program.output) == ("print(" in block.text)


def errors_that_left(traceback: str) -> list[str]:
    """The names of the exceptions in *traceback*, which a nursery of the program's own puts into a group.

    Ctrl-C may come while an exception is handled, as in the look-up of a cache. That one has not left.
    """
    handled = r"(?!.*\n[ |]*\n[ |]*During handling of the above exception)"
    return re.findall(rf"^[ |]*(\w+(?:\.\w+)*(?:Error|Interrupt|Failed))\b{handled}", traceback, re.MULTILINE)


def test_what_is_handled_when_ctrl_c_comes_has_not_left() -> None:
    during = "\n  | \n  | During handling of the above exception, another exception occurred:\n  | \n"
    assert errors_that_left(f"  | KeyError: 10{during}  | KeyboardInterrupt\n") == ["KeyboardInterrupt"]
    assert errors_that_left(f"  | KeyboardInterrupt{during}  | trio.SomeError: x\n") == ["trio.SomeError"]
    assert errors_that_left("OSError: x\n  | KeyboardInterrupt\n") == ["OSError", "KeyboardInterrupt"]


def test_the_client_of_the_guide_is_what_is_written_for_the_demo_light() -> None:
    (shown,) = [block.text for block in blocks("python") if "saved as switch_power_client.py" in block.notes]
    service_type, description = SwitchPower.service_type, SwitchPower.description
    assert render_client(description, service_type=str(service_type), class_name="SwitchPowerClient") == shown


def test_the_light_of_the_guide_is_the_one_in_the_examples() -> None:
    example = (ROOT / "examples" / "light.py").read_text(encoding="utf-8")
    (shown,) = [block.text for block in blocks("python") if block.page == "docs/how-to/serve-python.md"]
    assert example.partition("\n\n")[2] == shown


# --- device files and packets -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("imports_undone")
@of("toml")
def test_a_device_file_is_a_device(block: Block, folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    file = folder(block) / "block.toml"
    file.write_text(block.text, encoding="utf-8")
    device = load_device(file)
    assert device.friendly_name == tomllib.loads(block.text)["friendly_name"]
    assert caplog.messages == []


@of("xml")
def test_a_service_description_is_one_without_flaws(block: Block) -> None:
    assert list(service_violations(parse_scpd(block.text.encode()))) == []


@pytest.mark.parametrize("block", [block for block in blocks("http") if block.page != EXCHANGES], ids=str)
def test_a_message_is_what_we_read_and_what_we_send(block: Block) -> None:
    raw = "\r\n".join([*block.text.splitlines(), "", ""]).encode()
    if raw.startswith(b"GET "):
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(raw)
        assert isinstance(connection.next_event(), h11.Request)
        return
    message = parse(raw)
    match message:
        case Search():
            assert render_search(message) == raw
        case Alive():
            assert render_alive(message) == raw
        case ByeBye():
            assert render_byebye(message) == raw
        case SearchResponse():
            assert render_search_response(message) == raw
        case _:
            pytest.fail(f"{message} is shown nowhere yet")


@of("http")
def test_a_message_names_the_example_and_this_version(block: Block) -> None:
    example = load_device(ROOT / "examples" / "jambon3000.toml")
    assert set(re.findall(r"(?<!SID: )uuid:[0-9a-f-]{36}", block.text)) <= {str(example.udn)}
    assert set(re.findall(r"upnp_trio/(\S+)", block.text)) <= {upnp_trio.__version__}


# --- the command -----------------------------------------------------------------------------------------------------


@of("sh", "console")
def test_each_command_takes_what_it_is_given(block: Block, folder: Folder) -> None:
    where = folder(block)
    for words in words_of(block):
        words.check(where)


@of("console")
def test_output_is_shown_as_what_it_is(block: Block) -> None:
    has_output = any(not line.startswith("$ ") for line in block.text.splitlines())
    assert has_output == bool({"output checked", "example output"} & set(block.notes))


@pytest.mark.parametrize("block", [each for each in blocks("console") if "output checked" in each.notes], ids=str)
def test_a_command_prints_what_is_shown(block: Block, folder: Folder) -> None:
    where = folder(block)
    printed = ""
    for words in words_of(block):
        printed += f"$ {words.line}\n" + words.run(where)
    assert printed == block.text


def test_the_page_with_the_packets_shows_each_kind_of_message() -> None:
    shown = [block.text.split("\n", 1)[0] for block in blocks("http") if Path(block.page).name == "packets.md"]
    assert {line.split(" ")[0] for line in shown} == {"M-SEARCH", "HTTP/1.1", "GET", "NOTIFY"}
