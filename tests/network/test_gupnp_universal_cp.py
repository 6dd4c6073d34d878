"""gupnp-universal-cp, the program that people look at a device with: it subscribes, and its dialog calls an action.

It has a window, so it gets a display that nobody sees, and keys are pressed for it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from tests.network.calling import Endpoint, find_services
from tests.network.fetching import fetch
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.scenes import Pair, Serve
from tests.network.served import REPOSITORY, Served
from tests.network.subscriber import Subscriber, open_subscriber

pytestmark = pytest.mark.interop

SWITCH = REPOSITORY / "tests/services/every_type.py:switch"
# The row of SetTarget below the device, in a tree that is opened whole; Return opens a dialog.
TO_SET_TARGET = ["Home", "Down", "shift+Right", *["Down"] * 5, "Return"]
# Below the dialog's expander is the checkbox; behind it come Close and Invoke.
CHECK_AND_INVOKE = ["Tab", "Tab", "space", "Tab", "Tab", "space"]
ATTEMPTS = 10
# how long a window takes to be there, on a busy machine
ATTEMPT_SECONDS = 3.0


class Screen:
    """A display in a folder of its own, on the host of *pair* that has the control points."""

    def __init__(self, pair: Pair, xdotool: str, number: str) -> None:
        self._pair = pair
        self._xdotool = xdotool
        self.env = {**os.environ, "DISPLAY": number, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11", "LANG": "C.UTF-8"}

    def do(self, *arguments: str) -> None:
        """Press keys, or move and click the mouse."""
        command = ["env", f"DISPLAY={self.env['DISPLAY']}", self._xdotool, *arguments]
        done = self._pair.asker.run(*command)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def screen(pair: Pair, xvfb: str, xdotool: str) -> Iterator[Screen]:
    """A screen for one test."""
    command = pair.asker.command(xvfb, "-displayfd", "1", "-screen", "0", "1000x800x24", "-nolisten", "tcp")
    with Program(command) as program:
        number = program.wait_for(r"^\d+$").group()
        yield Screen(pair, xdotool, f":{number}")


def _wait_for_metric(pair: Pair, served: Served, name: str, value: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        metrics = fetch(pair.asker, urljoin(served.location, "/metrics")).body.decode()
        match = re.search(rf"^{name} (\d+)$", metrics, re.MULTILINE)
        if match is not None and int(match[1]) >= value:
            return
        assert time.monotonic() < deadline, metrics
        time.sleep(0.1)


def _is_on(subscriber: Subscriber) -> bool:
    deadline = time.monotonic() + ATTEMPT_SECONDS
    while time.monotonic() < deadline:
        if subscriber.received[-1].values == {"Status": "1"}:
            return True
        time.sleep(0.05)
    return False


def _switch_on(screen: Screen, subscriber: Subscriber) -> None:
    for _ in range(ATTEMPTS):
        # Into the tree; without a window manager keys go to the window below the mouse, which will be the dialog.
        screen.do("mousemove", "60", "150", "click", "1")
        screen.do("key", "--delay", "100", *TO_SET_TARGET)
        screen.do("sleep", "0.5", "key", "--delay", "100", *CHECK_AND_INVOKE)
        if _is_on(subscriber):
            return
        screen.do("key", "Escape")
    pytest.fail(f"no call came in {ATTEMPTS} attempts")


def test_it_subscribes_and_its_dialog_switches_the_light_on(
    pair: Pair, serve: Serve, screen: Screen, gupnp_universal_cp: str
) -> None:
    served = serve(pair.device, "--metrics", SWITCH)
    service: Endpoint = find_services(pair.asker, served.location)["SwitchPower"]
    with (
        open_subscriber(pair.asker, pair.asker_address) as subscriber,
        Program(pair.asker.command(gupnp_universal_cp, "-4", "-i", LINK), env=screen.env) as universal,
    ):
        assert service.subscribe(subscriber.callback).status == 200
        subscriber.wait_for(1)
        _wait_for_metric(pair, served, "upnp_trio_subscriptions_total", 2)
        _wait_for_metric(pair, served, "upnp_trio_notifications_total", 2)
        _switch_on(screen, subscriber)
        assert service.get("GetStatus") == "1"
        _wait_for_metric(pair, served, "upnp_trio_notifications_total", 4)
        assert universal.is_running
