"""The network of most of these tests: two hosts on a cable, and a device served on one of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import attrs

from tests.network.namespaces import LINK, Namespace, Network, open_network
from tests.network.served import Example, Served, open_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "ASKER_ADDRESS",
    "BROADCAST_ADDRESS",
    "DEVICE_ADDRESS",
    "SILENCE_SECONDS",
    "Pair",
    "Scene",
    "Serve",
    "make_pair",
    "open_scene",
]

DEVICE_ADDRESS = "10.77.0.1"
ASKER_ADDRESS = "10.77.0.2"
BROADCAST_ADDRESS = "10.77.0.255"
# How long nothing must come to count as nothing, after searches with an MX of 1; the rest is for a busy machine.
SILENCE_SECONDS = 1.5


@attrs.frozen
class Pair:
    """Two hosts joined by a cable: one for the device, one for its control points."""

    device: Namespace
    asker: Namespace
    device_address: str = DEVICE_ADDRESS
    asker_address: str = ASKER_ADDRESS


@attrs.frozen
class Scene:
    """An example device served at one end of a cable."""

    example: Example
    served: Served
    pair: Pair


class Serve(Protocol):
    """Starts the command on a host."""

    def __call__(self, host: Namespace, *arguments: str | Path) -> Served: ...


@contextmanager
def open_scene(example: Example) -> Iterator[Scene]:
    """*example* served in a network of its own, on IPv4 alone."""
    with open_network() as network:
        pair = make_pair(network)
        with open_served(pair.device, "--ipv4-only", example.file) as served:
            yield Scene(example, served, pair)


def make_pair(network: Network) -> Pair:
    """A pair of hosts in *network*."""
    pair = Pair(network.add_host("device"), network.add_host("asker"))
    network.join((pair.device, LINK, f"{DEVICE_ADDRESS}/24"), (pair.asker, LINK, f"{ASKER_ADDRESS}/24"))
    return pair
