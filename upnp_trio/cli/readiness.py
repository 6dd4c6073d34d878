"""Notifications to a service manager, as in systemd's ``sd_notify(3)``.

Each notification is a datagram of ``NAME=value`` lines to the Unix socket that the environment names. If that fails, a
warning is logged once and the device is served all the same.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from upnp_trio.model.device import RootDevice

__all__ = ["Readiness", "open_readiness"]

logger = logging.getLogger(__name__)

# The manager ends the service after WATCHDOG_USEC without a notification. Half of that leaves room for a busy host, as
# sd_watchdog_enabled(3) recommends.
_NOTIFICATIONS_PER_WATCHDOG = 2
_MICROSECONDS = re.compile(r"0*[1-9][0-9]{0,17}")
# A status is one line for a person, and a datagram has a greatest size.
_NAMES_IN_STATUS = 3


class _Notify(Protocol):
    def __call__(self, *lines: str) -> None: ...


@attrs.frozen
class Readiness:
    """The notifications of this process; *watchdog_seconds* is ``None`` if the manager has no watchdog for it."""

    _notify: _Notify
    watchdog_seconds: float | None = None

    @contextmanager
    def served(self, devices: Sequence[RootDevice]) -> Iterator[None]:
        """Notify the manager that *devices* are served, and at the end of the body that they stop."""
        self._notify("READY=1", _status(devices))
        try:
            yield
        finally:
            self._notify("STOPPING=1", "STATUS=Sending byebye")

    def report(self, devices: Sequence[RootDevice]) -> None:
        """Notify the manager that it is *devices* now that are served."""
        self._notify(_status(devices))

    async def keep_alive(self) -> None:
        """Send the notifications that the watchdog waits for, until cancelled; without a watchdog, return at once.

        They come from the event loop that answers searches. If that hangs, they stop and the manager restarts us.
        """
        if self.watchdog_seconds is None:
            return
        while True:
            self._notify("WATCHDOG=1")
            await trio.sleep(self.watchdog_seconds / _NOTIFICATIONS_PER_WATCHDOG)


def _status(devices: Sequence[RootDevice]) -> str:
    return f"STATUS=Serving {_names(devices)}" if devices else "STATUS=Serving no device yet"


def _names(devices: Sequence[RootDevice]) -> str:
    names = [device.friendly_name for device in devices[:_NAMES_IN_STATUS]]
    more = len(devices) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


@contextmanager
def open_readiness(environment: Mapping[str, str]) -> Iterator[Readiness]:
    """The notifications that *environment* asks for by NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""
    name = environment.get("NOTIFY_SOCKET", "")
    if not name:
        yield Readiness(_notify_nobody)
    elif sys.platform == "win32" or name[0] not in "/@":
        logger.warning("NOTIFY_SOCKET is %r, which is not a Unix socket; the service manager is not notified", name)
        yield Readiness(_notify_nobody)
    else:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
            opened.setblocking(False)  # a manager that does not read must not block the event loop
            yield Readiness(_Notifier(opened, name), _watchdog_seconds(environment))


def _notify_nobody(*lines: str) -> None:
    pass


@attrs.define(eq=False, repr=False)
class _Notifier:
    _socket: socket.socket
    #: a path, or a name in Linux's abstract namespace after "@"
    _name: str
    _has_failed: bool = False

    def __call__(self, *lines: str) -> None:
        address = f"\0{self._name[1:]}" if self._name.startswith("@") else self._name
        try:
            self._socket.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            if not self._has_failed:
                logger.warning("cannot notify the service manager at %s: %s", self._name, error.strerror or error)
            self._has_failed = True


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    text = environment.get("WATCHDOG_USEC")
    # the variables may be left over from our parent's own start
    if text is None or environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    if not _MICROSECONDS.fullmatch(text):
        logger.warning("WATCHDOG_USEC is %r, which is not a number of microseconds; the watchdog is not served", text)
        return None
    return int(text) / 1_000_000
