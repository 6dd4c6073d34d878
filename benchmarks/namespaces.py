"""Two network namespaces joined by a veth pair, one for the device and one for the control points.

There are 32,768 control points, one for each address of half a /16. With so many, none of them searches often enough
to reach a device's limit for one address. The pair has no route to any other network. Needs root and iproute2.
"""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import attrs

DEVICE_ADDRESS = "10.83.0.1"
CONTROL_POINT_ADDRESS = "10.83.0.2"
PREFIX_LENGTH = 16
CONTROL_POINTS = "10.83.128.0/17"
FIRST_CONTROL_POINT = "10.83.128.0"
CONTROL_POINTS_LINK = "points0"
COMMAND_SECONDS = 10.0
# Does nothing where the kernel has no IPv6.
IPV6_OFF = 'for each in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$each" ] || echo 1 > "$each"; done'

_serial = itertools.count(1)


class NamespaceError(Exception):
    """The namespaces could not be made; the message says why and what to do."""


@attrs.frozen(kw_only=True)
class NamespacePair:
    """The names of the two namespaces."""

    device: str
    control_points: str

    @staticmethod
    def inside(namespace: str, command: Sequence[str]) -> list[str]:
        """The command that runs `command` in `namespace`, with the same process id: `ip netns exec` replaces itself."""
        return ["ip", "netns", "exec", namespace, *command]


def why_unavailable() -> str | None:
    """The reason why no namespace can be made here, or None."""
    if shutil.which("ip") is None:
        return "the command `ip` (iproute2) is not installed"
    if os.geteuid() != 0:
        return "making network namespaces needs root: run it with sudo"
    return None


@contextmanager
def open_namespace_pair() -> Iterator[NamespacePair]:
    """Make a pair with unique names, yield it, and remove it however the body ends.

    IPv6 is off inside: not all devices support it, and those that do would wait for their addresses first.
    """
    stem = f"upnp-benchmark-{os.getpid()}-{next(_serial)}"
    pair = NamespacePair(device=f"{stem}-device", control_points=f"{stem}-points")
    try:
        for namespace in (pair.device, pair.control_points):
            _run("ip", "netns", "add", namespace)
            _run(*pair.inside(namespace, ["sh", "-c", IPV6_OFF]))
        link = ["type", "veth", "peer", "name", CONTROL_POINTS_LINK, "netns", pair.control_points]
        _run("ip", "link", "add", "device0", "netns", pair.device, *link)
        _configure(
            pair.device,
            f"address add {DEVICE_ADDRESS}/{PREFIX_LENGTH} dev device0",
            "link set lo up",
            "link set device0 up",
            "route add 239.0.0.0/8 dev device0",
            # a single neighbour to resolve instead of thousands: the cost of the kernel's table is not the device's
            f"route add {CONTROL_POINTS} via {CONTROL_POINT_ADDRESS}",
        )
        _configure(
            pair.control_points,
            f"address add {CONTROL_POINT_ADDRESS}/{PREFIX_LENGTH} dev {CONTROL_POINTS_LINK}",
            "link set lo up",
            f"link set {CONTROL_POINTS_LINK} up",
            f"route add 239.0.0.0/8 dev {CONTROL_POINTS_LINK}",
            f"route add local {CONTROL_POINTS} dev lo",  # each of these addresses is local
        )
        yield pair
    finally:
        for namespace in (pair.device, pair.control_points):
            with suppress(NamespaceError):  # this one may be the one that could not be made
                _run("ip", "netns", "delete", namespace)


def _configure(namespace: str, *commands: str) -> None:
    _run("ip", "-netns", namespace, "-batch", "-", standard_input="\n".join(commands))


def _run(*command: str, standard_input: str = "") -> None:
    try:
        subprocess.run(
            command, input=standard_input, check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise NamespaceError(f"`{' '.join(command)}` failed: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NamespaceError(f"`{' '.join(command)}` failed: {error}") from error
