"""What happens to a served device that a person may want to see."""

from __future__ import annotations

import attrs
import trio

from upnp_trio.server.monitoring.stats import Stats

__all__ = [
    "Announced",
    "Event",
    "Events",
    "NetworkChanged",
    "RequestAnswered",
    "SearchAnswered",
]


@attrs.frozen(kw_only=True)
class SearchAnswered:
    """A search that we have answers for; *peer* is the searcher's address."""

    interface: str
    peer: str
    search_target: str
    answers: int
    user_agent: str | None


@attrs.frozen(kw_only=True)
class RequestAnswered:
    """An HTTP request that was answered with *status*; texts are as the peer wrote them."""

    peer: str
    method: str
    target: str
    status: int
    user_agent: str | None


@attrs.frozen(kw_only=True)
class Announced:
    """A whole set of announcements left on *interface*; *kind* is ``alive`` or ``byebye``."""

    interface: str
    kind: str
    messages: int


@attrs.frozen(kw_only=True)
class NetworkChanged:
    """Interfaces or addresses came, went or changed; *served* has all that are served now, as name and address."""

    served: tuple[tuple[str, str], ...]
    boot_id: int


Event = SearchAnswered | RequestAnswered | Announced | NetworkChanged

# What a reader may be behind by; a view that looks five times a second keeps up with a busy network.
EVENTS_BUFFERED = 256


@attrs.define(eq=False, repr=False)
class Events:
    """What happens, on its way to whoever subscribed.

    Subscribers read from channels of their own and at their own pace: nothing of theirs runs, waits or fails within
    our tasks, as it could with a callback.
    """

    stats: Stats = attrs.field(factory=Stats)
    #: whether anybody listens; who has something to tell looks here before an event is made of it
    wanted: bool = False
    _channels: list[trio.MemorySendChannel[Event]] = attrs.field(factory=list)
    _closed: bool = False

    def subscribe(self, max_buffered: int = EVENTS_BUFFERED) -> trio.MemoryReceiveChannel[Event]:
        """What happens from now on, until the channel is closed at either end.

        Raises `ValueError` if *max_buffered* is no number of events from 1 on.
        """
        if not isinstance(max_buffered, int) or max_buffered < 1:  # a float could be infinity
            raise ValueError(f"max_buffered is {max_buffered!r}; it is how many events may wait, 1 or more")
        send, receive = trio.open_memory_channel[Event](max_buffered)
        if self._closed:
            send.close()
        else:
            self._channels.append(send)
            self.wanted = True
        return receive

    def tell(self, event: Event) -> None:
        """Let every subscriber know of *event*; those whose buffer is full miss it, which is counted."""
        for channel in list(self._channels):
            try:
                channel.send_nowait(event)
            except trio.WouldBlock:
                self.stats.events_dropped += 1
            except trio.BrokenResourceError:  # it listens no more
                self._channels.remove(channel)
                channel.close()
        self.wanted = bool(self._channels)

    def close(self) -> None:
        """There will be no more: subscribers read what is left, and then come to the end."""
        for channel in self._channels:
            channel.close()
        self._channels.clear()
        self.wanted, self._closed = False, True
