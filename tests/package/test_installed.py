"""The wheel in a clean environment: the command, the imports, and a device that is served there and found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import upnp_trio
from docs.generate.public import public_modules
from tests.package.conftest import INSTALL_SECONDS, Environment, clean_environment, make_environment

pytestmark = pytest.mark.package

LIGHT = "urn:schemas-upnp-org:device:DimmableLight:1"
# a device counts as found by a search of two seconds, of which on a busy machine one may end too early
ATTEMPTS = 10
IMPORTS = """
import importlib.metadata, importlib.resources, sys
import upnp_trio
for module in map(importlib.import_module, sys.argv[1:]):
    for name in module.__all__:
        getattr(module, name)
assert importlib.resources.files("upnp_trio").joinpath("py.typed").is_file()
assert importlib.metadata.version("upnp-trio") == upnp_trio.__version__
assert upnp_trio.__file__.startswith(sys.prefix), upnp_trio.__file__
"""
# A program of somebody who checks everything: a mistake that is not found would be an ignore that is not used.
PROGRAM = """
from typing import Annotated, assert_type

import upnp_trio.asyncio
import upnp_trio.threads
from upnp_trio import In, RootDevice, Running, ServiceHandler, StateVariable, action, serve_device
from upnp_trio.asgi import UpnpApp
from upnp_trio.controlpoint import open_control_point
from upnp_trio.profiles import hue_bridge
from upnp_trio.testing import MemoryNetwork, alive


class SwitchPower(ServiceHandler, service_type="urn:schemas-upnp-org:service:SwitchPower:1"):
    status: Annotated[bool, StateVariable("Status")] = False

    @action("SetTarget")
    def set_target(self, value: Annotated[bool, In("newTargetValue", "Status")]) -> None:
        self.status = value


device = RootDevice(
    device_type="urn:schemas-upnp-org:device:BinaryLight:1",
    friendly_name="Light",
    manufacturer="Example",
    model_name="Light",
    services=[SwitchPower()],
)
RootDevice(friendly_name="Light")  # type: ignore[call-arg]
hue_bridge(mac=17)  # type: ignore[arg-type]


async def in_trio() -> None:
    async with serve_device(device, interfaces=["eth0"], port=8123) as running, open_control_point() as control_point:
        assert_type(running, Running)
        assert_type(running.service(SwitchPower).status, bool)
        async for result in control_point.search("upnp:rootdevice"):
            assert_type(result.latency, float)
    serve_device(device, prot=8123)  # type: ignore[call-arg]


async def in_asyncio() -> None:
    async with upnp_trio.asyncio.serve_device(device, http=UpnpApp("http://{host}:8123/upnp")) as running:
        await running.update(device)


def in_threads() -> None:
    with upnp_trio.threads.serve_in_thread(device) as running:
        assert_type(running.service(SwitchPower).status, bool)
        running.update("a name")  # type: ignore[arg-type]


async def in_memory(network: MemoryNetwork) -> None:
    async with network.host("lamp").serve(device) as running:
        network.recording.expect(alive(of=running)).once()
"""


def test_pip_finds_all_that_it_needs(installed: Environment) -> None:
    assert installed.run("python", "-m", "pip", "check") == "No broken requirements found.\n"


def test_the_command_says_its_version(installed: Environment) -> None:
    assert installed.run("upnp-trio", "--version") == f"upnp-trio {upnp_trio.__version__}\n"


def test_the_module_is_the_same_command(installed: Environment) -> None:
    shown = installed.run("python", "-m", "upnp_trio", "--help")
    assert shown == installed.run("upnp-trio", "--help")
    assert shown.startswith("usage: upnp-trio")


def test_every_public_name_can_be_imported_without_a_warning(installed: Environment) -> None:
    installed.run("python", "-I", "-W", "error", "-c", IMPORTS, *public_modules())


def test_a_program_that_checks_its_types_strictly_has_those_of_the_package(
    installed: Environment, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    # this environment's mypy, which reads the other's packages; no configuration but this
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path / "cache")]
    command += ["--python-executable", installed.program("python"), str(program)]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n"), done.stderr


def test_the_extra_brings_fixtures_to_a_project_that_asks_for_nothing_else(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = make_environment(tmp_path_factory.mktemp("project") / "venv")
    project.run("python", "-m", "pip", "install", "--quiet", f"{wheel}[testing]", seconds=INSTALL_SECONDS)
    test = project.folder.parent / "test_it.py"
    test.write_text("def test_it(upnp_network, upnp_device): assert upnp_network and upnp_device\n", encoding="utf-8")
    assert "1 passed" in project.run("python", "-m", "pytest", str(test))


@pytest.fixture
def light(installed: Environment) -> Iterator[subprocess.Popen[str]]:
    """The demo light, served on loopback alone."""
    command = [installed.program("upnp-trio"), "demo", "light", "--quiet", "--interface", "127.0.0.1"]
    with subprocess.Popen(command, cwd=installed.folder, env=clean_environment(), text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def test_a_device_is_served_and_found(installed: Environment, light: subprocess.Popen[str]) -> None:
    search = [installed.program("upnp-trio"), "search", LIGHT, "--interface", "127.0.0.1", "--timeout", "2", "--json"]
    for _ in range(ATTEMPTS):
        assert light.poll() is None
        done = subprocess.run(
            search,
            cwd=installed.folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode == 0:
            break
        assert done.returncode == 3, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(device["name"], device["address"]) for device in found] == [("Demo light", "127.0.0.1")]
