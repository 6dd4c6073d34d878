"""``python -m tests.network.asking ORDER...``: use the network of a control point in a namespace; prints JSON.

Orders: ``search ADDRESS [TO]`` searches for root devices from ADDRESS, by unicast if TO is given, and prints for each
answer its source, LOCATION and latency. ``face ADDRESS [ZONE]`` prints what faces ADDRESS. ``fetch URL [ZONE]`` prints
the status line of a GET, and the device's name. ``receive LINK`` prints each datagram to all that comes on LINK, until
it is stopped.
"""

from __future__ import annotations

import json
import sys
from ipaddress import ip_address

import trio

from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.network.asking import AskingNetwork
from upnp_trio.network.endpoint import Receiver
from upnp_trio.network.system_asking import open_asking_network
from upnp_trio.ssdp.messages import PORT, Search, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_search

MX = 1


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


async def search(network: AskingNetwork, own: str, to: str = "") -> None:
    """Print the answers to one search from the address *own*."""
    interface, address = next(
        (interface, address)
        for interface in network.interfaces()
        for address in interface.addresses
        if str(address.ip) == own
    )
    with network.open_search_socket(interface, address) as opened:
        scope = () if address.version == 4 else (0, interface.index)
        destination = (to, PORT, *scope) if to else opened.group
        message = Search(search_target="upnp:rootdevice", mx=None if to else MX)
        sent_at = await opened.send(render_search(message, host=opened.host), destination)
        with trio.move_on_after(MX + 1):
            while True:
                for datagram in await opened.receive():
                    answer = parse(datagram.payload)
                    assert isinstance(answer, SearchResponse)
                    latency = datagram.arrived_at - sent_at
                    _say(source=datagram.source[0], location=answer.location, latency=latency)


async def face(network: AskingNetwork, address: str, zone: str = "") -> None:
    """Print what faces *address*."""
    found = network.facing(ip_address(address), zone)
    _say(address=found.address, interface=found.interface)


async def fetch(network: AskingNetwork, text: str, zone: str = "") -> None:
    """Print the status line that a GET is answered with, and the name of the device that it describes."""
    url = LiteralUrl.parse(text)
    served = network.facing(url.address, zone or url.zone)
    with trio.fail_after(20):
        stream = await network.connect(url.address, url.port, served=served)
        request = f"GET {url.target} HTTP/1.1\r\nHost: {url.authority}\r\nConnection: close\r\n\r\n"
        await stream.send_all(memoryview(request.encode()))
        received = b""
        while data := await stream.receive_some(65536):
            received += data
        stream.close()
    name = received.partition(b"<friendlyName>")[2].partition(b"<")[0].decode()
    _say(status=received.partition(b"\r\n")[0].decode(), name=name, address=served.address)


async def receive(network: AskingNetwork, link: str) -> None:
    """Print what comes to all on *link*."""
    interface = next(interface for interface in network.interfaces() if interface.name == link)

    async def print_all(receiver: Receiver) -> None:
        while True:
            await receiver.wait()
            for datagram, source in receiver.drain():
                _say(source=source[0], to=receiver.socket.getsockname()[0], text=datagram.decode())

    with network.open_receivers(interface) as receivers:
        async with trio.open_nursery() as nursery:
            for receiver in receivers:
                nursery.start_soon(print_all, receiver)
            _say(receivers=len(receivers))


async def main(order: str, *arguments: str) -> None:
    """Carry out *order*."""
    with open_asking_network() as network:
        match order, arguments:
            case "search", (own, *to):
                await search(network, own, *to)
            case "face", (address, *zone):
                await face(network, address, *zone)
            case "fetch", (url, *zone):
                await fetch(network, url, *zone)
            case "receive", (link,):
                await receive(network, link)
            case _:
                raise SystemExit(__doc__)


if __name__ == "__main__":
    trio.run(lambda: main(*sys.argv[1:]))
