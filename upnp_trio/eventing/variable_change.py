"""What a subscriber reads: the variables that changed, as values of their data types (UDA 2.0 §4.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.last_change import LAST_CHANGE, Change, read_last_change
from upnp_trio.model.forgiving import forgive

if TYPE_CHECKING:
    from upnp_trio.eventing.waiting_events import ReceivedEvent
    from upnp_trio.model.service import ServiceDescription

__all__ = ["VariableChange"]


@attrs.frozen(kw_only=True)
class VariableChange:
    """One event: the variables that have changed; in an initial event, all evented variables of the service."""

    #: SEQ of the event, or of the newest one if several were joined for a slow reader
    seq: int
    #: by name; a value is text if its variable or its data type is unknown, or if the text does not fit the type
    values: Mapping[str, object]
    #: by name, as they came
    texts: Mapping[str, str]
    #: whether it begins a subscription, and so has the values of all variables
    is_initial: bool = False
    #: whether it begins a later subscription, after the device started anew, for example, or an event was lost; values
    #: may have changed back and forth in between
    is_resubscribed: bool = False
    #: the rules that it breaks and that were overlooked, each in words
    forgiven: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: ReceivedEvent, description: ServiceDescription | None) -> VariableChange:
        """*event* with the types of *description*; a text that has no value stays a text."""
        forgiven = list(event.forgiven)
        values = event.texts if description is None else _typed_values(event.texts, description, forgiven)
        return cls(
            seq=event.seq,
            values=values,
            texts=event.texts,
            is_initial=event.is_initial,
            is_resubscribed=event.is_resubscribed,
            forgiven=tuple(forgiven),
        )

    def last_change(self) -> list[Change]:
        """The changes in LastChange, the one evented variable of audio and video services; none without it.

        Raises `MalformedMessage` if its value cannot be read.
        """
        text = self.texts.get(LAST_CHANGE)
        return [] if text is None else read_last_change(text)


def _typed_values(texts: Mapping[str, str], description: ServiceDescription, forgiven: list[str]) -> dict[str, object]:
    values: dict[str, object] = dict(texts)
    for name, text in texts.items():
        variable = description.variable(name)
        if variable is None:
            forgive(forgiven, f"the event has {name}, which is no variable of the service")
            continue
        try:
            values[name] = variable.data_type.parse(text)
        except ValueError as error:
            forgive(forgiven, f"the value of {name}, of type {variable.data_type.name}: {error}")
    return values
