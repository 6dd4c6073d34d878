"""A service as a Python class: `ServiceHandler`, the base of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from upnp_trio.model.device import Service
    from upnp_trio.model.handler import BoundAction
    from upnp_trio.model.names import ServiceType
    from upnp_trio.model.service import ServiceDescription

__all__ = ["ServiceHandler"]


class ServiceHandler:
    """The base of services that are written in Python."""

    service_type: ClassVar[ServiceType]
    service_id: ClassVar[str]
    #: what the SCPD says, derived from the class or read from the SCPD that it was given
    description: ClassVar[ServiceDescription]
    #: the SCPD document itself, if the class was given one
    scpd: ClassVar[bytes | None]
    #: by the name of the action
    actions: ClassVar[Mapping[str, BoundAction]]

    def as_service(self) -> Service:
        """This service for `Device.services`: its types, its SCPD, and itself as the handler."""
        raise NotImplementedError

    def variables(self) -> dict[str, object]:
        """The values of the state variables now, by the SCPD's names; those without a value are left out."""
        raise NotImplementedError

    def set_variable(self, name: str, value: object) -> None:
        """Assign a state variable by the SCPD's name, like an assignment to its attribute."""
        raise NotImplementedError

    def connect(self, on_change: Callable[[str, object], None]) -> None:
        """Call *on_change* with the SCPD's name and the new value of each variable that changes from now on.

        Raises `RuntimeError` if this handler is connected already: it can be one service of one device only.
        """
        raise NotImplementedError

    def disconnect(self) -> None:
        """Call `connect`'s function no more."""
        raise NotImplementedError
