"""Values of state variables that are made only when their event leaves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DeferredValue"]


class DeferredValue(ABC):
    """The value of an evented state variable that collects changes until its event leaves.

    A service assigns it once, and changes it from then on. A variable may be moderated (UDA 2.0 §4.5), so between a
    change and its event there may be more changes; all of them belong into that event. So who handles such a variable

    - calls `connect`, to know when it has changed, and notes the `DeferredValue` itself as the variable's new value;
    - calls `take` at the moment an event leaves, and sends what it returns;
    - calls `current` for an initial event (UDA 2.0 §4.1.2), and wherever else the value is asked for.
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
    def take(self) -> object | None:
        """The value for an event that leaves now, with all changes since the last one; ``None`` if there were none."""

    @abstractmethod
    def current(self) -> object:
        """The value for whoever knows nothing yet. It does not count as an event."""
