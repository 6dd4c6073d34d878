"""Other programs on the device's host and its link: port 1900 is shared, and where it is not, an error reports it."""

from __future__ import annotations

import re
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.network.fetching import fetch
from tests.network.following import FOLLOW_SECONDS, answers_of, lay_cable
from tests.network.namespaces import LINK, Namespace, mreqn
from tests.network.processes import Program
from tests.network.scenes import SILENCE_SECONDS
from tests.network.served import GATEWAY, JAMBON, REPOSITORY, command, open_served
from tests.network.ssdp import GROUP, PORT, SsdpSocket, m_search, open_listener, open_searcher, wait_until_member
from tests.network.ssdp6 import link_local

if TYPE_CHECKING:
    from tests.network.namespaces import Network
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
ROWS = len(JAMBON.rows)
BOTH = JAMBON.usns | GATEWAY.usns
# what container engines call a bridge's end of a cable to a container
PORT_TO_GUEST = "veth7c1d2e3"

# Holds UDP port 1900 at an address, unshared, until it is ended, and prints its process id.
HOLDER = """
import os, socket, sys, time
holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
holder.bind((sys.argv[1], 1900))
print("pid", os.getpid(), flush=True)
sys.stdin.read()
"""


def _open_foreign(host: Namespace, link: str = LINK) -> SsdpSocket:
    """A socket as most other programs open it: port 1900 at every address, shared, and a membership."""
    receiver = SsdpSocket(host.open_socket(socket.SOCK_DGRAM))
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    receiver.socket.bind(("0.0.0.0", PORT))
    receiver.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, mreqn(GROUP, "0.0.0.0", host.index(link)))
    return receiver


def _check_both_answer(asker: Namespace) -> None:
    with open_searcher(asker) as searcher:
        answers = answers_of(searcher, len(BOTH))
    assert Counter(answer["USN"] for answer in answers) == Counter(dict.fromkeys(BOTH, 1))


def _check_receives(foreign: SsdpSocket) -> None:
    """*foreign* receives both devices announced, and the searches."""
    foreign.receive_until(lambda received: {each.headers.get("USN") for each in received if each.is_alive} >= BOTH)
    assert any(each.start_line.startswith("M-SEARCH") for each in foreign.receive_for(0.01))


def test_a_listener_that_was_there_first_and_two_devices_share_the_port(pair: Pair, serve_both: Serve) -> None:
    with _open_foreign(pair.device) as foreign:
        serve_both(pair.device, JAMBON.file)
        serve_both(pair.device, GATEWAY.file)
        _check_both_answer(pair.asker)
        _check_receives(foreign)


def test_two_devices_and_a_listener_that_comes_between_share_the_port(pair: Pair, serve_both: Serve) -> None:
    serve_both(pair.device, JAMBON.file)
    with _open_foreign(pair.device) as foreign:
        serve_both(pair.device, GATEWAY.file)
        _check_both_answer(pair.asker)
        with open_searcher(pair.asker) as searcher:
            searcher.send(m_search(GATEWAY.rows[1][0]))
            searcher.receive(1)
        foreign.receive_until(
            lambda received: {each.headers.get("USN") for each in received if each.is_alive} >= GATEWAY.usns
        )
        assert any(each.start_line.startswith("M-SEARCH") for each in foreign.receive_for(0.01))


@pytest.mark.parametrize("first", ["gssdp", "ours"])
def test_gssdp_on_the_same_host_and_two_devices_share_the_port(
    first: str, pair: Pair, serve_both: Serve, gssdp_python: str
) -> None:
    script = [gssdp_python, str(HERE / "gssdp_discover.py"), LINK]
    if first == "ours":
        serve_both(pair.device, JAMBON.file)
    with Program(pair.device.command(*script)) as discover:
        if first == "gssdp":
            wait_until_member(pair.device)
            serve_both(pair.device, JAMBON.file)
        serve_both(pair.device, GATEWAY.file)
        discover.wait_until(
            lambda output: set(re.findall(r"^ +USN: +(\S+)$", output, re.MULTILINE)) >= BOTH, "both devices"
        )
        _check_both_answer(pair.asker)


