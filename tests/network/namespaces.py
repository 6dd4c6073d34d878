"""Networks of our own: Linux network namespaces joined by veth pairs, with no way out to any other network.

Needs root and iproute2. Names hold the process id and a number, so that any number of test runs get along.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LINK", "Namespace", "NamespaceError", "Network", "mreqn", "open_network", "why_impossible"]

T = TypeVar("T")

#: what a namespace's first interface is called
LINK = "eth0"
COMMAND_SECONDS = 60.0

_NAMES_FOLDER = "/run/netns"  # iproute2's
_CLONE_NEWNET = 0x40000000  # <linux/sched.h>
_serial = itertools.count(1)


class NamespaceError(Exception):
    """A namespace could not be made, entered or changed; the message has the system's error."""


@attrs.frozen
class Namespace:
    """One host of such a network."""

    name: str

    def command(self, *command: str) -> list[str]:
        """*command*, to be run here; ``ip netns exec`` becomes it, so signals to its process reach it."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(
        self, *command: str, seconds: float = COMMAND_SECONDS, cwd: str | os.PathLike[str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* here to its end; return its output and its exit status, whatever they are."""
        return subprocess.run(
            self.command(*command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
            cwd=cwd,
        )

    def ip(self, *arguments: str) -> None:
        """Change this host's interfaces, addresses or routes with ``ip``."""
        _run("ip", "-netns", self.name, *arguments)

    def inside(self, function: Callable[[], T]) -> T:
        """Call *function* in a thread that is in this namespace: sockets it opens belong here, whoever uses them."""
        results: list[T] = []
        errors: list[BaseException] = []

        def call() -> None:
            try:
                _enter(self.name)
                results.append(function())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=call, name=self.name)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def open_socket(self, kind: socket.SocketKind, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
        """A socket of this host; the caller closes it."""
        return self.inside(lambda: socket.socket(family, kind))

    def index(self, link: str = LINK) -> int:
        """The interface index of *link*."""
        return self.inside(lambda: socket.if_nametoindex(link))


@attrs.define(eq=False)
class Network:
    """The hosts of a network, made one by one; *stack* removes them all, also when removing one of them fails."""

    _stack: ExitStack

    def add_host(self, label: str) -> Namespace:
        """A new host without any interface but loopback, which is up."""
        namespace = Namespace(f"upnp-test-{os.getpid()}-{next(_serial)}-{label}")
        _run("ip", "netns", "add", namespace.name)
        # what still runs there keeps it until it ends
        self._stack.callback(_run, "ip", "netns", "delete", namespace.name)
        namespace.ip("link", "set", "lo", "up")
        return namespace

    def join(self, *ends: tuple[Namespace, str, str]) -> None:
        """Lay a cable between two *ends*, each a host, its interface's name and the address there ("10.77.0.1/24").

        The end's interface is up and its host's multicast goes there, if it did not go elsewhere before.
        """
        (near, near_link, _), (far, far_link, _) = ends
        veth = ["type", "veth", "peer", "name", far_link, "netns", far.name]
        _run("ip", "link", "add", near_link, "netns", near.name, *veth)
        for host, link, address in ends:
            host.ip("address", "add", address, "dev", link)
            host.ip("link", "set", link, "up")
            host.ip("route", "append", "239.0.0.0/8", "dev", link)


@contextmanager
def open_network() -> Iterator[Network]:
    """A network to put hosts into; they are removed however the body ends."""
    with ExitStack() as stack:
        yield Network(stack)


def why_impossible() -> str | None:
    """Why no such network can be made here; ``None`` if it can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if shutil.which("ip") is None:
        return "the command ip is missing; install iproute2"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    try:
        with open_network() as network:
            near, far = network.add_host("near"), network.add_host("far")
            network.join((near, LINK, "10.77.0.1/24"), (far, LINK, "10.77.0.2/24"))
            near.index()
    except NamespaceError as error:
        return f"no network namespace can be made here: {error}"
    return None


def mreqn(group: str, address: str, index: int) -> bytes:
    """struct ip_mreqn, for IP_ADD_MEMBERSHIP and IP_MULTICAST_IF."""
    return struct.pack("=4s4si", socket.inet_aton(group), socket.inet_aton(address), index)


def _enter(name: str) -> None:
    """Put the calling thread, and it alone, into the namespace *name*."""
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns came with Python 3.12
    descriptor = os.open(f"{_NAMES_FOLDER}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET) != 0:
            raise NamespaceError(f"cannot enter the namespace {name}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(descriptor)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    except subprocess.CalledProcessError as error:
        raise NamespaceError(f"`{' '.join(command)}` failed: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NamespaceError(f"`{' '.join(command)}` failed: {error}") from error
