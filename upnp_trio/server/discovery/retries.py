"""Senders that fail: each is tried again after a pause, which grows with every failed attempt.

The pause belongs to the sender's address, whatever the number of devices: after a network has refused everything for a
second, one attempt is made, and all devices are announced then. A sender that takes over an address takes over its
pause, too.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import attrs

from upnp_trio.network.interfaces import InterfaceAddress
from upnp_trio.network.system_errors import cause_of
from upnp_trio.ssdp.advertisements import AdvertisedRoot

if TYPE_CHECKING:
    from collections.abc import Container

    from upnp_trio.network.endpoint import Sender

__all__ = ["Retries", "Retry"]

logger = logging.getLogger(__name__)

# The first pause after a failure. An interface that was removed is noticed within it, so only the second failure of a
# sender is worth a warning.
FIRST_RETRY_SECONDS = 2.0
# Each pause is twice as long as the one before, up to this: a sender that recovers is used again within a minute.
MAX_RETRY_SECONDS = 60.0


@attrs.define(eq=False, repr=False)
class Retry:
    """The address of a sender that failed, and the root devices that have not been announced from it."""

    address: InterfaceAddress
    #: the pause after the last failure, in seconds, and when it ends, on trio's clock
    pause: float = FIRST_RETRY_SECONDS
    due: float = -math.inf
    missed: dict[AdvertisedRoot, None] = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False)
class Retries:
    """The senders whose last attempt failed."""

    _by_address: dict[InterfaceAddress, Retry] = attrs.field(factory=dict)

    def is_failing(self, sender: Sender) -> bool:
        """Whether the last attempt of *sender* failed."""
        return sender.interface_address in self._by_address

    def may_send(self, sender: Sender, root: AdvertisedRoot, now: float) -> bool:
        """Whether *sender* has no pause; if it has one, *root* is announced with it after that."""
        retry = self._by_address.get(sender.interface_address)
        if retry is None or retry.due <= now:
            return True
        retry.missed[root] = None
        return False

    def note_failure(self, sender: Sender, root: AdvertisedRoot, error: OSError, now: float) -> Retry:
        """Begin a pause of *sender*, which could not announce *root*; returns what to do when it ends."""
        retry = self._by_address.get(sender.interface_address)
        if retry is None:
            retry = self._by_address[sender.interface_address] = Retry(sender.interface_address)
        else:
            if retry.pause == FIRST_RETRY_SECONDS:
                logger.warning("cannot announce on %s: %s; trying again", _describe(sender), cause_of(error))
            retry.pause = min(2 * retry.pause, MAX_RETRY_SECONDS)
        retry.missed[root] = None
        retry.due = now + retry.pause
        return retry

    def note_success(self, sender: Sender) -> None:
        """End the pause of *sender*."""
        retry = self._by_address.pop(sender.interface_address, None)
        if retry is not None and retry.pause > FIRST_RETRY_SECONDS:
            logger.warning("announcing on %s again", _describe(sender))

    def keep(self, addresses: Container[InterfaceAddress]) -> None:
        """Drop all senders but those of *addresses*."""
        self._by_address = {address: retry for address, retry in self._by_address.items() if address in addresses}

    def try_all(self) -> None:
        """End all pauses, as all devices are announced again; the next pause of a sender that fails is longer still."""
        for retry in self._by_address.values():
            retry.due = -math.inf
            retry.missed.clear()


def _describe(sender: Sender) -> str:
    return f"{sender.interface.name} ({sender.address})"
