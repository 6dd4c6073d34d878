"""Announces the device of one page, changes it and takes it off, as the page comes, moves and goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.cli.announcing.appearance import Appearance
from upnp_trio.cli.announcing.device import page_device
from upnp_trio.cli.announcing.health import ABSENT_SECONDS, Health
from upnp_trio.cli.announcing.looking import Found, NotThere
from upnp_trio.cli.announcing.page import Page
from upnp_trio.errors import UdnTaken
from upnp_trio.model.device import RootDevice
from upnp_trio.model.names import Udn
from upnp_trio.server.running import Running

if TYPE_CHECKING:
    from upnp_trio.model.literal_url import IpAddress
    from upnp_trio.network.interfaces import Choice

__all__ = ["Attendant", "Report", "served_addresses"]


# A server that starts goes through a few: refused, 503, 404. One that answers with other junk each time fills no log.
MAX_REASONS = 5


class Seeing(Protocol):
    """What looks at pages: a `Seer`."""

    async def look(self, page: Page, addresses: Sequence[IpAddress]) -> Found:
        """Whether *page* is there; raises `NotThere`."""
        ...

    async def appearance(self, page: Page, found: Found) -> Appearance:
        """How *page* looks."""
        ...


@attrs.frozen
class Report:
    """What has happened to a page, in words."""

    page: Page
    text: str
    #: whether the page is not announced, or not as it should be
    is_problem: bool = False


@attrs.define(eq=False, repr=False, kw_only=True)
class Attendant:
    """Looks after one *page*, whose device has *udn*."""

    page: Page
    udn: Udn
    running: Running
    seer: Seeing
    health: Health
    report: Callable[[Report], None]
    #: the device that is announced; ``None`` if none is
    device: RootDevice | None = attrs.field(default=None, init=False)
    _appearance: Appearance = attrs.field(factory=Appearance, init=False)
    #: the reasons that were given since it was last there
    _reasons: set[str] = attrs.field(factory=set, init=False)
    #: what was remarked since it was last announced; a login page may be at another URL each time
    _remarks: set[str] = attrs.field(factory=set, init=False)
    _reported: str = attrs.field(default="", init=False)

    async def look(self) -> float:
        """Look at the page once, and do what follows; returns after how many seconds to look again."""
        addresses = served_addresses(self.running.choices)
        if self.page.url.is_here and not addresses:
            self._say("waiting for a network", is_problem=True)  # it says nothing about the page
            return ABSENT_SECONDS
        try:
            found = await self.seer.look(self.page, addresses)
        except NotThere as reason:
            await self._miss(str(reason))
        else:
            await self._meet(found)
        return self.health.pause

    async def _miss(self, reason: str) -> None:
        has_changed = self.health.note(is_answered=False)
        if self.device is None:
            if reason not in self._reasons and len(self._reasons) < MAX_REASONS:
                self._say(f"waiting: {reason}", is_problem=True)
                self._reasons.add(reason)
        elif has_changed:
            await self.running.remove(self.udn)
            self.device = None
            self._say(f"taken off: {reason}", is_problem=True)
            self._reasons.add(reason)

    async def _meet(self, found: Found) -> None:
        self._reasons.clear()
        if self.health.note(is_answered=True):
            # titles may change all the time, and each change would take the device off and bring it back
            self._appearance = await self.seer.appearance(self.page, found)
        device = page_device(self.page, self._appearance, found.presentation_url, self.udn)
        if self.device is None:
            try:
                await self.running.add(device)
            except UdnTaken:
                self._say("waiting: another program on this host announces it; stop that one", is_problem=True)
                return
            self.device = device
            self._remarks.clear()
            self._say(f"announced as {device.friendly_name!r}")
        elif device.presentation_url != self.device.presentation_url:
            await self.running.update(device)
            self.device = device
            self._remarks.clear()
            self._say(f"announced at {device.presentation_url}")
        if found.remark and found.remark not in self._remarks and len(self._remarks) < MAX_REASONS:
            self._remarks.add(found.remark)
            self._say(found.remark, is_problem=True)

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        if text != self._reported:
            self._reported = text
            self.report(Report(self.page, text, is_problem))


def served_addresses(choices: Sequence[Choice]) -> list[IpAddress]:
    """The addresses at which others reach this host, those that have a zone with it."""
    found: list[IpAddress] = []
    for choice in choices:
        for own in choice.interface.addresses if choice.served else ():
            if isinstance(own.ip, IPv6Address) and own.ip.is_link_local:
                found.append(IPv6Address(f"{str(own.ip).partition('%')[0]}%{choice.interface.name}"))
            else:
                found.append(own.ip)
    return found
