"""The programs of the guide to other web servers, run as they are, with real control points at the end of a cable."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks
from tests.network.control_points import ControlPoint, open_async_control_point, open_control_point
from tests.network.fetching import fetch
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.scenes import DEVICE_ADDRESS, Pair, Serve
from tests.network.served import JAMBON, REPOSITORY, environment
from tests.network.ssdp import m_search, open_listener, open_searcher

pytestmark = pytest.mark.interop

PROGRAMS = [block for block in blocks("python") if block.page == "docs/how-to/beside-a-web-server.md"]
GUPNP_SCRIPT = str(Path(__file__).with_name("gupnp_service_control_point.py"))
BASE_URL = f"http://{DEVICE_ADDRESS}:8123/"


def program_with(text: str) -> Block:
    (block,) = [block for block in PROGRAMS if text in block.text]
    return block


@contextmanager
def running(block: Block, pair: Pair, folder: Path) -> Iterator[Program]:
    """The program at work on the device's host, until it gets Ctrl-C."""
    (folder / "block.py").write_text(block.text, encoding="utf-8")
    env = {**environment(), "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    with Program(pair.device.command(sys.executable, "block.py"), cwd=folder, env=env) as program:
        yield program
        program.stop(signal.SIGINT)


def test_the_guide_has_a_program_for_each_kind_of_server() -> None:
    assert len(PROGRAMS) == 4


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_each_program_is_found_read_and_revoked(block: Block, pair: Pair, tmp_path: Path) -> None:
    with open_listener(pair.asker) as listener, open_searcher(pair.asker) as searcher:
        with running(block, pair, tmp_path):
            first = listener.receive(1)[0]
            assert first.is_alive
            location = first["LOCATION"]
            # control points fetch it at once, so it has to be there with the first announcement
            described = fetch(pair.asker, location)
            assert described.status == 200
            assert location.startswith(BASE_URL)
            assert b"<friendlyName>Lamp</friendlyName>" in described.body
            searcher.send(m_search("upnp:rootdevice", mx=1))
            assert searcher.receive(1)[0]["LOCATION"] == location
        listener.receive_until(lambda messages: any(message.is_byebye for message in messages))


def test_the_command_announces_a_url_and_opens_no_port(pair: Pair, serve: Serve) -> None:
    location = f"{BASE_URL}description.xml"
    serve(pair.device, JAMBON.file, "--location", "http://{host}:8123/description.xml")
    with open_searcher(pair.asker) as searcher:
        searcher.send(m_search("ssdp:all", mx=1))
        found = searcher.receive(len(JAMBON.usns))
    assert {message["LOCATION"] for message in found} == {location}
    assert {message["USN"] for message in found} == JAMBON.usns
    listening = pair.device.run("ss", "-Hltn")
    assert (listening.returncode, listening.stdout) == (0, "")


def test_the_server_field_is_the_device_s_alone(pair: Pair, tmp_path: Path) -> None:
    with open_listener(pair.asker) as listener, running(program_with("import uvicorn"), pair, tmp_path):
        described = fetch(pair.asker, listener.receive(1)[0]["LOCATION"])
        (server,) = described.headers.get_all("Server") or []
        assert "UPnP/1.1 upnp_trio/" in server
        assert described.headers.get_all("Date") is not None
        assert len(described.headers.get_all("Date") or []) == 1


def switch_on_and_off(control_point: ControlPoint, pair: Pair) -> None:
    control_point.ask("subscribe", service="SwitchPower")
    control_point.wait_for_count(1)
    control_point.ask("call", service="SwitchPower", action="SetTarget", arguments={"newTargetValue": "1"})
    control_point.wait_for_count(2)
    assert json.loads(fetch(pair.asker, f"{BASE_URL}status").body) == {"on": True}
    control_point.ask("call", service="SwitchPower", action="SetTarget", arguments={"newTargetValue": "0"})
    control_point.wait_for_count(3)
    assert [list(values) for _, values in control_point.events()] == [["Status"]] * 3


def test_async_upnp_client_calls_and_follows_a_device_in_fastapi(pair: Pair, tmp_path: Path) -> None:
    with open_listener(pair.asker) as listener, running(program_with("import uvicorn"), pair, tmp_path):
        location = listener.receive(1)[0]["LOCATION"]
        with open_async_control_point(pair.asker, location, pair.asker_address) as control_point:
            switch_on_and_off(control_point, pair)


def test_gupnp_finds_calls_and_follows_a_device_in_fastapi(pair: Pair, tmp_path: Path, gupnp_python: str) -> None:
    device_type = "urn:schemas-upnp-org:device:BinaryLight:1"
    with (
        running(program_with("import uvicorn"), pair, tmp_path),
        open_control_point(pair.asker, gupnp_python, GUPNP_SCRIPT, LINK, device_type) as control_point,
    ):
        switch_on_and_off(control_point, pair)
