"""Sends the events of variables that are evented by multicast, on every served interface (UDA 2.0 §4.2, §4.3.3)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.multicast import (
    EVENT_GROUP,
    EVENT_GROUP_V6_LINK_LOCAL,
    EVENT_GROUP_V6_SITE_LOCAL,
    EVENT_PORT,
    render_multicast_event,
)
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.eventing.seq import next_seq
from upnp_trio.monitoring.stats import Stats
from upnp_trio.server.discovery.announcer import Announcer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from upnp_trio.documents.publication import PublishedService
    from upnp_trio.network.endpoint import Sender

__all__ = ["MulticastEvents"]


@attrs.define(eq=False, repr=False)
class MulticastEvents:
    """Sends with the senders of *announcer*, and counts the messages of each service."""

    announcer: Announcer
    stats: Stats
    #: SEQ of the next event, by USN
    _seqs: Counter[str] = attrs.field(factory=Counter)

    def send(self, service: PublishedService, changes: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Send one message for each level of *changes*, which are names and texts of variables by their level."""
        for level, properties in changes.items():
            seq = self._seqs[service.usn]
            self._seqs[service.usn] = next_seq(seq)
            body = render_propertyset(properties)
            for sender in self.announcer.senders:
                group = _group(sender)
                payload = render_multicast_event(
                    usn=service.usn,
                    service_id=service.service_id,
                    seq=seq,
                    level=level,
                    boot_id=self.announcer.boot_id,
                    body=body,
                    host=f"[{group}]:{EVENT_PORT}" if ":" in group else f"{group}:{EVENT_PORT}",
                )
                try:
                    if not sender.send(payload, _destination(sender, group)):
                        self.stats.send_errors["no room in the send buffer"] += 1
                except OSError as error:
                    self.stats.send_errors[error.strerror or str(error)] += 1

    def forget(self, service: PublishedService) -> None:
        """*service* is no longer served; SEQ begins anew if it comes back, after its byebye."""
        self._seqs.pop(service.usn, None)


def _group(sender: Sender) -> str:
    if sender.address.version == 4:
        return EVENT_GROUP
    return EVENT_GROUP_V6_LINK_LOCAL if sender.address.is_link_local else EVENT_GROUP_V6_SITE_LOCAL


def _destination(sender: Sender, group: str) -> tuple[str, int] | tuple[str, int, int, int]:
    return (group, EVENT_PORT, 0, sender.interface.index) if ":" in group else (group, EVENT_PORT)
