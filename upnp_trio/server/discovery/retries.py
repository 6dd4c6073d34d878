"""Senders that fail: each is tried again after a pause, which grows with every failed attempt.

The pause belongs to the sender, whatever the number of devices: after a network has refused everything for a second,
one attempt is made, and all devices are announced then.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import attrs

from upnp_trio.network.endpoint import Sender
from upnp_trio.ssdp.advertisements import AdvertisedRoot

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["Retries", "Retry"]

logger = logging.getLogger(__name__)

# The first pause after a failure. An interface that was removed is noticed within it, so only the second failure of a
# sender is worth a warning.
FIRST_RETRY_SECONDS = 2.0
# Each pause is twice as long as the one before, up to this: a sender that recovers is used again within a minute.
MAX_RETRY_SECONDS = 60.0


@attrs.define(eq=False, repr=False)
class Retry:
    """A sender that failed, and the root devices that have not been announced with it."""

    sender: Sender
    #: the pause after its last failure, in seconds, and when it ends, on trio's clock
    pause: float = FIRST_RETRY_SECONDS
    due: float = -math.inf
    missed: dict[AdvertisedRoot, None] = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False)
class Retries:
    """The senders whose last attempt failed."""

    _by_sender: dict[Sender, Retry] = attrs.field(factory=dict)

    def is_failing(self, sender: Sender) -> bool:
        """Whether the last attempt of *sender* failed."""
        return sender in self._by_sender

    def may_send(self, sender: Sender, root: AdvertisedRoot, now: float) -> bool:
        """Whether *sender* has no pause; if it has one, *root* is announced with it after that."""
        retry = self._by_sender.get(sender)
        if retry is None or retry.due <= now:
            return True
        retry.missed[root] = None
        return False

    def note_failure(self, sender: Sender, root: AdvertisedRoot, error: OSError, now: float) -> Retry:
        """Begin a pause of *sender*, which could not announce *root*; returns what to do when it ends."""
        retry = self._by_sender.get(sender)
        if retry is None:
            retry = self._by_sender[sender] = Retry(sender)
        else:
            if retry.pause == FIRST_RETRY_SECONDS:
                logger.warning("cannot announce on %s: %s; trying again", _describe(sender), error.strerror or error)
            retry.pause = min(2 * retry.pause, MAX_RETRY_SECONDS)
        retry.missed[root] = None
        retry.due = now + retry.pause
        return retry

    def note_success(self, sender: Sender) -> None:
        """End the pause of *sender*."""
        retry = self._by_sender.pop(sender, None)
        if retry is not None and retry.pause > FIRST_RETRY_SECONDS:
            logger.warning("announcing on %s again", _describe(sender))

    def keep(self, senders: Container[Sender]) -> None:
        """Drop all senders but *senders*."""
        self._by_sender = {sender: retry for sender, retry in self._by_sender.items() if sender in senders}

    def try_all(self) -> None:
        """End all pauses, as all devices are announced again; the next pause of a sender that fails is longer still."""
        for retry in self._by_sender.values():
            retry.due = -math.inf
            retry.missed.clear()


def _describe(sender: Sender) -> str:
    return f"{sender.interface.name} ({sender.address})"
