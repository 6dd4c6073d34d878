"""Values of state variables that are made only when their event leaves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DeferredValue"]

D = TypeVar("D", bound="DeferredValue")


class DeferredValue(ABC):
    """The value of an evented state variable that collects changes until its event leaves.

    A service has one from its start, and changes it from then on. A variable may be moderated (UDA 2.0 §4.5), so there
    may be more changes between a change and its event, and all of them belong to that event. So this is how such a
    variable is handled:

    - `connect` is called, to learn of changes. The new value of the variable is then the `DeferredValue` itself.
    - `take` is called at the moment when an event leaves, which sends what it returns.
    - `current` is called for an initial event (UDA 2.0 §4.1.2), and wherever else the value is asked for.
    """

    _on_change: Callable[[], None] | None = None

    def connect(self, on_change: Callable[[], None]) -> None:
        """Call *on_change* after each change from now on; raises `RuntimeError` if this is connected already."""
        if self._on_change is not None:
            raise RuntimeError(f"{type(self).__name__} is the value of a variable already; make another one")
        self._on_change = on_change

    def disconnect(self) -> None:
        """Call `connect`'s function no more."""
        self._on_change = None

    def changed(self) -> None:
        """Say that `take` has something to return; for subclasses."""
        if self._on_change is not None:
            self._on_change()

    @abstractmethod
    def copy(self: D) -> D:
        """Another one with the same values, which is connected to nothing. Each service gets a copy of its class's."""

    @abstractmethod
    def take(self) -> object | None:
        """The value for an event that leaves now, with all changes since the last one; ``None`` if there were none."""

    @abstractmethod
    def current(self) -> object:
        """The value for whoever knows nothing yet. It does not count as an event."""
