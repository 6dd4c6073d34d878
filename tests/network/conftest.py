"""Fixtures: networks of namespaces, the device served in them, and control points from elsewhere."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.demands import demand
from tests.network.gupnp_lights import gupnp_light_with_window
from tests.network.namespaces import open_network, why_impossible
from tests.network.scenes import make_pair, open_scene
from tests.network.served import EVERY_TYPE, GATEWAY, JAMBON, open_served
from tests.network.ssdp import m_search, open_searcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.namespaces import Network
    from tests.network.scenes import Pair, Scene, Serve

# The system's own: GObject introspection is not to be had from a package index alone.
SYSTEM_PYTHON = "/usr/bin/python3"

# The light is found within so many searches, each of a second and a half.
ATTEMPTS = 20
LIGHT = "urn:schemas-upnp-org:device:DimmableLight:1"


@pytest.fixture(scope="session")
def possible() -> None:
    """Networks can be made here."""
    demand(why_impossible())


@pytest.fixture
def network(possible: None) -> Iterator[Network]:
    """An empty network for one test."""
    with open_network() as network:
        yield network


@pytest.fixture
def pair(network: Network) -> Pair:
    """Two hosts on a cable, for one test."""
    return make_pair(network)


@pytest.fixture
def serve(network: Network) -> Iterator[Serve]:
    """Serves devices until the test ends, before its network does; what is served then must leave in good order.

    On IPv4 alone: an IPv6 address comes by itself a second or two after the cable, before or after the device.
    """
    with ExitStack() as stack:
        yield lambda host, *arguments: stack.enter_context(open_served(host, "--ipv4-only", *arguments))


@pytest.fixture
def serve_both(network: Network) -> Iterator[Serve]:
    """Like ``serve``, on IPv4 and IPv6, unless an option says otherwise."""
    with ExitStack() as stack:
        yield lambda host, *arguments: stack.enter_context(open_served(host, *arguments))


@pytest.fixture(scope="module")
def jambon(possible: None) -> Iterator[Scene]:
    """The Jambon 3000, for all tests of a module."""
    with open_scene(JAMBON) as scene:
        yield scene


@pytest.fixture(scope="module")
def gateway(possible: None) -> Iterator[Scene]:
    """The gateway with its embedded devices, for all tests of a module."""
    with open_scene(GATEWAY) as scene:
        yield scene


@pytest.fixture(scope="module")
def every_type(possible: None) -> Iterator[Scene]:
    """The device of `tests.services.every_type`, whose actions and events can be tried, for all tests of a module."""
    with open_scene(EVERY_TYPE) as scene:
        yield scene


@pytest.fixture(scope="session")
def curl() -> str:
    """The path of curl."""
    return _program("curl", package="curl")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, or of a browser that takes its options."""
    return _program("chromium", "chromium-browser", "google-chrome", package="chromium")


@pytest.fixture(scope="session")
def upnp_client(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of async_upnp_client's command."""
    beside_python = str(Path(sys.executable).parent)
    found = _program("upnp-client", package="async-upnp-client, from PyPI", folder=beside_python)
    if sys.version_info >= (3, 14):
        # its version 0.49 takes the loop of the thread, which is no longer made when it is asked for
        code = "import asyncio, async_upnp_client.cli as c; asyncio.set_event_loop(asyncio.new_event_loop()); c.main()"
        script = tmp_path_factory.mktemp("command") / "upnp-client"
        script.write_text(f"""#!/bin/sh\nexec {shlex.quote(sys.executable)} -c '{code}' "$@"\n""", encoding="utf-8")
        script.chmod(0o755)
        found = str(script)
    return found


@pytest.fixture(scope="session")
def gssdp_python() -> str:
    """A Python that has GSSDP."""
    return _python_with("GSSDP", "1.6", package="gir1.2-gssdp-1.6")


@pytest.fixture(scope="session")
def gupnp_python() -> str:
    """A Python that has GUPnP."""
    return _python_with("GUPnP", "1.6", package="gir1.2-gupnp-1.6")


@pytest.fixture(scope="session")
def gupnp_universal_cp() -> str:
    """The path of GUPnP's control point with a window."""
    return _program("gupnp-universal-cp", package="gupnp-tools")


@pytest.fixture(scope="session")
def xvfb() -> str:
    """The path of an X server without a screen."""
    return _program("Xvfb", package="xvfb")


@pytest.fixture(scope="session")
def xdotool() -> str:
    """The path of a program that presses keys in windows."""
    return _program("xdotool", package="xdotool")


@pytest.fixture
def light_location(pair: Pair) -> Iterator[str]:
    """The light of GUPnP's tools, called Hall; gives the URL of its description."""
    with gupnp_light_with_window(pair.device, "Hall"):
        yield _location(pair)


def _program(*names: str, package: str, folder: str | None = None) -> str:
    found = [path for name in names if (path := shutil.which(name, path=folder))]
    demand(None if found else f"{names[0]} is missing; install {package}")
    return found[0]


def _python_with(namespace: str, version: str, *, package: str) -> str:
    code = f"import gi; gi.require_version({namespace!r}, {version!r}); from gi.repository import {namespace}"
    try:
        tried = subprocess.run(
            [SYSTEM_PYTHON, "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        problem = tried.stderr.strip().rpartition("\n")[2] if tried.returncode else None
    except OSError as error:
        problem = str(error)
    demand(problem and f"{SYSTEM_PYTHON} has no {namespace} {version} ({problem}); install python3-gi and {package}")
    return SYSTEM_PYTHON


def _location(pair: Pair) -> str:
    """The location of the only light, which may be starting still."""
    with open_searcher(pair.asker) as searcher:
        for _ in range(ATTEMPTS):
            searcher.send(m_search(LIGHT))
            if found := searcher.receive_for(1.5):
                return found[0]["LOCATION"]
    raise AssertionError(f"nothing answers a search for {LIGHT}")
