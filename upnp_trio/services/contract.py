"""Binds a class to a service description that exists: a standard's or a vendor's SCPD (UDA 2.0 §2.5)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.service import ARGUMENT_TYPE
from upnp_trio.model.values import zero
from upnp_trio.services.binding import BoundMethod, NoMethod, bind
from upnp_trio.services.derivation import BoundService, start_value
from upnp_trio.services.names import camel_case, matching_key
from upnp_trio.services.values import Values, fit, values_of
from upnp_trio.services.variables import MISSING, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from upnp_trio.model.service import ActionDescription, ArgumentDescription, ServiceDescription
    from upnp_trio.services.annotations import Annotation, Place
    from upnp_trio.services.declarations import DeclaredAction, DeclaredVariable
    from upnp_trio.services.markers import In, Out

__all__ = ["bind_to_scpd", "read_scpd"]


def read_scpd(scpd: bytes | Path, module: str, place: Place) -> bytes:
    """The document that *scpd* is or names; a relative path starts at the folder of the file that *module* is in."""
    if isinstance(scpd, bytes):
        return scpd
    if not isinstance(scpd, Path):
        place.fail(f"scpd is {scpd!r}; it must be bytes or a pathlib.Path")
    source = getattr(sys.modules.get(module), "__file__", None)
    path = Path(source).parent / scpd if source else scpd
    try:
        if not path.is_file():
            place.fail(f"scpd is {path}, which is not a file")
        with path.open("rb") as file:
            content = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as exc:
        place.fail(f"scpd is {path}, which cannot be read: {exc.strerror}")
    if len(content) > MAX_DOCUMENT_BYTES:
        place.fail(f"scpd is {path}, which is larger than {MAX_DOCUMENT_BYTES} bytes")
    return content


def bind_to_scpd(
    place: Place,
    scpd: bytes,
    variables: Iterable[DeclaredVariable],
    actions: Iterable[DeclaredAction],
    optional: Sequence[str],
) -> BoundService:
    """The service of *scpd*, carried out by *actions*; raises `DescriptionError` if they do not fit together."""
    try:
        description = parse_scpd(scpd)
    except DescriptionError as exc:
        place.fail(f"its scpd cannot be read: {exc}")
    bound, attributes = _variables(place, description, variables)
    by_name = _methods(description, actions)
    for name in optional:
        if description.action(name) is None:
            place.fail(f"optional names {name!r}, which is not an action of its scpd")
    methods: dict[str, BoundMethod | NoMethod] = {}
    for action in description.actions:
        declared = by_name.get(action.name)
        if declared is not None:
            methods[action.name] = _bind(declared, action, description)
        elif action.name in optional:
            methods[action.name] = NoMethod(action)
        else:
            place.fail(
                f"its scpd has the action {action.name}, and no method has @action({action.name!r}); write one, or "
                f"leave it out with optional=({action.name!r},) if its standard allows that"
            )
    # The attributes add how often their events may leave, which no document says.
    described = [bound[variable.name].description for variable in description.variables]
    return BoundService(attrs.evolve(description, variables=described), bound, methods, attributes)


# --- variables ---------------------------------------------------------------------------------------------------


def _variables(
    place: Place, description: ServiceDescription, declared: Iterable[DeclaredVariable]
) -> tuple[dict[str, Variable], dict[str, Variable]]:
    names = [variable.name for variable in description.variables]
    by_name: dict[str, Variable] = {}
    attributes: dict[str, Variable] = {}
    for item in declared:
        name = _find(item.marker.name, item.attribute, names)
        variable = None if name is None else description.variable(name)
        if variable is None:
            item.place.fail(f"its scpd has no state variable {item.marker.name or camel_case(item.attribute)}")
        if variable.name in by_name:
            other = by_name[variable.name].attribute
            item.place.fail(f"{other} is the state variable {variable.name}, too; each can have one attribute")
        fit(item.annotation, variable, item.place)
        values = values_of(variable, item.annotation.enumeration, item.annotation.deferred)
        needs_start = item.start is MISSING and item.annotation.deferred is None
        start = zero(variable) if needs_start else start_value(item, variable, values)
        variable = attrs.evolve(
            variable,
            level=item.marker.level,
            maximum_rate=item.marker.maximum_rate,
            minimum_delta=item.marker.minimum_delta,
        )
        attributes[item.attribute] = by_name[variable.name] = Variable(
            variable, item.attribute, place.owner, values, start
        )
    found: dict[str, Variable] = {}
    for variable in description.variables:
        # Those that only give arguments their types have no value, unless somebody sets one.
        start = MISSING if variable.name.startswith(ARGUMENT_TYPE) and not variable.evented else zero(variable)
        undeclared = Variable(variable, None, place.owner, values_of(variable), start)
        found[variable.name] = by_name.get(variable.name, undeclared)
    return found, attributes


def _find(given: str | None, python_name: str, names: Iterable[str]) -> str | None:
    """The one of *names* that a marker gives, or that the Python name stands for."""
    if given is not None:
        return given if given in names else None
    key = matching_key(python_name)
    return next((name for name in names if matching_key(name) == key), None)


# --- actions -----------------------------------------------------------------------------------------------------


def _methods(description: ServiceDescription, actions: Iterable[DeclaredAction]) -> dict[str, DeclaredAction]:
    names = [action.name for action in description.actions]
    found: dict[str, DeclaredAction] = {}
    for action in actions:
        name = _find(action.mark.name, action.method, names)
        if name is None:
            action.place.fail(f"its scpd has no action {action.mark.name or camel_case(action.method)}")
        if name in found:
            action.place.fail(f"{found[name].method} is the action {name}, too; each action has one method")
        found[name] = action
    return found


def _bind(declared: DeclaredAction, action: ActionDescription, description: ServiceDescription) -> BoundMethod:
    sources: dict[str, tuple[str, Values]] = {}
    arguments = {argument.name: argument for argument in action.in_arguments}
    for item, annotation in declared.arguments:
        name = _find(item.marker.name, item.python_name, arguments)
        if name is None:
            wanted = item.marker.name or camel_case(item.python_name)
            left = ", ".join(arguments) or "none"
            item.place.fail(f"the action {action.name} has no in argument {wanted}; those without a parameter: {left}")
        values = _fitting(arguments.pop(name), annotation, item.marker, description, item.place)
        sources[item.python_name] = (name, values)
    if arguments:
        declared.place.fail(f"it has no parameter for {', '.join(arguments)}, in arguments of the action {action.name}")
    return bind(declared, action, sources, _results(declared, action, description))


def _results(
    declared: DeclaredAction, action: ActionDescription, description: ServiceDescription
) -> list[tuple[str, Values]]:
    arguments = {argument.name: argument for argument in action.out_arguments}
    items = declared.results.items
    if len(items) == len(arguments) == 1 and items[0].field is None and items[0].marker.name is None:
        names: list[str | None] = [*arguments]
    else:
        names = [_find(item.marker.name, item.field or "", arguments) for item in items]
    results = []
    for item, name in zip(items, names, strict=True):
        if name is None or name not in arguments:
            wanted = item.marker.name or (camel_case(item.field) if item.field else "for a single value")
            item.place.fail(f"the action {action.name} has no out argument {wanted}, only {', '.join(arguments)}")
        results.append((name, _fitting(arguments.pop(name), item.annotation, item.marker, description, item.place)))
    if arguments:
        declared.place.fail(f"its result lacks {', '.join(arguments)}, out arguments of the action {action.name}")
    order = [argument.name for argument in action.out_arguments]
    if [name for name, _ in results] != order:
        declared.place.fail(f"its results must have the order of the scpd, {', '.join(order)}")
    return results


def _fitting(
    argument: ArgumentDescription,
    annotation: Annotation,
    marker: In | Out,
    description: ServiceDescription,
    place: Place,
) -> Values:
    variable = description.variable_of(argument)
    if variable is None:
        place.fail(f"its scpd has no state variable {argument.related_state_variable}, the type of {argument.name}")
    if marker.related not in (None, variable.name):
        place.fail(f"the related state variable of {argument.name} is {variable.name}, not {marker.related}")
    fit(annotation, variable, place)
    return values_of(variable, annotation.enumeration)
