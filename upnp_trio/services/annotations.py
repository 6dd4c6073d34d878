"""Reads annotations: what they are when they are text, and the markers in them."""

from __future__ import annotations

import collections.abc
import enum
import inspect
import typing
from typing import Annotated, Literal, NoReturn, TypeVar

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.datatypes import DataType
from upnp_trio.model.deferred_value import DeferredValue
from upnp_trio.services.markers import In, Out, Range, StateVariable

__all__ = ["Annotation", "Place", "Scope", "awaited", "read_annotation", "resolve"]

M = TypeVar("M")


@attrs.frozen
class Place:
    """Where in a class something is declared, for messages."""

    owner: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.owner}.{self.member}" if self.member else self.owner

    def at(self, detail: str) -> Place:
        """A place within this one, such as a parameter of a method."""
        return Place(self.owner, f"{self.member}, {detail}")

    def fail(self, rule: str) -> NoReturn:
        """Raise `DescriptionError` with this place and *rule*."""
        raise DescriptionError(f"{self}: {rule}")


@attrs.frozen(kw_only=True)
class Annotation:
    """An annotation, taken apart."""

    #: what a value is an instance of; ``str`` for a ``Literal``
    python_type: object
    #: the data type that a marker names
    data_type: DataType | None
    #: the values of an ``Enum`` or a ``Literal``
    allowed_values: tuple[str, ...]
    allowed_range: Range | None
    variable: StateVariable | None
    in_: In | None
    out: Out | None

    @property
    def enumeration(self) -> type[enum.Enum] | None:
        """The class of the values, if they are the members of an ``Enum``."""
        kind = self.python_type
        return kind if isinstance(kind, type) and issubclass(kind, enum.Enum) else None

    @property
    def deferred(self) -> type[DeferredValue] | None:
        """The class of the value, if it is that of a state variable and a `DeferredValue`."""
        kind = self.python_type
        if self.variable is not None and isinstance(kind, type) and issubclass(kind, DeferredValue):
            return kind
        return None

    @property
    def value_type(self) -> object:
        """The Python type of the values in an SCPD, which has no enumerations of Python and no deferred values."""
        return str if self.enumeration or self.deferred else self.python_type


@attrs.frozen
class Scope:
    """The names that an annotation may use: those of its module, and those of the class and the function around it."""

    global_names: dict[str, object]
    local_names: dict[str, object]


def resolve(name: str, annotation: object, place: Place, scope: Scope) -> object:
    """*annotation*, evaluated in *scope* if it is text or has text in it."""
    # A class of its own, because `get_type_hints` looks at all annotations at once and does not say which one fails.
    holder = type("Annotations", (), {"__annotations__": {name: annotation}})
    try:
        return typing.get_type_hints(holder, scope.global_names, scope.local_names, include_extras=True)[name]
    except NameError as exc:
        place.fail(
            f"the annotation {annotation!r} cannot be read: {exc}. It is needed when the class is made, so its names "
            f"must be imported outside 'if TYPE_CHECKING'"
        )
    except (SyntaxError, TypeError, AttributeError) as exc:
        place.fail(f"the annotation {annotation!r} cannot be read: {exc}")


def awaited(annotation: object) -> object:
    """What is left of a return annotation once it is awaited."""
    if typing.get_origin(annotation) in (collections.abc.Awaitable, collections.abc.Coroutine):
        return typing.get_args(annotation)[-1]
    return annotation


def read_annotation(annotation: object, place: Place) -> Annotation:
    """Take *annotation* apart; raises `DescriptionError` if its parts do not fit together."""
    kind: object = annotation
    markers: tuple[object, ...] = ()
    if typing.get_origin(annotation) is Annotated:
        kind, *rest = typing.get_args(annotation)
        markers = tuple(rest)
    kind, values = _values(kind, place)
    for marker in markers:
        # A marker without its parentheses is a mistake that would go unseen.
        if inspect.isclass(marker) and marker in (StateVariable, In, Out, Range):
            place.fail(f"{marker.__name__} lacks its parentheses; write {marker.__name__}(...)")
    return Annotation(
        python_type=kind,
        data_type=_only(DataType, markers, place),
        allowed_values=values,
        allowed_range=_only(Range, markers, place),
        variable=_only(StateVariable, markers, place),
        in_=_only(In, markers, place),
        out=_only(Out, markers, place),
    )


def _only(kind: type[M], markers: tuple[object, ...], place: Place) -> M | None:
    found = [marker for marker in markers if isinstance(marker, kind)]
    if len(found) > 1:
        place.fail(f"it has {len(found)} markers {kind.__name__}; it can have one")
    return found[0] if found else None


def _values(kind: object, place: Place) -> tuple[object, tuple[str, ...]]:
    if typing.get_origin(kind) is Literal:
        return str, _texts(typing.get_args(kind), place)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind, _texts(tuple(member.value for member in kind), place)
    return kind, ()


def _texts(values: tuple[object, ...], place: Place) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            place.fail(f"the allowed value {value!r} is of type {type(value).__name__}; UDA §2.5 allows strings only")
    if not values:
        place.fail("there is no allowed value; UDA §2.5 wants at least one")
    return tuple(str.__str__(value) for value in values if isinstance(value, str))
