"""Which service of a device the caller means: by type, by ID, or by the name within its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from upnp_trio.control.calls import matches
from upnp_trio.errors import UnknownService
from upnp_trio.model.printable import MAX_MESSAGE_CHARACTERS, printable
from upnp_trio.model.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upnp_trio.model.device import Device, Service

__all__ = ["service_named"]


class _Named(Protocol):
    @property
    def device(self) -> Device: ...

    @property
    def service(self) -> Service: ...

    @property
    def name(self) -> str: ...


S = TypeVar("S", bound=_Named)


def service_named(type_or_id: str, services: Sequence[S], whose: str) -> S:
    """The one of *services* that *type_or_id* names; *whose* is their device, for the error.

    A type is also that of a service of a higher version (UDA 2.0 §3.2.1). Raises `UnknownService` if there is none, or
    more than one.
    """
    for is_meant in _MEANINGS:
        found = [each for each in services if is_meant(type_or_id, each)]
        if len(found) > 1:
            raise UnknownService(
                f"{type_or_id!r} is more than one service: {printable(_listed(found), MAX_MESSAGE_CHARACTERS)}"
            )
        if found:
            return found[0]
    known = dict.fromkeys(each.name for each in services)
    raise UnknownService(f"{whose} has no service {type_or_id!r}; {suggestion(type_or_id, known, 'services')}")


# What the caller may mean, from the narrowest to the widest.
_MEANINGS: tuple[Callable[[str, _Named], bool], ...] = (
    lambda wanted, each: wanted in (each.service.service_type.text, each.service.service_id),
    lambda wanted, each: matches(wanted, each.service.service_type),
    lambda wanted, each: wanted in (each.name, each.service.service_id.rpartition(":")[2]),
    lambda wanted, each: wanted.lower() in (each.name.lower(), each.service.service_id.rpartition(":")[2].lower()),
)


def _listed(services: Sequence[_Named]) -> str:
    return ", ".join(
        f"{each.service.service_id} of {each.device.udn or each.device.friendly_name}" for each in services
    )
