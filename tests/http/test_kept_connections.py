"""Connections that are kept for the next document: how many, how long, and that none is left open."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
import trio
import trio.testing

from upnp_trio.exchange import ServedAddress
from upnp_trio.http.kept_connections import KEPT_SECONDS, MAX_KEPT, KeptConnections, Origin
from upnp_trio.testing.pipes import PipeStream, connected_pair

Clock = trio.testing.MockClock


def origin(number: int = 7, port: int = 80, interface: str = "eth0") -> Origin:
    return Origin(ip_address(f"192.0.2.{number}"), port, ServedAddress(interface=interface))


def connected() -> tuple[PipeStream, PipeStream]:
    """Our end of a connection, and the device's."""
    return connected_pair("192.0.2.9", "192.0.2.7")


def is_open(stream: PipeStream) -> bool:
    return not stream.is_closed


async def test_a_connection_is_kept_for_the_same_address_port_and_own_address_alone() -> None:
    kept, (near, _) = KeptConnections(), connected()
    with kept.keeping(None):
        kept.give(origin(), near)
        assert kept.take(origin(8)) is None
        assert kept.take(origin(port=81)) is None
        assert kept.take(origin(interface="eth1")) is None
        assert kept.take(origin()) is near
        assert kept.take(origin()) is None
        kept.give(origin(), near)
    assert not is_open(near)


async def test_nothing_is_kept_unless_somebody_says_that_more_is_to_come() -> None:
    kept, (near, _), (other, _) = KeptConnections(), connected(), connected()
    kept.give(origin(), near)
    assert not is_open(near)
    with kept.keeping(origin(8).address):
        kept.give(origin(7), other)
        assert not is_open(other)
        assert kept.take(origin(7)) is None


async def test_each_keeper_counts_and_the_last_one_closes() -> None:
    kept, (near, _), (other, _) = KeptConnections(), connected(), connected()
    with kept.keeping(origin(8).address):
        with kept.keeping(origin(7).address):
            with kept.keeping(origin(7).address):
                kept.give(origin(7), near)
            kept.give(origin(8), other)
            assert is_open(near)
        assert not is_open(near)
        assert is_open(other)
    assert not is_open(other)


@pytest.mark.parametrize("seconds", [0.0, KEPT_SECONDS, KEPT_SECONDS + 0.01])
async def test_one_that_was_idle_for_long_is_not_used(seconds: float, autojump_clock: Clock) -> None:
    kept, (near, _) = KeptConnections(), connected()
    with kept.keeping(None):
        kept.give(origin(), near)
        await trio.sleep(seconds)
        assert (kept.take(origin()) is near) == (seconds <= KEPT_SECONDS) == is_open(near)
        near.close()


@pytest.mark.parametrize("event", ["closed", "reset", "bytes"])
async def test_one_that_something_happened_on_is_not_used(event: str) -> None:
    kept, (near, far) = KeptConnections(), connected()
    with kept.keeping(None):
        kept.give(origin(), near)
        if event == "bytes":
            far.send_now([b"HTTP/1.1 200 OK\r\n"])
        else:
            (far.close if event == "closed" else far.reset)()
        assert kept.take(origin()) is None
        assert not is_open(near)


async def test_the_newest_of_an_origin_and_a_number_of_all_are_kept() -> None:
    kept, streams = KeptConnections(), [connected()[0] for _ in range(MAX_KEPT + 2)]
    with kept.keeping(None):
        for number, stream in enumerate(streams[:-1]):
            kept.give(origin(number), stream)
        assert [stream.outgoing.is_closed for stream in streams[:-1]] == [True] + [False] * MAX_KEPT
        kept.give(origin(5), streams[-1])
        assert not is_open(streams[5])
        assert is_open(streams[1])
        assert kept.take(origin(5)) is streams[-1]
        streams[-1].close()
    assert all(stream.outgoing.is_closed for stream in streams)


async def test_close_closes_all_and_keeps_no_more() -> None:
    kept, (near, _), (late, _) = KeptConnections(), connected(), connected()
    with kept.keeping(None):
        kept.give(origin(), near)
        kept.close()
        assert not is_open(near)
        kept.give(origin(), late)
        assert not is_open(late)
