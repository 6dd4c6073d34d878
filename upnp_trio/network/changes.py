"""When to look again: this host's network may have changed, or the host has slept.

The wake-up says no more than that; what changed is found by looking (`interfaces.host_interfaces`), which cannot
miss anything. On Linux a netlink socket wakes us; elsewhere, and for what no socket tells, a look every so often.
"""

from __future__ import annotations

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

# Where nothing wakes us, and for a change to be followed within 3 seconds.
POLL_SECONDS = 2.0
# Where netlink wakes us, a look now and then is for what failed the first time (an address still being checked).
SLOW_POLL_SECONDS = 5.0
# A change comes as a burst (address gone, link down, link up, address there): wait until it has been quiet for so
# long, but no longer than a second.
SETTLE_SECONDS = 0.25
MAX_SETTLE_SECONDS = 1.0
# Time that passed while the host slept; less is no sleep but a busy machine.
SLEPT_SECONDS = 5.0

# <linux/rtnetlink.h>: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
_NETLINK_GROUPS = 0x1 | 0x10 | 0x100


class Changes:
    """Tells when to look at the network again."""

    def __init__(self, netlink: socket.socket | None) -> None:
        self._netlink = netlink
        self._asleep = _seconds_asleep()

    async def wait(self) -> bool:
        """Wait until the network may have changed; ``True`` if the host has slept in between."""
        if self._netlink is None:
            await trio.sleep(POLL_SECONDS)
        else:
            with trio.move_on_after(SLOW_POLL_SECONDS):
                await trio.lowlevel.wait_readable(self._netlink)
                await self._settle(self._netlink)
        asleep = _seconds_asleep()
        slept, self._asleep = asleep - self._asleep > SLEPT_SECONDS, asleep
        return slept

    async def _settle(self, netlink: socket.socket) -> None:
        with trio.move_on_after(MAX_SETTLE_SECONDS):
            while True:
                _drain(netlink)
                with trio.move_on_after(SETTLE_SECONDS) as quiet:
                    await trio.lowlevel.wait_readable(netlink)
                if quiet.cancelled_caught:
                    return


@contextmanager
def open_changes() -> Iterator[Changes]:
    """The news of this host's network; closed at the end."""
    with ExitStack() as stack:
        netlink = None
        if sys.platform == "linux":
            try:
                netlink = stack.enter_context(
                    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
                )
                netlink.bind((0, _NETLINK_GROUPS))
            except OSError as error:  # some sandboxes allow no netlink
                logger.info("no news of network changes from the system (%s); looking every %s s", error, POLL_SECONDS)
                netlink = None
        yield Changes(netlink)


def _drain(netlink: socket.socket) -> None:
    while True:
        try:
            netlink.recv(65536)
        except BlockingIOError:
            return
        except OSError:  # more news than its buffer holds: then certainly something changed
            continue


def _seconds_asleep() -> float:
    """How long this host has been suspended since it was started, up to a constant; 0 where unknown."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    else:
        return 0.0
