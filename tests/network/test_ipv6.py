"""IPv6: the link's group and the site's, each with a LOCATION that its members can open (UDA 2.0 annex A)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.network.following import FOLLOW_SECONDS, answers_of, boot_ids, lay_cable, wait_until_served
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.scenes import SILENCE_SECONDS
from tests.network.served import JAMBON
from tests.network.ssdp import Message, m_search, open_listener, open_searcher
from tests.network.ssdp6 import LINK_LOCAL, SITE_LOCAL, link_local, open_listener6, open_searcher6

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

ROWS = len(JAMBON.rows)
ULA, ULA_ASKER = "fd77::1", "fd77::2"


@pytest.fixture
def cable(network: Network) -> tuple[Namespace, Namespace]:
    """Two hosts on a cable that has nothing but IPv6's link-local addresses."""
    device, asker = network.add_host("device"), network.add_host("asker")
    lay_cable((device, LINK), (asker, LINK))
    return device, asker


def _add_ula(device: Namespace, asker: Namespace) -> None:
    for host, address in ((device, ULA), (asker, ULA_ASKER)):
        host.ip("address", "add", f"{address}/64", "dev", LINK, "nodad")


def _check_once(answers: Iterable[Message]) -> None:
    assert Counter(answer["USN"] for answer in answers) == Counter(dict.fromkeys(JAMBON.usns, 1))


def _check_literal(messages: Iterable[Message], address: str) -> None:
    """The LOCATIONs name *address* without a zone, in brackets, and were sent from it."""
    for message in messages:
        assert urlsplit(message["LOCATION"]).netloc.rpartition(":")[0] == f"[{address}]"
        assert message.peer == address


def _check_nls(messages: Iterable[Message]) -> None:
    for message in messages:
        assert message["OPT"] == '"http://schemas.upnp.org/upnp/1/0/"; ns=01'
        assert message["01-NLS"] == message["BOOTID.UPNP.ORG"]


def _check_opens(host: Namespace, curl: str, url: str) -> None:
    fetched = host.run(curl, "--silent", "--show-error", "--fail", "--globoff", "--max-time", "20", url)
    assert fetched.returncode == 0, fetched.stderr
    assert "Jambon 3000" in fetched.stdout


def test_link_local_alone_is_served(cable: tuple[Namespace, Namespace], serve_both: Serve, curl: str) -> None:
    device, asker = cable
    with open_listener6(asker, LINK_LOCAL) as listener:
        served = serve_both(device, JAMBON.file)
        own, theirs = link_local(device), link_local(asker)
        if own not in served.program.output:  # it was being checked still
            wait_until_served(served, own)
        with open_searcher6(asker, address=theirs) as searcher:
            answers = answers_of(searcher, ROWS, address=LINK_LOCAL)
        _check_once(answers)
        _check_literal(answers, own)
        _check_nls(answers)
        _check_opens(asker, curl, answers[0]["LOCATION"].replace("]", f"%25{LINK}]"))
        received = listener.receive(ROWS)
        assert {message["HOST"] for message in received} == {"[FF02::C]:1900"}
        _check_literal(received, own)
        _check_nls(received)
        served.stop()
        byebyes = [message for message in listener.receive_until(_is_gone) if message.is_byebye]
        assert {message["HOST"] for message in byebyes} == {"[FF02::C]:1900"}
        assert boot_ids(byebyes) == boot_ids(answers)
        _check_nls(byebyes)


def _is_gone(messages: list[Message]) -> bool:
    return {message["USN"] for message in messages if message.is_byebye} == JAMBON.usns


def test_a_unique_local_address_alone_is_served_to_the_site(network: Network, serve_both: Serve, curl: str) -> None:
    device, asker = network.add_host("device"), network.add_host("asker")
    lay_cable((device, LINK), (asker, LINK), up=False)
    for host in (device, asker):
        host.ip("link", "set", LINK, "addrgenmode", "none")
        host.ip("link", "set", LINK, "up")
    _add_ula(device, asker)
    with open_listener6(asker, SITE_LOCAL) as listener, open_listener6(asker, LINK_LOCAL) as wrong:
        served = serve_both(device, JAMBON.file)
        assert urlsplit(served.location).hostname == ULA
        with open_searcher6(asker, address=ULA_ASKER) as searcher:
            for address in (SITE_LOCAL, ULA):
                searcher.received.clear()
                answers = answers_of(searcher, ROWS, address=address)
                _check_once(answers)
                _check_literal(answers, ULA)
                _check_nls(answers)
        _check_opens(asker, curl, served.location)
        received = listener.receive(ROWS)
        assert {message["HOST"] for message in received} == {"[FF05::C]:1900"}
        _check_literal(received, ULA)
        _check_nls(received)
        served.stop()
        listener.receive_until(_is_gone)
        assert wrong.receive_for(0.01) == []


