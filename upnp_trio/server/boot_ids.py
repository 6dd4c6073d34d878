"""BOOTID: a number that rises with each start and with each change of the network (UDA 2.0 §1.2.2).

UDA suggests the time of the start in Unix seconds, which needs no storage. It is lower than before if the clock is, as
on a machine without a clock battery, or if a network that changed often has used more numbers than seconds have
passed. So the last number is kept in a file of the state directory, and the next one is above it. Processes that share
the directory share the numbers.

CONFIGID needs no such history: it is derived from the documents, so equal numbers mean equal documents.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import attrs
import trio

from upnp_trio.state import hold_lock, read_file, replace_file

__all__ = ["MAX_BOOT_ID", "BootIds", "UsedBootIds", "boot_id_after"]

logger = logging.getLogger(__name__)

# The largest BOOTID that UDA allows (UDA 2.0 §1.2.2).
MAX_BOOT_ID = 2**31 - 1
FILE_NAME = "boot_id"
LOCK_NAME = "boot_id.lock"
# Ten digits and the end of the line. A longer file does not hold a BOOTID.
MAX_FILE_BYTES = 11
# A state directory on a lost network drive may block for minutes, which must not delay the start.
STATE_SECONDS = 2.0


def boot_id_after(last: int, seconds: int) -> int:
    """The BOOTID that follows *last* when the clock shows so many Unix *seconds*: the clock's, or one more than *last*.

    BOOTID has 31 bits, and UDA does not define what follows the highest. Here, it starts over from the clock, which is
    counted modulo 2**31 and so starts over in 2038, too. A BOOTID that stayed at the highest would hide every later
    restart; one that is lower is at least another one.
    """
    seconds = max(seconds, 1) % (MAX_BOOT_ID + 1)
    following = max(seconds, last + 1)
    if following > MAX_BOOT_ID:
        following = seconds if 1 <= seconds < last else 1
    return max(following, 1)


@attrs.define(eq=False, repr=False)
class UsedBootIds:
    """The last BOOTID that a process has used, in any of its threads: two starts may happen within a second."""

    last: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def next(self, seconds: int) -> int:
        """The BOOTID after the last one, when the clock shows so many *seconds*."""
        with self._lock:
            self.last = boot_id_after(self.last, seconds)
            return self.last

    def use(self, boot_id: int) -> None:
        """Note that *boot_id* is used now."""
        with self._lock:
            self.last = boot_id


_IN_THIS_PROCESS = UsedBootIds()


@attrs.define(eq=False, repr=False)
class BootIds:
    """The source of BOOTIDs; *directory* is where the last one is kept, or ``None`` to keep nothing.

    If the directory or the file cannot be used, BOOTID follows the clock and rises within this process. The first such
    failure is logged, at INFO.
    """

    utcnow: Callable[[], datetime]
    directory: Path | None = None
    _used: UsedBootIds = _IN_THIS_PROCESS
    _has_failed: bool = False

    async def next(self) -> int:
        """The next BOOTID, above all that this process and, with a directory, earlier ones have used."""
        seconds = int(self.utcnow().timestamp())
        if self.directory is None:
            await trio.lowlevel.checkpoint()
            return self._used.next(seconds)
        with trio.move_on_after(STATE_SECONDS):
            # a thread cannot be ended, so it is abandoned if it takes too long; what it may write later does no harm
            try:
                boot_id, problem = await trio.to_thread.run_sync(
                    _next_kept,
                    self.directory,
                    self._used.last,
                    seconds,
                    abandon_on_cancel=True,
                    limiter=trio.CapacityLimiter(1),  # the default one may be used up by the application's threads
                )
            except RuntimeError as error:  # the system grants no further thread; the next number tries again
                self._note(str(error))
                return self._used.next(seconds)
            self._used.use(boot_id)
            self._note(problem)
            return boot_id
        self._note(f"{self.directory} does not answer")
        self.directory = None  # or each change of the network would leave a thread behind
        return self._used.next(seconds)

    def _note(self, problem: str | None) -> None:
        if problem is not None and not self._has_failed:
            self._has_failed = True
            logger.info("BOOTID may be lower after the next start: %s", problem)


def _next_kept(directory: Path, last: int, seconds: int) -> tuple[int, str | None]:
    """The BOOTID after *last* and after the one kept in *directory*, which it replaces; and what went wrong."""
    path = directory / FILE_NAME
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with hold_lock(directory / LOCK_NAME):
            kept, problem = _read(path)
            boot_id = boot_id_after(max(last, kept), seconds)
            replace_file(path, b"%d\n" % boot_id)
    except OSError as error:
        kept, _ = _read(path)  # it may be readable all the same
        return boot_id_after(max(last, kept), seconds), _explain(error, path)
    return boot_id, problem


def _read(path: Path) -> tuple[int, str | None]:
    """The BOOTID in the file at *path*, or 0 if there is none; and what is wrong with the file."""
    try:
        text = read_file(path, MAX_FILE_BYTES).strip()
    except FileNotFoundError:
        return 0, None
    except OSError as error:
        return 0, _explain(error, path)
    boot_id = int(text) if text.isdigit() else -1
    if 0 <= boot_id <= MAX_BOOT_ID:
        return boot_id, None
    return 0, f"{path} held {text!r}, which is not a BOOTID"


def _explain(error: OSError, path: Path) -> str:
    return f"{error.filename or path}: {error.strerror or error}"
