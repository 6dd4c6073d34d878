"""Peers that have nothing but a link-local address, on a link where the device has others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.network.fetching import fetch
from tests.network.following import answers_of, lay_cable
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.served import JAMBON
from tests.network.ssdp import GROUP, Message, SsdpSocket, open_searcher
from tests.network.ssdp6 import SITE_LOCAL, link_local, open_searcher6

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

ROWS = len(JAMBON.rows)
PEER = "169.254.9.9"
ULA = "fd77::1"


def _accept_any_source(host: Namespace) -> None:
    """Take packets from sources that no route leads to, as hosts do that do not filter by the reverse path."""

    def write() -> None:
        for link in ("all", LINK):
            Path(f"/proc/sys/net/ipv4/conf/{link}/rp_filter").write_text("0")

    host.inside(write)


def _check(answers: Iterable[Message], own: str) -> None:
    answers = list(answers)
    assert Counter(answer["USN"] for answer in answers) == Counter(dict.fromkeys(JAMBON.usns, 1))
    assert {answer.peer for answer in answers} == {own}
    assert {urlsplit(answer["LOCATION"]).hostname for answer in answers} == {own}


def _search(searcher: SsdpSocket, address: str) -> list[Message]:
    searcher.received.clear()
    return answers_of(searcher, ROWS, address=address)


@pytest.mark.parametrize("elsewhere", ["nowhere", "to a router", "to another link"])
def test_an_ipv4_link_local_peer_is_answered_on_its_link_wherever_the_routes_lead(
    elsewhere: str, network: Network, pair: Pair, serve: Serve
) -> None:
    pair.asker.ip("address", "add", f"{PEER}/16", "dev", LINK)
    _accept_any_source(pair.device)
    if elsewhere == "to a router":
        pair.device.ip("route", "add", "default", "via", "10.77.0.254")
    elif elsewhere == "to another link":
        other = network.add_host("other")
        network.join((pair.device, "other0", "10.78.0.1/24"), (other, LINK, "10.78.0.2/24"))
        pair.device.ip("route", "add", "169.254.0.0/16", "dev", "other0")
    serve(pair.device, "--interface", LINK, JAMBON.file)
    with open_searcher(pair.asker, address=PEER) as searcher:
        for address in (GROUP, pair.device_address):
            _check(_search(searcher, address), pair.device_address)


def test_an_ipv4_link_local_peer_opens_the_location_if_a_route_leads_to_it(pair: Pair, serve: Serve) -> None:
    pair.asker.ip("address", "add", f"{PEER}/16", "dev", LINK)
    pair.device.ip("route", "add", "169.254.0.0/16", "dev", LINK)
    served = serve(pair.device, JAMBON.file)
    with open_searcher(pair.asker, address=PEER) as searcher:
        answers = _search(searcher, GROUP)
    _check(answers, pair.device_address)
    assert {answer["LOCATION"] for answer in answers} == {served.location}
    assert fetch(pair.asker, served.location, address=PEER).status == 200


def test_a_link_local_searcher_on_the_device_s_own_host_is_answered(pair: Pair, serve: Serve) -> None:
    pair.device.ip("address", "add", f"{PEER}/16", "dev", LINK)
    served = serve(pair.device, "--interface", pair.device_address, JAMBON.file)
    assert urlsplit(served.location).hostname == pair.device_address
    with open_searcher(pair.device, address=PEER) as searcher:
        _check(_search(searcher, GROUP), pair.device_address)


def test_two_links_with_the_same_link_local_peer_are_answered_each_on_its_own(network: Network, serve: Serve) -> None:
    device, left, right = network.add_host("device"), network.add_host("left"), network.add_host("right")
    for link, asker, own in (("left", left, "169.254.7.1"), ("right", right, "169.254.7.2")):
        network.join((device, link, f"{own}/16"), (asker, LINK, f"{PEER}/16"))
    serve(device, JAMBON.file)
    for asker, own in ((left, "169.254.7.1"), (right, "169.254.7.2")):
        with open_searcher(asker, address=PEER) as searcher:
            _check(_search(searcher, GROUP), own)


def test_an_ipv6_link_local_peer_is_answered_from_the_address_that_is_served(
    network: Network, serve_both: Serve, curl: str
) -> None:
    device, asker = network.add_host("device"), network.add_host("asker")
    lay_cable((device, LINK), (asker, LINK))
    device.ip("address", "add", f"{ULA}/64", "dev", LINK, "nodad")
    asker.ip("-6", "route", "add", f"{ULA}/64", "dev", LINK)
    link_local(device)  # without it, no route of the device leads to the link-local addresses of others
    served = serve_both(device, "--interface", ULA, JAMBON.file)
    with open_searcher6(asker, address=link_local(asker)) as searcher:
        for address in (SITE_LOCAL, ULA):
            _check(_search(searcher, address), ULA)
    fetched = asker.run(curl, "--silent", "--show-error", "--fail", "--globoff", "--max-time", "20", served.location)
    assert (fetched.returncode, fetched.stderr) == (0, "")
