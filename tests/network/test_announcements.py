"""The announcements that a member of the group receives: alive at the start, and byebye however the device ends."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.network.served import GATEWAY, JAMBON, Example
from tests.network.ssdp import PATIENCE_SECONDS, Message, SsdpSocket, m_search, open_listener, open_searcher
from upnp_trio.network.udp_sockets import MULTICAST_TTL, REPLY_TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.network.scenes import Pair, Serve

pytestmark = pytest.mark.interop

IP_RECVTTL = 12  # <linux/in.h>; the socket module has no name for it before Python 3.14


def _rows(messages: Iterable[Message]) -> Counter[tuple[str, str]]:
    """How often each (NT, USN) was received."""
    return Counter((message["NT"], message["USN"]) for message in messages)


def _times(example: Example, number: int) -> Counter[tuple[str, str]]:
    return Counter(dict.fromkeys(example.rows, number))


def _byebyes(count: int) -> Callable[[list[Message]], bool]:
    return lambda messages: sum(message.is_byebye for message in messages) >= count


def _boot_id(messages: Iterable[Message]) -> int:
    (boot_id,) = {message["BOOTID.UPNP.ORG"] for message in messages}
    return int(boot_id)


@pytest.mark.parametrize("example", [JAMBON, GATEWAY], ids=["jambon", "gateway"])
def test_the_whole_set_is_announced_three_times_at_the_start(example: Example, pair: Pair, serve: Serve) -> None:
    with open_listener(pair.asker) as listener:
        served = serve(pair.device, example.file)
        received = listener.receive(3 * len(example.rows))
        assert _rows(received) == _times(example, 3)
        for start in range(0, len(received), len(example.rows)):
            assert _rows(received[start : start + len(example.rows)]) == _times(example, 1), "a set comes whole"
        for message in received:
            assert message.start_line == "NOTIFY * HTTP/1.1"
            assert message.peer == pair.device_address
            assert message["HOST"] == "239.255.255.250:1900"
            assert message["NTS"] == "ssdp:alive"
            assert message["LOCATION"] == served.location
            assert message["CACHE-CONTROL"] == "max-age=1800"
            assert "upnp_trio/" in message["SERVER"]
        assert len({message["CONFIGID.UPNP.ORG"] for message in received}) == 1
        assert _boot_id(received) > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_all_that_was_announced_is_revoked_twice_at_the_end(number: signal.Signals, pair: Pair, serve: Serve) -> None:
    count = len(GATEWAY.rows)
    with open_listener(pair.asker) as listener:
        served = serve(pair.device, GATEWAY.file)
        listener.receive(3 * count)
        served.stop(number)
        received = listener.receive_until(_byebyes(2 * count))
    alive, gone = received[: 3 * count], received[3 * count :]
    assert all(message.is_alive for message in alive)
    assert all(message.is_byebye for message in gone)
    assert _rows(gone) == _times(GATEWAY, 2)
    assert _boot_id(gone) == _boot_id(alive)
    assert {message["CONFIGID.UPNP.ORG"] for message in gone} == {message["CONFIGID.UPNP.ORG"] for message in alive}
    assert {message["HOST"] for message in gone} == {"239.255.255.250:1900"}


def test_a_device_that_leaves_at_once_sends_only_byebye(pair: Pair, serve: Serve) -> None:
    with open_listener(pair.asker) as listener:
        serve(pair.device, JAMBON.file).stop()
        received = listener.receive_until(_byebyes(2 * len(JAMBON.rows)))
        assert _rows(message for message in received if message.is_byebye) == _times(JAMBON, 2)
        first = next(place for place, message in enumerate(received) if message.is_byebye)
        assert not any(message.is_alive for message in received[first:])


def test_a_device_that_comes_again_has_a_higher_boot_id_and_stands_where_it_stood(pair: Pair, serve: Serve) -> None:
    boot_ids, locations = [], []
    for _ in range(2):
        with open_listener(pair.asker) as listener:
            served = serve(pair.device, JAMBON.file)
            boot_ids.append(_boot_id(listener.receive(1)))
            locations.append(served.location)
            served.stop()
        while int(time.time()) <= boot_ids[-1]:  # BOOTID counts seconds
            time.sleep(0.1)
    assert boot_ids[0] < boot_ids[1]
    assert locations[0] == locations[1]


def test_messages_live_for_as_many_hops_as_they_need_and_no_more(pair: Pair, serve: Serve) -> None:
    with open_listener(pair.asker) as listener, open_searcher(pair.asker) as searcher:
        for receiver in (listener, searcher):
            receiver.socket.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
            receiver.socket.settimeout(PATIENCE_SECONDS)
        serve(pair.device, JAMBON.file)
        assert _ttl_of_the_next(listener, b"NOTIFY ") == MULTICAST_TTL
        searcher.send(m_search("upnp:rootdevice"))
        assert _ttl_of_the_next(searcher, b"HTTP/1.1 200 ") == REPLY_TTL


def _ttl_of_the_next(receiver: SsdpSocket, kind: bytes) -> int:
    while True:
        datagram, ((_, _, ttl),), _, _ = receiver.socket.recvmsg(65536, 64)
        if datagram.startswith(kind):
            return int.from_bytes(ttl, sys.byteorder)
