"""The UUID of a device whose file has none: another one on each host, the same one at every start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.following import search_until
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.served import Served

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """A device file without ``udn``."""
    file = tmp_path / "nameless.toml"
    file.write_text(
        'device_type = "urn:schemas-upnp-org:device:Basic:1"\n'
        'friendly_name = "Nameless"\n'
        'manufacturer = "The upnp_trio developers"\n'
        'model_name = "Nameless"\n'
    )
    return file


def _udn(served: Served) -> str:
    (udn,) = re.findall(r"^ +(uuid:\S+)$", served.program.output, re.MULTILINE)
    return str(udn)


def test_hosts_from_one_image_have_devices_of_their_own(pair: Pair, serve: Serve, nameless: Path) -> None:
    """They share the machine id, as these namespaces do; their network cards differ."""
    near, far = serve(pair.device, nameless), serve(pair.asker, nameless)
    assert _udn(near) != _udn(far)
    answers = search_until(pair.asker, lambda received: len(received) >= 2)
    assert {answer["USN"] for answer in answers} == {f"{_udn(each)}::upnp:rootdevice" for each in (near, far)}


def test_a_device_keeps_its_uuid_over_starts_and_interfaces(network: Network, serve: Serve, nameless: Path) -> None:
    device = network.add_host("device")
    for number in (1, 2):
        other = network.add_host(f"other{number}")
        network.join((device, f"link{number}", f"10.77.{number}.1/24"), (other, LINK, f"10.77.{number}.2/24"))
    udns: set[str] = set()
    for wanted in ([], [], ["--interface", "link1"], ["--interface", "link2"], ["--interface", "10.77.2.1"]):
        served = serve(device, *wanted, nameless)
        udns.add(_udn(served))
        served.stop()
    assert len(udns) == 1


def test_a_device_keeps_its_uuid_when_a_container_engine_comes(pair: Pair, serve: Serve, nameless: Path) -> None:
    udns = set()
    for _ in range(2):
        served = serve(pair.device, nameless)
        udns.add(_udn(served))
        served.stop()
        if len(udns) == 1 and not _has(pair.device, "docker0"):
            pair.device.ip("link", "add", "docker0", "address", "02:42:00:00:00:01", "type", "bridge")
    assert len(udns) == 1


def _has(host: Namespace, link: str) -> bool:
    return host.run("ip", "link", "show", link).returncode == 0
