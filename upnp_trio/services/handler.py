"""A service as a Python class: `ServiceHandler`, the base of all of them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

from upnp_trio.documents.scpd import render_service_description
from upnp_trio.errors import DescriptionError
from upnp_trio.model.deferred_value import DeferredValue
from upnp_trio.model.device import Service
from upnp_trio.services.declaring import declare
from upnp_trio.services.variables import MISSING, Connection, Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from upnp_trio.model.handler import BoundAction
    from upnp_trio.model.names import ServiceType
    from upnp_trio.model.service import ServiceDescription
    from upnp_trio.services.declarations import Declarations

__all__ = ["ServiceHandler"]


class ServiceHandler:
    """The base of services that are written in Python.

    ``class SwitchPower(ServiceHandler, service_type=..., service_id=...)`` is a service: its annotated attributes are
    the state variables (`StateVariable`), its methods with `action` are the actions. Its SCPD is derived from them,
    unless *scpd* gives one, as bytes or as a path that may be relative to the folder of the class's module; then every
    action in it needs a method, except those named in *optional*, which are answered with UPnP error 602.

    Without *service_id* the usual one is taken: ``urn:upnp-org:serviceId:SwitchPower``. A class without *service_type*
    is a mix-in for services. `DescriptionError` is raised when the class is made; it names class, member and rule.
    """

    service_type: ClassVar[ServiceType]
    service_id: ClassVar[str]
    #: what the SCPD says, derived from the class or read from the SCPD that it was given
    description: ClassVar[ServiceDescription]
    #: the SCPD document itself, if the class was given one
    scpd: ClassVar[bytes | None] = None
    #: by the name of the action
    actions: ClassVar[Mapping[str, BoundAction]]

    _declared: ClassVar[Declarations]
    _optional: ClassVar[tuple[str, ...]] = ()
    _variables: ClassVar[Mapping[str, Variable]] = {}
    # An attribute of the class until `connect`, so that subclasses need not call this class's __init__.
    _connection: Connection | None = None

    def __init_subclass__(
        cls,
        *,
        service_type: ServiceType | str | None = None,
        service_id: str | None = None,
        scpd: bytes | Path | None = None,
        optional: Iterable[str] = (),
    ) -> None:
        super().__init_subclass__()
        declare(cls, service_type, service_id, scpd, tuple(optional))

    def as_service(self) -> Service:
        """This service for `Device.services`: its types, its SCPD, and itself as the handler.

        Raises `DescriptionError` if this class is a mix-in.
        """
        if not hasattr(self, "service_type"):
            raise DescriptionError(f"{type(self).__name__} is a mix-in: it has no service_type, so it is no service")
        scpd = render_service_description(self.description, spec_version=(1, 1)) if self.scpd is None else self.scpd
        return Service(service_type=self.service_type, service_id=self.service_id, scpd=scpd, handler=self)

    def variables(self) -> dict[str, object]:
        """The values of the state variables now, by the SCPD's names; those without a value are left out.

        They are as an SCPD has them: the text of an enumeration's member, not the member, and the whole present value
        of a `LastChange`.
        """
        values = {name: variable.plain_value(self) for name, variable in self._variables.items()}
        return {
            name: value.current() if isinstance(value, DeferredValue) else value
            for name, value in values.items()
            if value is not MISSING
        }

    def set_variable(self, name: str, value: object) -> None:
        """Assign a state variable by the SCPD's name, like an assignment to its attribute.

        An enumeration's text may stand for its member. Raises `KeyError` if there is no such variable.
        """
        if name not in self._variables:
            raise KeyError(f"{type(self).__name__} has no state variable {name!r}, only {', '.join(self._variables)}")
        self._variables[name].assign_plain(self, value)

    def connect(
        self, on_change: Callable[[str, object], None], lock: AbstractContextManager[object] | None = None
    ) -> None:
        """Call *on_change* with the SCPD's name and the new value of each variable that changes from now on.

        The value of a variable that is a `DeferredValue` is that itself; its event is made when it leaves. With *lock*,
        variables may be assigned in any thread, and each assignment holds it; without, only this thread may assign
        them. Raises `RuntimeError` if this handler is connected already: it can be one service of one device only.
        """
        if self._connection is not None:
            raise RuntimeError(
                f"this {type(self).__name__} is a service of a device already; make another one for this device"
            )
        connection = Connection(on_change, lock)
        with ExitStack() as undo:
            for variable in self._variables.values():
                variable.connect(self, connection)
                undo.callback(variable.disconnect, self)
            undo.pop_all()
        self._connection = connection

    @property
    def is_connected(self) -> bool:
        """Whether a device is served with this handler."""
        return self._connection is not None

    def disconnect(self) -> None:
        """Call `connect`'s function no more."""
        if self._connection is not None:
            for variable in self._variables.values():
                variable.disconnect(self)
        self._connection = None

    async def run_while_served(self) -> None:
        """What the service does besides its actions: override it to read a sensor, or to open a nursery for later.

        It runs in a task of its own while a device is served with this service, may return at any time, and is
        cancelled at the end. If it raises, the device ends with `HandlerFailed`.
        """
