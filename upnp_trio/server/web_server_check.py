"""Whether the program's own web server listens at the addresses of this host that are announced.

No packet leaves the host: the check connects to each address from that address.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

import trio

from upnp_trio.model.urls import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.served_interface import Network
    from upnp_trio.server.web_servers import WebServer

__all__ = ["check_once", "wait_until_listening"]

logger = logging.getLogger(__name__)

# How long a web server that starts after the device may take until it listens, and the pause between two attempts.
# Control points fetch a description at its first announcement, and most of them only once.
LISTENING_SECONDS = 10.0
RETRY_SECONDS = 0.05
# An address of this host answers at once, unless a firewall drops what comes there.
ANSWER_SECONDS = 1.0


async def wait_until_listening(
    network: Network, server: WebServer, addresses: Callable[[], Sequence[ServedAddress]]
) -> None:
    """Wait, within bounds, until something accepts connections where control points will open them.

    One address is enough. A warning names the others, if LOCATION has them and nothing listens there.
    """
    deaf: list[ServedAddress] = []
    is_listening = False
    with trio.move_on_after(LISTENING_SECONDS):
        while served := addresses():
            deaf = await _deaf(network, server, served)
            if not deaf or is_listening:
                break
            # a server with several sockets listens on one after another, so the others get one more attempt
            is_listening = len(deaf) < len(served)
            await trio.sleep(RETRY_SECONDS)
    _warn(server, deaf, is_listening=is_listening)


async def check_once(network: Network, server: WebServer, addresses: Callable[[], Sequence[ServedAddress]]) -> None:
    """Warn of addresses that are announced if nothing listens there some time after the start."""
    if HOST not in server._base_url:
        return  # the server may be anywhere
    await trio.sleep(LISTENING_SECONDS)
    served = addresses()
    deaf = await _deaf(network, server, served)
    _warn(server, deaf, is_listening=len(deaf) < len(served))


async def _deaf(network: Network, server: WebServer, addresses: Sequence[ServedAddress]) -> list[ServedAddress]:
    return [served for served in addresses if not await _accepts(network, served, server._port)]


async def _accepts(network: Network, served: ServedAddress, port: int) -> bool:
    with suppress(OSError), trio.move_on_after(ANSWER_SECONDS):
        stream = await network.connect(ip_address(served.address), port, served=served)
        stream.close()
        return True
    return False


def _warn(server: WebServer, deaf: Sequence[ServedAddress], *, is_listening: bool) -> None:
    if deaf and not is_listening:
        logger.warning(
            "nothing listens on TCP port %s of this host's addresses, which %r announces; start the web server "
            "there, or mend the URL",
            *(server._port, server),
        )
    elif deaf and HOST in server._base_url:
        logger.warning(
            "nothing listens on TCP port %s of %s, which %r announces, too; let the web server listen there, or "
            "leave these addresses out, as by ipv6=False or interfaces=[...]",
            *(server._port, ", ".join(served.address for served in deaf), server),
        )
