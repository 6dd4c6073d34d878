"""Which program on this host serves a device: a UDN is claimed before it is announced.

Two programs with one UDN hide each other, and the byebye of the one takes the other off every list. A claim shows that
at once, before anything is sent. It lasts until it is closed, and the system ends it with the process, however that
ends.

On Linux a claim is an abstract Unix socket named after the UDN. It belongs to the network namespace, as ports do, so
containers with networks of their own do not disturb each other, and containers that share the host's network do. Other
systems lock a file named after the UDN in the state directory. Where neither is possible, nothing is claimed and the
device is served all the same.
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

# Each claim holds a file descriptor, of which a process has 1,024 by default and HTTP needs a third. A host of more
# devices serves the others unclaimed.
MAX_CLAIMS = 64
# Each try fails only if another process gave up the same UDN at that very moment.
LOCK_TRIES = 8


class Claim(Protocol):
    """A UDN that this process has claimed."""

    def close(self) -> None:
        """Give the UDN up."""
        ...


#: makes a claim and gives what ends it, or ``None`` if the UDN is claimed; raises `OSError` where that is impossible
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
        os.close(descriptor)  # its holder removed the file between our opening and our locking
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))


def _unlock(descriptor: int, path: Path) -> None:
    # Removed while it is locked, so that it is not another process's by then. Windows removes no file that is open,
    # here or in another process. A file that stays does no harm.
    if sys.platform == "win32":
        os.close(descriptor)
    with suppress(OSError):
        path.unlink()
    if sys.platform != "win32":
        os.close(descriptor)


if sys.platform == "linux":

    def take_socket(name: str, directory: Path | None) -> Callable[[], None] | None:
        """Claim by an abstract Unix socket; it never listens, so nobody can connect to it or fill its queue."""
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
    """The claims of this process; *directory* is for locked files, on systems that need them."""

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
