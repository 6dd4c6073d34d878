"""A state variable as an attribute: an assignment is checked, stored and told to the server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import get_ident
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.deferred_value import DeferredValue
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from upnp_trio.model.service import VariableDescription
    from upnp_trio.services.handler import ServiceHandler
    from upnp_trio.services.values import Values

__all__ = ["MISSING", "Connection", "Variable"]


class _Missing:
    def __repr__(self) -> str:
        return "no value"


#: stands for the value of a variable that has none
MISSING = _Missing()


@attrs.frozen
class Connection:
    """Where the changes of a handler go, and who may make them: whoever holds the lock, or else one thread alone."""

    on_change: Callable[[str, object], None]
    lock: AbstractContextManager[object] | None
    thread: int = attrs.field(factory=get_ident)


class Variable:
    """The descriptor of a state variable. The value is in the instance's ``__dict__``, so a service needs no setup."""

    def __init__(
        self, description: VariableDescription, attribute: str | None, owner: str, values: Values, start: object
    ) -> None:
        self.description = description
        self.start = start
        #: how messages name it
        self.attribute = attribute or description.name
        # A variable that only an SCPD names has no attribute, and its key must not be that of another attribute.
        self._key = attribute or f"variable {description.name}"
        self._name = description.name
        self._owner = owner
        self._plain = values.plain
        self._python = values.python
        # An instance check of an abstract class is slow.
        self._is_deferred = values.deferred

    def __get__(self, handler: ServiceHandler | None, owner: type | None = None) -> object:
        if handler is None:
            return self
        value = self.plain_value(handler)
        if value is MISSING:
            raise AttributeError(f"{self._owner}.{self.attribute} has no value yet")
        return value if self._python is None else self._python(value)

    def __set__(self, handler: ServiceHandler, value: object) -> None:
        try:
            plain = self._plain(value)
        except ValueError as exc:
            raise ValueError(f"{self._owner}.{self.attribute} cannot be {shown(value)}: {exc}") from None
        connection = handler._connection
        if connection is None:
            handler.__dict__[self._key] = plain
            return
        self._check_thread(connection)
        if self._is_deferred:
            raise RuntimeError(
                f"{self._owner}.{self.attribute} is assigned while its device is served; change it instead"
            )
        if connection.lock is None:
            self._change(handler.__dict__, connection, plain)
        else:
            with connection.lock:
                self._change(handler.__dict__, connection, plain)

    def _change(self, values: dict[str, object], connection: Connection, plain: object) -> None:
        if values.get(self._key, self.start) != plain:
            values[self._key] = plain
            connection.on_change(self._name, plain)

    def _check_thread(self, connection: Connection) -> None:
        if connection.lock is None and connection.thread != get_ident():
            raise RuntimeError(
                f"{self._owner}.{self.attribute} was assigned in another thread than the one that serves the device; "
                f"use trio.from_thread.run_sync(setattr, service, {self.attribute!r}, value), or serve the device with "
                "upnp_trio.threads or upnp_trio.asyncio"
            )

    def __delete__(self, handler: ServiceHandler) -> None:
        raise AttributeError(f"{self._owner}.{self.attribute} is a state variable, which always has a value")

    def plain_value(self, handler: ServiceHandler) -> object:
        """The value as an SCPD has it, but for a `DeferredValue`, which is itself; `MISSING` if there is none."""
        if self._is_deferred and self._key not in handler.__dict__ and isinstance(self.start, DeferredValue):
            handler.__dict__[self._key] = self.start.copy()
        return handler.__dict__.get(self._key, self.start)

    def connect(self, handler: ServiceHandler, connection: Connection) -> None:
        """Tell *connection* of the changes of the value of *handler*, if it is a `DeferredValue`."""
        value = self.plain_value(handler)
        if isinstance(value, DeferredValue):

            def change() -> None:
                self._check_thread(connection)
                connection.on_change(self._name, value)

            value.connect(change)

    def disconnect(self, handler: ServiceHandler) -> None:
        """Undo `connect`."""
        value = self.plain_value(handler)
        if isinstance(value, DeferredValue):
            value.disconnect()

    def assign_plain(self, handler: ServiceHandler, value: object) -> None:
        """Assign a value as an SCPD has it, which a member of an enumeration may stand for."""
        if self._python is not None and value in self.description.allowed_values:
            value = self._python(value)
        self.__set__(handler, value)
