"""A client that says what real ones say, byte for byte, to a device on a network in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Unpack
from urllib.parse import urlsplit

import attrs
import trio

from upnp_trio import RootDevice, ServeOptions
from upnp_trio.exchange import ServedAddress
from upnp_trio.testing import Host, MemoryNetwork, alive, byebye

__all__ = ["DEVICE", "Answer", "Client", "lines", "served"]

#: the address of the device
DEVICE = "192.0.2.1"
CLIENT = "192.0.2.2"
GROUP = ("239.255.255.250", 1900)
# MX counts as five seconds at most.
LONGEST_MX = 6


def lines(*of_a_head: str) -> bytes:
    """A head with its line ends, and the empty line behind it."""
    return "".join(f"{line}\r\n" for line in (*of_a_head, "")).encode()


@attrs.frozen
class Answer:
    """The answer to a search or to a request; names of fields are in lower case."""

    status: int
    headers: dict[str, str]
    body: str

    @classmethod
    def of(cls, received: bytes) -> Answer:
        """*received*, whose fields come once each."""
        head, _, body = received.decode(errors="replace").partition("\r\n\r\n")
        start_line, *fields = head.split("\r\n")
        pairs = [(name.lower(), value.strip()) for name, _, value in (field.partition(":") for field in fields)]
        assert len(dict(pairs)) == len(pairs)
        return cls(int(start_line.split()[1]), dict(pairs), body)

    def has(self, element: str, text: str) -> bool:
        """Whether there is such an element in the document."""
        return f"<{element}>{text}</{element}>" in self.body


@attrs.frozen(eq=False)
class Client:
    """A host that searches and asks."""

    host: Host

    async def search(self, datagram: bytes) -> list[Answer]:
        """The answers to a search that is sent to the group."""
        socket = self.host.open_udp(CLIENT, 50000)
        try:
            socket.sendto(datagram, GROUP)
            await trio.sleep(LONGEST_MX)
            answers: list[Answer] = []
            while True:
                try:
                    payload, source = socket.recvfrom(65536)
                except BlockingIOError:
                    return answers
                assert source == (DEVICE, 1900)
                answers.append(Answer.of(payload))
        finally:
            socket.close()

    async def ask(self, url: str, *head: str, body: str = "") -> Answer:
        """The answer to a request; ``{path}`` and ``{host}`` in its lines are those of *url*."""
        parts = urlsplit(url)
        assert parts.hostname == DEVICE
        filled = [line.format(path=parts.path, host=parts.netloc) for line in head]
        served = ServedAddress(interface="eth0", index=self.host.nics["eth0"].index, address=CLIENT)
        stream = await self.host.connect(ip_address(DEVICE), parts.port or 80, served)
        await stream.send_all(memoryview(lines(*filled) + body.encode()))
        received = b""
        with trio.move_on_after(1):  # many clients keep the connection, and so do we
            while data := await stream.receive_some(65536):
                received += data
        stream.close()
        return Answer.of(received)


@asynccontextmanager
async def served(device: RootDevice, **options: Unpack[ServeOptions]) -> AsyncIterator[Client]:
    """*device* on one host and a client on another; at the end the device has been announced and revoked."""
    network = MemoryNetwork(seed=1)
    home, client = network.host("device"), network.host("client")
    async with home.serve(device, **options) as running:
        await trio.sleep(5)
        yield Client(client)
    network.recording.expect(alive(of=running)).before(byebye(of=running))
