"""async_upnp_client, Home Assistant's control point, finds the device and reads it, strictly."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.processes import Program
from tests.network.served import GATEWAY, JAMBON
from tests.network.ssdp import wait_until_member

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Scene, Serve

pytestmark = pytest.mark.interop

SCRIPT = Path(__file__).parent / "read_description.py"


@pytest.mark.parametrize(
    ("target", "usns"),
    [("ssdp:all", JAMBON.usns), *((target, {usn}) for target, usn in JAMBON.rows)],
    ids=["all", "root device", "UDN", "device type", "service type"],
)
def test_its_command_finds_the_device(jambon: Scene, upnp_client: str, target: str, usns: set[str]) -> None:
    # its timeout is the MX as well
    command = [upnp_client, "--strict", "--timeout", "2", "search"]
    where = ["--bind", jambon.pair.asker_address, "--search_target", target]
    done = jambon.pair.asker.run(*command, *where)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(answer["USN"] for answer in found) == sorted(usns)
    assert {answer["location"] for answer in found} == {jambon.served.location}
    assert {answer["_udn"] for answer in found} == {"uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"}


def test_its_command_finds_the_device_at_its_address(jambon: Scene, upnp_client: str) -> None:
    where = ["--bind", jambon.pair.asker_address, "--target", jambon.pair.device_address]
    done = jambon.pair.asker.run(upnp_client, "--strict", "--timeout", "2", "search", *where)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(json.loads(line)["USN"] for line in done.stdout.splitlines()) == sorted(JAMBON.usns)


def test_its_command_receives_the_announcements_and_the_byebyes(pair: Pair, serve: Serve, upnp_client: str) -> None:
    command = [upnp_client, "advertisements", "--bind", pair.asker_address]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with Program(pair.asker.command(*command), env=env) as listening:
        wait_until_member(pair.asker)
        served = serve(pair.device, JAMBON.file)
        listening.wait_until(lambda done: _usns(done, "ssdp:alive") == JAMBON.usns, "the whole set")
        served.stop()
        listening.wait_until(lambda done: _usns(done, "ssdp:byebye") == JAMBON.usns, "the whole set's end")


def _usns(done: str, kind: str) -> set[str]:
    received = [json.loads(line) for line in done.splitlines() if line.endswith("}")]
    return {message["USN"] for message in received if message["NTS"] == kind}


def test_its_library_reads_the_device_and_its_service(jambon: Scene) -> None:
    done = jambon.pair.asker.run(sys.executable, str(SCRIPT), jambon.served.location)
    assert (done.returncode, done.stderr) == (0, "")
    device = json.loads(done.stdout)
    assert device["friendly_name"] == "Jambon 3000"
    assert device["manufacturer"] == "Boucherie numérique SAS"
    assert device["udn"] == "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
    assert device["device_type"] == "urn:schemas-upnp-org:device:Basic:1"
    assert len(device["icons"]) == 2
    (service,) = device["services"]
    assert service["service_type"] == "urn:boucherie-example-com:service:Jambon:1"
    assert service["service_id"] == "urn:boucherie-example-com:serviceId:Jambon"
    assert service["state_variables"]


def test_its_library_reads_embedded_devices(gateway: Scene) -> None:
    done = gateway.pair.asker.run(sys.executable, str(SCRIPT), gateway.served.location)
    assert (done.returncode, done.stderr) == (0, "")
    device = json.loads(done.stdout)
    assert device["friendly_name"] == "Passerelle"
    assert device["embedded"] == ["WAN connection", "WAN side"]
    types = {service["service_type"] for service in device["services"]}
    assert types == {target for target, _ in GATEWAY.rows if ":service:" in target}
