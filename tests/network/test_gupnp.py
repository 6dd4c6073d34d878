"""GSSDP and GUPnP, GNOME's control points, find the device, read it, and see it go."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.served import GATEWAY, JAMBON, Example
from tests.network.ssdp import wait_until_member

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent


@pytest.fixture
def gssdp_discover(request: pytest.FixtureRequest) -> list[str]:
    """The command that shows what GSSDP sees: GSSDP's own, or the same in a few lines of ours."""
    own = shutil.which("gssdp-discover")
    if own is not None:
        return [own, "--interface", LINK, "--message-type", "all"]
    return [request.getfixturevalue("gssdp_python"), str(HERE / "gssdp_discover.py"), LINK]


def _available(output: str) -> set[tuple[str, str]]:
    """The USNs that came, each with its LOCATION."""
    return set(re.findall(r"^resource available\n +USN: +(\S+)\n +Location: (\S+)$", output, re.MULTILINE))


def _unavailable(output: str) -> set[str]:
    """The USNs that went."""
    return set(re.findall(r"^resource unavailable\n +USN: +(\S+)$", output, re.MULTILINE))


@pytest.mark.parametrize("example", [JAMBON, GATEWAY], ids=["jambon", "gateway"])
def test_gssdp_finds_the_whole_set_by_searching_and_sees_it_go(
    example: Example, pair: Pair, serve: Serve, gssdp_discover: list[str]
) -> None:
    served = serve(pair.device, example.file)
    # all that is sent without being asked for is sent before the search
    served.program.wait_until(lambda output: output.count(" announced (") == 3, "the third announcement")
    with Program(pair.asker.command(*gssdp_discover)) as discover:
        expected = {(usn, served.location) for usn in example.usns}
        discover.wait_until(lambda output: len(_available(output)) >= len(expected), "the whole set")
        assert _available(discover.output) == expected
        assert _unavailable(discover.output) == set()
        served.stop()
        discover.wait_until(lambda output: len(_unavailable(output)) >= len(expected), "the whole set's end")
        assert _unavailable(discover.output) == example.usns


@pytest.mark.parametrize("example", [JAMBON, GATEWAY], ids=["jambon", "gateway"])
def test_gssdp_receives_the_whole_set_announced(
    example: Example, pair: Pair, serve: Serve, gssdp_discover: list[str]
) -> None:
    with Program(pair.asker.command(*gssdp_discover)) as discover:
        wait_until_member(pair.asker)
        served = serve(pair.device, example.file)
        expected = {(usn, served.location) for usn in example.usns}
        discover.wait_until(lambda output: len(_available(output)) >= len(expected), "the whole set")
        assert _available(discover.output) == expected


def test_gssdp_finds_the_device_of_its_own_host(pair: Pair, serve: Serve, gssdp_discover: list[str]) -> None:
    served = serve(pair.device, JAMBON.file)
    with Program(pair.device.command(*gssdp_discover)) as discover:
        expected = {(usn, served.location) for usn in JAMBON.usns}
        discover.wait_until(lambda output: _available(output) == expected, "the whole set")


def test_gupnp_reads_the_device_and_sees_it_go(pair: Pair, serve: Serve, gupnp_python: str) -> None:
    served = serve(pair.device, JAMBON.file)
    script = str(HERE / "gupnp_control_point.py")
    command = [gupnp_python, script, LINK, "urn:schemas-upnp-org:device:Basic:1"]
    with Program(pair.asker.command(*command)) as control_point:
        udn = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
        came = control_point.wait_for("^available .*$").group()
        assert came == f"available {udn} 'Jambon 3000' urn:boucherie-example-com:service:Jambon:1"
        served.stop()
        assert control_point.wait_for("^unavailable .*$").group() == f"unavailable {udn}"
        assert control_point.stop() == 0
