"""Asks the LOCATIONs, a few at a time, and only where a stranger's URL may lead (H11)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.cli.watching.happenings import Happening
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.documents.description import parse_description
from upnp_trio.errors import DescriptionError, NetworkError, RequestFailed, UnsafeUrl
from upnp_trio.http.client import CONNECT_SECONDS
from upnp_trio.tasks.wakeup import Wakeup

if TYPE_CHECKING:
    from upnp_trio.cli.watching.locations import Probe

__all__ = ["Prober", "word_for"]

# As many as the control point fetches at once.
MAX_PROBES = 8
# 5,000 devices are asked within four minutes, at a cost that a small computer does not notice.
PROBE_GAP_SECONDS = 0.05
# Real descriptions have some KiB. Reading 1 MiB of XML would take so long that datagrams are missed meanwhile.
MAX_DESCRIPTION_BYTES = 128 * 1024

_WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ETIMEDOUT: "too slow",
}


@attrs.define(eq=False, repr=False)
class Prober:
    """Makes the requests that the model's table of locations wants."""

    control_point: ControlPoint
    model: WatchModel
    #: called with what is to be told
    tell: Callable[[list[Happening]], None]
    _slots: trio.Semaphore = attrs.field(factory=lambda: trio.Semaphore(MAX_PROBES))
    _wakeup: Wakeup = attrs.field(factory=Wakeup)

    def look(self) -> None:
        """The table may want a request earlier than before."""
        self._wakeup.set(self.model.locations.next_at)

    async def run(self) -> NoReturn:
        """Make requests until cancelled."""
        async with trio.open_nursery() as nursery:
            while True:
                await self._slots.acquire()
                nursery.start_soon(self._probe, await self._next())
                await trio.sleep(PROBE_GAP_SECONDS)

    async def _next(self) -> Probe:
        while (probe := self.model.locations.take(trio.current_time())) is None:
            self.look()
            await self._wakeup.wait()
        return probe

    async def _probe(self, probe: Probe) -> None:
        start = trio.current_time()
        try:
            answer = await self.control_point.fetch(probe.location, max_body_bytes=MAX_DESCRIPTION_BYTES)
            seconds = trio.current_time() - start
            forgiven: list[str] = []
            root = parse_description(answer.body, forgiven) if probe.is_description_wanted else None
        except (UnsafeUrl, NetworkError, DescriptionError) as error:
            now = trio.current_time()
            told = self.model.location_failed(probe, word_for(error, now - start), str(error), now)
        else:
            told = self.model.location_answered(probe, seconds, trio.current_time(), root, forgiven)
        self._slots.release()
        self.look()
        self.tell(told)


def word_for(error: UnsafeUrl | NetworkError | DescriptionError, seconds: float) -> str:
    """Why there is no answer after so many *seconds*, in one or two words."""
    if isinstance(error, UnsafeUrl):
        return "unsafe"
    if isinstance(error, DescriptionError):
        return "unreadable"
    if isinstance(error, RequestFailed) and error.status is not None:
        return str(error.status)
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in _WORDS:
        return _WORDS[cause.errno]
    return "too slow" if seconds >= CONNECT_SECONDS else "failed"
