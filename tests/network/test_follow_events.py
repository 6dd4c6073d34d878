"""``upnp-trio subscribe`` follows the lights of others and ours, through their restarts, on IPv4 and IPv6."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.network.gupnp_lights import gupnp_light, gupnp_light_with_window
from tests.network.namespaces import LINK, Namespace, open_network
from tests.network.peers import async_upnp_client_light
from tests.network.processes import Program
from tests.network.scenes import Pair, Serve, make_pair
from tests.network.served import EVERY_TYPE, REPOSITORY, environment, open_served
from tests.network.sniffing import open_sniffer
from tests.network.ssdp6 import link_local

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

pytestmark = pytest.mark.interop


@contextmanager
def _gupnp(pair: Pair, python: str) -> Iterator[None]:
    with (
        tempfile.TemporaryDirectory(prefix="upnp-trio-") as folder,
        gupnp_light(pair.device, python, Path(folder), "Gleam"),
    ):
        yield


@attrs.frozen
class Light:
    """A light of some project."""

    name: str
    #: puts it on the network, given a Python that has GUPnP
    run: Callable[[Pair, str], AbstractContextManager[object]]


OURS = Light("Every type", lambda pair, python: open_served(pair.device, "--ipv4-only", EVERY_TYPE.file))
# It has another UDN at each start.
GUPNP_TOOLS = Light("Glow", lambda pair, python: gupnp_light_with_window(pair.device, "Glow"))
# In Python, GUPnP cannot be told the values for an initial event, which is an event without variables then.
GUPNP = Light("Gleam", _gupnp)
ASYNC = Light("Light", lambda pair, python: async_upnp_client_light(pair.device, pair.device_address))


@attrs.frozen
class Asker:
    """The host that the command runs on."""

    host: Namespace
    state: Path

    def command(self, *words: str) -> list[str]:
        settings = [f"XDG_STATE_HOME={self.state}", f"PYTHONPATH={REPOSITORY}"]
        return self.host.command("env", *settings, sys.executable, "-W", "error", "-m", "upnp_trio", *words)

    def switch(self, device: str, value: bool) -> None:
        """Switch a light by a call."""
        words = ("call", device, "SwitchPower", "SetTarget", f"newTargetValue={int(value)}")
        done = self.host.run(*self.command(*words)[len(self.host.command()) :], cwd=REPOSITORY)
        assert (done.returncode, done.stderr) == (0, ""), done

    @contextmanager
    def following(self, device: str, *options: str) -> Iterator[Followed]:
        """``upnp-trio subscribe`` beside the test."""
        words = ("subscribe", device, "SwitchPower", "--json", *options)
        with Program(self.command(*words), cwd=REPOSITORY, env=environment()) as program:
            yield Followed(program)


@attrs.frozen
class Followed:
    """What the command has written."""

    program: Program

    def event(self, number: int) -> Any:  # noqa: ANN401  # of JSON
        """The event that comes as *number*, from 0."""
        output = self.program.wait_until(lambda text: len(text.splitlines()) > number, f"event {number}")
        return json.loads(output.splitlines()[number])


@pytest.fixture
def scene(possible: None, tmp_path: Path) -> Iterator[tuple[Pair, Asker]]:
    """Two hosts on a cable."""
    with open_network() as network:
        pair = make_pair(network)
        for host in (pair.device, pair.asker):
            host.ip("route", "add", "default", "dev", LINK)
        yield pair, Asker(pair.asker, tmp_path)


@pytest.mark.parametrize("light", [OURS, GUPNP_TOOLS, ASYNC], ids=["ours", "gupnp-tools", "async_upnp_client"])
def test_a_light_is_followed_and_unsubscribed_from_at_ctrl_c(
    light: Light, scene: tuple[Pair, Asker], gupnp_python: str
) -> None:
    pair, asker = scene
    with light.run(pair, gupnp_python), open_sniffer(pair.device) as sniffer, asker.following(light.name) as followed:
        first = followed.event(0)
        assert (first["seq"], first["initial"], first["service"]) == (0, True, "SwitchPower")
        assert set(first["values"]) == {"Status"}
        value = bool(first["values"]["Status"])
        for number in (1, 2, 3):
            value = not value
            asker.switch(light.name, value)
            event = followed.event(number)
            assert (event["seq"], event["values"], event["initial"]) == (number, {"Status": value}, False)
        assert not sniffer.has(b"UNSUBSCRIBE ")
        assert followed.program.stop(signal.SIGINT) == 0
        assert followed.program.errors == ""
        assert sniffer.has(b"UNSUBSCRIBE ")


@pytest.mark.parametrize("light", [OURS, GUPNP, ASYNC], ids=["ours", "gupnp", "async_upnp_client"])
def test_a_light_is_followed_through_its_restart(light: Light, scene: tuple[Pair, Asker], gupnp_python: str) -> None:
    pair, asker = scene
    with ExitStack() as stack:
        with light.run(pair, gupnp_python):
            followed = stack.enter_context(asker.following(light.name))
            assert followed.event(0)["initial"]
        with light.run(pair, gupnp_python):
            event = followed.event(1)
            assert (event["initial"], event["resubscribed"]) == (True, True)
            value = not event["values"].get("Status", False)
            asker.switch(light.name, value)
            assert followed.event(2)["values"] == {"Status": value}
        assert followed.program.stop(signal.SIGINT) == 0


def test_a_light_is_followed_to_another_address(scene: tuple[Pair, Asker]) -> None:
    pair, asker = scene
    with OURS.run(pair, ""), asker.following(OURS.name) as followed:
        assert followed.event(0)["initial"]
        pair.device.ip("address", "del", f"{pair.device_address}/24", "dev", LINK)
        pair.device.ip("address", "add", "10.77.0.7/24", "dev", LINK)
        assert followed.event(1)["resubscribed"]
        asker.switch(OURS.name, True)
        assert followed.event(2)["values"] == {"Status": True}
        assert followed.program.stop(signal.SIGINT) == 0


def test_events_follow_this_host_to_another_address(scene: tuple[Pair, Asker]) -> None:
    pair, asker = scene
    with OURS.run(pair, ""), asker.following(OURS.name) as followed:
        assert followed.event(0)["initial"]
        pair.asker.ip("address", "del", f"{pair.asker_address}/24", "dev", LINK)
        pair.asker.ip("address", "add", "10.77.0.9/24", "dev", LINK)
        assert followed.event(1)["resubscribed"]
        asker.switch(OURS.name, True)
        assert followed.event(2)["values"] == {"Status": True}
        assert followed.program.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("scope", ["link-local", "unique local"])
def test_a_light_is_followed_over_ipv6(scope: str, pair: Pair, serve_both: Serve, tmp_path: Path) -> None:
    for host, address in ((pair.device, "fd77::1"), (pair.asker, "fd77::2")):
        host.ip("address", "add", f"{address}/64", "dev", LINK, "nodad")
    address = link_local(pair.device) if scope == "link-local" else "fd77::1"
    served, asker = serve_both(pair.device, EVERY_TYPE.file), Asker(pair.asker, tmp_path)
    (location,) = [each for each in served.locations if f"//[{address}]:" in each]
    url = location.replace("]", f"%25{LINK}]") if scope == "link-local" else location
    with asker.following(url) as followed:
        assert followed.event(0)["values"] == {"Status": False}
        asker.switch(url, True)
        assert followed.event(1)["values"] == {"Status": True}
        assert followed.program.stop(signal.SIGINT) == 0
