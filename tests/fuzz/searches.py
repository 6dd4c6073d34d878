"""A device on a network in memory, and eight hosts that send anything at any time (see `tests.fuzz.script`)."""

from __future__ import annotations

from random import Random

import trio
import trio.testing

from tests.devices import BASIC
from tests.fuzz.logs import harmless_logs
from tests.fuzz.script import CUT, LONG_WAIT, OTHER_WAY, PEERS, WAIT, Move, read_script
from tests.fuzz.stage import play
from tests.server.scenes import DEVICE, NOON, LoneHost
from upnp_trio.cli.view import describe
from upnp_trio.network.endpoint import Address
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import GROUP, Alive, Search, SearchResponse
from upnp_trio.ssdp.parsing import MAX_MX_SECONDS, parse
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.testing import Recording

__all__ = ["fuzz_one"]

_ON_LINK: list[Address] = [
    ("192.0.2.9", 50000),
    ("192.0.2.9", 1900),
    ("169.254.7.7", 1900),
    ("192.0.2.254", 1),
    ("192.0.2.7", 1900),  # another program on the device's own host
]
_OTHERS: list[Address] = [
    ("198.51.100.1", 50000),  # off the link: perhaps a victim whose address is forged
    ("192.0.2.10", 0),  # a port that nothing can be sent to
    ("127.0.0.1", 50000),
]
_BY_MOVE: dict[bytes | Move, Address] = dict(zip(PEERS, [*_ON_LINK, *_OTHERS], strict=True))
# More events than the searches of a script can cause.
_MANY_EVENTS = 100_000
# One with its own address, and one whose address the other hosts used before.
_GOOD = [("192.0.2.77", 50077), ("192.0.2.9", 50078)]
_GOOD_SEARCH = render_search(Search(search_target="upnp:rootdevice", mx=1))


def fuzz_one(data: bytes) -> None:
    """Let other hosts send *data*. No host off the link is answered. A good client is, even if its address was used."""
    play(data, _play, read_script(data))


async def _play(steps: list[bytes | Move]) -> None:
    host = LoneHost()
    settings = Settings(rng=Random(0), utcnow=lambda: NOON)
    with harmless_logs(), trio.fail_after(3600):
        async with serve_on(host.network, [BASIC], settings) as running:
            events = running.subscribe(_MANY_EVENTS)
            await _send(host, steps)
            await trio.sleep(MAX_MX_SECONDS + 1)
            _check_answers(host.sent)
            received = len(host.sent)
            for good in _GOOD:
                host.receive(_GOOD_SEARCH, good)
            await trio.sleep(1)
            answered = {sent.destination for sent in host.sent[received:]}
            assert answered.issuperset(_GOOD), "a good client is not answered"
        assert all([describe(event).isprintable() async for event in events])


async def _send(host: LoneHost, steps: list[bytes | Move]) -> None:
    peer = _ON_LINK[0]
    multicast = True
    for step in steps:
        if isinstance(step, bytes):
            host.receive(step, peer, to=GROUP if multicast else DEVICE)
        elif step in _BY_MOVE:
            peer = _BY_MOVE[step]
        elif step == CUT:
            await trio.testing.wait_all_tasks_blocked()
        elif step in (WAIT, LONG_WAIT):
            await trio.sleep(1 if step == WAIT else 6)
        elif step == OTHER_WAY:
            multicast = not multicast


def _check_answers(datagrams: Recording) -> None:
    for sent in datagrams:
        message = parse(sent.payload)
        assert isinstance(message, Alive | SearchResponse)
        if isinstance(message, SearchResponse):
            assert sent.destination in _ON_LINK
            assert message.usn.startswith(str(BASIC.udn))
            assert sent.payload.isascii()
