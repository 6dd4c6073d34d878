"""Sending sets of messages to the group, paced: many devices make no burst that a small network loses."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.udp_sender import NO_ROOM
from upnp_trio.ssdp.advertisements import AdvertisedRoot
from upnp_trio.ssdp.advertising import Origin

if TYPE_CHECKING:
    from collections import Counter

    from upnp_trio.network.endpoint import Sender

__all__ = ["Messages", "PacedSets"]

# After this many messages in a row there is a pause: 640 messages a second at most, some 2 Mbit/s, which a wireless
# network that sends multicast at its slowest rate still carries. A single device's whole set leaves without a pause.
BURST_MESSAGES = 32
BURST_GAP = 0.05
# A sender whose buffer stays full for this long has failed. This is less than the time for byebye, so that one such
# sender does not keep the others from sending theirs.
FULL_BUFFER_SECONDS = 0.25

#: the messages of a set, for a root device at an origin
Messages = Callable[[AdvertisedRoot, Origin], Iterable[bytes]]


@attrs.define(eq=False, repr=False)
class PacedSets:
    """Sends sets of messages one after the other, at a bounded rate."""

    stats: Stats
    _burst_start: float = -math.inf
    _in_a_row: int = 0

    async def send(
        self,
        messages: Messages,
        roots: Iterable[AdvertisedRoot],
        senders: Iterable[Sender],
        sent: Counter[str],
    ) -> dict[Sender, OSError]:
        """Send the set of each root device with each sender, and count the messages in *sent*, by interface.

        Gives the senders that failed, with the error. After its first error, a sender is left out.
        """
        failed: dict[Sender, OSError] = {}
        senders = list(senders)
        for root in list(roots):
            for sender in senders:
                if sender in failed:
                    continue
                for payload in messages(root, sender.origin):
                    if error := await self._send(sender, payload):
                        failed[sender] = error
                        break
                    sent[sender.interface.name] += 1
        return failed

    async def _send(self, sender: Sender, payload: bytes) -> OSError | None:
        await self._keep_pace()
        try:
            with trio.move_on_after(FULL_BUFFER_SECONDS):
                await sender.announce(payload)
                return None
            raise OSError(errno.ENOBUFS, NO_ROOM)
        except OSError as error:  # a state of the network, which does not end the device
            self.stats.send_errors[error.strerror or str(error)] += 1
            return error

    async def _keep_pace(self) -> None:
        now = trio.current_time()
        if now >= self._burst_start + BURST_GAP:
            self._burst_start, self._in_a_row = now, 0
        self._in_a_row += 1
        if self._in_a_row > BURST_MESSAGES:
            await trio.sleep_until(self._burst_start + BURST_GAP)
            self._burst_start, self._in_a_row = trio.current_time(), 1


def seconds_of(messages: int) -> float:
    """How many seconds it takes to send so many messages at this pace."""
    return messages / BURST_MESSAGES * BURST_GAP
