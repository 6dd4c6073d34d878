"""How tests with real devices stay apart on the loopback that they share: one at a time has devices there.

SSDP's group and port are the same for all, and what a program searches for may be any device. The other way, a network
for each test process, is in `upnp_trio.testing.namespaces`.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.state import open_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Impossible", "loopback_alone", "why_no_multicast_on_loopback"]

# A test holds the lock for as long as it has a device: seconds. Others wait for as long as a few of them may take.
LOCK_WAIT_SECONDS = 100.0
LOCK_RETRY_SECONDS = 0.01


class Impossible(Exception):
    """Tests cannot be kept apart in this way; the message says why, and what could help."""


@contextmanager
def loopback_alone() -> Iterator[None]:
    """Be the only test of this user that has a device on loopback for as long as the body runs.

    Raises `TimeoutError` if another one does not end, which is a failure of the tests and not of this machine.
    """
    path = Path(tempfile.gettempdir()) / f"upnp-trio-loopback-{_user()}.lock"
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while (descriptor := _locked(path)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"another test has had a device on loopback for {LOCK_WAIT_SECONDS:g} s (it holds {path}); wait "
                "for its end, or give each process a network of its own with --upnp-namespace"
            )
        time.sleep(LOCK_RETRY_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int | None:
    """A descriptor with the lock at *path*; ``None`` if another one has it. Raises `Impossible`."""
    try:
        return open_lock(path)
    except OSError as error:
        raise Impossible(f"cannot lock {path}: {error.strerror}; remove it, or use --upnp-namespace") from error


def _user() -> str:
    if sys.platform == "win32":
        return "any"  # the directory is the user's there
    else:
        return str(os.getuid())


def why_no_multicast_on_loopback() -> str | None:
    """Why a device on loopback would not be found; ``None`` if it would."""
    group = socket.inet_aton("239.255.255.250") + socket.inet_aton("127.0.0.1")
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending,
        ):
            receiving.bind(("", 0))
            receiving.settimeout(1.0)
            receiving.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sending.sendto(b"upnp-trio", ("239.255.255.250", receiving.getsockname()[1]))
            receiving.recv(100)
    except OSError as error:
        return f"multicast does not pass loopback here: {error.strerror or error}"
    return None
