"""Everything that happens is counted once, with its reason."""

from __future__ import annotations

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.http.scenes import CHUNKED, GET, POST, exchange, serving
from tests.server.scenes import LoneHost, interface, served
from upnp_trio import Counted, Stats
from upnp_trio.http import server as http_module

Clock = trio.testing.MockClock


def fields(cls: type[attrs.AttrsInstance]) -> list[str]:
    return sorted(field.name for field in attrs.fields(cls))


def test_a_snapshot_has_every_counter_and_does_not_change() -> None:
    stats = Stats(datagrams=1)
    stats.dropped["malformed"] += 2
    stats.requests[404] += 1
    stats.requests[200] += 3
    taken = stats.snapshot()
    assert fields(Counted) == fields(Stats)
    stats.datagrams += 1
    stats.dropped["malformed"] += 1
    stats.refused["host refused"] += 1
    assert (taken.datagrams, taken.dropped, taken.refused) == (1, {"malformed": 2}, {})
    assert list(taken.requests.items()) == [(200, 3), (404, 1)]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        taken.datagrams = 5  # type: ignore[misc]  # that it cannot is what is tested
    with pytest.raises(TypeError):
        taken.dropped["malformed"] = 5  # type: ignore[index]  # likewise


def test_a_snapshot_leaves_out_what_never_happened() -> None:
    stats = Stats()
    assert not stats.dropped["looked at"]
    stats.dropped["looked at"] += 0
    assert stats.snapshot().dropped == {}


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (b"\x16\x03\x01\r\n\r\n", 400, "malformed request"),
        (GET.replace(b"\r\n\r\n", b"\r\nX: y\r\n z\r\n\r\n"), 400, "malformed request"),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n"), 400, "malformed request"),
        (GET.replace(b"192.0.2.7", b"@"), 400, "malformed host"),
        (GET.replace(b"192.0.2.7", b"rebound.example.com"), 403, "host refused"),
        (GET.replace(b"\r\n\r\n", b"\r\nOrigin: null\r\n\r\n"), 403, "origin refused"),
        (GET[:-2] + b"X: " + b"a" * 17000, 431, "head too long"),
        (GET[:-2] + b"X: 1\r\n" * 64 + b"\r\n", 431, "too many fields"),
        (POST.replace(b": 5", b": 65537"), 413, "body too long"),
        (CHUNKED + b"10001\r\n" + bytes(65537), 413, "body too long"),
        (CHUNKED.replace(b"chunked", b"gzip"), 501, "unknown transfer coding"),
        (GET.replace(b"HTTP/1.1", b"HTTP/2.0"), 505, "unknown version"),
        (GET.replace(b"\r\n\r\n", b"\r\nExpect: a-miracle\r\n\r\n"), 417, "unknown expectation"),
    ],
)
async def test_each_refused_request_is_counted_with_its_reason_and_its_status(
    autojump_clock: Clock, sent: bytes, status: int, reason: str
) -> None:
    async with serving() as served:
        assert (await exchange(served, sent))[0] == status
        assert served.stats.refused == {reason: 1}
        assert served.stats.requests == {status: 1}
        assert served.stats.connections == 1


@pytest.mark.parametrize("sent", [GET, GET.replace(b"/doc", b"/none"), POST + b"hello"])
async def test_what_is_answered_is_not_refused(autojump_clock: Clock, sent: bytes) -> None:
    async with serving() as served:
        await exchange(served, sent)
        assert not served.stats.refused
        assert served.stats.requests.total() == 1


@pytest.mark.parametrize(("sent", "what"), [(b"", "idle"), (GET, "idle"), (GET[:20], "head"), (POST + b"h", "body")])
async def test_each_timeout_is_counted_by_what_was_waited_for(autojump_clock: Clock, sent: bytes, what: str) -> None:
    async with serving() as served:
        client = served.client()
        if sent:
            await client.send_all(sent)
        await trio.sleep(60)
        assert served.stats.timeouts == {what: 1}
        assert not served.stats.refused
        await client.aclose()


async def test_stopping_is_not_a_timeout(autojump_clock: Clock) -> None:
    async with serving() as served:
        for sent in (GET, GET[:20]):
            client = served.client()
            await client.send_all(sent)
        await trio.sleep(1)
    assert not served.stats.timeouts


async def test_connections_beyond_the_limits_are_counted_by_limit(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "MAX_CONNECTIONS", 8)
    monkeypatch.setattr(http_module, "MAX_CONNECTIONS_PER_PEER", 4)
    monkeypatch.setattr(http_module, "MAX_REFUSALS_PER_PEER", 2)
    async with serving() as served:
        clients = []
        for peer in ["192.0.2.1"] * 7 + ["192.0.2.2"] * 4 + ["192.0.2.3"]:
            clients.append(served.client(peer))
            await trio.testing.wait_all_tasks_blocked()
        assert served.stats.connections == 12
        assert served.stats.refused == {"too many connections of one peer": 3, "gave way to another connection": 1}
        assert served.stats.requests == {503: 2}  # any further one is closed without a response
        for client in clients:
            await client.aclose()


async def test_what_is_announced_updated_and_revoked_is_counted(autojump_clock: Clock) -> None:
    host = LoneHost(interface())
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        assert (running.stats.announcements, running.stats.updates, running.stats.byebyes) == (9, 0, 0)
        host.have(*host.network.interfaces(), interface("198.51.100.7/24", name="eth1", index=3))
        await trio.sleep(10)
        assert (running.stats.announcements, running.stats.updates, running.stats.byebyes) == (9 + 18, 3, 0)
    assert running.stats.byebyes == 12
