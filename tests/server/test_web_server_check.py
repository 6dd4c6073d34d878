"""Whether a web server that is announced, and is not ours, listens at the addresses of this host."""

from __future__ import annotations

import logging
from functools import partial
from random import Random

import pytest
import trio
import trio.testing

from upnp_trio import Elsewhere, RootDevice
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.server.web_server_check import ANSWER_SECONDS, LISTENING_SECONDS
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import serve_connections
from upnp_trio.testing.pipes import PipeStream

Clock = trio.testing.MockClock
URL = "http://{host}:8123/d.xml"
LAMP = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1", friendly_name="Lamp", manufacturer="x", model_name="y"
)


async def _hang_up(stream: PipeStream) -> None:
    assert await stream.receive_some(1) == b""  # nothing is asked for


async def _announced(host: Host, url: str = URL, *, seconds: float, listens_after: float | None = None) -> None:
    async with (
        trio.open_nursery() as nursery,
        serve_on(host.network, [LAMP], Settings(http=Elsewhere(url), rng=Random(0), state_dir=None)),
    ):
        if listens_after is not None:
            await trio.sleep(listens_after)
            await nursery.start(partial(serve_connections, host, 8123, _hang_up))
        await trio.sleep(seconds - (listens_after or 0))
        nursery.cancel_scope.cancel()


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_server_that_never_listens_is_told_of_once(
    caplog: pytest.LogCaptureFixture, autojump_clock: Clock
) -> None:
    await _announced(Host.on(Link(), "192.0.2.7/24"), seconds=3 * LISTENING_SECONDS)
    assert _warnings(caplog) == [
        "nothing listens on TCP port 8123 of this host's addresses, which Elsewhere(url='http://{host}:8123/d.xml') "
        "announces; start the web server there, or mend the URL"
    ]


async def test_a_server_that_begins_in_time_is_not(caplog: pytest.LogCaptureFixture, autojump_clock: Clock) -> None:
    await _announced(Host.on(Link(), "192.0.2.7/24"), seconds=2 * LISTENING_SECONDS, listens_after=9)
    assert _warnings(caplog) == []


async def test_a_device_that_ends_before_the_check_is_not(
    caplog: pytest.LogCaptureFixture, autojump_clock: Clock
) -> None:
    await _announced(Host.on(Link(), "192.0.2.7/24"), seconds=LISTENING_SECONDS - 1)
    assert _warnings(caplog) == []


async def test_a_server_that_may_be_elsewhere_is_not_asked(
    caplog: pytest.LogCaptureFixture, autojump_clock: Clock
) -> None:
    host = Host.on(Link(), "192.0.2.7/24")
    await _announced(host, "http://192.0.2.7:8123/d.xml", seconds=2 * LISTENING_SECONDS)
    assert (_warnings(caplog), host.connections) == ([], [])


async def test_an_address_that_has_gone_is_not_asked(caplog: pytest.LogCaptureFixture, autojump_clock: Clock) -> None:
    host = Host.on(Link(), "192.0.2.7/24", "fe80::7/64")
    async with (
        trio.open_nursery() as nursery,
        serve_on(host.network, [LAMP], Settings(http=Elsewhere(URL), rng=Random(0), state_dir=None)),
    ):
        await nursery.start(partial(serve_connections, host, 8123, _hang_up, address="192.0.2.7"))
        await trio.sleep(1)
        host.change("192.0.2.7/24")
        await trio.sleep(2 * LISTENING_SECONDS)
        nursery.cancel_scope.cancel()
    assert _warnings(caplog) == []


async def test_an_address_where_it_does_not_listen_is_named(
    caplog: pytest.LogCaptureFixture, autojump_clock: Clock
) -> None:
    host = Host.on(Link(), "192.0.2.7/24", "fe80::7/64")
    await _announced(host, seconds=2 * LISTENING_SECONDS, listens_after=1)
    (warning,) = _warnings(caplog)
    assert warning.startswith("nothing listens on TCP port 8123 of fe80::7, which Elsewhere(")


async def test_an_address_whose_firewall_drops_connections_delays_the_warning_by_a_moment(
    caplog: pytest.LogCaptureFixture, autojump_clock: Clock
) -> None:
    host = Host.on(Link(), "192.0.2.7/24", "fe80::7/64")
    host.nic().silent_ports.add(8123)
    await _announced(host, seconds=LISTENING_SECONDS + 3 * ANSWER_SECONDS)
    (warning,) = _warnings(caplog)
    assert warning.startswith("nothing listens on TCP port 8123 of this host's addresses, which Elsewhere(")
