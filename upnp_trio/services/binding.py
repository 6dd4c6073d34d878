"""Joins an action's method to its description: what a call passes, and what its results are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, NoReturn

import attrs

from upnp_trio.errors import UpnpError
from upnp_trio.model.service import ActionDescription
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from upnp_trio.model.caller import Caller
    from upnp_trio.services.declarations import DeclaredAction
    from upnp_trio.services.handler import ServiceHandler
    from upnp_trio.services.values import Values

__all__ = ["BoundMethod", "NoMethod", "bind"]

Convert = Callable[[object], object]


@attrs.frozen(eq=False)
class BoundMethod:
    """An action and the method that carries it out; everything about them is worked out when the class is made."""

    description: ActionDescription
    #: the method's name in its class
    method: str
    may_block: bool
    _place: str
    _function: Callable[..., object]
    #: the argument's name for each positional parameter, and how its value is converted; ``None`` for the caller
    _positional: tuple[tuple[str | None, Convert | None], ...]
    #: the same for keyword-only parameters, by their names
    _keywords: Mapping[str, tuple[str | None, Convert | None]]
    #: the arguments' names, if each is just passed on in this order
    _plain_names: tuple[str, ...] | None
    _record: type | None
    _fields: Callable[[object], tuple[object, ...]] | None
    #: the name of each result, and how its value is checked and converted
    _results: tuple[tuple[str, Convert], ...]

    def call(self, handler: ServiceHandler, arguments: Mapping[str, object], caller: Caller) -> object:
        """Call the method; see `BoundAction.call`."""
        if self._plain_names is not None:
            return self._function(handler, *[arguments[name] for name in self._plain_names])
        values = [_value(source, arguments, caller) for source in self._positional]
        if not self._keywords:
            return self._function(handler, *values)
        named = {name: _value(source, arguments, caller) for name, source in self._keywords.items()}
        return self._function(handler, *values, **named)

    def results(self, returned: object) -> Sequence[tuple[str, object]]:
        """The results in the order of the SCPD; see `BoundAction.results`."""
        if self._record is None:
            if self._results:
                name, convert = self._results[0]
                try:
                    return ((name, convert(returned)),)
                except ValueError as exc:
                    raise self._wrong(name, returned, exc) from None
            if returned is not None:
                raise TypeError(f"{self._place} returned {shown(returned)}; it is annotated with None")
            return ()
        if not isinstance(returned, self._record) or self._fields is None:
            raise TypeError(f"{self._place} returned {shown(returned)}; it is annotated with {self._record.__name__}")
        found = []
        for (name, convert), value in zip(self._results, self._fields(returned), strict=True):
            try:
                found.append((name, convert(value)))
            except ValueError as exc:
                raise self._wrong(name, value, exc) from None
        return found

    def _wrong(self, name: str, value: object, reason: ValueError) -> TypeError:
        return TypeError(f"{self._place} returned {shown(value)} as {name}: {reason}")


def _value(source: tuple[str | None, Convert | None], arguments: Mapping[str, object], caller: Caller) -> object:
    name, convert = source
    if name is None:
        return caller
    return arguments[name] if convert is None else convert(arguments[name])


@attrs.frozen(eq=False)
class NoMethod:
    """An action of an SCPD that its class leaves out on purpose."""

    description: ActionDescription
    may_block = False

    def call(self, handler: ServiceHandler, arguments: Mapping[str, object], caller: Caller) -> NoReturn:
        """Raise the error that UDA has for this."""
        raise UpnpError(602)

    def results(self, returned: object) -> NoReturn:
        """There is never a result."""
        raise TypeError(f"{self.description.name} has no method, so nothing can have returned {shown(returned)}")


def bind(
    action: DeclaredAction,
    description: ActionDescription,
    sources: Mapping[str, tuple[str, Values]],
    results: Iterable[tuple[str, Values]],
) -> BoundMethod:
    """Bind *action*: *sources* has the argument of each parameter, *results* those of the results, in their order."""

    def source(python_name: str) -> tuple[str | None, Convert | None]:
        if python_name not in sources:
            return None, None
        name, values = sources[python_name]
        return name, values.python

    positional = tuple(source(item.python_name) for item in action.parameters if not item.keyword_only)
    keywords = {item.python_name: source(item.python_name) for item in action.parameters if item.keyword_only}
    names = tuple(name for name, convert in positional if name is not None and convert is None)
    return BoundMethod(
        description=description,
        method=action.method,
        may_block=not iscoroutinefunction(action.function),
        place=str(action.place),
        function=action.function,
        positional=positional,
        keywords=keywords,
        plain_names=names if len(names) == len(positional) and not keywords else None,
        record=action.results.record,
        fields=action.results.values if action.results.record is not None else None,
        results=tuple((name, values.plain) for name, values in results),
    )
