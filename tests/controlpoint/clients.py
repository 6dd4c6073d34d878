"""HTTP clients: one that answers by itself, as a test scripts it, and a real one on a host in memory.

What is done with an answer does not depend on how it came, so most tests of that need no network at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

import attrs
import trio

from tests.server.scenes import LoneHost
from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpAnswer, HttpClient
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.network.streams import HttpStream

__all__ = ["LOCATION", "SERVED", "ScriptedClient", "open_client"]

#: the end of this host
SERVED = ServedAddress(interface="eth0", index=2, address="192.0.2.9")
LOCATION = LiteralUrl.parse("http://192.0.2.7:49152/device/description.xml")


def _nowhere(*_: object) -> NoReturn:
    raise AssertionError("a client of a test connects nowhere")


@attrs.frozen
class Sent:
    """A request that was sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    max_body_bytes: int


class ScriptedClient(HttpClient):
    """Answers with what *pages* has for a URL: a body, a status, an error, or seconds to wait and then any of these."""

    def __init__(self, pages: Mapping[str, object]) -> None:
        super().__init__(_nowhere, user_agent="test")
        self.pages = dict(pages)
        self.sent: list[Sent] = []
        self.running = self.most_running = 0

    async def request(
        self,
        method: str,
        url: LiteralUrl,
        served: ServedAddress,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        max_body_bytes: int = 1024 * 1024,
        seconds: float = 10.0,
    ) -> HttpAnswer:
        assert served is SERVED
        self.sent.append(Sent(method, url.text, dict(headers), body, max_body_bytes))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            with trio.move_on_after(seconds):
                await trio.lowlevel.checkpoint()
                page = self.pages.get(url.text, 404)
                if isinstance(page, tuple):
                    delay, page = page
                    await trio.sleep(delay)
                return self._answer(url, page, max_body_bytes)
            raise RequestFailed(f"{method} {url}: no answer within {seconds:g} s")
        finally:
            self.running -= 1

    def _answer(self, url: LiteralUrl, page: object, max_body_bytes: int) -> HttpAnswer:
        match page:
            case HttpAnswer():
                return page
            case bytes():
                if len(page) > max_body_bytes:
                    raise RequestFailed(f"GET {url}: more than {max_body_bytes} bytes")
                return HttpAnswer(200, {}, page)
            case int():
                return HttpAnswer(page, {}, b"")
            case Exception():
                raise page
        raise AssertionError(f"{page!r} is no answer")

    def count(self, url: str) -> int:
        """How many requests were sent to *url*."""
        return sum(sent.url == url for sent in self.sent)


@contextmanager
def open_client(host: LoneHost) -> Iterator[HttpClient]:
    """A client on the link of *host*, at `SERVED`, over the client's real HTTP."""
    network = host.peer(SERVED.address).network

    async def connect(address: IpAddress, port: int, served: ServedAddress) -> HttpStream:
        return await network.connect(address, port, served=served)

    client = HttpClient(connect, user_agent="test")
    try:
        yield client
    finally:
        client.close()
