"""Hosts with several interfaces and addresses: each control point gets the address that it can reach."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.network.fetching import fetch
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.scenes import SILENCE_SECONDS
from tests.network.served import JAMBON, Served
from tests.network.ssdp import GROUP, Message, SsdpSocket, m_search, open_listener, open_searcher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

ROWS = len(JAMBON.rows)
LEFT_DEVICE, LEFT_ASKER = "10.77.1.1", "10.77.1.2"
RIGHT_DEVICE, RIGHT_ASKER = "10.77.2.1", "10.77.2.2"


@pytest.fixture
def fork(network: Network) -> tuple[Namespace, Namespace, Namespace]:
    """A device's host with a cable to each of two others, as ``left`` and ``right``."""
    device, left, right = network.add_host("device"), network.add_host("left"), network.add_host("right")
    network.join((device, "left", f"{LEFT_DEVICE}/24"), (left, LINK, f"{LEFT_ASKER}/24"))
    network.join((device, "right", f"{RIGHT_DEVICE}/24"), (right, LINK, f"{RIGHT_ASKER}/24"))
    return device, left, right


def _hosts(messages: Iterable[Message]) -> set[str | None]:
    """The hosts that the LOCATIONs name."""
    return {urlsplit(message["LOCATION"]).hostname for message in messages}


def _usns(messages: Iterable[Message]) -> list[str]:
    return sorted(message["USN"] for message in messages)


def _search(searcher: SsdpSocket, address: str = GROUP) -> list[Message]:
    """The answers to a search for everything, with time for answers too many."""
    searcher.send(m_search("ssdp:all"), address)
    searcher.receive(ROWS)
    return searcher.receive_for(SILENCE_SECONDS)


def test_each_side_gets_announcements_and_answers_with_its_own_address(
    fork: tuple[Namespace, Namespace, Namespace], serve: Serve, curl: str
) -> None:
    device, left, right = fork
    with open_listener(left) as left_listener, open_listener(right) as right_listener:
        served = serve(device, JAMBON.file)
        assert {urlsplit(location).hostname for location in served.locations} == {LEFT_DEVICE, RIGHT_DEVICE}
        for asker, own, listener in ((left, LEFT_DEVICE, left_listener), (right, RIGHT_DEVICE, right_listener)):
            with open_searcher(asker) as searcher:
                answers = _search(searcher)
            assert _usns(answers) == sorted(JAMBON.usns)
            assert _hosts(answers) == {own}
            assert {answer.peer for answer in answers} == {own}

            announced = listener.receive(3 * ROWS)
            assert _usns(announced) == sorted(3 * list(JAMBON.usns))
            assert _hosts(announced) == {own}
            assert {message.peer for message in announced} == {own}

            fetched = asker.run(curl, "--silent", "--show-error", "--fail", answers[0]["LOCATION"])
            assert fetched.returncode == 0, fetched.stderr
            assert "Jambon 3000" in fetched.stdout
        served.stop()
        for listener in (left_listener, right_listener):
            received = listener.receive(5 * ROWS)
            assert sum(message.is_byebye for message in received) == 2 * ROWS
            assert len({message["BOOTID.UPNP.ORG"] for message in received}) == 1


@pytest.mark.parametrize("wanted", ["right", RIGHT_DEVICE, "10.77.2.0/24"], ids=["name", "address", "prefix"])
def test_an_interface_that_was_not_asked_for_is_not_opened(
    wanted: str, fork: tuple[Namespace, Namespace, Namespace], serve: Serve
) -> None:
    device, left, right = fork
    with open_listener(left) as overhearing:
        served = serve(device, "--interface", wanted, JAMBON.file)
        assert urlsplit(served.location).hostname == RIGHT_DEVICE
        with open_searcher(left) as outside, open_searcher(right) as inside:
            for address in (GROUP, LEFT_DEVICE):
                outside.send(m_search("ssdp:all"), address)
            assert _usns(_search(inside)) == sorted(JAMBON.usns)
            assert outside.receive_for(0.01) == []
        with pytest.raises(ConnectionRefusedError):
            fetch(left, served.location.replace(RIGHT_DEVICE, LEFT_DEVICE))
        served.stop()
        assert overhearing.receive_for(0.01) == []


def test_each_subnet_of_one_interface_gets_its_own_address(pair: Pair, serve: Serve) -> None:
    second_device, second_asker = "192.168.77.1", "192.168.77.2"
    pair.device.ip("address", "add", f"{second_device}/24", "dev", LINK)
    pair.asker.ip("address", "add", f"{second_asker}/24", "dev", LINK)
    with open_listener(pair.asker) as listener:
        served = serve(pair.device, JAMBON.file)
        assert len(served.locations) == 2
        for own, asking in ((pair.device_address, pair.asker_address), (second_device, second_asker)):
            for address in (GROUP, own):
                with open_searcher(pair.asker, address=asking) as searcher:
                    answers = _search(searcher, address)
                assert _usns(answers) == sorted(JAMBON.usns)
                assert _hosts(answers) == {own}
                assert {answer.peer for answer in answers} == {own}
            assert fetch(pair.asker, answers[0]["LOCATION"], address=asking).status == 200
        announced = listener.receive(2 * 3 * ROWS)
        for own in (pair.device_address, second_device):
            sent = [message for message in announced if message.peer == own]
            assert _usns(sent) == sorted(3 * list(JAMBON.usns))
            assert _hosts(sent) == {own}


def test_two_addresses_in_one_subnet_give_one_location(pair: Pair, serve: Serve) -> None:
    pair.device.ip("address", "add", "10.77.0.9/24", "dev", LINK)
    served = serve(pair.device, JAMBON.file)
    assert urlsplit(served.location).hostname == pair.device_address
    with open_searcher(pair.asker) as searcher:
        assert _usns(_search(searcher)) == sorted(JAMBON.usns)


def test_a_host_with_nothing_but_loopback_serves_itself(network: Network, serve: Serve) -> None:
    host = network.add_host("lonely")
    served = serve(host, JAMBON.file)
    assert urlsplit(served.location).hostname == "127.0.0.1"
    assert fetch(host, served.location).status == 200
    with open_searcher(host, "lo", address="127.0.0.1") as searcher:
        assert _usns(_search(searcher)) == sorted(JAMBON.usns)


def test_an_interface_that_goes_down_and_up_again_is_served_again(pair: Pair, serve: Serve) -> None:
    served = serve(pair.device, JAMBON.file)
    served.program.wait_until(lambda output: output.count(" announced (") == 3, "the third announcement")
    pair.device.ip("link", "set", LINK, "down")
    pair.device.ip("link", "set", LINK, "up")
    _check_that_it_is_found(pair, served)


def _check_that_it_is_found(pair: Pair, served: Served, seconds: float = 30) -> None:
    """Some network drivers need a moment after coming up: search again and again, for a bounded time."""
    deadline = time.monotonic() + seconds
    while True:
        with open_searcher(pair.asker) as searcher:
            searcher.send(m_search("upnp:rootdevice"))
            if searcher.receive_for(SILENCE_SECONDS):
                assert _hosts(searcher.received) == {pair.device_address}
                assert fetch(pair.asker, served.location).status == 200
                return
        assert time.monotonic() < deadline, "not found"
