"""The network changes while a device is served: sockets follow, and the announcements are those that UDA wants."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.network.fetching import fetch, open_stream, read_answer
from tests.network.following import (
    FOLLOW_SECONDS,
    boot_id,
    boot_ids,
    search_until,
    wait_until_lost,
    wait_until_served,
)
from tests.network.namespaces import LINK, Namespace, Network
from tests.network.served import JAMBON, Served
from tests.network.ssdp import Message, SsdpSocket, open_listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.network.scenes import Serve

pytestmark = pytest.mark.interop

Fork = tuple[Namespace, Namespace, Namespace]

ROWS = len(JAMBON.rows)
LEFT, LEFT_ASKER = "10.77.1.1", "10.77.1.2"
RIGHT, RIGHT_ASKER = "10.77.2.1", "10.77.2.2"


@pytest.fixture
def fork(network: Network) -> Fork:
    """A device's host with a cable to each of two others, as ``left`` and ``right``."""
    device, left, right = network.add_host("device"), network.add_host("left"), network.add_host("right")
    network.join((device, "left", f"{LEFT}/24"), (left, LINK, f"{LEFT_ASKER}/24"))
    network.join((device, "right", f"{RIGHT}/24"), (right, LINK, f"{RIGHT_ASKER}/24"))
    return device, left, right


def _hosts(messages: Iterable[Message]) -> set[str | None]:
    return {urlsplit(message["LOCATION"]).hostname for message in messages}


def _is_from(address: str) -> Callable[[list[Message]], bool]:
    return lambda messages: address in _hosts(messages)


def _kind(messages: Iterable[Message], nts: str) -> list[Message]:
    return [message for message in messages if message["NTS"] == nts]


def _usns(messages: Iterable[Message]) -> set[str]:
    return {message["USN"] for message in messages}


def _receive_reborn(listener: SsdpSocket, after: int) -> list[Message]:
    """Everything that was received by the time the whole set was announced with a BOOTID above *after*."""

    def enough(messages: list[Message]) -> bool:
        return JAMBON.usns <= _usns(each for each in _kind(messages, "ssdp:alive") if boot_id(each) > after)

    return listener.receive_until(enough, FOLLOW_SECONDS)


def _receive_three_times(listener: SsdpSocket, boot_id_: int) -> None:
    """Wait until all three sets with one BOOTID were received, so that no announcement is due for a long time."""
    listener.receive_until(
        lambda received: sum(boot_id(each) == boot_id_ for each in _kind(received, "ssdp:alive")) >= 3 * ROWS
    )


def _check_change_is_announced(received: list[Message], old: int) -> None:
    """Check what an interface announces that has not changed: an update for each row, then alive, and no byebye."""
    updates = _kind(received, "ssdp:update")
    assert _usns(updates) == JAMBON.usns
    assert _kind(received, "ssdp:byebye") == []
    assert min(boot_ids(updates)) == old
    assert {int(update["NEXTBOOTID.UPNP.ORG"]) for update in updates} <= boot_ids(_kind(received, "ssdp:alive"))
    assert all(int(update["NEXTBOOTID.UPNP.ORG"]) > int(update["BOOTID.UPNP.ORG"]) for update in updates)
    first = received.index(updates[0])
    assert boot_ids(received[:first]) == {old}
    assert all(boot_id(each) > old for each in _kind(received[first:], "ssdp:alive"))


def test_an_address_that_is_replaced_is_followed_and_the_other_interface_goes_on(
    fork: Fork, serve: Serve, tmp_path: Path
) -> None:
    device, left, right = fork
    new = "10.77.1.77"
    at_once = tmp_path / "ip.batch"
    at_once.write_text(f"address del {LEFT}/24 dev left\naddress add {new}/24 dev left\n")
    with open_listener(left) as left_listener, open_listener(right) as right_listener:
        served = serve(device, JAMBON.file)
        (before,) = boot_ids(search_until(right, _is_from(RIGHT)))
        for listener in (left_listener, right_listener):
            _receive_three_times(listener, before)
        location = next(location for location in served.locations if RIGHT in location)
        with closing(open_stream(right, location)) as stream:
            parts = urlsplit(location)
            request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 4\r\n\r\nbo"
            stream.sendall(request.encode())
            device.ip("-batch", str(at_once))
            answers = search_until(left, _is_from(new))
            stream.sendall(b"dy")
            assert read_answer(stream).status == 200, "a request in flight elsewhere is not disturbed"
        assert min(boot_ids(answers)) > before
        assert fetch(left, answers[0]["LOCATION"]).status == 200

        received = _receive_reborn(left_listener, before)
        byebyes = _kind(received, "ssdp:byebye")
        assert _usns(byebyes) == JAMBON.usns
        assert boot_ids(byebyes) == {before}
        assert _kind(received, "ssdp:update") == []
        assert _hosts(each for each in _kind(received, "ssdp:alive") if boot_id(each) > before) == {new}

        received = _receive_reborn(right_listener, before)
        _check_change_is_announced(received, before)
        assert _hosts(_kind(received, "ssdp:alive")) == {RIGHT}
        served.stop()


