"""What is found: datagrams into the cache of devices, and its changes to the readers (UDA 2.0 §1.2, §1.3)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

import attrs
import trio

from upnp_trio.controlpoint.feeds import Feed, FeedQueue
from upnp_trio.controlpoint.received import ReceivedMessage, weight_of
from upnp_trio.controlpoint.shared_values import SharedValues
from upnp_trio.errors import MalformedMessage
from upnp_trio.model.peers import peer_of
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import Arrival, DeviceAppeared, DeviceChange
from upnp_trio.ssdp.messages import Alive, Search
from upnp_trio.ssdp.parsing import parse_leniently
from upnp_trio.ssdp.pending_changes import PendingChanges
from upnp_trio.tasks.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.network.asking import ReceivedDatagram
    from upnp_trio.network.interfaces import Interface
    from upnp_trio.ssdp.messages import Message

__all__ = ["Finding"]

T = TypeVar("T")

traffic = logging.getLogger("upnp_trio.traffic.ssdp")

# What falls due so soon after another is reported together with it: on a large network, something does all the time,
# and a wake-up of the event loop costs several times what a change does.
PAUSE_SECONDS = 0.05
# Datagrams that wait for a reader that is slow: those of 5,000 devices that announce themselves at once. A long one
# counts as several (`weight_of`).
MAX_WAITING_MESSAGES = 32_768


@attrs.define(eq=False, repr=False)
class Finding:
    """Keeps the cache, expires it, and tells the readers."""

    cache: DeviceCache
    #: called with each change of a device, before the readers get it
    on_change: Callable[[DeviceChange], None]
    #: called with each ``ssdp:alive``, after the changes that it makes
    on_alive: Callable[[Alive], None]
    _wakeup: Wakeup = attrs.field(factory=Wakeup)
    _change_readers: set[FeedQueue[DeviceChange]] = attrs.field(factory=set)
    _message_readers: set[FeedQueue[ReceivedMessage]] = attrs.field(factory=set)
    _is_closed: bool = False

    async def expire(self) -> NoReturn:
        """Let devices go when they are due, until cancelled."""
        while True:
            self._wakeup.set(self.cache.next_expiry)
            await self._wakeup.wait()
            self._publish(self.cache.expire(trio.current_time()))
            await trio.sleep(PAUSE_SECONDS)

    def receive(self, datagram: ReceivedDatagram, interface: Interface) -> None:
        """Take a datagram that was sent to a group."""
        if traffic.isEnabledFor(logging.DEBUG):
            traffic.debug("from %s on %s: %r", datagram.source, interface.name, datagram.payload)
        message: Message | None = None
        forgiven: tuple[str, ...] = ()
        flaw = ""
        try:
            message, forgiven = parse_leniently(datagram.payload)
        except MalformedMessage as error:
            flaw = str(error)
        if self._message_readers:
            self._show(datagram, message, flaw, forgiven, interface)
        if message is not None and not isinstance(message, Search):
            self._note(message, forgiven, datagram.source[0], interface)

    def receive_answer(
        self, datagram: ReceivedDatagram, message: Message, interface: Interface, forgiven: tuple[str, ...]
    ) -> None:
        """Take an answer to a search of ours."""
        if self._message_readers:
            self._show(datagram, message, "", forgiven, interface)
        self._note(message, forgiven, datagram.source[0], interface)

    def drop_interface(self, index: int) -> None:
        """The interface with this number is not used any more."""
        self._publish(self.cache.drop_interface(index))
        self._wakeup.set(self.cache.next_expiry)

    def changes(self) -> Feed[DeviceChange]:
        """A feed that begins with what is known already."""
        pending = PendingChanges()
        for device in self.cache.values():
            pending.put(DeviceAppeared(device))
        queue = FeedQueue[DeviceChange](pending)
        self._open(queue, self._change_readers)
        return Feed(queue, lambda: self._change_readers.discard(queue))

    def messages(self) -> Feed[ReceivedMessage]:
        """A feed of every datagram."""
        queue = FeedQueue[ReceivedMessage](
            SharedValues(MAX_WAITING_MESSAGES, lambda each: peer_of(each.source[0]), weight_of)
        )
        self._open(queue, self._message_readers)
        return Feed(queue, lambda: self._message_readers.discard(queue))

    def _open(self, queue: FeedQueue[T], readers: set[FeedQueue[T]]) -> None:
        if self._is_closed:
            queue.end()
        else:
            readers.add(queue)

    def close(self) -> None:
        """End all feeds, those that are asked for later, too."""
        self._is_closed = True
        for changes in self._change_readers:
            changes.end()
        for messages in self._message_readers:
            messages.end()

    def _note(self, message: Message, forgiven: tuple[str, ...], sender: str, interface: Interface) -> None:
        now = trio.current_time()
        arrival = Arrival(interface.name, interface.index, sender)
        self._publish(self.cache.receive(message, arrival, now, forgiven))
        if isinstance(message, Alive):
            self.on_alive(message)
        self._wakeup.set(self.cache.next_expiry)

    def _publish(self, changes: Iterable[DeviceChange]) -> None:
        for change in changes:
            self.on_change(change)
            for queue in self._change_readers:
                queue.put(change)

    def _show(
        self,
        datagram: ReceivedDatagram,
        message: Message | None,
        flaw: str,
        forgiven: tuple[str, ...],
        interface: Interface,
    ) -> None:
        received = ReceivedMessage(
            message=message,
            flaw=flaw,
            forgiven=forgiven,
            payload=datagram.payload,
            source=datagram.source,
            destination=datagram.destination,
            interface=interface.name,
            arrived_at=datagram.arrived_at,
        )
        for queue in self._message_readers:
            queue.put(received)
