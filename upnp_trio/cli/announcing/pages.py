"""All pages that are announced; each is looked at by a timetable of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.cli.announcing.attending import Attendant

if TYPE_CHECKING:
    from upnp_trio.model.device import RootDevice

__all__ = ["Pages"]

# How many pages are looked at at once, by a few requests each. Fewer slow servers delay no other page.
MAX_LOOKS = 16
# A service manager that waits for a start gives up after a minute and a half.
READY_SECONDS = 30.0
# Between the end of a look and the beginning of the next, if the look takes longer than the pause.
LEAST_PAUSE = 1.0


@attrs.define(eq=False, repr=False)
class Pages:
    """Those that *attendants* look after."""

    attendants: Sequence[Attendant]
    _limiter: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MAX_LOOKS), init=False)
    _left: int = attrs.field(init=False)
    _all_looked_at: trio.Event = attrs.field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._left = len(self.attendants)

    @property
    def devices(self) -> list[RootDevice]:
        """The devices that are announced, in the order of the pages."""
        return [attendant.device for attendant in self.attendants if attendant.device is not None]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Look at all pages again and again until cancelled; started when each was looked at, or after a while."""
        async with trio.open_nursery() as nursery:
            for attendant in self.attendants:
                nursery.start_soon(self._attend, attendant)
            with trio.move_on_after(READY_SECONDS):
                await self._all_looked_at.wait()
            task_status.started()
        raise AssertionError("unreachable: pages are looked at for ever")

    async def _attend(self, attendant: Attendant) -> NoReturn:
        is_first = True
        while True:
            async with self._limiter:
                began = trio.current_time()
                pause = await attendant.look()
            if is_first:
                is_first = False
                self._left -= 1
                if not self._left:
                    self._all_looked_at.set()
            await trio.sleep_until(max(began + pause, trio.current_time() + LEAST_PAUSE))
