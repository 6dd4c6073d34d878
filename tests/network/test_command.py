"""The command beside other processes, with several devices, at its end, and where it cannot serve."""

from __future__ import annotations

import re
import signal
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.network.fetching import fetch, open_stream, read_answer
from tests.network.namespaces import LINK
from tests.network.processes import PATIENCE_SECONDS, Program
from tests.network.served import GATEWAY, JAMBON, REPOSITORY, Served, command, environment
from tests.network.ssdp import m_search, open_listener, open_searcher

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.network.namespaces import Namespace, Network
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop


def test_two_processes_on_one_host_are_both_found(pair: Pair, serve: Serve) -> None:
    jambon = serve(pair.device, JAMBON.file)
    gateway = serve(pair.device, GATEWAY.file)
    assert jambon.port != gateway.port
    with open_searcher(pair.asker) as searcher:
        searcher.send(m_search("ssdp:all"))
        received = searcher.receive(len(JAMBON.rows) + len(GATEWAY.rows))
    expected = {(usn, jambon.location) for usn in JAMBON.usns} | {(usn, gateway.location) for usn in GATEWAY.usns}
    assert {(answer["USN"], answer["LOCATION"]) for answer in received} == expected
    for served in (jambon, gateway):
        assert fetch(pair.asker, served.location).status == 200
    jambon.stop()
    with open_searcher(pair.asker) as searcher:
        searcher.send(m_search("upnp:rootdevice"))
        (left,) = searcher.receive(1)
    assert left["LOCATION"] == gateway.location


def test_two_devices_of_one_process_share_its_port(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file, GATEWAY.file)
    assert len(set(served.locations)) == 2
    assert served.port == 49152
    with open_searcher(pair.asker) as searcher:
        searcher.send(m_search("ssdp:all"))
        received = searcher.receive(len(JAMBON.rows) + len(GATEWAY.rows))
    assert {answer["USN"] for answer in received} == JAMBON.usns | GATEWAY.usns


def test_the_default_device_is_named_after_the_host_and_keeps_its_udn(pair: Pair, serve: Serve) -> None:
    descriptions = []
    for _ in range(2):
        served = serve(pair.device)
        descriptions.append(fetch(pair.asker, served.location).body)
        served.stop()
    assert b"<friendlyName>upnp_trio on " in descriptions[0]
    assert descriptions[0] == descriptions[1]


def test_a_second_ctrl_c_does_not_interrupt_the_byebye(pair: Pair, serve: Serve) -> None:
    with open_listener(pair.asker) as listener:
        served = serve(pair.device, JAMBON.file)
        served.program.signal(signal.SIGINT)
        served.stop(signal.SIGINT)
        expected = 2 * len(JAMBON.rows)
        received = listener.receive_until(lambda messages: sum(message.is_byebye for message in messages) >= expected)
    assert sorted(message["USN"] for message in received if message.is_byebye) == sorted(2 * list(JAMBON.usns))


def test_open_connections_do_not_keep_it_from_stopping(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file)
    with (
        open_listener(pair.asker) as listener,
        open_stream(pair.asker, served.location) as idle,
        open_stream(pair.asker, served.location) as slow,
    ):
        idle.sendall(f"GET / HTTP/1.1\r\nHost: {urlsplit(served.location).netloc}\r\n\r\n".encode())
        assert read_answer(idle).status in (200, 302)
        slow.sendall(b"GET / HTTP/1.1\r\n")
        served.stop()
        assert idle.recv(1) == b""
        listener.receive_until(lambda messages: {each["USN"] for each in messages if each.is_byebye} == JAMBON.usns)


def test_it_shows_its_counters_on_sigusr1_and_what_it_refused_at_the_end(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file)
    with open_stream(pair.asker, served.location) as rebound:
        rebound.sendall(b"GET / HTTP/1.1\r\nHost: rebound.example.com\r\n\r\n")
        assert read_answer(rebound).status == 403
    served.program.signal(signal.SIGUSR1)
    served.program.wait_for_error(r"^ *refused: host refused +1$")
    assert fetch(pair.asker, served.location).status == 200
    assert served.program.stop() == 0
    assert re.search(r"^Stopped: .*HTTP requests 2\nRefused: host refused 1$", served.program.output, re.MULTILINE)


def test_the_default_port_is_the_first_free_one(pair: Pair, serve: Serve) -> None:
    with _listening(pair.device, pair.device_address, 49152):
        assert serve(pair.device, JAMBON.file).port == 49153


