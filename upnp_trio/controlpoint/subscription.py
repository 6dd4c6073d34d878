"""`Subscription`: what the reader of a service's events has in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.controlpoint.feeds import Feed
from upnp_trio.eventing.variable_change import VariableChange

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from upnp_trio.controlpoint.subscriber import Subscriber
    from upnp_trio.eventing.waiting_events import WaitingEvents

__all__ = ["Subscription"]


class Subscription:
    """The events of a service, as an async iterator of `VariableChange`.

    With ``async with service.subscribe() as changes:``, the service is subscribed to when the body begins, so that
    nothing that the body does is missed. ``async for change in service.subscribe():`` alone subscribes when it begins.
    Both raise `RequestFailed` if the device refuses or does not answer at first.

    From then on it stays subscribed, whatever happens. It is renewed in time. It is made anew if the device has started
    again or has forgotten it, if an event was lost, or if this host has another address. The first change of a new
    subscription has `VariableChange.is_resubscribed`, and the values of all variables. While the device is away, there
    are no changes.

    A slow reader gets events that are joined, with the newest value of each variable; `joined` counts them.

    The device is unsubscribed from when this is closed, by ``async with``, `aclose` or `close`, when it is dropped, as
    by ``break``, and when the control point ends. That takes up to two seconds if the device does not answer.
    """

    def __init__(self, subscriber: Subscriber, waiting: WaitingEvents, start: Callable[[], None]) -> None:
        self._subscriber = subscriber
        self._waiting = waiting
        self._start: Callable[[], None] | None = start
        # the subscriber does not know this object, so that it ends when this is dropped
        self._feed = Feed(subscriber.queue, subscriber.cancel)

    @property
    def is_subscribed(self) -> bool:
        """Whether the device has it subscribed, as far as known; false while the device is away."""
        return self._subscriber.is_subscribed

    @property
    def joined(self) -> int:
        """How many events were joined with later ones, because the reader was slow."""
        return self._waiting.joined

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> VariableChange:
        self._begin()
        event = await self._feed.__anext__()
        return VariableChange.of(event, self._subscriber.source.description)

    async def __aenter__(self) -> Subscription:
        self._begin()
        try:
            await self._subscriber.answered.wait()
        except BaseException:  # such as a deadline of the caller, who then has no body to leave
            self.close()
            raise
        if (error := self._subscriber.queue.take_error()) is not None:
            raise error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End it, and wait until the device knows, for up to two seconds. It is ended even if this is cancelled."""
        self.close()
        await self._subscriber.ended.wait()

    def close(self) -> None:
        """End it soon; for code that cannot wait."""
        if self._start is not None:  # it has never begun, so no task says that it is over
            self._start = None
            self._subscriber.answered.set()
            self._subscriber.ended.set()
        self._feed.close()

    def _begin(self) -> None:
        if self._start is not None:
            self._start()  # raises if the control point is closed, and then it has not begun
            self._start = None
