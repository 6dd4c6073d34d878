"""The page about control and events shows what a device and a control point really send each other."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import attrs
import trio
import trio.testing

from examples.light import SwitchPower, device
from tests.docs.blocks import Block, blocks
from tests.server.scenes import PEER, LoneHost
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing.pipes import PipeStream

PAGE = "docs/explanation/control-and-events.md"
UDN = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
NOW = datetime(2026, 11, 23, 8, 15, 45, tzinfo=UTC)
EMPTY_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def shown() -> list[Block]:
    return [block for block in blocks("http") if block.page == PAGE]


def sent(block: Block) -> bytes:
    """The bytes of the request that *block* shows."""
    head, _, body = block.text.rstrip("\n").partition("\n\n")
    return "\r\n".join([*head.splitlines(), "", body]).encode()


def text_of(message: bytes) -> str:
    """What a block shows of *message*: the name of this system and the SID, which are others each time, left open."""
    text = message.decode().replace("\r\n", "\n").rstrip("\n") + "\n"
    text = re.sub(r"^Server: \S+", "Server: Linux/6.1.0", text, flags=re.MULTILINE)
    text = re.sub(r" +$", "", text, flags=re.MULTILINE)  # behind EXT, which has no value
    return re.sub(r"^SID: uuid:\S+", "SID: uuid:...", text, flags=re.MULTILINE)


async def read_message(stream: PipeStream) -> bytes:
    """A whole message with its body."""
    arrived = b""
    while True:
        head, end, body = arrived.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if end and len(body) >= (int(length[1]) if length else 0):
            return arrived
        arrived += await stream.receive_some()


@asynccontextmanager
async def served_light() -> AsyncIterator[LoneHost]:
    host = LoneHost()
    settings = Settings(rng=Random(0), utcnow=lambda: NOW)
    served = attrs.evolve(device, udn=UDN, services=[SwitchPower()])
    async with serve_on(host.network, [served], settings):
        yield host


async def test_each_message_is_what_a_device_answers_and_sends(autojump_clock: trio.testing.MockClock) -> None:
    sid = ""
    async with served_light() as host:
        listening = host.peer(PEER).listen(8000)
        client = host.client()
        events: PipeStream | None = None
        for block in shown():
            if block.text.startswith("HTTP/1.1 "):
                received = await read_message(client)
                assert text_of(received) == text_of(block.text.encode()), block
                if found := re.search(rb"^SID: (\S+)\r$", received, re.MULTILINE):
                    sid = found[1].decode()
            elif block.text.startswith("NOTIFY "):
                events = events or await listening.accept()
                assert text_of(await read_message(events)) == text_of(block.text.encode()), block
                events.outgoing.write(EMPTY_OK)
            else:
                await client.send_all(re.sub(rb"(?m)^SID: \S+", b"SID: " + sid.encode(), sent(block)))
        client.close()


def test_each_kind_of_message_is_shown() -> None:
    kinds = {block.text.split(" ")[0] for block in shown()}
    assert kinds == {"POST", "HTTP/1.1", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY"}