def test_a_service_manager_is_notified_when_the_device_is_found_and_when_it_stops(pair: Pair, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_SECONDS)
        notifications = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3600000000"}
        started = pair.device.command(*command("--quiet", "--ipv4-only", JAMBON.file))
        with Program(started, cwd=REPOSITORY, env=environment() | notifications) as program:
            received = {manager.recv(4096) for _ in range(2)}
            assert received == {b"WATCHDOG=1", b"READY=1\nSTATUS=Serving Jambon 3000"}
            with open_searcher(pair.asker) as searcher:
                searcher.send(m_search("upnp:rootdevice"))
                (answer,) = searcher.receive(1)
            assert fetch(pair.asker, answer["LOCATION"]).status == 200
            program.signal(signal.SIGTERM)
            assert manager.recv(4096) == b"STOPPING=1\nSTATUS=Sending byebye"
            assert (program.wait(), program.output, program.errors) == (0, "", "")


# --- no network yet, which is not an error -------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [[], ["--interface", LINK]], ids=["all", "the one that is down"])
def test_a_host_whose_interfaces_are_down_waits_for_one(wanted: list[str], pair: Pair, serve: Serve) -> None:
    pair.device.ip("link", "set", LINK, "down")
    pair.device.ip("link", "set", "lo", "down")
    _check_waiting(serve(pair.device, *wanted, JAMBON.file))


def test_a_host_without_any_address_waits_for_one(network: Network, serve: Serve) -> None:
    host = network.add_host("bare")
    host.ip("link", "set", "lo", "down")
    host.ip("address", "flush", "dev", "lo")
    _check_waiting(serve(host, JAMBON.file))


def _check_waiting(served: Served) -> None:
    assert served.locations == ()
    assert "no network yet; waiting for an interface" in served.program.output
    served.stop()


# --- where it cannot serve -----------------------------------------------------------------------------------------


def _run(host: Namespace, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return host.run(*command(*arguments), cwd=REPOSITORY)


def _check_one_clear_line(ended: subprocess.CompletedProcess[str], *facts: str) -> None:
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert re.fullmatch(r"Error: \S[^\n]*\n", ended.stderr), ended.stderr
    for fact in facts:
        assert fact in ended.stderr


def _listening(host: Namespace, address: str, port: int) -> socket.socket:
    listener = host.open_socket(socket.SOCK_STREAM)
    listener.bind((address, port))
    listener.listen()
    return listener


def test_udp_port_1900_held_by_a_program_that_does_not_share_it_is_reported_in_one_line(pair: Pair) -> None:
    with pair.device.open_socket(socket.SOCK_DGRAM) as holder:
        holder.bind(("0.0.0.0", 1900))
        _check_one_clear_line(_run(pair.device, JAMBON.file), "UDP port 1900", LINK)


def test_a_tcp_port_in_use_is_reported_in_one_line(pair: Pair) -> None:
    with _listening(pair.device, "0.0.0.0", 50123):
        _check_one_clear_line(_run(pair.device, "--port", "50123", JAMBON.file), "TCP port 50123", pair.device_address)


@pytest.mark.parametrize("unknown", ["eth7", "10.77.0.99", "192.0.2.0/24"])
def test_an_unknown_interface_is_reported_in_one_line_with_the_existing_ones(unknown: str, pair: Pair) -> None:
    ended = _run(pair.device, "--interface", unknown, JAMBON.file)
    _check_one_clear_line(ended, repr(unknown), LINK, pair.device_address)


def test_a_value_that_cannot_be_an_interface_is_reported_in_one_line(pair: Pair) -> None:
    _check_one_clear_line(_run(pair.device, "--interface", "", JAMBON.file), "''", "192.0.2.0/24")


def test_a_missing_file_is_reported_in_one_line(pair: Pair, tmp_path: Path) -> None:
    _check_one_clear_line(_run(pair.device, tmp_path / "missing.toml"), "missing.toml")


@pytest.mark.parametrize("wrong", [["--colour", "red"], ["--port", "0"], ["--port", "http"], ["--uuid", "17"]])
def test_a_wrong_option_is_wrong_usage(wrong: list[str], pair: Pair) -> None:
    ended = _run(pair.device, *wrong, JAMBON.file)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert wrong[0] in ended.stderr
    assert "Traceback" not in ended.stderr
