"""The events that wait for a reader, joined if it is slow, so that it loses no value that is still true.

When the bounds are reached, the two oldest events become one, which has the newest value of each variable. So a slow
reader misses steps in between, and never the state that they lead to. LastChange says only what has changed, so its
documents are joined as well.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.last_change import LAST_CHANGE, join_last_changes
from upnp_trio.model.forgiving import MAX_FORGIVEN

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["MAX_WAITING_CHARACTERS", "MAX_WAITING_EVENTS", "ReceivedEvent", "WaitingEvents"]

# A busy renderer has five events a second, so these are of the last seconds.
MAX_WAITING_EVENTS = 64
# The longest events have 64 KiB, with the whole state of a household's players.
MAX_WAITING_CHARACTERS = 1024 * 1024


@attrs.frozen(kw_only=True)
class ReceivedEvent:
    """An event as it came; *texts* has the values by the variables' names."""

    seq: int
    texts: dict[str, str]
    is_initial: bool = False
    is_resubscribed: bool = False
    #: what is wrong with it and was overlooked, each in words
    forgiven: tuple[str, ...] = ()
    #: characters of its names and values
    size: int = attrs.field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "size", sum(len(name) + len(text) for name, text in self.texts.items()))

    def only(self, names: Collection[str]) -> ReceivedEvent:
        """This event with those of its variables that *names* has."""
        return attrs.evolve(self, texts={name: text for name, text in self.texts.items() if name in names})

    def joined_with(self, later: ReceivedEvent) -> ReceivedEvent:
        """This event and *later* as one."""
        texts = {name: text for name, text in self.texts.items() if name not in later.texts} | later.texts
        if LAST_CHANGE in self.texts and LAST_CHANGE in later.texts and not later.is_initial:
            texts[LAST_CHANGE] = join_last_changes(self.texts[LAST_CHANGE], later.texts[LAST_CHANGE])
        return ReceivedEvent(
            seq=later.seq,
            texts=texts,
            is_initial=self.is_initial or later.is_initial,
            is_resubscribed=self.is_resubscribed or later.is_resubscribed,
            forgiven=tuple(dict.fromkeys(self.forgiven + later.forgiven))[-MAX_FORGIVEN:],
        )


@attrs.define(eq=False, repr=False)
class WaitingEvents:
    """A queue of events whose oldest ones are joined when it is full."""

    #: how many events were joined with others
    joined: int = 0
    _waiting: deque[ReceivedEvent] = attrs.field(factory=deque)
    _characters: int = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: ReceivedEvent) -> int:
        """Add *event*; returns 0 if there was room for all that waits, and 1 if an event was shortened."""
        self._waiting.append(event)
        self._characters += event.size
        while len(self._waiting) > 1 and self._is_full():
            earlier, later = self._pop(), self._pop()
            self._push(earlier.joined_with(later))
            self.joined += 1
        if not self._is_full():
            return 0
        self._push(_shortened(self._pop()))
        return 1

    def take(self) -> ReceivedEvent | None:
        """The next event; ``None`` if there is none."""
        return self._pop() if self._waiting else None

    def _is_full(self) -> bool:
        return len(self._waiting) > MAX_WAITING_EVENTS or self._characters > MAX_WAITING_CHARACTERS

    def _pop(self) -> ReceivedEvent:
        event = self._waiting.popleft()
        self._characters -= event.size
        return event

    def _push(self, event: ReceivedEvent) -> None:
        self._waiting.appendleft(event)
        self._characters += event.size


def _shortened(event: ReceivedEvent) -> ReceivedEvent:
    """*event* without its oldest variables, as many as have no room, as a device made up names all the time."""
    texts = dict(event.texts)
    size = event.size
    while size > MAX_WAITING_CHARACTERS:
        name = next(iter(texts))
        size -= len(name) + len(texts.pop(name))
    return attrs.evolve(event, texts=texts)
