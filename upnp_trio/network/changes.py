"""When to look at the network again: it may have changed, or the host has slept.

A wake-up does not say what changed. `host_interfaces` lists the interfaces again, so no change is missed. On
Linux a netlink socket wakes us. On other systems, and for changes that no socket reports, the interfaces are listed
every few seconds.
"""

from __future__ import annotations

import errno
import logging
import socket
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Changes", "open_changes"]

logger = logging.getLogger(__name__)

# Where nothing wakes us, the network is looked at this often, so that a change is followed within 3 seconds.
POLL_SECONDS = 2.0
# Where netlink wakes us, the network is still looked at this often, for what failed the first time (an address that the
# system was still checking).
SLOW_POLL_SECONDS = 5.0
# A change comes as a burst (address gone, link down, link up, address there). A look waits until no message came for
# this long, but not for more than a second.
SETTLE_SECONDS = 0.25
MAX_SETTLE_SECONDS = 1.0
# A host that was suspended for longer than this has slept; everything is announced again.
SLEPT_SECONDS = 5.0
# Netlink messages that are read before other tasks run.
MAX_MESSAGES = 256

# <linux/rtnetlink.h>: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
_NETLINK_GROUPS = 0x1 | 0x10 | 0x100


class Changes:
    """Waits until the network may have changed; *netlink* is a socket that becomes readable after a change."""

    def __init__(self, netlink: socket.socket | None) -> None:
        self._netlink = netlink
        self._asleep = _seconds_asleep()

    async def wait(self) -> bool:
        """Wait until the network may have changed; ``True`` if the host has slept meanwhile."""
        if self._netlink is None:
            await trio.sleep(POLL_SECONDS)
        else:
            try:
                await _wait_for_change(self._netlink)
            except OSError as error:
                # A socket that fails once may fail each time, and without a pause. Looking now and then costs little.
                _explain_polling(error)
                self._netlink.close()
                self._netlink = None
        asleep = _seconds_asleep()
        slept, self._asleep = asleep - self._asleep > SLEPT_SECONDS, asleep
        return slept


@contextmanager
def open_changes() -> Iterator[Changes]:
    """The changes of this host's network; closed at the end."""
    with ExitStack() as stack:
        netlink = None
        if sys.platform == "linux":
            try:
                netlink = stack.enter_context(
                    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
                )
                netlink.bind((0, _NETLINK_GROUPS))
            except OSError as error:  # some sandboxes allow no netlink
                _explain_polling(error)
                stack.close()
                netlink = None
        yield Changes(netlink)


async def _wait_for_change(netlink: socket.socket) -> None:
    with trio.move_on_after(SLOW_POLL_SECONDS) as unchanged:
        await trio.lowlevel.wait_readable(netlink)
    if unchanged.cancelled_caught:
        return
    with trio.move_on_after(MAX_SETTLE_SECONDS):
        while _drain(netlink):  # noqa: ASYNC110  # the end of the messages is no event
            await trio.sleep(SETTLE_SECONDS)


def _drain(netlink: socket.socket) -> bool:
    """Read the messages that wait, at most `MAX_MESSAGES`; whether there were any."""
    for number in range(MAX_MESSAGES):
        try:
            netlink.recv(65536)
        except BlockingIOError:
            return number > 0
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # its buffer was too small for the messages, so something changed
                raise
    return True


def _explain_polling(error: OSError) -> None:
    logger.info(
        "the system does not report network changes (%s); looking every %s s", error.strerror or error, POLL_SECONDS
    )


def _seconds_asleep() -> float:
    """How long this host has been suspended since it was started, up to a constant; 0 where unknown."""
    if sys.platform == "linux":
        try:
            return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
        except OSError:
            return 0.0
    elif sys.platform == "darwin":
        # neither is slewed, and only the first counts on while the host is asleep (clock_gettime(3))
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    elif sys.platform == "win32":
        from upnp_trio.network.windows import seconds_asleep

        return seconds_asleep()
    else:
        return 0.0
