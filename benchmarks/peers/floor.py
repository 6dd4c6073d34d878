"""The floor: a bare trio loop that answers every search and every request with constant bytes.

It honours MX (a heap of due answers, sent in ticks of 20 ms and spread over nine tenths of MX 1), parses HTTP with h11,
and does nothing else: it looks only for an MX in a datagram, and matches, limits, counts and announces nothing. It is
not a UPnP device. It shows what trio, h11, Python and the machine cost before any UPnP work.

    python -m benchmarks.peers.floor ADDRESS PORT DESCRIPTION
"""

import random
import socket
import sys
from contextlib import suppress
from heapq import heappop, heappush
from pathlib import Path

import h11
import trio

SSDP_GROUP = "239.255.255.250"
SSDP_PORT = 1900
MAX_DATAGRAM_BYTES = 2048
MAX_REQUEST_BYTES = 16384
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
WINDOW_SECONDS = 0.9
TICK_SECONDS = 0.02
BATCH = 64

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

Due = tuple[float, tuple[str, int]]


async def serve_ssdp(address: str, answer: bytes) -> None:
    """Answer each datagram without an MX at once, and the others from a heap when they are due, until killed."""
    due: list[Due] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        membership = socket.inet_aton(SSDP_GROUP) + socket.inet_aton(address)
        endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        endpoint.bind(("", SSDP_PORT))
        endpoint.setblocking(False)
        async with trio.open_nursery() as nursery:
            while True:
                await trio.lowlevel.wait_readable(endpoint)
                at_rest = not due
                for _ in range(BATCH):
                    try:
                        datagram, searcher = endpoint.recvfrom(MAX_DATAGRAM_BYTES)
                    except BlockingIOError:
                        break
                    if b"\nmx:" in datagram.lower():
                        heappush(due, (trio.current_time() + random.random() * WINDOW_SECONDS, searcher))
                    else:
                        endpoint.sendto(answer, searcher)
                if at_rest and due:
                    nursery.start_soon(send_due, endpoint, answer, due)


async def send_due(endpoint: socket.socket, answer: bytes, due: list[Due]) -> None:
    """Send the answers that are due, once in each tick, until the heap is empty."""
    while due:
        await trio.sleep(TICK_SECONDS)
        now = trio.current_time()
        while due and due[0][0] <= now:
            endpoint.sendto(answer, heappop(due)[1])


async def serve_http(address: str, port: int, description: bytes) -> None:
    """Serve `description` on every path of `address`:`port` until killed; each connection is a task."""
    head = h11.Response(
        status_code=200, headers=[("Content-Type", "text/xml"), ("Content-Length", str(len(description)))]
    )
    body, end = h11.Data(description), h11.EndOfMessage()

    async def converse(connected: socket.socket) -> None:
        connection = h11.Connection(h11.SERVER)
        with connected, suppress(ConnectionError):  # the client has closed the connection
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    await trio.lowlevel.wait_readable(connected)
                    connection.receive_data(connected.recv(MAX_REQUEST_BYTES))
                elif isinstance(event, h11.EndOfMessage):
                    parts = [connection.send(part) or b"" for part in (head, body, end)]
                    connected.send(b"".join(parts))  # far smaller than a send buffer
                    if connection.our_state is not h11.DONE:
                        return
                    connection.start_next_cycle()
                elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return

    with socket.create_server((address, port), backlog=1024) as listener:
        listener.setblocking(False)
        async with trio.open_nursery() as nursery:
            while True:
                await trio.lowlevel.wait_readable(listener)
                connected, _ = listener.accept()
                connected.setblocking(False)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                nursery.start_soon(converse, connected)


async def serve(address: str, port: int, description: bytes) -> None:
    """Serve both until killed."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_http, address, port, description)
        nursery.start_soon(serve_ssdp, address, ANSWER.format(address=address, port=port).encode())


if __name__ == "__main__":
    trio.run(serve, sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_bytes())
