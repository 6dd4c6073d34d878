"""What a live page asks for: the values of the state variables, as soon as they are others than it knows.

The page asks again and again, and each request waits for the next change (long polling). That takes nothing but
requests and responses, and a page that nobody looks at asks for nothing.
"""

from __future__ import annotations

import attrs
import trio

from upnp_trio.documents.live_page import STATE_TYPE, render_state
from upnp_trio.documents.page_headers import STATE_HEADERS
from upnp_trio.documents.publication import Publication
from upnp_trio.exchange import Response
from upnp_trio.service_calls import StateWanted
from upnp_trio.service_requests import live_page

__all__ = ["PageState"]

# Longer than that, and some browsers and proxies would give up.
WAIT_SECONDS = 25.0
# Changes that follow each other within this time reach the page together.
GATHERING_SECONDS = 0.05

HEADERS = (("Content-Type", STATE_TYPE), *STATE_HEADERS)


@attrs.frozen(eq=False)
class _Kept:
    """The state of a publication as it was a moment ago."""

    publication: Publication
    version: str
    response: Response
    read_at: float


@attrs.define(eq=False, repr=False)
class PageState:
    """Wakes the requests that wait for a change."""

    _changed: trio.Event = attrs.field(factory=trio.Event)
    _waiting: int = 0
    #: how often a service has gone
    _departures: int = 0
    _ended: bool = False
    #: by the path of the state; emptied at each change, so that a crowd of pages costs one reading
    _kept: dict[str, _Kept] = attrs.field(factory=dict)

    def change(self) -> None:
        """A variable has another value."""
        self._kept.clear()
        if self._waiting:
            self._changed.set()
            self._changed = trio.Event()

    def depart(self) -> None:
        """A service has gone: let pages ask again, as their device may have gone with it or have another CONFIGID."""
        self._departures += 1
        self.change()

    def end(self) -> None:
        """The device ends: let no request wait any more."""
        self._ended = True
        self._changed.set()

    def begin(self, wanted: StateWanted) -> Response | _Waiting:
        """The response to a page that has the state as of ``wanted.after``, or the wait for it."""
        state = self._read(wanted)
        return state.response if state.version != wanted.after else _Waiting(self, wanted)

    async def wait(self, wanted: StateWanted) -> Response:
        """The state when it differs from what the page knows, or after `WAIT_SECONDS` in any case."""
        departures = self._departures
        with trio.move_on_after(WAIT_SECONDS):
            while not self._ended and departures == self._departures and self._read(wanted).version == wanted.after:
                await self._next_change()
        return self._read(wanted).response

    async def _next_change(self) -> None:
        self._waiting += 1
        try:
            await self._changed.wait()
        finally:
            self._waiting -= 1
        if not self._ended:
            await trio.sleep(GATHERING_SECONDS)

    def _read(self, wanted: StateWanted) -> _Kept:
        now = trio.current_time()
        path = wanted.publication.state_path
        kept = self._kept.get(path)
        if kept is None or kept.publication is not wanted.publication or now >= kept.read_at + GATHERING_SECONDS:
            state = live_page(wanted.publication)
            response = Response(200, HEADERS, render_state(state), is_unique=True)
            kept = self._kept[path] = _Kept(wanted.publication, state.version, response, now)
        return kept


@attrs.define(eq=False, repr=False)
class _Waiting:
    """A request that waits for a change."""

    _state: PageState
    _wanted: StateWanted

    async def respond(self) -> Response:
        """The state, when it has changed."""
        return await self._state.wait(self._wanted)

    def sent(self) -> None:
        """Nothing follows from it."""

    def abandon(self) -> None:
        """Nothing is held."""
