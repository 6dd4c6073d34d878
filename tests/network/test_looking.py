"""Interfaces that come and go during a look or an opening, so that each system call may meet one that is gone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.network.namespaces import Network
from tests.network.processes import Program
from tests.network.served import REPOSITORY

if TYPE_CHECKING:
    from tests.network.namespaces import Namespace

pytestmark = pytest.mark.interop

ROUNDS = 300


def _flap(host: Namespace, tmp_path: Path) -> None:
    """Make an interface with both kinds of addresses and delete it, again and again."""
    make = "link add flap0 type veth peer name flap1\nlink set flap0 up\nlink set flap1 up\n"
    address = "address add 10.77.9.1/24 dev flap0\naddress add fd77::9/64 dev flap0 nodad\n"
    batch = tmp_path / "ip.batch"
    batch.write_text((make + address + "link delete flap0\n") * ROUNDS)
    host.ip("-batch", str(batch))
    host.ip("link", "add", "last0", "type", "bridge")


def test_an_interface_that_vanishes_under_a_look_or_an_opening_is_a_state_of_the_network(
    network: Network, tmp_path: Path
) -> None:
    host = network.add_host("device")
    command = host.command(sys.executable, "-W", "error", "-m", "tests.network.looking", "last0")
    with Program(command, cwd=REPOSITORY) as program:
        _flap(host, tmp_path)
        assert program.wait() == 0, program.errors
    assert program.errors == ""
    counts = json.loads(program.output)
    assert counts["looks"] > 10
    assert counts["opened"] > 0
    assert counts["refused"] > 0


def test_an_interface_whose_name_is_not_ascii_is_listed_like_any_other(network: Network) -> None:
    host = network.add_host("device")
    host.ip("link", "add", "büro0", "type", "bridge")
    host.ip("link", "set", "büro0", "up")  # from now on /proc/net/if_inet6 has its name, too
    listed = host.run(sys.executable, "-m", "upnp_trio", "interfaces", cwd=REPOSITORY)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "büro0" in listed.stdout


def test_an_interface_whose_name_is_not_utf_8_is_an_error(network: Network) -> None:
    host = network.add_host("device")
    host.ip("link", "add", "\udcff\udcfe", "type", "bridge")  # two bytes that are not UTF-8
    listed = host.run(sys.executable, "-m", "upnp_trio", "interfaces", cwd=REPOSITORY)
    assert listed.returncode == 1
    assert "cannot list the interfaces of this host: 'utf-8' codec" in listed.stderr.splitlines()[-1]
