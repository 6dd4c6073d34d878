"""What ``watch`` does while it runs: the control point's news into the model, and what that tells to the reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.cli.watching.captures import Recent
from upnp_trio.cli.watching.happenings import Happening
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.cli.watching.probing import Prober
from upnp_trio.cli.watching.saving import Saver, open_saver
from upnp_trio.controlpoint.control_point import USER_AGENT, ControlPoint
from upnp_trio.errors import NetworkError
from upnp_trio.network.interfaces import Choice
from upnp_trio.ssdp.messages import Search

if TYPE_CHECKING:
    from upnp_trio.controlpoint.received import ReceivedMessage

__all__ = ["Watching"]

logger = logging.getLogger(__name__)

# How often what has settled is told, and what went a while ago is forgotten.
TICK_SECONDS = 0.25


@attrs.define(eq=False, repr=False, kw_only=True)
class Watching:
    """Keeps the model up to date; *report* gets what is told."""

    control_point: ControlPoint
    report: Callable[[Iterable[Happening]], None]
    #: seconds between searches; ``None`` sends and fetches nothing
    search_seconds: float | None
    mx: int
    model: WatchModel = attrs.field(factory=WatchModel)
    saver: Saver | None = None
    #: datagrams that came too fast
    missed: int = 0
    _recent: Recent = attrs.field(factory=Recent)
    _prober: Prober = attrs.field(init=False)
    _choices: tuple[Choice, ...] = ()
    _own_addresses: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        self._prober = Prober(self.control_point, self.model, self.tell)

    @property
    def is_passive(self) -> bool:
        """Whether nothing is sent and nothing fetched."""
        return self.search_seconds is None

    @property
    def where(self) -> str:
        """The interfaces with their addresses, in words."""
        used = [choice.interface for choice in self.control_point.choices if choice.served]
        return ", ".join(f"{each.name} {each.addresses[0].ip}" for each in used if each.addresses) or "no network"

    def tell(self, happenings: list[Happening]) -> None:
        """Report and save *happenings*."""
        if happenings:
            self.report(happenings)
            if self.saver is not None:
                self.saver.happenings(happenings)

    async def run(self) -> NoReturn:
        """Watch until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow_changes)
            nursery.start_soon(self._follow_datagrams)
            nursery.start_soon(self._tick)
            if self.search_seconds is not None:
                nursery.start_soon(self._search, self.search_seconds)
                nursery.start_soon(self._prober.run)
            await trio.sleep_forever()

    async def save(self, path: str, nursery: trio.Nursery) -> None:
        """Save to *path* what was received lately and what comes, with a task in *nursery*. Raises `CannotSave`."""
        self.save_with(await open_saver(path), nursery)

    def save_with(self, saver: Saver, nursery: trio.Nursery) -> None:
        """Save with *saver*, which nobody runs yet."""
        for received in self._recent:
            saver.datagram(received)
        self.saver = saver
        nursery.start_soon(saver.run)

    async def _follow_changes(self) -> None:
        async with self.control_point.changes() as changes:
            async for change in changes:
                self.tell(self.model.change(change, trio.current_time()))
                if not self.is_passive:
                    self._prober.look()

    async def _follow_datagrams(self) -> None:
        async with self.control_point.datagrams() as datagrams:
            async for received in datagrams:
                self.missed = datagrams.missed
                self._recent.add(received)
                if self.saver is not None:
                    self.saver.datagram(received)
                self.tell(self.model.receive(received, is_ours=self._is_ours(received)))

    async def _tick(self) -> NoReturn:
        while True:
            await trio.sleep(TICK_SECONDS)
            self.tell(self.model.settle(trio.current_time()))

    async def _search(self, seconds: float) -> NoReturn:
        while True:
            start = trio.current_time()
            self.model.search_began(self.mx, start)
            try:
                async with self.control_point.search("ssdp:all", mx=self.mx) as results:
                    async for result in results:
                        self.tell(self.model.search_result(result, trio.current_time()))
                self.model.search_ended()
            except NetworkError as error:  # the network may come back
                logger.warning("%s", error)
            await trio.sleep_until(start + seconds)

    def _is_ours(self, received: ReceivedMessage) -> bool:
        """Whether it is a search of this program, which the groups give back to this host."""
        message = received.message
        if not isinstance(message, Search) or message.user_agent != USER_AGENT or self.is_passive:
            return False
        if self.control_point.choices is not self._choices:
            self._choices = self.control_point.choices
            self._own_addresses = frozenset(
                str(address.ip) for choice in self._choices for address in choice.interface.addresses
            )
        return received.source[0] in self._own_addresses
