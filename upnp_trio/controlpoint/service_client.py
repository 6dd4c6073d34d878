"""The base of typed clients, which ``upnp-trio stub --client`` and `upnp_trio.render_client` write."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from upnp_trio.control.calls import matches
from upnp_trio.errors import UnknownService

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from upnp_trio.controlpoint.call_answer import CallAnswer
    from upnp_trio.controlpoint.remote import RemoteDevice, RemoteService
    from upnp_trio.model.names import Udn

__all__ = ["ServiceClient"]


class ServiceClient:
    """Calls the actions of *service* with methods instead of names; raises `UnknownService` if it is of another type.

    A class of its own for each type of service, with ``service_type=`` in its head.
    """

    #: the type of the services that this class is for; they may have a higher version
    service_type: ClassVar[str]

    def __init_subclass__(cls, *, service_type: str | None = None) -> None:
        super().__init_subclass__()
        if service_type is not None:
            cls.service_type = service_type

    def __init__(self, service: RemoteService) -> None:
        if not matches(self.service_type, service.service.service_type):
            raise UnknownService(
                f"{type(self).__name__} is for {self.service_type}, not {service.service.service_type}"
            )
        #: what the actions are called at
        self.service = service

    @classmethod
    def at(cls, device: RemoteDevice, *, udn: Udn | str | None = None) -> Self:
        """A client of the only service of this type in *device*, or in the device *udn* that is embedded in it.

        Raises `UnknownService`.
        """
        return cls(device.service(cls.service_type, udn=udn))

    async def _call(self, action: str, arguments: Mapping[str, object] | None = None) -> CallAnswer:
        return await self.service.invoke(action, arguments or {})
