"""What an action's method returns: nothing, one value, or an object whose fields are the results."""

from __future__ import annotations

import dataclasses
import sys
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.annotations import annotations_of
from upnp_trio.services.annotations import Annotation, Place, Scope, awaited, read_annotation, resolve
from upnp_trio.services.markers import Out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Result", "Results", "read_results"]


@attrs.frozen(kw_only=True)
class Result:
    """One result of an action."""

    #: the name of the field, or ``None`` for the value itself
    field: str | None
    annotation: Annotation
    marker: Out
    place: Place


@attrs.frozen(kw_only=True)
class Results:
    """All results of an action."""

    #: the class with the fields; ``None`` if the method returns nothing or the value itself
    record: type | None
    items: tuple[Result, ...] = ()

    @property
    def values(self) -> Callable[[object], tuple[object, ...]]:
        """The values of the results, from an instance of `record`."""
        names = [item.field for item in self.items if item.field is not None]
        if len(names) == 1:
            get_one = attrgetter(names[0])
            return lambda returned: (get_one(returned),)
        return attrgetter(*names)


def read_results(returned: object, place: Place, scope: Scope) -> Results:
    """The results that the return annotation *returned* declares; raises `DescriptionError` if it breaks a rule."""
    returned = awaited(returned)
    place = place.at("its result")
    if returned is NoneType or returned is None:
        return Results(record=None)
    annotation = read_annotation(returned, place)
    record = annotation.python_type
    if not isinstance(record, type) or not _is_record(record):
        return Results(record=None, items=(_result(None, annotation, place),))
    if annotation.out is not None:
        place.fail(f"{record.__name__} holds several results; write Out in the annotations of its fields")
    items = tuple(_fields(record, place, scope))
    if not items:
        place.fail(f"{record.__name__} has no fields; write '-> None' if there are no results")
    for item in items[1:]:
        if item.marker.retval:
            item.place.fail("retval is for the first result; UDA §2.5 allows it there only")
    return Results(record=record, items=items)


def _is_record(kind: type) -> bool:
    return (issubclass(kind, tuple) and hasattr(kind, "_fields")) or attrs.has(kind) or dataclasses.is_dataclass(kind)


def _fields(kind: type, place: Place, scope: Scope) -> Iterator[Result]:
    # The class may be in another module than the service, and its annotations may use the names there.
    module = sys.modules.get(kind.__module__)
    own = Scope({**scope.global_names, **(vars(module) if module else {})}, scope.local_names)
    for name, annotation in _annotations(kind).items():
        where = place.at(f"field {kind.__name__}.{name}")
        if annotation is None:
            where.fail("it has no annotation, which gives it its type")
        yield _result(name, read_annotation(resolve(name, annotation, where, own), where), where)


def _annotations(kind: type) -> dict[str, object]:
    if attrs.has(kind):
        return {field.name: field.type for field in attrs.fields(kind)}
    if dataclasses.is_dataclass(kind):
        return {field.name: field.type for field in dataclasses.fields(kind)}
    written: dict[str, object] = {}
    for base in reversed(kind.__mro__):
        written.update(annotations_of(base))
    return {name: written.get(name) for name in getattr(kind, "_fields", ())}


def _result(field: str | None, annotation: Annotation, place: Place) -> Result:
    if annotation.in_ is not None or annotation.variable is not None:
        place.fail("In is for parameters and StateVariable for attributes; a result has Out(...)")
    return Result(field=field, annotation=annotation, marker=annotation.out or Out(), place=place)
