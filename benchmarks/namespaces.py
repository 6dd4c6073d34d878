"""Two network namespaces joined by a veth pair: a network of our own, with a device at one end of the cable.

Nothing sent inside reaches any other network: the pair has no way out. Needs root and iproute2.
"""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import attrs

DEVICE_ADDRESS = "10.83.0.1"
# Several, so that a device's limit per control point, where it has one, is not what is measured.
CONTROL_POINT_ADDRESSES = tuple(f"10.83.0.{host}" for host in range(11, 19))
COMMAND_SECONDS = 10.0
# Goes on where the kernel has no IPv6.
IPV6_OFF = 'for each in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$each" ] || echo 1 > "$each"; done'

_serial = itertools.count(1)


class NamespaceError(Exception):
    """The namespaces could not be made; the message says why and what to do."""


@attrs.frozen(kw_only=True)
class NamespacePair:
    """The names of the two namespaces; `inside` gives the command that runs another one in either of them."""

    device: str
    control_points: str

    @staticmethod
    def inside(namespace: str, command: Sequence[str]) -> list[str]:
        """`command`, to be run in `namespace`; `ip netns exec` becomes it, so the process id is the command's own."""
        return ["ip", "netns", "exec", namespace, *command]


def why_unavailable() -> str | None:
    """Why no namespace can be made here, or None."""
    if shutil.which("ip") is None:
        return "the command `ip` (iproute2) is not installed"
    if os.geteuid() != 0:
        return "making network namespaces needs root: run it with sudo"
    return None


@contextmanager
def open_namespace_pair() -> Iterator[NamespacePair]:
    """Make a pair with unique names, give it, and remove it however the body ends.

    IPv6 is off inside: not all devices speak it, and those that do would otherwise wait for its addresses.
    """
    stem = f"upnp-benchmark-{os.getpid()}-{next(_serial)}"
    pair = NamespacePair(device=f"{stem}-device", control_points=f"{stem}-points")
    ends = (
        (pair.device, "device0", (DEVICE_ADDRESS,)),
        (pair.control_points, "points0", CONTROL_POINT_ADDRESSES),
    )
    try:
        for namespace, _, _ in ends:
            _run("ip", "netns", "add", namespace)
        for command in _cabling(pair, ends):
            _run(*command)
        yield pair
    finally:
        for namespace, _, _ in ends:
            with suppress(NamespaceError):  # it may be the one that could not be made
                _run("ip", "netns", "delete", namespace)


def _cabling(pair: NamespacePair, ends: Sequence[tuple[str, str, Sequence[str]]]) -> Iterator[Sequence[str]]:
    for namespace, _, _ in ends:
        yield pair.inside(namespace, ["sh", "-c", IPV6_OFF])
    (near, near_link, _), (far, far_link, _) = ends
    yield [
        "ip",
        "link",
        "add",
        near_link,
        "netns",
        near,
        "type",
        "veth",
        "peer",
        "name",
        far_link,
        "netns",
        far,
    ]
    for namespace, link, addresses in ends:
        for address in addresses:
            yield ["ip", "-netns", namespace, "address", "add", f"{address}/24", "dev", link]
        yield ["ip", "-netns", namespace, "link", "set", "lo", "up"]
        yield ["ip", "-netns", namespace, "link", "set", link, "up"]
        yield ["ip", "-netns", namespace, "route", "add", "239.0.0.0/8", "dev", link]


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    except subprocess.CalledProcessError as error:
        raise NamespaceError(f"`{' '.join(command)}` failed: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NamespaceError(f"`{' '.join(command)}` failed: {error}") from error
