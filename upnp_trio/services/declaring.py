"""Turns a subclass of `ServiceHandler` into a service when the class is made."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

from upnp_trio.model.device import Service
from upnp_trio.model.names import ServiceType, as_service_type
from upnp_trio.model.rules import naming_violations
from upnp_trio.services.annotations import Place, Scope
from upnp_trio.services.contract import bind_to_scpd, read_scpd
from upnp_trio.services.declarations import read_declarations
from upnp_trio.services.derivation import derive
from upnp_trio.services.inheritance import merged

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import FrameType

    from upnp_trio.services.handler import ServiceHandler

__all__ = ["declare"]

#: what a class says in its parentheses, or what follows from its members
_IN_PARENTHESES = ("service_type", "service_id", "scpd", "optional")
_DERIVED = ("description", "actions")


def declare(
    cls: type[ServiceHandler],
    service_type: ServiceType | str | None,
    service_id: str | None,
    scpd: bytes | Path | None,
    optional: Iterable[str],
) -> None:
    """Read the declarations of *cls* and, unless it is a mix-in, make it a service.

    Raises `DescriptionError`, which names class, member and rule.
    """
    place = Place(cls.__name__)
    _refuse_misplaced(cls)
    if not inspect.iscoroutinefunction(cls.run_while_served):
        place.fail("run_while_served is awaited; write async def")
    cls._declared = read_declarations(cls, _scope(cls), _reserved(cls))
    if service_type is not None:
        cls.service_type = as_service_type(service_type)
    elif getattr(cls, "service_type", None) is None:
        if service_id is not None or scpd is not None or optional:
            place.fail("it has no service_type; write class ...(ServiceHandler, service_type='urn:...:service:...:1')")
        return  # a mix-in
    if service_id is not None:
        cls.service_id = service_id
    elif service_type is not None:
        cls.service_id = cls.service_type.usual_id
    for violation in naming_violations(Service(service_type=cls.service_type, service_id=cls.service_id)):
        place.fail(str(violation))
    if scpd is not None:
        cls.scpd = read_scpd(scpd, cls.__module__, place)
    cls._optional = (*cls._optional, *optional)
    _bind(cls, place)


def _bind(cls: type[ServiceHandler], place: Place) -> None:
    variables, actions = merged(cls)
    if cls.scpd is None:
        if cls._optional:
            place.fail("optional is for a class with an SCPD; here an action that has no method does not exist")
        bound = derive(cls.__name__, variables.values(), actions.values())
    else:
        bound = bind_to_scpd(place, cls.scpd, variables.values(), actions.values(), cls._optional)
    cls.description = bound.description
    cls.actions = bound.actions
    cls._variables = bound.variables
    for attribute, variable in bound.attributes.items():
        setattr(cls, attribute, variable)


def _refuse_misplaced(cls: type) -> None:
    for name in _IN_PARENTHESES:
        if name in vars(cls):
            Place(cls.__name__, name).fail(f"write it in the parentheses: class {cls.__name__}(..., {name}=...)")
    for name in _DERIVED:
        if name in vars(cls):
            Place(cls.__name__, name).fail("ServiceHandler has this name for itself; choose another one")


def _reserved(cls: type[ServiceHandler]) -> frozenset[str]:
    base = next(found for found in cls.__mro__ if found.__module__ == "upnp_trio.services.handler")
    return frozenset((*dir(base), *inspect.get_annotations(base), *_IN_PARENTHESES))


def _scope(cls: type) -> Scope:
    module = sys.modules.get(cls.__module__)
    return Scope(vars(module) if module else {}, {**_function_names(cls), **vars(cls), cls.__name__: cls})


def _function_names(cls: type) -> dict[str, object]:
    """The local names of the function around *cls*, which no annotation that is text could use otherwise."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        # Frames of a metaclass and of `__init_subclass__` methods are in between.
        if frame.f_globals.get("__name__") == cls.__module__ and frame.f_code.co_name != "__init_subclass__":
            return dict(frame.f_locals)
        frame = frame.f_back
    return {}
