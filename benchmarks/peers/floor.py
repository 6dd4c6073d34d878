"""The floor: a bare trio loop that answers every datagram and every request with constant bytes.

It parses nothing, spreads nothing over MX and announces nothing, so it is no UPnP device. It shows what trio, Python
and this machine cost before any UPnP work is done.

    python -m benchmarks.peers.floor ADDRESS PORT DESCRIPTION
"""

import socket
import sys
from pathlib import Path

import trio

SSDP_GROUP = "239.255.255.250"
SSDP_PORT = 1900
MAX_DATAGRAM_BYTES = 2048
MAX_REQUEST_BYTES = 16384

ANSWER = (
    "HTTP/1.1 200 OK\r\n"
    "CACHE-CONTROL: max-age=1800\r\n"
    "EXT:\r\n"
    "LOCATION: http://{address}:{port}/description.xml\r\n"
    "SERVER: Linux/0 UPnP/1.1 floor/0\r\n"
    "ST: upnp:rootdevice\r\n"
    "USN: uuid:00000000-0000-4000-8000-000000000000::upnp:rootdevice\r\n"
    "\r\n"
)


async def answer_searches(address: str, answer: bytes) -> None:
    """Answer each datagram on 1900/udp at once, whatever it says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        membership = socket.inet_aton(SSDP_GROUP) + socket.inet_aton(address)
        endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        endpoint.bind(("", SSDP_PORT))
        while True:
            # One wait for each datagram and no more checkpoints than that: cheaper than trio's own recvfrom and sendto.
            await trio.lowlevel.wait_readable(endpoint)
            _, searcher = endpoint.recvfrom(MAX_DATAGRAM_BYTES)
            endpoint.sendto(answer, searcher)


async def serve(address: str, port: int, description: bytes) -> None:
    """Serve `description` on every path of `address`:`port`, and answer searches, until killed."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(description)}\r\n\r\n"
    response = head.encode() + description

    async def converse(stream: trio.SocketStream) -> None:
        # One request is outstanding at a time, so the end of a head is the end of a request.
        request = b""
        while received := await stream.receive_some(MAX_REQUEST_BYTES):
            request += received
            if request.endswith(b"\r\n\r\n"):
                await stream.send_all(response)
                request = b""

    async with trio.open_nursery() as nursery:
        # HTTP listens before the first search is answered, so LOCATION holds what it promises.
        listeners = await trio.open_tcp_listeners(port, host=address)
        nursery.start_soon(trio.serve_listeners, converse, listeners)
        nursery.start_soon(answer_searches, address, ANSWER.format(address=address, port=port).encode())


if __name__ == "__main__":
    trio.run(serve, sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_bytes())
