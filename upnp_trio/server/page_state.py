"""What a live page asks for: the values of the state variables, as soon as they are others than it knows.

The page asks again and again, and each request waits for the next change (long polling). That takes nothing but
requests and responses, and a page that nobody looks at asks for nothing.
"""

from __future__ import annotations

import attrs
import trio

from upnp_trio.documents.live_page import STATE_TYPE, render_state
from upnp_trio.documents.page_headers import STATE_HEADERS
from upnp_trio.exchange import Response
from upnp_trio.site import StateWanted

__all__ = ["PageState"]

# Longer than that, and some browsers and proxies would give up.
WAIT_SECONDS = 25.0
# Changes that follow each other within this time reach the page together.
GATHERING_SECONDS = 0.05

HEADERS = (("Content-Type", STATE_TYPE), *STATE_HEADERS)


@attrs.define(eq=False, repr=False)
class PageState:
    """Wakes the requests that wait for a change."""

    _changed: trio.Event = attrs.field(factory=trio.Event)
    _waiting: int = 0
    _ended: bool = False

    def change(self) -> None:
        """A variable has another value, or a service has come or gone."""
        if self._waiting:
            self._changed.set()
            self._changed = trio.Event()

    def end(self) -> None:
        """The device ends: let no request wait any more."""
        self._ended = True
        self._changed.set()

    def begin(self, wanted: StateWanted) -> Response | _Waiting:
        """The response to a page that has the state as of ``wanted.after``, or the wait for it."""
        response = _response(wanted)
        return _Waiting(self, wanted) if response is None else response

    async def wait(self, wanted: StateWanted) -> Response:
        """The state when it differs from what the page knows, or after `WAIT_SECONDS` in any case."""
        with trio.move_on_after(WAIT_SECONDS):
            while not self._ended and _response(wanted) is None:
                await self._next_change()
        response = _response(wanted, at_once=True)
        assert response is not None
        return response

    async def _next_change(self) -> None:
        self._waiting += 1
        try:
            await self._changed.wait()
        finally:
            self._waiting -= 1
        if not self._ended:
            await trio.sleep(GATHERING_SECONDS)


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


def _response(wanted: StateWanted, *, at_once: bool = False) -> Response | None:
    """The state for the page; ``None`` if the page knows it, unless it is wanted *at_once*."""
    state = wanted.read()
    if state.version == wanted.after and not at_once:
        return None
    return Response(200, HEADERS, render_state(state), is_unique=True)
