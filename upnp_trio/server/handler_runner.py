"""Where the code of handlers runs, if that is not the thread that serves their device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.model.handler import Handler
    from upnp_trio.service_calls import Call

__all__ = ["HandlerRunner"]


class HandlerRunner(Protocol):
    """Runs the code of handlers in other threads than this one. Without one, it runs in the tasks that serve.

    With one, the variables of services may be assigned in any thread.
    """

    async def call(self, call: Call) -> object:
        """Carry out *call*, and return or raise what its handler does; cancelled when nobody waits any more."""
        ...

    async def run_while_served(self, handler: Handler) -> None:
        """Run the task of *handler* until it ends or this is cancelled."""
        ...

    def post(self, deliver: Callable[[], None]) -> bool:
        """Call *deliver* in the thread that serves, soon; callable from any thread.

        Returns whether that is certain. If not, *deliver* is called when the thread of the caller has finished what it
        does now, and is posted again by others until then.
        """
        ...
