"""What a class has from its bases: their state variables and actions, unless it declares or overrides them itself."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.annotations import signature_of
from upnp_trio.services.annotations import Annotation, Place
from upnp_trio.services.declarations import Declarations, DeclaredAction, DeclaredVariable, Parameter
from upnp_trio.services.markers import In, Out
from upnp_trio.services.variables import MISSING, Variable

if TYPE_CHECKING:
    from upnp_trio.services.results import Result, Results

__all__ = ["merged"]


def merged(cls: type) -> tuple[dict[str, DeclaredVariable], dict[str, DeclaredAction]]:
    """The declarations of *cls* and its bases; those of a class replace those of its bases."""
    variables: dict[str, DeclaredVariable] = {}
    actions: dict[str, DeclaredAction] = {}
    for base in reversed(cls.__mro__[:-1]):
        own = vars(base).get("_declared") or Declarations({}, {}, dict(vars(base)))
        for name, value in own.overrides.items():
            if name in variables and not isinstance(value, Variable):
                variables[name] = attrs.evolve(variables[name], start=value, place=Place(base.__name__, name))
            elif name in actions:
                actions[name] = _overridden(actions[name], value, Place(base.__name__, name))
        for name, variable in own.variables.items():
            inherited = variables[name].start if name in variables else MISSING
            variables[name] = attrs.evolve(variable, start=inherited) if variable.start is MISSING else variable
        for name, action in own.actions.items():
            actions[name] = _declared_again(action, actions[name]) if name in actions else action
    return variables, actions


def _overridden(action: DeclaredAction, method: object, place: Place) -> DeclaredAction:
    """*action*, carried out by *method*, which has no mark and no annotations of its own to follow."""
    if not inspect.isfunction(method):
        place.fail(f"it is not a method, and {action.place} is an action")
    positional = [None for item in action.parameters if not item.keyword_only]
    named = {item.python_name: None for item in action.parameters if item.keyword_only}
    try:
        signature_of(method).bind(None, *positional, **named)
    except TypeError as exc:
        place.fail(f"it does not take the arguments of the action {action.place}: {exc}")
    return attrs.evolve(action, function=method, place=place)


def _declared_again(action: DeclaredAction, inherited: DeclaredAction) -> DeclaredAction:
    """*action* with those markers of the method that it replaces that it does not write itself.

    Without them, a method that is written again for one more parameter, such as a `Caller`, would give its action and
    its arguments other names and types in the SCPD.
    """
    by_name = {item.python_name: item for item in inherited.parameters}
    return attrs.evolve(
        action,
        mark=inherited.mark if action.mark.name is None else action.mark,
        parameters=tuple(_parameter(item, by_name.get(item.python_name)) for item in action.parameters),
        results=_results(action.results, inherited.results),
    )


def _parameter(item: Parameter, inherited: Parameter | None) -> Parameter:
    if inherited is None or item.annotation is None or inherited.annotation is None:
        return item
    annotation = _with_markers(item.annotation, inherited.annotation)
    return attrs.evolve(item, annotation=annotation, marker=annotation.in_ or In())


def _results(results: Results, inherited: Results) -> Results:
    if results.record is not None or inherited.record is not None:
        return results  # a class of results has its own markers
    pairs = zip(results.items, inherited.items, strict=False)  # there is one result at the most
    return attrs.evolve(results, items=tuple(_result(*pair) for pair in pairs) or results.items)


def _result(item: Result, inherited: Result) -> Result:
    annotation = _with_markers(item.annotation, inherited.annotation)
    return attrs.evolve(item, annotation=annotation, marker=annotation.out or Out())


def _with_markers(annotation: Annotation, inherited: Annotation) -> Annotation:
    """*annotation* with the names of *inherited*, and its data type and `Range` if it is of the same type in Python."""
    named = attrs.evolve(annotation, in_=annotation.in_ or inherited.in_, out=annotation.out or inherited.out)
    if annotation.python_type is not inherited.python_type or annotation.data_type or annotation.allowed_range:
        return named
    return attrs.evolve(named, data_type=inherited.data_type, allowed_range=inherited.allowed_range)
