"""``python -m tests.network.looking LAST``: look at the interfaces and open each, until the interface LAST is there.

Prints as JSON how many looks there were, and how often an interface could be opened and could not.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

import trio

from upnp_trio.errors import NetworkError
from upnp_trio.network.changes import Changes
from upnp_trio.network.claims import Claims
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.served_interface import InterfaceOptions, SystemNetwork

OPTIONS = InterfaceOptions(port=0)


def _open(network: SystemNetwork, interface: Interface) -> str:
    try:
        with network.open(interface, OPTIONS) as served:
            assert served.endpoint.senders
    except NetworkError:
        return "refused"
    return "opened"


async def main(last: str) -> None:
    """Look at the interfaces and open them, without a pause."""
    network = SystemNetwork(Changes(None), Claims())
    counts: Counter[str] = Counter()
    names: set[str] = set()
    while last not in names:
        interfaces = network.interfaces()
        names = {interface.name for interface in interfaces}
        counts["looks"] += 1
        assert all(interface.index > 0 for interface in interfaces), interfaces
        assert any(interface.is_loopback and interface.is_up for interface in interfaces), interfaces
        for interface in interfaces:
            for version in (4, 6):
                if (of_family := interface.of_family(version)).addresses and not interface.is_loopback:
                    counts[_open(network, of_family)] += 1
        await trio.lowlevel.checkpoint()
    print(json.dumps(counts))


if __name__ == "__main__":
    trio.run(main, sys.argv[1])
