"""Claims of UDNs: each UDN is served by one program on this host.

Two programs with one UDN hide each other, and the byebye of one removes the other from every list. A program claims
its UDNs before it sends anything, so the second program notices at once. A claim ends when it is closed, or when the
process ends, for whatever reason.

On Linux, a claim is an abstract Unix socket named after the UDN. Like a port, it belongs to the network namespace:
containers share claims exactly if they share the network. Other systems lock a file in the state directory. Where
neither is possible, the device is served without a claim.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import attrs

from upnp_trio.state import open_lock

__all__ = ["Claim", "Claims"]

logger = logging.getLogger(__name__)

# Each claim holds a file descriptor. A process has 1,024 of them by default, and HTTP needs a third. Beyond this
# number, devices are served without a claim.
MAX_CLAIMS = 64
# A try fails only if another process removes the file at the same moment.
LOCK_TRIES = 8


class Claim(Protocol):
    """A UDN that this process has claimed."""

    def close(self) -> None:
        """Release the UDN."""
        ...


#: makes a claim, and gives a function that ends it, or ``None`` if the UDN is claimed already; raises `OSError`
Take = Callable[[str, Path | None], Callable[[], None] | None]


def take_file(name: str, directory: Path | None) -> Callable[[], None] | None:
    """Claim by a locked file in *directory*; raises `OSError` where there is none."""
    if directory is None:
        raise FileNotFoundError(errno.ENOENT, "no state directory")
    path = directory / f"{name.removeprefix('uuid:')}.claim"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(LOCK_TRIES):
        descriptor = open_lock(path)
        if descriptor is None:
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return lambda: _unlock(descriptor, path)
        os.close(descriptor)  # another process removed the file after it was opened here
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))


def _unlock(descriptor: int, path: Path) -> None:
    # The file is removed while it is locked: afterwards it might be another process's. Windows removes no open file, so
    # there it is closed first. A file that remains does no harm.
    if sys.platform == "win32":
        os.close(descriptor)
    with suppress(OSError):
        path.unlink()
    if sys.platform != "win32":
        os.close(descriptor)


if sys.platform == "linux":

    def take_socket(name: str, directory: Path | None) -> Callable[[], None] | None:
        """Claim by an abstract Unix socket; it does not listen, so no other process can connect to it."""
        claiming = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claiming.bind(f"\0upnp_trio/{name}")
        except OSError as error:
            claiming.close()
            if error.errno == errno.EADDRINUSE:
                return None
            raise
        return claiming.close

    TAKE: Take = take_socket
else:
    TAKE: Take = take_file


@attrs.define(eq=False, repr=False)
class Claims:
    """The claims of this process; *directory* is for the files of systems that need them."""

    directory: Path | None = None
    _take: Take = TAKE
    _held: set[_Held] = attrs.field(factory=set)

    def claim(self, udn: str) -> Claim | None:
        """Claim *udn*, in UDA's hexadecimal form; ``None`` if it is claimed already, by this program or another one."""
        name = udn.lower()
        if len(self._held) >= MAX_CLAIMS:
            return _Unclaimed()
        try:
            end = self._take(name, self.directory)
        except OSError as error:
            logger.debug("%s is served unclaimed: %s", name, error)
            return _Unclaimed()
        if end is None:
            return None
        held = _Held(end, self._held)
        self._held.add(held)
        return held


@attrs.frozen(eq=False, repr=False)
class _Held:
    _end: Callable[[], None]
    _all: set[_Held]

    def close(self) -> None:
        if self in self._all:
            self._all.discard(self)
            self._end()


class _Unclaimed:
    def close(self) -> None:
        pass
