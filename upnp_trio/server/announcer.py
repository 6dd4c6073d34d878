"""The device speaks up: ssdp:alive on its timetable, ssdp:byebye when it goes (UDA 2.0 §1.2)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.network.multicast import Endpoint
from upnp_trio.server.events import Announced, EventHandler, Stats
from upnp_trio.server.presence import Presence
from upnp_trio.ssdp.advertisements import AdvertisedRoot
from upnp_trio.ssdp.messages import Alive, ByeBye, render_alive, render_byebye
from upnp_trio.ssdp.schedule import announcement_gaps

if TYPE_CHECKING:
    from ipaddress import IPv4Address

__all__ = ["Announcer"]

logger = logging.getLogger(__name__)

# Leaving must not hang on a network that takes nothing any more.
GOODBYE_SECONDS = 1.0
# Twice, as UDP loses datagrams (UDA 1.0 §1.1.3), with a gap, as what is lost is lost in bursts.
GOODBYE_ROUNDS = 2
GOODBYE_GAP = 0.05
# After so many messages in a row the announcer rests, so that many devices make no burst that a small network
# loses: 1,280 messages a second at most, with a single device's whole set in the first breath.
BURST_MESSAGES = 64
BURST_GAP = 0.05


@attrs.define(eq=False, kw_only=True)
class Announcer:
    """Says of *roots*, on every endpoint, that they are there, and at the end that they are gone."""

    endpoints: Sequence[Endpoint]
    roots: Sequence[AdvertisedRoot]
    presence: Presence
    rng: Random
    stats: Stats
    on_event: EventHandler
    #: interfaces on which the last message could not be sent, so that only changes are logged
    _failing: set[str] = attrs.field(factory=set)

    async def announce(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Announce until cancelled, then say goodbye for all of it.

        The goodbye is sent on every way out, also when the first announcement was not due yet: searches may have
        been answered before.
        """
        max_age = min(root.max_age for root in self.roots)
        try:
            task_status.started()
            due = trio.current_time()
            for gap in announcement_gaps(max_age, self.rng):
                due = max(due + gap, trio.current_time())  # after a suspended hour, one set and not all the missed
                await trio.sleep_until(due)
                await self._alive()
            raise AssertionError("unreachable: the timetable has no end")
        finally:
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                await self._byebye()

    async def _alive(self) -> None:
        """Announce the whole set on every interface."""
        for endpoint in self.endpoints:
            sent = 0
            for source in endpoint.voices:
                for payload in self._alive_messages(source):
                    sent += await self._announce(endpoint, source, payload, sent)
            self.stats.announcements += sent
            self.on_event(Announced(interface=endpoint.interface.name, kind="alive", messages=sent))

    async def _byebye(self) -> None:
        """Revoke the whole set on every interface."""
        messages = [
            render_byebye(
                ByeBye(
                    notification_type=row.notification_type,
                    usn=row.usn,
                    boot_id=self.presence.boot_id,
                    config_id=root.config_id,
                )
            )
            for root in self.roots
            for row in root.rows
        ]
        for number in range(GOODBYE_ROUNDS):
            if number:
                await trio.sleep(GOODBYE_GAP)
            for endpoint in self.endpoints:
                sent = 0
                for source in endpoint.voices:
                    for payload in messages:
                        sent += await self._announce(endpoint, source, payload, sent)
                if not number:
                    self.on_event(Announced(interface=endpoint.interface.name, kind="byebye", messages=sent))

    def _alive_messages(self, source: IPv4Address) -> list[bytes]:
        return [
            render_alive(
                Alive(
                    notification_type=row.notification_type,
                    usn=row.usn,
                    location=self.presence.base_urls[source] + root.description_path,
                    server=root.server,
                    max_age=root.max_age,
                    boot_id=self.presence.boot_id,
                    config_id=root.config_id,
                )
            )
            for root in self.roots
            for row in root.rows
        ]

    async def _announce(self, endpoint: Endpoint, source: IPv4Address, payload: bytes, sent: int) -> bool:
        if sent and sent % BURST_MESSAGES == 0:
            await trio.sleep(BURST_GAP)
        name = endpoint.interface.name
        try:
            await endpoint.announce(payload, source)
        except OSError as error:  # a state of the network: what is not heard now is announced again later
            self.stats.send_errors[error.strerror or str(error)] += 1
            if name not in self._failing:
                self._failing.add(name)
                logger.warning("cannot announce on %s (%s): %s; will keep trying", name, source, error.strerror)
            return False
        if name in self._failing:
            self._failing.discard(name)
            logger.warning("announcing on %s (%s) again", name, source)
        return True