def test_a_holder_of_our_address_moves_unicast_searches_to_another_port(pair: Pair, serve: Serve) -> None:
    holder = [sys.executable, "-c", HOLDER, pair.device_address]
    with Program(pair.device.command(*holder)) as program, open_listener(pair.asker) as listener:
        program.wait_for("^pid ")
        served = serve(pair.device, JAMBON.file)
        with open_searcher(pair.asker) as searcher:
            answers = answers_of(searcher, ROWS)
        assert Counter(answer["USN"] for answer in answers) == Counter(dict.fromkeys(JAMBON.usns, 1))
        (port,) = {int(answer["SEARCHPORT.UPNP.ORG"]) for answer in answers}
        assert 49152 <= port <= 65535
        announced = listener.receive(ROWS)
        assert {message["SEARCHPORT.UPNP.ORG"] for message in announced} == {str(port)}
        with open_searcher(pair.asker) as searcher:
            searcher.send(m_search("ssdp:all", mx=None), pair.device_address, port)
            answers = searcher.receive(ROWS)
        assert {answer["USN"] for answer in answers} == JAMBON.usns
        served.stop()


def test_the_holder_of_the_whole_port_is_named_and_announcing_alone_works(pair: Pair, serve_both: Serve) -> None:
    with (
        Program(pair.device.command(sys.executable, "-c", HOLDER, "0.0.0.0")) as program,
        open_listener(pair.asker) as listener,
    ):
        pid = program.wait_for(r"^pid (\d+)$").group(1)
        ended = pair.device.run(*command("--ipv4-only", JAMBON.file), cwd=REPOSITORY)
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert re.fullmatch(r"Error: \S[^\n]*\n", ended.stderr), ended.stderr
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        assert "UDP port 1900" in ended.stderr
        assert f"{name!r} (pid {pid})" in ended.stderr
        assert listener.receive_for(0.01) == []

        served = serve_both(pair.device, "--announce-only", "--ipv4-only", JAMBON.file)
        received = listener.receive(3 * ROWS)
        assert {message["USN"] for message in received} == JAMBON.usns
        assert all("SEARCHPORT.UPNP.ORG" not in message.headers for message in received)
        assert fetch(pair.asker, received[0]["LOCATION"]).status == 200
        with open_searcher(pair.asker) as searcher:
            searcher.send(m_search("ssdp:all"))
            assert searcher.receive_for(SILENCE_SECONDS) == []
        served.stop()
        listener.receive_until(lambda messages: {each["USN"] for each in messages if each.is_byebye} == JAMBON.usns)


def test_what_is_advertised_is_in_every_location(pair: Pair, serve_both: Serve) -> None:
    url = "http://192.0.2.1:8080"
    with open_listener(pair.asker) as listener:
        served = serve_both(pair.device, "--advertise-url", url, JAMBON.file)
        with open_searcher(pair.asker) as searcher:
            answers = answers_of(searcher, ROWS)
        announced = listener.receive(3 * ROWS)
        assert len(answers) == ROWS
        locations = {message["LOCATION"] for message in (*answers, *announced)} | set(served.locations)
    (location,) = locations
    assert location.startswith(f"{url}/")
    path = urlsplit(location).path
    assert fetch(pair.asker, f"http://{pair.device_address}:49152{path}").status == 200


def test_a_device_on_another_host_with_our_udn_is_named_in_a_warning(pair: Pair) -> None:
    udn = "2fac1234-31f8-11b4-a222-08002b34c003"
    arguments: list[str | Path] = ["--ipv4-only", "--uuid", udn, JAMBON.file]
    with open_served(pair.device, *arguments) as ours, open_served(pair.asker, *arguments) as theirs:
        sides = ((ours, pair.asker_address), (theirs, pair.device_address))
        for served, other in sides:
            served.program.wait_for_error(rf"^WARNING: {re.escape(other)} on {LINK} .*{udn}.*$", FOLLOW_SECONDS)
        for served, _ in sides:
            assert served.program.stop() == 0
            lines = served.program.errors.splitlines()
            assert all(line.startswith("WARNING: ") for line in lines)
            assert len(lines) <= 2, "one warning, and perhaps one when the other leaves; not one for every announcement"