def test_all_families_and_scopes_announce_the_same_device(pair: Pair, serve_both: Serve) -> None:
    _add_ula(pair.device, pair.asker)
    own, theirs = link_local(pair.device), link_local(pair.asker)
    served = serve_both(pair.device, JAMBON.file)
    hosts = {urlsplit(location).hostname for location in served.locations}
    assert hosts == {pair.device_address, ULA, own}
    with (
        open_searcher(pair.asker) as searcher,
        open_searcher6(pair.asker, address=theirs) as searcher_link,
        open_searcher6(pair.asker, address=ULA_ASKER) as searcher_site,
    ):
        searcher.send(m_search("ssdp:all"))
        searcher_link.send(m_search("ssdp:all"), LINK_LOCAL)
        searcher_site.send(m_search("ssdp:all"), SITE_LOCAL)
        receivers = (searcher, searcher_link, searcher_site)
        for receiver in receivers:
            receiver.receive(ROWS)
        searcher.receive_for(SILENCE_SECONDS)
        received = [receiver.receive_for(0.01) for receiver in receivers]
    _check_literal(received[1], own)
    _check_literal(received[2], ULA)
    answers = [answer for each in received for answer in each]
    assert len(boot_ids(answers)) == 1
    assert len({answer["CONFIGID.UPNP.ORG"] for answer in answers}) == 1
    assert Counter(answer["USN"] for answer in answers) == Counter(dict.fromkeys(JAMBON.usns, 3))
    assert len({urlsplit(answer["LOCATION"]).path for answer in answers}) == 1


def test_an_address_that_was_being_checked_joins_without_a_new_boot_id(pair: Pair, serve_both: Serve) -> None:
    """The link-local address that every cable gets by itself, a second or two after it: no change of BOOTID."""
    with open_listener(pair.asker) as listener, open_listener6(pair.asker, LINK_LOCAL) as listener6:
        served = serve_both(pair.device, JAMBON.file)
        own = link_local(pair.device)
        if not any(own in location for location in served.locations):
            wait_until_served(served, pair.device_address, own)
        received6 = listener6.receive(ROWS, FOLLOW_SECONDS)
        _check_literal(received6, own)
        received = listener.receive(3 * ROWS)
        served.stop()
        listener.receive_until(_is_gone)
        listener6.receive_until(_is_gone)
        assert boot_ids(received) == boot_ids(received6)
        assert len(boot_ids(received)) == 1
        for messages in (received, received6):
            assert {message["NTS"] for message in messages} == {"ssdp:alive", "ssdp:byebye"}
            first = next(place for place, message in enumerate(messages) if message.is_byebye)
            assert all(message.is_byebye for message in messages[first:]), "no byebye before the end"


@pytest.mark.parametrize("family", ["--ipv4-only", "--ipv6-only"])
def test_one_family_alone_can_be_served(family: str, pair: Pair, serve_both: Serve) -> None:
    _add_ula(pair.device, pair.asker)
    own, theirs = link_local(pair.device), link_local(pair.asker)
    with (
        open_listener(pair.asker) as listener,
        open_listener6(pair.asker, LINK_LOCAL) as listener_link,
        open_listener6(pair.asker, SITE_LOCAL) as listener_site,
    ):
        served = serve_both(pair.device, family, JAMBON.file)
        with (
            open_searcher(pair.asker) as searcher,
            open_searcher6(pair.asker, address=theirs) as searcher_link,
            open_searcher6(pair.asker, address=ULA_ASKER) as searcher_site,
        ):
            for receiver, group in ((searcher_link, LINK_LOCAL), (searcher_site, SITE_LOCAL)):
                receiver.send(m_search("ssdp:all"), group)
            searcher.send(m_search("ssdp:all"))
            receivers = {"--ipv4-only": [searcher], "--ipv6-only": [searcher_link, searcher_site]}
            for receiver in receivers[family]:
                receiver.receive(ROWS)
            searcher.receive_for(SILENCE_SECONDS)
            for receiver in (searcher, searcher_link, searcher_site):
                assert len(receiver.receive_for(0.01)) == (ROWS if receiver in receivers[family] else 0)
        hosts = {urlsplit(location).hostname for location in served.locations}
        assert hosts == ({pair.device_address} if family == "--ipv4-only" else {ULA, own})
        served.stop()
        received = {"--ipv4-only": [listener], "--ipv6-only": [listener_link, listener_site]}
        for receiver in received[family]:
            receiver.receive_until(_is_gone)
        for receiver in (listener, listener_link, listener_site):
            assert bool(receiver.receive_for(0.01)) == (receiver in received[family])
