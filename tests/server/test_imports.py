"""A device without handlers imports nothing that only services need: it starts no slower and holds no more."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

#: modules and packages that only services need
OF_SERVICES = (
    "decimal",
    "upnp_trio.control",
    "upnp_trio.documents.live_page",
    "upnp_trio.documents.scpd",
    "upnp_trio.eventing",
    "upnp_trio.model.datatypes",
    "upnp_trio.model.deferred_value",
    "upnp_trio.model.service",
    "upnp_trio.server.calls",
    "upnp_trio.server.delivery",
    "upnp_trio.server.multicast_events",
    "upnp_trio.server.notifier",
    "upnp_trio.server.page_state",
    "upnp_trio.server.reply_reader",
    "upnp_trio.service_requests",
    "upnp_trio.services",
)

#: modules that read what others have written, or serve within other web servers
OF_FEW_DEVICES = (
    "upnp_trio.documents.device_reader",
    "upnp_trio.model.literal_url",
    "upnp_trio.server.mounted_site",
)

# Serves a device on a network in memory, where it is searched for, and its documents are fetched.
SERVING = """
import sys, trio, trio.testing
from random import Random
from tests.devices import GATEWAY
from tests.server.scenes import DEVICE, HERE, NOON, LoneHost
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.rendering import render_search

async def main(root):
    host = LoneHost()
    async with serve_on(host.network, [root], Settings(rng=Random(0), utcnow=lambda: NOON)) as running:
        paths = [running.where[0].url.partition(HERE)[2], running.device.services[0].scpd_url, "/"]
        for path in paths:
            client = host.client()
            await client.send_all(f"GET {path} HTTP/1.1\\r\\nHost: {HERE}\\r\\n\\r\\n".encode())
            assert (await client.receive_some()).startswith(b"HTTP/1.1 "), path
            await client.aclose()
        host.receive(render_search(Search(search_target="ssdp:all", mx=None)), to=DEVICE)
        await trio.testing.wait_all_tasks_blocked()
        assert running.stats.answers

del sys.modules["decimal"]  # pytest has imported it, which trio.testing uses
"""


def imported(code: str) -> set[str]:
    """The modules that there are at the end of *code*."""
    code += "\nprint(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return set(shown.stdout.split())


def of_services(modules: set[str]) -> set[str]:
    return {module for module in modules if module.startswith(OF_SERVICES)}


def test_a_device_without_handlers_imports_nothing_that_only_services_need() -> None:
    modules = imported(SERVING + "trio.run(main, GATEWAY)")
    assert "upnp_trio.http.connection" in modules
    assert of_services(modules) == set()


def test_the_command_and_its_device_files_import_nothing_of_it_either() -> None:
    code = "import sys, upnp_trio, upnp_trio.cli.serve; upnp_trio.load_device('examples/jambon3000.toml')"
    modules = imported(code)
    assert "upnp_trio.documents.device_file" in modules
    assert of_services(modules) == set()


def test_the_command_and_its_device_files_import_nothing_that_few_devices_need() -> None:
    code = "import sys, upnp_trio, upnp_trio.cli.serve; upnp_trio.load_device('examples/jambon3000.toml')"
    assert imported(code).isdisjoint(OF_FEW_DEVICES)


@pytest.mark.parametrize("module", OF_SERVICES + OF_FEW_DEVICES)
def test_each_of_these_modules_exists(module: str) -> None:
    assert find_spec(module) is not None
