"""The tools of these tests themselves."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.network.demands import demand
from tests.network.namespaces import NamespaceError, Network, open_network
from tests.network.processes import Program

if TYPE_CHECKING:
    from tests.network.scenes import Pair


def test_a_missing_tool_skips_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    demand(None)
    with pytest.raises(pytest.skip.Exception, match=r"^the moon is missing$"):
        demand("the moon is missing")


def test_a_missing_tool_fails_a_test_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    demand(None)
    with pytest.raises(pytest.fail.Exception, match="the moon is missing"):
        demand("the moon is missing")


def test_the_output_of_a_program_is_collected_and_its_exit_status_kept() -> None:
    code = "import sys; print('ready', flush=True); print(input(), file=sys.stderr); sys.exit(3)"
    with Program([sys.executable, "-c", code]) as program:
        program.wait_for("^ready$")
        assert program.is_running
        program.write_line("received")
        assert program.wait() == 3
    assert (program.output, program.errors) == ("ready", "received")


def test_waiting_for_output_that_never_comes_ends_with_the_program() -> None:
    with (
        Program([sys.executable, "-c", "print('something else')"]) as program,
        pytest.raises(AssertionError, match="something else"),
    ):
        program.wait_for("ready")


def test_a_program_does_not_outlive_its_context() -> None:
    with Program([sys.executable, "-c", "input()"]) as program:
        assert program.is_running
    assert not program.is_running


@pytest.mark.interop
@pytest.mark.usefixtures("possible")
def test_a_network_is_gone_after_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), open_network() as network:
        names = {network.add_host("a").name, network.add_host("b").name}
        assert names <= _namespaces()
        raise ZeroDivisionError
    assert not names & _namespaces()


@pytest.mark.interop
@pytest.mark.usefixtures("possible")
def test_one_namespace_that_is_gone_already_does_not_keep_the_others() -> None:
    def lose_one() -> list[str]:
        with open_network() as network:
            kept, lost = network.add_host("kept"), network.add_host("lost")
            subprocess.run(["ip", "netns", "delete", lost.name], check=True)
            names.append(kept.name)
        return names

    names: list[str] = []
    with pytest.raises(NamespaceError, match="lost"):
        lose_one()
    assert not set(names) & _namespaces()


@pytest.mark.interop
def test_a_host_of_a_network_has_no_way_out(network: Network) -> None:
    host = network.add_host("alone")
    with host.open_socket(socket.SOCK_DGRAM) as outward, pytest.raises(OSError, match="unreachable"):
        outward.connect(("192.0.2.1", 1900))


@pytest.mark.interop
def test_a_socket_belongs_to_the_host_that_opened_it(pair: Pair) -> None:
    with pair.device.open_socket(socket.SOCK_DGRAM) as near, pair.asker.open_socket(socket.SOCK_DGRAM) as far:
        near.bind((pair.device_address, 0))
        far.sendto(b"hello", near.getsockname())
        near.settimeout(30)
        datagram, (peer, _) = near.recvfrom(100)
    assert (datagram, peer) == (b"hello", pair.asker_address)


def _namespaces() -> set[str]:
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in listed.splitlines()}
