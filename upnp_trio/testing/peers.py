"""Peers that a test scripts: broken and hostile devices, and control points that do no more than they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import trio

from upnp_trio.ssdp.messages import GROUP, PORT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from upnp_trio.network.endpoint import Address
    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.pipes import PipeStream

__all__ = ["answer_datagrams", "http_response", "serve_connections"]


async def answer_datagrams(
    host: Host,
    answers: Callable[[bytes, Address], Iterable[bytes]],
    *,
    address: str = GROUP,
    port: int = PORT,
    name: str = "eth0",
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Send what *answers* gives for each datagram to *address*, from the interface's own address, until cancelled."""
    own = host.nic(name).first_address(6 if ":" in address else 4)
    receiving, sending = host.open_udp(address, port, name=name), host.open_udp(own, port, name=name)
    try:
        task_status.started()
        while True:
            await receiving.wait_readable()
            payload, source = receiving.recvfrom(65536)
            for answer in answers(payload, source):
                sending.sendto(answer, source)
    finally:
        receiving.close()
        sending.close()


async def serve_connections(
    host: Host,
    port: int,
    serve: Callable[[PipeStream], Awaitable[None]],
    *,
    address: str = "",
    name: str = "eth0",
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Let *serve* have each connection to *port*, side by side, until cancelled; it is closed afterwards."""
    listener = host.listen(port, address, name=name)

    async def serve_one(stream: PipeStream) -> None:
        try:
            await serve(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the other end has left, as it may
        finally:
            stream.close()

    try:
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                nursery.start_soon(serve_one, await listener.accept())
    finally:
        listener.close()


def http_response(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """A response with the header lines *lines*."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "", ""]).encode() + body
