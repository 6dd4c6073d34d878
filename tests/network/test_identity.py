"""The identity of a device: a UUID, the same at every start and different in each program and host, and BOOTID."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.following import boot_ids, search_until
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.served import JAMBON, REPOSITORY, Served, command, open_served

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


def test_a_second_program_with_the_same_device_takes_another_udn_and_logs_it(pair: Pair, nameless: Path) -> None:
    seconds: set[str] = set()
    with open_served(pair.device, nameless) as first:
        for _ in range(2):
            with open_served(pair.device, nameless) as second:
                second.program.wait_for_error("WARNING: another program")  # it is another stream than the output
                assert second.program.errors == (
                    "WARNING: another program on this host already serves Nameless; "
                    f"this one serves it as {_udn(second)}"
                )
                seconds.add(_udn(second))
                answers = search_until(pair.asker, lambda received: len(received) >= 2)
                assert {answer["USN"] for answer in answers} == {
                    f"{_udn(each)}::upnp:rootdevice" for each in (first, second)
                }
                assert second.program.stop() == 0
        # the byebye of the second one is about itself alone
        answers = search_until(pair.asker, lambda received: len(received) >= 1)
        assert [answer["USN"] for answer in answers] == [f"{_udn(first)}::upnp:rootdevice"]
    assert len(seconds) == 1
    assert seconds != {_udn(first)}


def test_a_second_program_with_the_same_explicit_udn_is_refused_at_once(
    network: Network, pair: Pair, serve: Serve
) -> None:
    serve(pair.device, JAMBON.file)
    second = pair.device.run(*command(JAMBON.file), cwd=REPOSITORY)
    udn = JAMBON.rows[1][1]
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"Error: another program on this host serves {udn}; stop it, or give this device another UDN (--uuid or udn=)\n"
    )
    serve(network.add_host("other"), JAMBON.file).stop()  # another host has claims of its own


def test_a_claim_ends_with_the_program_that_was_killed(pair: Pair, nameless: Path) -> None:
    with open_served(pair.device, nameless) as killed:
        udn = _udn(killed)
        killed.program.stop(signal.SIGKILL)
    with open_served(pair.device, nameless) as served:
        assert _udn(served) == udn


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "STATE_DIRECTORY"])
def test_boot_id_rises_over_starts_although_the_clock_is_behind(
    variable: str, pair: Pair, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    kept = (tmp_path if variable == "STATE_DIRECTORY" else tmp_path / "upnp_trio") / "boot_id"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("2000000000\n")  # 2033
    for expected in (2000000001, 2000000002):
        served = serve(pair.device, JAMBON.file)
        assert boot_ids(search_until(pair.asker, lambda received: len(received) >= 1)) == {expected}
        served.stop()
    assert kept.read_text() == "2000000002\n"


def test_boot_id_needs_no_home_and_no_directory_that_can_be_written_to(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/proc/upnp_trio")
    with open_served(pair.device, "--log-level", "info", JAMBON.file) as served:
        assert "/proc/upnp_trio" in served.program.wait_for_error(r"^INFO: BOOTID .*$").group()
        assert served.program.stop() == 0


def _has(host: Namespace, link: str) -> bool:
    return host.run("ip", "link", "show", link).returncode == 0
