"""``upnp-trio search`` and ``ping`` on real links: our devices, GUPnP's, and how they end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.gupnp_lights import gupnp_light
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.served import GATEWAY, JAMBON, REPOSITORY, command, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.network.namespaces import Namespace, Network
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

SECONDS = 60


def ask(host: Namespace, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command on *host* to its end."""
    return subprocess.run(
        host.command(*command(*words)),
        cwd=REPOSITORY,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- search ----------------------------------------------------------------------------------------------------------


def test_each_root_device_is_one_object_with_its_name(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file, GATEWAY.file)
    found = {device["name"]: device for device in objects(ask(pair.asker, "search", "--json"))}
    assert set(found) == {"Jambon 3000", "Passerelle"}
    assert {device["location"] for device in found.values()} == set(served.locations)
    assert found["Jambon 3000"]["address"] == pair.device_address
    # every answer of the gateway, with its two embedded devices, is that of one root device
    everything = objects(ask(pair.asker, "search", "all", "--json"))
    assert sorted(device["name"] for device in everything) == sorted(found)


def test_a_device_on_two_links_and_both_versions_of_ip_is_one_line(
    network: Network, pair: Pair, serve_both: Serve
) -> None:
    network.join((pair.device, "eth1", "10.78.0.1/24"), (pair.asker, "eth1", "10.78.0.2/24"))
    served = serve_both(pair.device, "--interface", LINK, "--interface", "eth1", JAMBON.file)
    assert len(served.locations) >= 2
    done = ask(pair.asker, "search")
    assert (done.returncode, done.stderr) == (0, "")
    head, line = done.stdout.splitlines()
    assert head.split() == ["NAME", "TYPE", "MAKER", "AND", "MODEL", "LATENCY", "ADDRESS"]
    # a slow machine may not have read its name in time for the first line
    assert re.match(r"(Jambon 3000|uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363) ", line)


def test_all_shows_every_row(pair: Pair, serve: Serve) -> None:
    serve(pair.device, GATEWAY.file)
    rows = objects(ask(pair.asker, "search", "all", "--all", "--json"))
    assert {row["usn"] for row in rows} == GATEWAY.usns
    assert len(rows) == len(GATEWAY.rows)
    assert all(0 < row["latency_ms"] < 2500 for row in rows)


def test_one_address_can_be_asked(pair: Pair, serve: Serve) -> None:
    serve(pair.device, JAMBON.file)
    (found,) = objects(ask(pair.asker, "search", "--to", pair.device_address, "--json"))
    assert found["name"] == "Jambon 3000"


def test_nothing_is_status_3(pair: Pair) -> None:
    done = ask(pair.asker, "search", "MediaServer")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Nothing answered a search for urn:schemas-upnp-org:device:MediaServer:1. ")


def test_without_a_network_it_is_status_1(network: Network) -> None:
    host = network.add_host("alone")
    host.ip("link", "set", "lo", "down")
    done = ask(host, "search")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: cannot search: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_search_at_once_with_status_130(pair: Pair, serve: Serve, number: signal.Signals) -> None:
    serve(pair.device, JAMBON.file)
    words = command("search", "all", "--all", "--mx", "5")
    with Program(pair.asker.command(*words), cwd=REPOSITORY, env=environment()) as program:
        program.wait_for("uuid:")
        assert program.stop(number) == 130
    assert program.errors == ""


def test_gupnp_s_device_is_found_with_its_name_and_pinged(pair: Pair, gupnp_python: str, tmp_path: Path) -> None:
    with gupnp_light(pair.device, gupnp_python, tmp_path):
        # it says nowhere when it has started
        searches = (ask(pair.asker, "search", "--json") for _ in range(20))
        (found,) = objects(next(done for done in searches if done.stdout))
        assert (found["name"], found["manufacturer"], found["problem"]) == ("Light", "Benchmarks", None)
        words = ["ping", found["udn"], "--multicast", "--http", "--count", "5", "--rate", "10", "--json"]
        shown = objects(ask(pair.asker, *words))
        assert [each["answered"] for each in shown if each["kind"] == "summary"] == [5, 5]
        # it ignores searches without MX, which unicast searches do not have
        done = ask(pair.asker, "ping", found["udn"], "--count", "1")
        assert done.returncode == 3
        assert "answers searches by multicast, but none to its address" in done.stderr


# --- ping ------------------------------------------------------------------------------------------------------------


def test_each_way_is_measured(pair: Pair, serve: Serve) -> None:
    serve(pair.device, JAMBON.file)
    words = ["--unicast", "--multicast", "--http", "--count", "5", "--rate", "10", "--json"]
    shown = objects(ask(pair.asker, "ping", pair.device_address, *words))
    summaries = {each["method"]: each for each in shown if each["kind"] == "summary"}
    assert set(summaries) == {"unicast", "multicast", "http"}
    for summary in summaries.values():
        assert (summary["sent"], summary["answered"], summary["lost"]) == (5, 5, 0)
        assert 0 < summary["min_ms"] <= summary["p50_ms"] <= summary["p99_ms"] <= summary["max_ms"]
    assert len([each for each in shown if each["kind"] == "probe"]) == 15


def test_ctrl_c_ends_a_ping_with_its_summary_and_status_0(pair: Pair, serve: Serve) -> None:
    serve(pair.device, JAMBON.file)
    with Program(
        pair.asker.command(*command("ping", pair.device_address)), cwd=REPOSITORY, env=environment()
    ) as program:
        program.wait_for("seq=2")
        assert program.stop(signal.SIGINT) == 0
    assert program.errors == ""
    assert re.search(r"^DEVICE .*\n10\.77\.0\.1  unicast  +[23]  +0  ", program.output, re.MULTILINE)


def test_no_answer_is_status_3(pair: Pair) -> None:
    done = ask(pair.asker, "ping", pair.device_address, "--count", "2", "--rate", "10", "--timeout", "0.2")
    assert done.returncode == 3
    assert "2  2 (100.0%)" in done.stdout
