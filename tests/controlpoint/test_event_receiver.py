"""Where events are received: its port, its turns, and its end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
import pytest
import trio
import trio.testing

from tests.controlpoint.following import open_sockets
from tests.controlpoint.publisher import Publisher
from upnp_trio.controlpoint.event_receiver import CallbackUrl, EventReceiver
from upnp_trio.errors import NetworkError
from upnp_trio.eventing.callbacks import read_callbacks
from upnp_trio.eventing.messages import EventMessage
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.phases import GRACE_SECONDS
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
DEVICE = IPv4Address("192.0.2.7")


@attrs.frozen
class Scene:
    link: Link
    asker: Host
    device: Host
    receiver: EventReceiver
    received: list[EventMessage] = attrs.field(factory=list)

    async def open(self, device: str = "192.0.2.7", zone: str = "") -> CallbackUrl:
        address = ip_address(device)
        served = self.asker.network.facing(address, zone)
        return await self.receiver.open_callback(served, address, self.take)

    def take(self, message: EventMessage) -> bool:
        self.received.append(message)
        return True

    async def notify(self, callback: CallbackUrl, seq: int = 0, host: Host | None = None) -> int:
        return await Publisher(host or self.device).notify(seq, sid="uuid:1", to=place(callback))


def place(callback: CallbackUrl) -> LiteralUrl:
    """What a device reads of the URL."""
    host = re.fullmatch(r"http://\[?([0-9a-f.:]+?)\]?:[0-9]+/.*", callback.url)
    assert host is not None
    (found,) = read_callbacks(f"<{callback.url}>", ip_address(host[1]))
    return found


@asynccontextmanager
async def scene(*addresses: str) -> AsyncIterator[Scene]:
    link = Link(seconds=0.001)
    device = Host.on(link, "192.0.2.7/24", "fe80::7/64", "2001:db8::7/64", name="device")
    asker = Host.on(link, *(addresses or ("192.0.2.9/24", "fe80::9/64", "2001:db8::9/64")), name="asker")
    async with trio.open_nursery() as nursery:
        yield Scene(link, asker, device, EventReceiver(asker.network, nursery, "test/1"))
        nursery.cancel_scope.cancel()


async def test_nothing_is_open_before_the_first_url_and_after_the_last(autojump_clock: Clock) -> None:
    async with scene() as on:
        assert open_sockets(on.asker) == []
        one, other = await on.open(), await on.open()
        assert len(open_sockets(on.asker)) == 1
        assert await on.notify(one) == 200
        one.close()
        await trio.sleep(1)
        assert await on.notify(one) == 412
        assert await on.notify(other) == 200
        other.close()
        other.close()
        await trio.sleep(GRACE_SECONDS)
        assert open_sockets(on.asker) == []


async def test_each_url_has_a_path_that_nobody_can_guess(autojump_clock: Clock) -> None:
    async with scene() as on:
        urls = {(await on.open()).url for _ in range(100)}
        assert len(urls) == 100
        assert all(re.fullmatch(r"http://192\.0\.2\.9:49152/[A-Za-z0-9_-]{22}", url) for url in urls)


async def test_all_addresses_have_the_same_port_and_a_url_has_no_zone(autojump_clock: Clock) -> None:
    async with scene() as on:
        urls = [(await on.open(device, "eth0")).url for device in ("192.0.2.7", "fe80::7", "2001:db8::7")]
        assert [url.rpartition("/")[0] for url in urls] == [
            "http://192.0.2.9:49152",
            "http://[fe80::9]:49152",
            "http://[2001:db8::9]:49152",
        ]


async def test_events_over_a_link_local_address_are_taken(autojump_clock: Clock) -> None:
    async with scene() as on:
        callback = await on.open("fe80::7", "eth0")
        port = place(callback).port
        served = ServedAddress(interface="eth0", index=2, address="fe80::7")
        stream = await on.device.connect(IPv6Address("fe80::9"), port, served)
        head = (
            f"NOTIFY {callback.path} HTTP/1.1\r\nHOST: [fe80::9]:{port}\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\n"
        )
        body = b"<propertyset><property><A>1</A></property></propertyset>"
        await stream.send_all(
            memoryview(f"{head}SID: uuid:1\r\nSEQ: 0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        )
        assert (await stream.receive_some(1000)).startswith(b"HTTP/1.1 200 OK\r\n")
        (message,) = on.received
        assert message.properties == (("A", "1"),)
        stream.close()


async def test_a_port_that_is_taken_at_a_further_address_is_another_one_there(autojump_clock: Clock) -> None:
    async with scene() as on:
        on.asker.listen(49152, "2001:db8::9")
        urls = [(await on.open(device)).url for device in ("192.0.2.7", "2001:db8::7")]
        assert [url.rpartition("/")[0] for url in urls] == ["http://192.0.2.9:49152", "http://[2001:db8::9]:49153"]


async def test_a_url_that_is_opened_while_the_last_one_is_closed_has_the_same_port(autojump_clock: Clock) -> None:
    async with scene() as on:
        for _ in range(3):
            callback = await on.open()
            assert place(callback).port == 49152
            assert await on.notify(callback) == 200
            callback.close()


async def test_an_address_that_is_gone_is_an_error_and_nothing_stays_open(autojump_clock: Clock) -> None:
    async with scene() as on:
        served = on.asker.network.facing(DEVICE)
        on.asker.change("192.0.2.99/24")
        with pytest.raises(NetworkError, match=r"cannot listen at 192\.0\.2\.9"):
            await on.receiver.open_callback(served, DEVICE, on.take)
        await trio.sleep(GRACE_SECONDS)
        assert open_sockets(on.asker) == []
        assert await on.notify(await on.open()) == 200


@pytest.mark.parametrize("steps", range(1, 12))
async def test_a_cancellation_while_a_url_is_opened_leaves_nothing_open(autojump_clock: Clock, steps: int) -> None:
    async with scene() as on:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(on.open)
                for _ in range(steps):
                    await trio.lowlevel.cancel_shielded_checkpoint()
                nursery.cancel_scope.cancel()
                del scope
        for callback in list(on.receiver._callbacks.values()):
            callback.close()  # it was done before
        await trio.sleep(GRACE_SECONDS)
        assert open_sockets(on.asker) == []
        assert on.receiver._serving is None


async def test_a_url_that_is_closed_while_another_is_opened_does_not_close_that(autojump_clock: Clock) -> None:
    for steps in range(12):
        async with scene() as on:
            first = await on.open()
            opened: list[CallbackUrl] = []

            async def open_other() -> None:
                opened.append(await on.open("2001:db8::7"))  # noqa: B023  # it runs within this turn

            async with trio.open_nursery() as nursery:
                nursery.start_soon(open_other)
                for _ in range(steps):
                    await trio.lowlevel.checkpoint()
                first.close()
            assert (await on.open()).url.startswith("http://192.0.2.9:49152/")
            assert len(opened) == 1
            assert len(open_sockets(on.asker)) == 2


async def test_the_events_of_one_peer_take_turns_of_the_event_loop(autojump_clock: Clock) -> None:
    async with scene() as on:
        entered: list[tuple[str, int]] = []
        loop = 0

        class Count(trio.abc.Instrument):
            def before_io_wait(self, timeout: float) -> None:
                nonlocal loop
                loop += 1

        async def enter(peer: str) -> None:
            async with on.receiver.turn(peer):
                entered.append((peer, loop))

        trio.lowlevel.add_instrument(counting := Count())
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(enter, "2001:db8::1")
                nursery.start_soon(enter, "2001:db8::2")  # of the same /64, and so the same peer
            for _ in range(50):
                nursery.start_soon(enter, "192.0.2.7")
        trio.lowlevel.remove_instrument(counting)
        turns = [at for peer, at in entered if peer != "192.0.2.7"]
        assert len(set(turns)) == 100
        others = [at for peer, at in entered if peer == "192.0.2.7"]
        assert len(set(others)) == 50
        assert max(others) < max(turns) - 50  # it waits for no other peer
        assert on.receiver._turns == {}


async def test_connections_end_with_the_last_url(autojump_clock: Clock) -> None:
    async with scene() as on:
        callback = await on.open()
        stream = await Publisher(on.device).connect(place(callback))
        await trio.sleep(1)
        callback.close()
        assert await stream.receive_some(100) == b""
        stream.close()
        assert trio.current_time() < 2
