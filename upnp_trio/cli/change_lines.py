"""Events of services as lines of text, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.printable import cells, fit, printable
from upnp_trio.cli.styles import Styles
from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.last_change import LAST_CHANGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.eventing.last_change import Change
    from upnp_trio.eventing.variable_change import VariableChange

__all__ = ["ChangeLines", "change_json"]

# A person reads no longer text; scripts have --json.
MAX_VALUE_CHARACTERS = 1000
NAME_CHARACTERS = 64
MAX_NAME_COLUMNS = 32


@attrs.define(eq=False)
class ChangeLines:
    """Writes events below each other, with the names of services and of variables in columns."""

    styles: Styles
    _service_columns: int
    _name_columns: int

    @classmethod
    def of(cls, services: Iterable[str], variables: Iterable[str], styles: Styles) -> ChangeLines:
        """Columns for these names."""
        return cls(styles, _columns(services), _columns(variables))

    def lines(self, time: str, service: str, change: VariableChange) -> Iterator[str]:
        """A line for each variable in *change*, which came at *time*."""
        start = f"{self.styles.dim(time)}  {fit(printable(service, NAME_CHARACTERS), self._service_columns, cut=False)}"
        if change.is_resubscribed:
            yield f"{start}  {self.styles.dim('subscribed again; values may have changed in between')}"
        for name, text in _rows(change):
            shown = printable(" ".join(text.splitlines()), MAX_VALUE_CHARACTERS)
            yield f"{start}  {self.styles.bold(fit(name, self._name_columns, cut=False))} = {shown}".rstrip()


def _columns(names: Iterable[str]) -> int:
    return min(max((cells(printable(name, NAME_CHARACTERS)) for name in names), default=0), MAX_NAME_COLUMNS)


def _rows(change: VariableChange) -> Iterator[tuple[str, str]]:
    """Name and value of each variable; LastChange is taken apart, as it holds several."""
    for name, text in change.texts.items():
        if name == LAST_CHANGE:
            try:
                inner = change.last_change()
            except MalformedMessage:  # it is some other text
                inner = []
            if inner:
                yield from ((_inner_name(each), each.value) for each in inner)
                continue
        value = change.values[name]
        yield printable(name, NAME_CHARACTERS), str(value).lower() if isinstance(value, bool) else text


def _inner_name(change: Change) -> str:
    """What a variable in LastChange is called: with its instance, unless that is 0, and with its channel."""
    name = change.name if change.instance_id == 0 else f"{change.instance_id}: {change.name}"
    details = ", ".join(value for _, value in change.attributes)
    return printable(f"{name} ({details})" if details else name, NAME_CHARACTERS)


def change_json(time: str, service: str, service_id: str, change: VariableChange) -> dict[str, object]:
    """The event as one object.

    Booleans and numbers are those of JSON, and all other values are as UPnP writes them.
    """
    found: dict[str, object] = {
        "time": time,
        "service": service,
        "service_id": service_id,
        "seq": change.seq,
        "initial": change.is_initial,
        "resubscribed": change.is_resubscribed,
        "values": {
            name: value if isinstance(value, bool | int | float) else change.texts[name]
            for name, value in change.values.items()
        },
    }
    try:
        inner = change.last_change()
    except MalformedMessage:
        inner = []
    if inner:
        found["last_change"] = [
            {"instance": each.instance_id, "name": each.name, "value": each.value, **dict(each.attributes)}
            for each in inner
        ]
    return found
