"""Telling a service manager how we are: the protocol of systemd's ``sd_notify(3)``.

Each message is one datagram of ``NAME=value`` lines to the Unix socket that the environment names. A manager that
cannot be told is warned of once, and never the end of the device.
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

# A manager ends the service when it has not heard of it for WATCHDOG_USEC; half of that leaves room for a busy host,
# as sd_watchdog_enabled(3) advises.
_BEATS_PER_WATCHDOG = 2
_MICROSECONDS = re.compile(r"0*[1-9][0-9]{0,17}")
# All are served, but a status is one line for a person, and a datagram has an end.
_NAMES_IN_STATUS = 3


class _Tell(Protocol):
    def __call__(self, *lines: str) -> None: ...


@attrs.frozen
class Readiness:
    """What there is to tell; *watchdog_seconds* is how long the manager waits for a sign of life, if it does."""

    _tell: _Tell
    watchdog_seconds: float | None = None

    @contextmanager
    def served(self, devices: Sequence[RootDevice]) -> Iterator[None]:
        """Tell that *devices* are served, and at the end of the body that we are leaving."""
        self._tell("READY=1", f"STATUS=Serving {_names(devices)}")
        try:
            yield
        finally:
            self._tell("STOPPING=1", "STATUS=Saying goodbye")

    async def keep_alive(self) -> None:
        """Give the signs of life that the manager waits for, until cancelled; none, if it waits for none.

        They come from the event loop that answers searches: where it hangs, they stop, and the manager starts us anew.
        """
        if self.watchdog_seconds is None:
            return
        while True:
            self._tell("WATCHDOG=1")
            await trio.sleep(self.watchdog_seconds / _BEATS_PER_WATCHDOG)


def _names(devices: Sequence[RootDevice]) -> str:
    names = [device.friendly_name for device in devices[:_NAMES_IN_STATUS]]
    more = len(devices) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


@contextmanager
def open_readiness(environment: Mapping[str, str]) -> Iterator[Readiness]:
    """What *environment* asks for (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID); without a socket, nobody is told."""
    name = environment.get("NOTIFY_SOCKET", "")
    if not name:
        yield Readiness(_tell_nobody)
    elif sys.platform == "win32" or name[0] not in "/@":
        logger.warning("NOTIFY_SOCKET is %r, which is no Unix socket; nobody is told that the device is served", name)
        yield Readiness(_tell_nobody)
    else:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
            opened.setblocking(False)  # a manager that does not read must not hold up the event loop
            yield Readiness(_Teller(opened, name), _watchdog_seconds(environment))


def _tell_nobody(*lines: str) -> None:
    pass


@attrs.define(eq=False, repr=False)
class _Teller:
    _socket: socket.socket
    #: a path, or behind "@" a name of Linux's abstract ones
    _name: str
    _has_failed: bool = False

    def __call__(self, *lines: str) -> None:
        address = f"\0{self._name[1:]}" if self._name.startswith("@") else self._name
        try:
            self._socket.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            if not self._has_failed:
                logger.warning("the service manager cannot be told at %s: %s", self._name, error.strerror or error)
            self._has_failed = True


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    text = environment.get("WATCHDOG_USEC")
    # left over from the one who started us, it is not meant for us
    if text is None or environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    if not _MICROSECONDS.fullmatch(text):
        logger.warning("WATCHDOG_USEC is %r, which is no number of microseconds; no signs of life are given", text)
        return None
    return int(text) / 1_000_000