def test_an_address_that_comes_and_goes_is_followed_while_searches_run(fork: Fork, serve: Serve) -> None:
    device, left, right = fork
    second, second_asker = "192.168.77.1", "192.168.77.2"
    left.ip("address", "add", f"{second_asker}/24", "dev", LINK)
    with open_listener(right) as listener:
        served = serve(device, JAMBON.file)
        (before,) = boot_ids(search_until(left, _is_from(LEFT)))
        _receive_three_times(listener, before)
        device.ip("address", "add", f"{second}/24", "dev", "left")
        wait_until_served(served, LEFT, second, RIGHT)
        (come,) = boot_ids(search_until(left, _is_from(LEFT)))
        assert come > before
        _check_change_is_announced(_receive_reborn(listener, before), before)
        assert fetch(left, served.locations[0].replace(LEFT, second), address=second_asker).status == 200

        _receive_three_times(listener, come)
        device.ip("address", "del", f"{second}/24", "dev", "left")
        wait_until_lost(served, second)
        (gone,) = boot_ids(search_until(left, _is_from(LEFT)))
        assert gone > come
        received = _receive_reborn(listener, come)
        assert _usns(each for each in _kind(received, "ssdp:update") if boot_id(each) == come) == JAMBON.usns
        served.stop()


@pytest.mark.parametrize("end", ["the device's", "the other"])
def test_a_link_that_goes_down_and_up_is_left_and_served_again(end: str, fork: Fork, serve: Serve) -> None:
    device, left, right = fork
    host, link = (device, "left") if end == "the device's" else (left, LINK)
    with open_listener(left) as left_listener, open_listener(right) as right_listener:
        served = serve(device, JAMBON.file)
        (before,) = boot_ids(search_until(left, _is_from(LEFT)))
        _receive_three_times(left_listener, before)
        host.ip("link", "set", link, "down")
        wait_until_lost(served, LEFT)
        received = _receive_reborn(right_listener, before)
        _check_change_is_announced(received, before)
        down = max(boot_ids(received))
        assert boot_ids(search_until(right, _is_from(RIGHT))) == {down}

        host.ip("link", "set", link, "up")
        wait_until_served(served, LEFT, RIGHT)
        answers = search_until(left, _is_from(LEFT))
        assert min(boot_ids(answers)) > down
        assert fetch(left, answers[0]["LOCATION"]).status == 200
        assert _kind(_receive_reborn(right_listener, down), "ssdp:byebye") == []
        # the listener's membership outlives its link
        assert _hosts(_kind(_receive_reborn(left_listener, down), "ssdp:alive")) == {LEFT}
        served.stop()


def test_without_any_network_it_waits_and_follows_interfaces_that_come_and_go(network: Network, serve: Serve) -> None:
    device, asker = network.add_host("device"), network.add_host("asker")
    device.ip("link", "set", "lo", "down")
    served = serve(device, JAMBON.file)
    assert served.locations == ()
    assert "no network yet" in served.program.output
    known: list[int] = []
    for number, link in enumerate(["eth0", "wlan0"], start=1):
        own = f"10.77.{number}.1"
        network.join((device, link, f"{own}/24"), (asker, LINK, f"10.77.{number}.2/24"))
        wait_until_served(served, link, own)
        answers = search_until(asker, _is_from(own))
        known += boot_ids(answers)
        assert fetch(asker, answers[0]["LOCATION"]).status == 200
        _wait_for_lines(served, " announced (", 3 * number)
        device.ip("link", "delete", link)
        _wait_for_lines(served, " no network; waiting for an interface", number)
        assert served.program.is_running
    assert known[0] < known[1]
    served.stop()


def _wait_for_lines(served: Served, text: str, count: int) -> None:
    served.program.wait_until(lambda output: output.count(text) >= count, f"{count} times {text!r}", FOLLOW_SECONDS)


def test_loopback_is_served_until_there_is_something_better(network: Network, serve: Serve) -> None:
    device, asker = network.add_host("device"), network.add_host("asker")
    served = serve(device, JAMBON.file)
    assert _only_host(served) == "127.0.0.1"
    network.join((device, LINK, f"{LEFT}/24"), (asker, LINK, f"{LEFT_ASKER}/24"))
    wait_until_served(served, LEFT)
    wait_until_lost(served, "127.0.0.1")
    assert fetch(asker, search_until(asker, _is_from(LEFT))[0]["LOCATION"]).status == 200
    served.stop()


def _only_host(served: Served) -> str | None:
    return urlsplit(served.location).hostname
