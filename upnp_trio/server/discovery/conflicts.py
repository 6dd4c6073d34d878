"""Announcements by other programs, on this host or another one, that use the UDN of a device that is served here.

Messages that this process has sent are received again: multicast is looped back, and two interfaces may be on one link.
They are recognized by their source address, BOOTID and LOCATION, of which another program shares two at most.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

import attrs
import trio

from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.monitoring.stats import Stats
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.served_device import ServedDevice
from upnp_trio.ssdp.messages import Alive, ByeBye, Update

if TYPE_CHECKING:
    from upnp_trio.network.endpoint import Address, Endpoint, Sender

__all__ = ["ConflictWatch", "OwnMessages"]

logger = logging.getLogger(__name__)

# A device is announced again at most once in this time. Otherwise two devices with one UDN would answer each other
# without end.
ANSWER_SECONDS = 60.0
# How many former addresses, URLs and BOOTIDs are known. A message is received again within milliseconds, in which the
# network does not change more often than this.
FORMER_KEPT = 8

T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class OwnMessages:
    """Recognizes the messages that this process has sent lately."""

    _addresses: dict[str, None] = attrs.field(factory=dict)
    #: in lower case
    _base_urls: dict[str, None] = attrs.field(factory=dict)
    _boot_ids: dict[int, None] = attrs.field(factory=dict)

    def use(self, senders: Iterable[Sender], boot_id: int) -> None:
        """Note that messages are sent from *senders* with *boot_id* from now on."""
        senders = list(senders)
        self._addresses = _renewed(self._addresses, [str(sender.address) for sender in senders])
        self._base_urls = _renewed(self._base_urls, [sender.origin.base_url.lower() for sender in senders])
        self._boot_ids = _renewed(self._boot_ids, [boot_id])

    def is_from_here(self, address: str) -> bool:
        """Whether *address* is, or was lately, an address of a sender."""
        return address in self._addresses

    def contain(self, message: Alive | ByeBye | Update, address: str, description_path: str) -> bool:
        """Whether *message*, which came from *address*, is one of ours about the device at *description_path*."""
        if address not in self._addresses or message.boot_id not in self._boot_ids:
            return False
        if isinstance(message, ByeBye):
            return True
        location, path = message.location.lower(), description_path.lower()
        return location.endswith(path) and location.removesuffix(path) in self._base_urls


def _renewed(kept: dict[T, None], now: Iterable[T]) -> dict[T, None]:
    """*kept* with all of *now*, and of the others the last `FORMER_KEPT`."""
    now = dict.fromkeys(now)
    former = [one for one in kept if one not in now]
    return dict.fromkeys(former[-FORMER_KEPT:]) | now


@attrs.define(eq=False, repr=False, kw_only=True)
class ConflictWatch:
    """Warns of other programs that announce or revoke a device with a UDN of ours, and announces ours again.

    Both are limited in rate.
    """

    #: the devices that are served, by each of their UDNs in lower case; `DeviceHost` changes it
    devices: Mapping[str, ServedDevice]
    announcer: Announcer
    stats: Stats
    own: OwnMessages = attrs.field(factory=OwnMessages)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)
    #: when each device was announced again, on trio's clock
    _answered: dict[str, float] = attrs.field(factory=dict)

    def receive_notify(self, message: Alive | ByeBye | Update, peer: Address, endpoint: Endpoint) -> None:
        """Handle a NOTIFY that *endpoint* has received from *peer*."""
        udn = message.usn.partition("::")[0]
        device = self.devices.get(udn.lower())
        if device is None or self.own.contain(message, peer[0], device.published.description_path):
            return
        self.stats.conflicts += 1
        if self._log_limit.is_news("conflict", peer[0], trio.current_time()):
            where = f"{peer[0]} on {endpoint.interface.name}"
            logger.warning(  # the UDN alone, as the rest of the USN may contain control characters
                "%s %s our %s; two devices with one UDN hide each other: give one of them another UUID",
                f"another program on this host ({where})" if self.own.is_from_here(peer[0]) else where,
                "sends byebye for" if isinstance(message, ByeBye) else "announces",
                udn,
            )
        if self._wants_answer(device.udn, trio.current_time()):
            self.announcer.announce_again(device.announced)  # after a random wait

    def _wants_answer(self, udn: str, now: float) -> bool:
        if now < self._answered.get(udn, -math.inf) + ANSWER_SECONDS:
            return False
        self._answered = {known: time for known, time in self._answered.items() if now < time + ANSWER_SECONDS}
        self._answered[udn] = now
        return True
