"""A state variable as an attribute: an assignment is checked, stored and told to the server."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.deferred_value import DeferredValue

if TYPE_CHECKING:
    from upnp_trio.model.service import VariableDescription
    from upnp_trio.services.handler import ServiceHandler
    from upnp_trio.services.values import Values

__all__ = ["MISSING", "Connection", "DeferredVariable", "Variable"]


class _Missing:
    def __repr__(self) -> str:
        return "no value"


#: stands for the value of a variable that has none
MISSING = _Missing()


@attrs.frozen
class Connection:
    """Where the changes of a handler go, and the only thread that may make them."""

    on_change: Callable[[str, object], None]
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
            raise ValueError(f"{self._owner}.{self.attribute} cannot be {value!r}: {exc}") from None
        values = handler.__dict__
        connection = handler._connection
        if connection is None:
            values[self._key] = plain
            return
        if connection.thread != get_ident():
            raise self._wrong_thread()
        if values.get(self._key, self.start) != plain:
            values[self._key] = plain
            connection.on_change(self._name, plain)

    def __delete__(self, handler: ServiceHandler) -> None:
        raise AttributeError(f"{self._owner}.{self.attribute} is a state variable, which always has a value")

    def _wrong_thread(self) -> RuntimeError:
        return RuntimeError(
            f"{self._owner}.{self.attribute} was assigned in another thread than the one that serves the device; "
            f"use trio.from_thread.run_sync(setattr, service, {self.attribute!r}, value)"
        )

    def plain_value(self, handler: ServiceHandler) -> object:
        """The value as an SCPD has it; `MISSING` if there is none."""
        return handler.__dict__.get(self._key, self.start)

    def assign_plain(self, handler: ServiceHandler, value: object) -> None:
        """Assign a value as an SCPD has it, which a member of an enumeration may stand for."""
        if self._python is not None and value in self.description.allowed_values:
            value = self._python(value)
        self.__set__(handler, value)


class DeferredVariable(Variable):
    """The descriptor of a state variable whose value collects changes, and becomes a text when its event leaves.

    Each service has a value of its own, which is assigned in ``__init__``.
    """

    def __get__(self, handler: ServiceHandler | None, owner: type | None = None) -> object:
        if handler is None:
            return self
        value = self._value(handler)
        if value is None:
            raise AttributeError(f"{self._owner}.{self.attribute} has no value yet")
        return value

    def __set__(self, handler: ServiceHandler, value: object) -> None:
        try:
            self._plain(value)
        except ValueError as exc:
            raise ValueError(f"{self._owner}.{self.attribute} cannot be {value!r}: {exc}") from None
        connection = handler._connection
        if connection is not None and connection.thread != get_ident():
            raise self._wrong_thread()
        before = self._value(handler)
        if value is before:
            return
        if connection is None or not isinstance(value, DeferredValue):
            handler.__dict__[self._key] = value
            return
        self._connect(value, connection)  # before the value is stored, because it may belong to another variable
        handler.__dict__[self._key] = value
        if before is not None:
            before.disconnect()
        connection.on_change(self._name, value)

    def attach(self, handler: ServiceHandler, connection: Connection) -> None:
        """Tell *connection* of the value's changes, if there is a value.

        Raises `RuntimeError` if it is the value of another variable, too.
        """
        if (value := self._value(handler)) is not None:
            self._connect(value, connection)

    def _connect(self, value: DeferredValue, connection: Connection) -> None:
        def changed() -> None:
            if connection.thread != get_ident():
                raise self._wrong_thread()
            connection.on_change(self._name, value)

        value.connect(changed)

    def detach(self, handler: ServiceHandler) -> None:
        """Tell of the value's changes no more."""
        if (value := self._value(handler)) is not None:
            value.disconnect()

    def plain_value(self, handler: ServiceHandler) -> object:
        """The text of all that the value has now; `MISSING` if there is none."""
        value = self._value(handler)
        return MISSING if value is None else value.current()

    def _value(self, handler: ServiceHandler) -> DeferredValue | None:
        value = handler.__dict__.get(self._key)
        return value if isinstance(value, DeferredValue) else None
