"""Files that outlive a process: the directory for them, and how they are read, written and locked.

Nothing here relies on the state of the directory. A link, a pipe or a directory in the place of a file, a file that is
too large, and a lock that another process never releases each raise `OSError`, and every wait is bounded.

The directory is found by a few lines rather than by platformdirs, of which a single function would be used, at the cost
of one more dependency and of its import at each start.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["hold_lock", "open_lock", "read_file", "replace_file", "state_directory"]

APPLICATION = "upnp_trio"
# How long to wait for another process, which holds a lock for as long as it takes to write a few bytes.
LOCK_SECONDS = 0.5
LOCK_RETRY_SECONDS = 0.005

# A link is not followed, and a pipe does not wait for its other end; Windows has neither flag and neither danger.
_CAREFULLY: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


def state_directory(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where this system keeps the state of programs; ``None`` if *environment* does not say.

    It is the first path in STATE_DIRECTORY, which systemd sets, or else ``upnp_trio`` below XDG_STATE_HOME or
    ``~/.local/state`` (XDG Base Directory 0.8), on macOS below ``~/Library/Application Support``, and on Windows below
    LOCALAPPDATA. The directory need not exist.
    """
    directory = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if sys.platform != "win32" and os.path.isabs(directory):
        return Path(directory)
    parent = _parent(environment)
    return parent / APPLICATION if parent.is_absolute() else None


def _parent(environment: Mapping[str, str]) -> Path:
    """The directory of all programs; a relative path if there is none."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA", ""))
    elif sys.platform == "darwin":
        return Path(environment.get("HOME", ""), "Library", "Application Support")
    else:
        directory = environment.get("XDG_STATE_HOME", "")
        # the specification wants relative paths to be ignored
        return Path(directory) if os.path.isabs(directory) else Path(environment.get("HOME", ""), ".local", "state")


def read_file(path: Path, max_bytes: int) -> bytes:
    """The content of the regular file at *path*; raises `OSError`, also if it has more than *max_bytes*."""
    descriptor = _open_regular(path, os.O_RDONLY)
    try:
        content = os.read(descriptor, max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file at *path* by one with *content*, atomically; raises `OSError`.

    The caller holds a lock, so no other process writes the temporary file. Nothing is synced to the disk, as that may
    take longer than a start should: a power cut within seconds may bring the old content back.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    with suppress(FileNotFoundError):  # a process ended before it could replace the file
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CAREFULLY | _BINARY, 0o600)
    try:
        if os.write(descriptor, content) != len(content):  # the disk, a quota or a limit had room for a part
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(temporary))
    finally:
        os.close(descriptor)
    os.replace(temporary, path)


def open_lock(path: Path) -> int | None:
    """Lock the file at *path*, and return its descriptor; ``None`` if the lock is held already.

    The lock is released when the descriptor is closed, or when the process ends. Raises `OSError` if locking is
    impossible.
    """
    descriptor = _open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        if _lock(descriptor):
            locked, descriptor = descriptor, -1
            return locked
        return None
    finally:
        if descriptor >= 0:
            os.close(descriptor)


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock of the file at *path*; waits up to `LOCK_SECONDS` for it, and then raises `OSError`."""
    deadline = time.monotonic() + LOCK_SECONDS
    while (descriptor := open_lock(path)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock", str(path))
        time.sleep(LOCK_RETRY_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)


def _open_regular(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | _CAREFULLY | _BINARY, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
