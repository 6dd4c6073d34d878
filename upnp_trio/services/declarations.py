"""Reads what a class itself declares: its state variables and its actions, without those of its bases."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeGuard

import attrs

from upnp_trio.model.annotations import annotations_of, signature_of
from upnp_trio.model.caller import Caller
from upnp_trio.services.annotations import Annotation, Place, Scope, read_annotation, resolve
from upnp_trio.services.markers import ActionMark, In, StateVariable, mark_of
from upnp_trio.services.results import Results, read_results
from upnp_trio.services.variables import MISSING, Variable

__all__ = ["Declarations", "DeclaredAction", "DeclaredVariable", "Parameter", "read_declarations"]


@attrs.frozen(kw_only=True)
class DeclaredVariable:
    """An attribute that is annotated as a state variable."""

    attribute: str
    marker: StateVariable
    annotation: Annotation
    #: the value that the class gives it; `MISSING` if it gives none
    start: object
    place: Place


@attrs.frozen(kw_only=True)
class Parameter:
    """A parameter of an action's method."""

    python_name: str
    #: ``None`` for the one that gets the caller
    annotation: Annotation | None
    marker: In
    keyword_only: bool
    place: Place


@attrs.frozen(kw_only=True)
class DeclaredAction:
    """A method that is an action."""

    method: str
    mark: ActionMark
    function: Callable[..., object]
    parameters: tuple[Parameter, ...]
    results: Results
    place: Place

    @property
    def arguments(self) -> tuple[tuple[Parameter, Annotation], ...]:
        """The parameters that are arguments of the action, with their annotations."""
        return tuple((item, item.annotation) for item in self.parameters if item.annotation is not None)


class Declarations(NamedTuple):
    """The declared variables by attribute, and the declared actions by method, in the order of the class."""

    variables: dict[str, DeclaredVariable]
    actions: dict[str, DeclaredAction]
    #: new values of inherited variables, and new methods of inherited actions, without markers of their own
    overrides: dict[str, object]


def read_declarations(cls: type, scope: Scope, reserved: frozenset[str]) -> Declarations:
    """What *cls* declares; raises `DescriptionError` for a member that breaks a rule or has one of *reserved* names."""
    members = dict(vars(cls))
    variables = {item.attribute: item for item in _variables(cls, members, scope)}
    actions = {item.method: item for item in _actions(cls, members, scope)}
    for name in (*variables, *actions):
        if name in reserved:
            Place(cls.__name__, name).fail("ServiceHandler has this name for itself; choose another one")
    overrides = {name: value for name, value in members.items() if name not in variables and name not in actions}
    return Declarations(variables, actions, overrides)


def _variables(cls: type, members: dict[str, object], scope: Scope) -> Iterator[DeclaredVariable]:
    for name, raw in annotations_of(cls).items():
        place = Place(cls.__name__, name)
        annotation = read_annotation(resolve(name, raw, place, scope), place)
        if annotation.in_ or annotation.out:
            place.fail("In and Out are for parameters and results of actions; a state variable has StateVariable(...)")
        if annotation.variable is not None:
            start = members.get(name, MISSING)
            yield DeclaredVariable(
                attribute=name,
                marker=annotation.variable,
                annotation=annotation,
                start=MISSING if isinstance(start, Variable) else start,
                place=place,
            )


def _actions(cls: type, members: dict[str, object], scope: Scope) -> Iterator[DeclaredAction]:
    for name, method in members.items():
        mark = mark_of(method)
        if mark is None:
            continue
        place = Place(cls.__name__, name)
        if not _is_function(method):
            place.fail("an action is a method with self; it cannot be a static or class method or another object")
        signature = signature_of(method)
        parameters = tuple(_parameters(signature, scope, place))
        if signature.return_annotation is inspect.Signature.empty:
            place.fail("its result has no annotation; write '-> None' if it has no results")
        returned = resolve("return", signature.return_annotation, place, scope)
        results = read_results(returned, place, scope)
        yield DeclaredAction(
            method=name, mark=mark, function=method, parameters=parameters, results=results, place=place
        )


def _is_function(method: object) -> TypeGuard[Callable[..., object]]:
    return callable(method) and not isinstance(method, staticmethod | classmethod | type)


def _parameters(signature: inspect.Signature, scope: Scope, place: Place) -> Iterator[Parameter]:
    parameters = [*signature.parameters.values()]
    if not parameters or parameters[0].kind not in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        place.fail("it has no parameter self, the service")
    for parameter in parameters[1:]:
        yield _parameter(parameter, scope, place.at(f"parameter {parameter.name!r}"))


def _parameter(parameter: inspect.Parameter, scope: Scope, place: Place) -> Parameter:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        place.fail("an action has no variable arguments; UDA §2.5 names each one")
    if parameter.annotation is parameter.empty:
        place.fail("it has no annotation, which gives it its type")
    resolved = resolve(parameter.name, parameter.annotation, place, scope)
    annotation = None if resolved is Caller else read_annotation(resolved, place)
    if annotation is not None and annotation.out is not None:
        place.fail("Out is for results; write it in the annotation after '->'")
    if annotation is not None and annotation.variable is not None:
        place.fail("StateVariable is for attributes; a parameter has In(...)")
    return Parameter(
        python_name=parameter.name,
        annotation=annotation,
        marker=(annotation and annotation.in_) or In(),
        keyword_only=parameter.kind is parameter.KEYWORD_ONLY,
        place=place,
    )
