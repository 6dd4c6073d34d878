"""Other hosts must not fill the log: floods are counted, and few lines are logged about them."""

from __future__ import annotations

import errno
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.http.scenes import GET, POST, exchange, read_until_silent, serving
from tests.server.scenes import DEVICE, LoneHost, interface, served
from upnp_trio.http.server import RETRY_SECONDS
from upnp_trio.monitoring.log_limit import LOG_INTERVAL_SECONDS, MAX_SOURCES, LogLimit
from upnp_trio.ssdp.messages import GROUP, Alive, ByeBye, Search
from upnp_trio.ssdp.rendering import render_byebye, render_search

Clock = trio.testing.MockClock


@pytest.fixture(autouse=True)
def all_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]


SEARCH = render_search(Search(search_target="ssdp:all", mx=1))
DATAGRAMS = [
    b"",
    b"\x00" * 100,
    b"x" * 5000,
    b"NOTIFY * HTTP/1.1\r\n\r\n",
    b"M-SEARCH * HTTP/1.1\r\n\r\n",
    b"M-SEARCH * HTTP/1.1\r\nMAN: ssdp:discover\r\nST: \x1b[2J\r\n\r\n",
    b"A: b\r\n" * 100,
    SEARCH,
    SEARCH.replace(b"MX: 1\r\n", b""),
    SEARCH.replace(b"ssdp:all", b"urn:none"),
    render_byebye(ByeBye(notification_type="n", usn="uuid:other")),
]


async def test_a_flood_of_datagrams_is_not_logged(autojump_clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    host = LoneHost()
    async with served(host, BASIC) as running:
        for number in range(1000):
            for peer in ((f"192.0.2.{number % 200 + 20}", 1024 + number), ("203.0.113.1", 5000), ("192.0.2.9", 0)):
                datagram = DATAGRAMS[number % len(DATAGRAMS)]
                host.receive(datagram, peer, to=GROUP if number % 3 else DEVICE)
            if not number % 50:
                host.nics["eth0"].send_errors += [OSError(errno.ENETUNREACH, "Network is unreachable")]
                await trio.sleep(0.5)
        await trio.sleep(10)
        assert running.stats.datagrams == 3000 + len(host.sent.messages(Alive))  # which come back to it
        assert sum(running.stats.dropped.values()) > 2000
        assert running.stats.send_errors["Network is unreachable"] > 10
    assert lines(caplog) == []


async def test_a_flood_of_requests_is_not_logged(autojump_clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        for number in range(300):
            async with served.client() as client:
                requests = [
                    b"\x00\r\n\r\n",
                    GET.replace(b"192", b"193"),
                    GET,
                    POST,
                    GET[:30],
                    b"G" * 20000,
                    b"\x16\x03",
                ]
                await client.send_all(requests[number % len(requests)])
                await read_until_silent(client)
        await trio.sleep(100)
    assert sum(served.stats.requests.values()) > 200
    assert lines(caplog) == []


@pytest.mark.parametrize("spell", ["uuid:{}", "uuid:{}::\x1b[2Jupnp:rootdevice"])
async def test_each_source_of_messages_with_our_udn_is_logged_once_an_hour(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture, spell: str
) -> None:
    host = LoneHost()
    assert BASIC.udn is not None
    message = render_byebye(ByeBye(notification_type="n", usn=spell.format(BASIC.udn.uuid)))
    async with served(host, BASIC) as running:
        for _ in range(3 * 360):
            for peer in ("192.0.2.20", "192.0.2.21"):
                host.receive(message, (peer, 1900))
            await trio.sleep(10)
        assert running.stats.conflicts == 2 * 3 * 360
    logged = lines(caplog)
    assert Counter(line.split()[0] for line in logged) == {"192.0.2.20": 3, "192.0.2.21": 3}
    assert all(line.isprintable() for line in logged)


async def test_forged_addresses_get_so_many_lines_and_no_more(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(interface("10.0.0.1/8"))
    message = render_byebye(ByeBye(notification_type="n", usn=str(BASIC.udn)))
    async with served(host, BASIC):
        for number in range(2000):
            host.receive(message, (f"10.1.{number // 250}.{number % 250}", 1900))
            await trio.sleep(1)
    assert len(lines(caplog)) == MAX_SOURCES


async def test_a_fault_of_ours_that_a_peer_can_cause_is_logged_once_an_hour(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as served:
        for _ in range(20):
            async with served.client() as client:
                await client.send_all(GET.replace(b"/doc", b"/bug"))
                assert await read_until_silent(client) == (b"", True)
            await trio.sleep(360)
        assert served.stats.refused == {"a fault of ours": 20}
    assert len(lines(caplog)) == 2


async def test_running_out_of_descriptors_is_counted_and_not_logged(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as served:
        served.listener.failures += [OSError(errno.EMFILE, "Too many open files")] * 10
        await trio.sleep(11 * RETRY_SECONDS)
        assert served.listener.failures == []
        status, _, _, _ = await exchange(served, GET)
        assert status == 200
        assert served.stats.refused == {"accept failed: Too many open files": 10}
    assert lines(caplog) == []


def test_each_kind_and_source_is_news_once_an_hour() -> None:
    limit = LogLimit()
    assert limit.is_news("a", "x", 0)
    assert limit.is_news("b", "x", 1)
    assert limit.is_news("a", "y", 2)
    assert not limit.is_news("a", "x", LOG_INTERVAL_SECONDS - 1)
    assert limit.is_news("a", "x", LOG_INTERVAL_SECONDS)
    assert not limit.is_news("b", "x", LOG_INTERVAL_SECONDS)


def test_one_kind_that_is_forged_does_not_hide_another() -> None:
    limit = LogLimit()
    assert sum(limit.is_news("a", str(number), 0) for number in range(1000)) == MAX_SOURCES
    assert limit.is_news("b", "x", 0)