@pytest.mark.parametrize("nts", ["ssdp:alive", "ssdp:byebye"])
def test_another_program_on_this_host_with_our_udn_is_named_in_a_warning(nts: str, pair: Pair) -> None:
    """One that makes no claims: it is noticed when it announces."""
    udn = JAMBON.rows[1][1]
    theirs = "\r\n".join(
        [
            *("NOTIFY * HTTP/1.1", f"HOST: {GROUP}:{PORT}", "CACHE-CONTROL: max-age=1800", "SERVER: a UPnP/1.1 b"),
            *(f"LOCATION: http://{pair.device_address}:8080/d.xml", f"NT: {udn}", f"USN: {udn}", f"NTS: {nts}"),
            *("BOOTID.UPNP.ORG: 7", "", ""),
        ]
    )
    with (
        open_served(pair.device, "--ipv4-only", JAMBON.file) as served,
        open_searcher(pair.device, address=pair.device_address) as other,
        open_listener(pair.asker) as listener,
    ):
        listener.receive_for(SILENCE_SECONDS)
        before = len(listener.received)
        other.send(theirs.encode())
        where = rf"another program on this host \({pair.device_address} on {LINK}\)"
        served.program.wait_for_error(rf"^WARNING: {where} .* our {udn}; ", FOLLOW_SECONDS)
        # that datagram, and then three sets of announcements
        answered = listener.receive(before + 1 + 3 * ROWS)[before + 1 :]
        assert {message["USN"] for message in answered} == JAMBON.usns
        assert served.program.stop() == 0
        assert served.program.errors.count("WARNING") == 1, "none of our own messages is taken for another program's"


def test_a_container_bridge_is_skipped_beside_a_network_and_served_without_one(
    network: Network, pair: Pair, serve: Serve
) -> None:
    bridge = "172.17.0.1"
    pair.device.ip("link", "add", "docker0", "type", "bridge")
    # a bridge has a carrier when one of its ports has
    guest = network.add_host("guest")
    lay_cable((pair.device, PORT_TO_GUEST), (guest, LINK), up=False)
    pair.device.ip("link", "set", PORT_TO_GUEST, "master", "docker0", "addrgenmode", "none")
    for host, link in ((pair.device, "docker0"), (pair.device, PORT_TO_GUEST), (guest, LINK)):
        host.ip("link", "set", link, "up")
    pair.device.ip("address", "add", f"{bridge}/16", "dev", "docker0")
    served = serve(pair.device, JAMBON.file)
    assert urlsplit(served.location).hostname == pair.device_address
    served.stop()
    named = serve(pair.device, "--interface", "docker0", JAMBON.file)
    assert urlsplit(named.location).hostname == bridge
    named.stop()

    table = _table(pair.device)
    assert table["docker0"][0] == "no"
    assert "container" in table["docker0"][1]
    assert table[LINK][0] == "yes"
    pair.device.ip("link", "delete", LINK)
    served = serve(pair.device, JAMBON.file)
    assert urlsplit(served.location).hostname == bridge
    assert "docker0: a container engine's bridge, as nothing else can be served" in served.program.output
    assert fetch(pair.device, served.location).status == 200
    assert _table(pair.device)["docker0"][0] == "yes"


def test_a_bridge_s_cable_to_a_container_is_not_served(network: Network, pair: Pair) -> None:
    guest = network.add_host("guest")
    pair.device.ip("link", "add", "docker0", "type", "bridge")
    pair.device.ip("link", "set", "docker0", "up")
    lay_cable((pair.device, PORT_TO_GUEST), (guest, LINK))
    pair.device.ip("link", "set", PORT_TO_GUEST, "master", "docker0")
    link_local(pair.device, PORT_TO_GUEST)
    assert _table(pair.device)[PORT_TO_GUEST][0] == "no"


def test_the_interfaces_are_shown_with_what_was_decided_and_why(pair: Pair) -> None:
    pair.device.ip("link", "add", "cold0", "type", "veth", "peer", "name", "cold1")
    table = _table(pair.device)
    assert table["lo"] == ("no", "loopback: only this host could find the device")
    assert table[LINK] == ("yes", "up")
    assert table["cold0"] == ("no", "down")
    asked = _table(pair.device, "lo")
    assert asked["lo"] == ("yes", "asked for")
    assert asked[LINK] == ("no", "not asked for")
    unknown = pair.device.run(*command("interfaces", "eth7"), cwd=REPOSITORY)
    assert unknown.returncode == 1
    assert re.fullmatch(r"Error: [^\n]*'eth7'[^\n]*\n", unknown.stderr)


def _table(host: Namespace, *names: str) -> dict[str, tuple[str, str]]:
    """What the command `interfaces` shows: for each interface, whether it is served, and why."""
    ended = host.run(*command("interfaces", *names), cwd=REPOSITORY)
    assert (ended.returncode, ended.stderr) == (0, "")
    head, *rows = ended.stdout.splitlines()
    assert head.split() == ["INTERFACE", "SERVED", "ADDRESSES", "WHY"]
    cells = [re.split(r" {2,}", row) for row in rows]
    return {name: (served, why) for name, served, _, why in cells}
