"""Files that grow while the network is watched, written in threads: a disk or a file server may take its time."""

from __future__ import annotations

import logging
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

import attrs
import trio

from upnp_trio.cli.watching.captures import SUFFIXES, Form, form_for
from upnp_trio.cli.watching.clock import nanoseconds, utc_text
from upnp_trio.errors import UpnpTrioError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.cli.watching.happenings import Happening
    from upnp_trio.cli.watching.inputs import Received

__all__ = ["CannotSave", "Saver", "open_saver"]

logger = logging.getLogger(__name__)

# What waits while the disk is slow; at a thousand datagrams a second, half a minute.
MAX_WAITING_BYTES = 16 * 1024 * 1024
# Nobody looks at more, and whoever floods the network must not fill the disk.
MAX_FILE_BYTES = 1024 * 1024 * 1024
# How long the end of the program waits until everything is written.
LAST_SECONDS = 5.0


class CannotSave(UpnpTrioError):
    """A file cannot be opened or has no known suffix; the message says what to do."""


@attrs.define(eq=False, repr=False)
class Saver:
    """Takes datagrams and happenings, and writes them in the order in which they came."""

    path: str
    _file: BinaryIO
    _form: Form
    datagrams: int = 0
    #: pieces that there was no room for
    lost: int = 0
    #: why it has ended before the program; empty as long as it has not
    failure: str = ""
    _waiting: bytearray = attrs.field(factory=bytearray)
    _size: int = 0
    _news: trio.Event = attrs.field(factory=trio.Event)
    _is_closing: bool = False
    _scope: trio.CancelScope = attrs.field(factory=lambda: trio.CancelScope(shield=True))

    def __attrs_post_init__(self) -> None:
        self._put(self._form.start())

    def datagram(self, received: Received) -> None:
        """Save a datagram."""
        if not self.failure and self._put(self._form.datagram(received)):
            self.datagrams += 1

    def happenings(self, happenings: Iterable[Happening]) -> None:
        """Save what was told."""
        if not self.failure:
            for happening in happenings:
                self._put(self._form.happening(happening))

    def _put(self, data: bytes) -> bool:
        if len(self._waiting) + len(data) > MAX_WAITING_BYTES:
            self.lost += 1
            return False
        if self._size + len(data) > MAX_FILE_BYTES:
            self._fail(f"it has {MAX_FILE_BYTES // 1024**3} GiB, and is not continued")
            return False
        self._size += len(data)
        self._waiting += data
        self._news.set()
        return True

    async def run(self) -> None:
        """Write what comes until `close` was called, and then what is waiting, for a bounded time.

        It is not cancelled from outside. An error ends it early, with a reason.
        """
        try:
            with self._scope:
                while self._waiting or not self._is_closing:
                    await self._news.wait()
                    self._news = trio.Event()
                    data, self._waiting = self._waiting, bytearray()
                    await trio.to_thread.run_sync(self._write, data, abandon_on_cancel=True)
                await trio.to_thread.run_sync(self._file.close, abandon_on_cancel=True)
        except OSError as error:
            self._fail(f"it cannot be written: {error.strerror or error}")
        if self._scope.cancelled_caught:
            self._fail(f"the last part could not be written within {LAST_SECONDS:g} s")

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self._waiting.clear()
        logger.warning("%s is not complete: %s", self.path, reason)

    def close(self) -> None:
        """Nothing more is to come."""
        self._is_closing = True
        self._scope.deadline = trio.current_time() + LAST_SECONDS
        self._news.set()

    def _write(self, data: bytearray) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


async def open_saver(path: str) -> Saver:
    """A file at *path*, which must not exist unless it is a pipe or a device; the caller runs it and closes it.

    Raises `CannotSave`.
    """
    form = form_for(path, nanoseconds, utc_text)
    if form is None:
        raise CannotSave(f"{path!r} has no form that is known; let it end in {' or '.join(SUFFIXES)}")
    try:
        file = await trio.to_thread.run_sync(_open, path, abandon_on_cancel=True)
    except FileExistsError as error:
        raise CannotSave(f"{path!r} exists already; name another file") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotSave(f"{path!r} cannot be written: {reason}; name another file") from error
    return Saver(path, file, form)


def _open(path: str) -> BinaryIO:
    path = os.path.expanduser(path)
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        is_file = True
    return open(path, "xb" if is_file else "wb", buffering=0)
