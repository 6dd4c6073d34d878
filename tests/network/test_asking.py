"""The network of a control point on real links: both versions of IP, zones, routes, and devices of ours to be found."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.network.following import lay_cable
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.processes import Program
from tests.network.scenes import BROADCAST_ADDRESS
from tests.network.served import GATEWAY, JAMBON, REPOSITORY
from tests.network.ssdp import GROUP, m_search, open_searcher
from tests.network.ssdp6 import LINK_LOCAL, link_local

if TYPE_CHECKING:
    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

MX = 1


def _command(host: Namespace, *order: str) -> list[str]:
    return host.command(sys.executable, "-W", "error", "-m", "tests.network.asking", *order)


def _ask(host: Namespace, *order: str) -> list[dict[str, Any]]:
    """What the control point's network on *host* gives, a dictionary for each line."""
    with Program(_command(host, *order), cwd=REPOSITORY) as program:
        assert program.wait() == 0, program.errors
    assert program.errors == ""
    return [json.loads(line) for line in program.output.splitlines()]


def _refusal(host: Namespace, *order: str) -> str:
    with Program(_command(host, *order), cwd=REPOSITORY) as program:
        assert program.wait() == 1
    return program.errors.splitlines()[-1]


def test_a_device_is_found_on_both_versions_and_its_description_is_fetched(pair: Pair, serve_both: Serve) -> None:
    own, theirs = link_local(pair.asker), link_local(pair.device)
    serve_both(pair.device, "--interface", LINK, JAMBON.file)
    for address, device in ((pair.asker_address, pair.device_address), (own, theirs)):
        for to in ((), (device,)):
            (answer,) = _ask(pair.asker, "search", address, *to)
            assert answer["source"] == device
            assert urlsplit(answer["location"]).hostname == device
            # nothing is answered before it is asked; a busy machine may be late
            assert 0 < answer["latency"] < MX + 1
        (fetched,) = _ask(pair.asker, "fetch", answer["location"], LINK)
        assert fetched == {"status": "HTTP/1.1 200 OK", "name": "Jambon 3000", "address": address}


def test_announcements_and_the_searches_of_others_are_received(pair: Pair, serve_both: Serve) -> None:
    theirs = link_local(pair.device)
    link_local(pair.asker)
    with Program(_command(pair.asker, "receive", LINK), cwd=REPOSITORY) as program:
        program.wait_for(r"^\{\"receivers\": 4\}$")  # two groups, two broadcast addresses
        with open_searcher(pair.device) as searcher:
            for address in (GROUP, BROADCAST_ADDRESS, "255.255.255.255"):
                searcher.send(m_search("ssdp:all"), address)
                program.wait_for(rf'"to": "{address}", "text": "M-SEARCH')
        serve_both(pair.device, "--interface", LINK, JAMBON.file)
        program.wait_for(rf'"source": "{pair.device_address}", "to": "{GROUP}", "text": "NOTIFY')
        program.wait_for(rf'"source": "{theirs}", "to": "{LINK_LOCAL}", "text": "NOTIFY')


def test_a_control_point_leaves_unicast_searches_to_the_device_on_its_host(pair: Pair, serve: Serve) -> None:
    serve(pair.device, JAMBON.file)
    with Program(_command(pair.device, "receive", LINK), cwd=REPOSITORY) as program:
        program.wait_for(r"^\{\"receivers\": \d\}$")
        for _ in range(2):
            assert len(_ask(pair.asker, "search", pair.asker_address, pair.device_address)) == 1
            # the device's own multicast reaches both of them
        assert len(_ask(pair.asker, "search", pair.asker_address)) == 1
        program.wait_for(rf'"source": "{pair.asker_address}", "to": "{GROUP}", "text": "M-SEARCH')
        assert program.output.count("M-SEARCH") == 1


def test_an_address_beyond_the_link_is_faced_asked_and_fetched_by_the_routes(
    network: Network, pair: Pair, serve: Serve
) -> None:
    far = network.add_host("far")
    network.join((pair.device, "far0", "10.78.0.1/24"), (far, LINK, "10.78.0.2/24"))
    assert pair.device.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1").returncode == 0
    far.ip("route", "add", "10.77.0.0/24", "via", "10.78.0.1")
    served = serve(far, "--answer-off-link", JAMBON.file)
    assert "cannot find a way to 10.78.0.2: Network is unreachable" in _refusal(pair.asker, "face", "10.78.0.2")
    pair.asker.ip("route", "add", "10.78.0.0/24", "via", pair.device_address)
    assert _ask(pair.asker, "face", "10.78.0.2") == [{"address": pair.asker_address, "interface": LINK}]
    (answer,) = _ask(pair.asker, "search", pair.asker_address, "10.78.0.2")
    assert answer["source"] == "10.78.0.2"
    (fetched,) = _ask(pair.asker, "fetch", served.location)
    assert fetched == {"status": "HTTP/1.1 200 OK", "name": "Jambon 3000", "address": pair.asker_address}


def test_an_ipv4_link_local_device_is_asked_and_fetched_on_its_own_link(network: Network, serve: Serve) -> None:
    asker, left, right = network.add_host("asker"), network.add_host("left"), network.add_host("right")
    ends = (("left", left, "169.254.7.1", JAMBON), ("right", right, "169.254.7.2", GATEWAY))
    for link, device, own, example in ends:
        network.join((asker, link, f"{own}/16"), (device, LINK, "169.254.7.9/16"))
        serve(device, example.file)
    names = {}
    for link, _, own, _ in ends:
        for to in ((), ("169.254.7.9",)):
            (answer,) = _ask(asker, "search", own, *to)
            assert answer["source"] == "169.254.7.9"
        (fetched,) = _ask(asker, "fetch", answer["location"], link)
        assert fetched["address"] == own
        names[link] = fetched["name"]
    assert names == {"left": "Jambon 3000", "right": "Passerelle"}


def test_an_ipv6_link_local_address_needs_its_zone_on_a_host_with_two_links(network: Network) -> None:
    asker, left, right = network.add_host("asker"), network.add_host("left"), network.add_host("right")
    lay_cable((asker, "left"), (left, LINK))
    link_local(asker, "left")
    peer = link_local(left)
    assert _ask(asker, "face", peer) == [{"address": link_local(asker, "left"), "interface": "left"}]
    lay_cable((asker, "right"), (right, LINK))
    own = link_local(asker, "right")
    assert _ask(asker, "face", peer, "right") == [{"address": own, "interface": "right"}]
    refusal = _refusal(asker, "face", peer)
    assert f"there is no way to {peer} without its zone" in refusal
    assert "left, right" in refusal
