"""Makes a service description from what a class declares (UDA 2.0 §2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.event_levels import LEVELS, is_level
from upnp_trio.model.service import (
    ARGUMENT_TYPE,
    ActionDescription,
    ArgumentDescription,
    ServiceDescription,
    VariableDescription,
)
from upnp_trio.model.service_rules import flaws, name_flaw
from upnp_trio.services.annotations import Annotation, Place
from upnp_trio.services.binding import BoundMethod, NoMethod, bind
from upnp_trio.services.markers import In, Out
from upnp_trio.services.names import camel_case
from upnp_trio.services.values import Values, allowed_range, data_type_of, fit, values_of
from upnp_trio.services.variables import MISSING, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.services.declarations import DeclaredAction, DeclaredVariable

__all__ = ["BoundService", "derive", "start_value"]


@attrs.frozen
class BoundService:
    """A description, and what its variables and actions are in Python."""

    description: ServiceDescription
    #: by the SCPD's names
    variables: dict[str, Variable]
    #: by the SCPD's names
    actions: dict[str, BoundMethod | NoMethod]
    #: the variables that are attributes of the class
    attributes: dict[str, Variable]


def derive(owner: str, variables: Iterable[DeclaredVariable], actions: Iterable[DeclaredAction]) -> BoundService:
    """The service that a class called *owner* declares; raises `DescriptionError` if a declaration breaks a rule."""
    derivation = _Derivation(owner)
    for variable in variables:
        derivation.add_variable(variable)
    for action in actions:
        derivation.add_action(action)
    return derivation.finish()


class _Derivation:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.variables: dict[str, Variable] = {}
        self.attributes: dict[str, Variable] = {}
        self.declared: set[str] = set()
        self.actions: dict[str, BoundMethod | NoMethod] = {}

    def add_variable(self, declared: DeclaredVariable) -> None:
        annotation, marker, place = declared.annotation, declared.marker, declared.place
        name = _checked_name(marker.name, declared.attribute, place)
        if name in self.variables:
            place.fail(f"{self.variables[name].attribute} is called {name}, too; each variable needs a name of its own")
        kind = data_type_of(annotation, place)
        if not is_level(marker.level):
            place.fail(
                f"its level is {marker.level!r}; UDA §4.3.3 wants one of {', '.join(LEVELS)}, or 'domain:/level'"
            )
        description = VariableDescription(
            name=name,
            data_type=kind,
            evented=marker.evented,
            multicast=marker.multicast,
            level=marker.level,
            allowed_values=annotation.allowed_values,
            allowed_range=allowed_range(annotation.allowed_range, kind, place),
            maximum_rate=marker.maximum_rate,
            minimum_delta=marker.minimum_delta,
        )
        values = values_of(description, annotation.enumeration, annotation.deferred)
        start = start_value(declared, description, values)
        is_described = not kind.is_moment if marker.describe_default is None else marker.describe_default
        if start is not MISSING and is_described and annotation.deferred is None:
            description = attrs.evolve(description, default=start)
        self._add(Variable(description, declared.attribute, self.owner, values, start))
        self.attributes[declared.attribute] = self.variables[name]
        self.declared.add(name)

    def add_action(self, declared: DeclaredAction) -> None:
        place = declared.place
        name = _checked_name(declared.mark.name, declared.method, place)
        if name in self.actions:
            place.fail(f"another method is the action {name}, too; each action needs a name of its own")
        sources: dict[str, tuple[str, Values]] = {}
        results: list[tuple[str, Values]] = []
        arguments: list[ArgumentDescription] = []
        for item, annotation in declared.arguments:
            argument, values = self._argument(item.marker, item.python_name, annotation, item.place)
            sources[item.python_name] = (argument.name, values)
            arguments.append(argument)
        for result in declared.results.items:
            default = result.field or f"{name}Result"
            argument, values = self._argument(result.marker, default, result.annotation, result.place)
            results.append((argument.name, values))
            arguments.append(argument)
        names = [argument.name for argument in arguments]
        for argument_name in names:
            if names.count(argument_name) > 1:
                place.fail(f"it has two arguments called {argument_name}; each needs a name of its own")
        description = ActionDescription(name=name, arguments=arguments)
        self.actions[name] = bind(declared, description, sources, results)

    def finish(self) -> BoundService:
        description = ServiceDescription(
            actions=[action.description for action in self.actions.values()],
            variables=[variable.description for variable in self.variables.values()],
        )
        for rule in flaws(description):
            Place(self.owner).fail(rule)
        return BoundService(description, self.variables, self.actions, self.attributes)

    def _argument(
        self, marker: In | Out, python_name: str, annotation: Annotation, place: Place
    ) -> tuple[ArgumentDescription, Values]:
        name = _checked_name(marker.name, python_name, place)
        related = marker.related or ARGUMENT_TYPE + name
        if related.startswith(ARGUMENT_TYPE) and related not in self.declared:
            kind = data_type_of(annotation, place)
            implied = VariableDescription(
                name=related,
                data_type=kind,
                evented=False,
                allowed_values=annotation.allowed_values,
                allowed_range=allowed_range(annotation.allowed_range, kind, place),
            )
            self._imply(implied, place)
        elif related not in self.variables:
            place.fail(
                f"there is no state variable {related}; declare it, or leave the name out to get {ARGUMENT_TYPE}{name}"
            )
        variable = self.variables[related].description
        fit(annotation, variable, place)
        argument = ArgumentDescription(
            name=name,
            direction="in" if isinstance(marker, In) else "out",
            related_state_variable=related,
            retval=isinstance(marker, Out) and marker.retval,
        )
        return argument, values_of(variable, annotation.enumeration)

    def _imply(self, description: VariableDescription, place: Place) -> None:
        known = self.variables.get(description.name)
        if known is None:
            self._add(Variable(description, None, self.owner, values_of(description), MISSING))
        elif known.description != description:
            place.fail(
                f"another argument has the type {description.name} with other values; name another related variable"
            )

    def _add(self, variable: Variable) -> None:
        self.variables[variable.description.name] = variable


def start_value(declared: DeclaredVariable, description: VariableDescription, values: Values) -> object:
    """The SCPD's form of the value that a variable starts with, or `MISSING`.

    Raises `DescriptionError` if the variable cannot have it, or if an evented variable has none.
    """
    if declared.start is MISSING:
        if description.evented:
            declared.place.fail(
                "it is evented and has no start value; UDA §4.3 sends each evented variable to each new subscriber"
            )
        return MISSING
    try:
        return values.plain(declared.start)
    except ValueError as exc:
        declared.place.fail(f"it cannot start with {declared.start!r}: {exc}")


def _checked_name(given: str | None, python_name: str, place: Place) -> str:
    name = camel_case(python_name) if given is None else given
    if rule := name_flaw(name):
        place.fail(f"its name in the SCPD is {name!r}; {rule}")
    return name
