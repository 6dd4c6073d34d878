"""Which changes of state variables become events, and when (UDA 2.0 §4.5).

A service's standard may bound how often a variable sends events (``maximum_rate``, which is a time in seconds) and how
far its number must move (``minimum_delta``). A change that comes too early waits, and the newest value leaves.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.deferred_value import DeferredValue
from upnp_trio.model.service import Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.service import ServiceDescription, VariableDescription

__all__ = ["MULTICAST_SECONDS", "PendingChanges"]

# The least time between the events of a variable that is evented by multicast, also if nothing else is said. A caller
# may change a variable a thousand times a second, and each event goes to all hosts of all links, over Wi-Fi at the
# slowest rate.
MULTICAST_SECONDS = 0.1


class _Nothing:
    """The value of a variable that has none; nothing equals it."""


_NOTHING = _Nothing()


@attrs.define(eq=False)
class _Variable:
    maximum_rate: float
    minimum_delta: Number | None
    #: the value that subscribers know: that of the last event, or the first one
    known: object
    #: when the last event left
    left_at: float | None = None
    #: the value that is to leave, and since when
    pending: object = _NOTHING
    noted_at: float = 0.0
    #: whether `pending` has been in an initial event, so that its subscriber does not know `known`
    shown: bool = False

    @property
    def due_at(self) -> float:
        if self.left_at is None or not self.maximum_rate:
            return self.noted_at
        return max(self.noted_at, self.left_at + self.maximum_rate)

    def is_event(self, value: object) -> bool:
        """Whether subscribers are to be told *value*."""
        if self.shown or isinstance(value, DeferredValue):
            return True
        if value == self.known:
            return False
        if self.minimum_delta is None or not _is_finite(value) or not _is_finite(self.known):
            return True
        # as decimal text, because 0.3 - 0.2 < 0.1 for floats
        distance = abs(Decimal(str(value)) - Decimal(str(self.known)))
        return distance >= Decimal(str(self.minimum_delta))


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and Decimal(str(value)).is_finite()


class PendingChanges:
    """The changes of one service's evented variables that have not been sent.

    *values* are those of the variables at the start. All times are monotonic, in seconds.

    `due` is meant to be called once after all changes that are made without waiting, so that they leave together. Then
    call it at `next_due`. A value that is a `DeferredValue` is taken when it leaves.
    """

    def __init__(self, description: ServiceDescription, values: Mapping[str, object] | None = None) -> None:
        known = values or {}
        self._variables = {each.name: _variable(each, known) for each in description.evented}
        #: the names of those that have something pending, in the order of their changes
        self._pending: dict[str, None] = {}

    def note(self, name: str, value: object, now: float) -> None:
        """Note that the variable *name* has a new *value*. Variables that are not evented are ignored.

        A value that subscribers know already, or that is too near to it, is no event, and takes back one that waits.
        """
        variable = self._variables.get(name)
        if variable is None:
            return
        if not variable.is_event(value):
            variable.pending = _NOTHING
            self._pending.pop(name, None)
            return
        variable.pending = value
        if name not in self._pending:
            variable.noted_at = now
            self._pending[name] = None

    def show(self, names: Iterable[str]) -> None:
        """Note that an initial event told a new subscriber the present values of the variables *names*.

        If such a value has not left yet, it is followed by an event in any case: the new subscriber knows it, and the
        others do not, so both must be told if it changes back before it leaves.
        """
        for name in names:
            if name in self._pending:
                self._variables[name].shown = True

    def due(self, now: float) -> list[tuple[str, object]]:
        """Remove and return the names and values of the changes that may leave at *now*, as one event."""
        leaving = []
        for name in list(self._pending):
            variable = self._variables[name]
            if variable.due_at > now:
                continue
            value = variable.pending
            variable.pending, variable.shown = _NOTHING, False
            del self._pending[name]
            if isinstance(value, DeferredValue):
                taken = value.take()
                if taken is None:
                    continue
                leaving.append((name, taken))
            else:
                variable.known = value
                leaving.append((name, value))
            variable.left_at = now
        return leaving

    def next_due(self) -> float | None:
        """When the next change may leave; ``None`` if none is pending."""
        return min((self._variables[name].due_at for name in self._pending), default=None)


def _variable(description: VariableDescription, known: Mapping[str, object]) -> _Variable:
    least = MULTICAST_SECONDS if description.multicast else 0.0
    rate = max(description.maximum_rate, least)
    return _Variable(rate, description.minimum_delta, known.get(description.name, _NOTHING))
