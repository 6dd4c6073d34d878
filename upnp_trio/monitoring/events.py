"""Events of a served device: searches, requests, announcements and changes of the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs
import trio

from upnp_trio.monitoring.stats import Stats

__all__ = [
    "ActionCalled",
    "Announced",
    "Event",
    "EventReceiver",
    "Events",
    "NetworkChanged",
    "RequestAnswered",
    "SearchAnswered",
    "VariablesChanged",
    "check_buffer",
]


@attrs.frozen(kw_only=True)
class SearchAnswered:
    """A search was received that we answer; *peer* is the searcher's address."""

    interface: str
    peer: str
    search_target: str
    answers: int
    user_agent: str | None


@attrs.frozen(kw_only=True)
class RequestAnswered:
    """An HTTP request was answered with *status*. The texts are as the peer wrote them."""

    peer: str
    method: str
    target: str
    status: int
    user_agent: str | None


@attrs.frozen(kw_only=True)
class ActionCalled:
    """An action was called, of which a handler carries it out; *error* is the code of the UPnP error, if it failed."""

    peer: str
    service_id: str
    action: str
    error: int | None
    user_agent: str | None


@attrs.frozen(kw_only=True)
class VariablesChanged:
    """Evented *variables* changed, and their event was queued for *subscribers* subscribers."""

    service_id: str
    variables: tuple[str, ...]
    subscribers: int


@attrs.frozen(kw_only=True)
class Announced:
    """A whole set of announcements was sent on *interface*; *kind* is ``alive`` or ``byebye``."""

    interface: str
    kind: str
    messages: int


@attrs.frozen(kw_only=True)
class NetworkChanged:
    """Interfaces or addresses came, went or changed; *served* has those that are served now, as name and address."""

    served: tuple[tuple[str, str], ...]
    boot_id: int


#: an event of a device that is served, as `Running.subscribe` gives it
Event = SearchAnswered | RequestAnswered | ActionCalled | VariablesChanged | Announced | NetworkChanged

# A reader may be this many events behind. A view that reads five times a second keeps up with a busy network.
EVENTS_BUFFERED = 256


class EventReceiver(Protocol):
    """What events are passed to: the sending end of a channel, or what brings them to another thread."""

    def send_nowait(self, value: Event) -> None:
        """Take an event; raises `trio.WouldBlock` if there is no room, `trio.BrokenResourceError` if nobody reads."""
        ...

    def close(self) -> None:
        """No event will follow."""
        ...


def check_buffer(max_buffered: int) -> None:
    """Raise `ValueError` if *max_buffered* is not a whole number of at least 1."""
    if not isinstance(max_buffered, int) or max_buffered < 1:  # a float could be infinity
        raise ValueError(f"max_buffered is {max_buffered!r}; it must be a whole number of events, at least 1")


@attrs.define(eq=False, repr=False)
class Events:
    """Passes events to subscribers.

    Each subscriber reads from its own channel at its own pace. None of its code runs, waits or fails within our tasks,
    as it could with a callback.
    """

    stats: Stats = attrs.field(factory=Stats)
    #: whether there is a subscriber; callers look here before they create an event
    wanted: bool = False
    #: with what tells whether anybody reads
    _receivers: dict[EventReceiver, Callable[[], bool]] = attrs.field(factory=dict)
    _closed: bool = False

    def subscribe(self, max_buffered: int = EVENTS_BUFFERED) -> trio.MemoryReceiveChannel[Event]:
        """A channel of the events from now on, until it is closed at either end.

        Raises `ValueError` if *max_buffered* is not a whole number of at least 1.
        """
        check_buffer(max_buffered)
        send, receive = trio.open_memory_channel[Event](max_buffered)
        self.add(send, lambda: send.statistics().open_receive_channels > 0)
        return receive

    def add(self, receiver: EventReceiver, has_reader: Callable[[], bool]) -> None:
        """Pass the events from now on to *receiver*, for as long as it has a reader.

        Those that have none any more are removed here, too: while nothing happens, no event would find them out.
        """
        if self._closed:
            receiver.close()
            return
        for known, is_read in list(self._receivers.items()):
            if not is_read():
                self._remove(known)
        self._receivers[receiver] = has_reader
        self.wanted = True

    def publish(self, event: Event) -> None:
        """Send *event* to every subscriber. One whose buffer is full misses it, which is counted."""
        for receiver in list(self._receivers):
            try:
                receiver.send_nowait(event)
            except trio.WouldBlock:
                self.stats.events_dropped += 1
            except trio.BrokenResourceError:  # the subscriber has closed its end
                self._remove(receiver)
        self.wanted = bool(self._receivers)

    def _remove(self, receiver: EventReceiver) -> None:
        del self._receivers[receiver]
        receiver.close()

    def close(self) -> None:
        """Publish no more events. Subscribers read what is left, and then their channels end."""
        for receiver in self._receivers:
            receiver.close()
        self._receivers.clear()
        self.wanted, self._closed = False, True
