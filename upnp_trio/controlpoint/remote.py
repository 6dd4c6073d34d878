"""A device that was described: its documents as values, and its services, whose actions can be called.

`RemoteDevice` is a `RootDevice`, so whatever takes one takes the other: a description can be rendered again, checked,
or served.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import attrs

from upnp_trio.control.arguments import call_texts, result_values
from upnp_trio.control.calls import render_call
from upnp_trio.control.results import read_result
from upnp_trio.controlpoint.call_answer import CallAnswer
from upnp_trio.controlpoint.call_places import CallPlace, CallPlaces
from upnp_trio.controlpoint.event_requests import EventSource
from upnp_trio.controlpoint.service_names import service_named
from upnp_trio.controlpoint.subscriptions import Subscriptions
from upnp_trio.errors import (
    DescriptionError,
    InvalidCall,
    MalformedMessage,
    NetworkError,
    RequestFailed,
    UnknownDevice,
    UnknownService,
    UnsafeUrl,
)
from upnp_trio.eventing.requests import DEFAULT_SECONDS
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpClient
from upnp_trio.model.device import Device, RootDevice, Service
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.printable import MAX_MESSAGE_CHARACTERS, printable
from upnp_trio.model.service import ServiceDescription
from upnp_trio.model.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.controlpoint.subscription import Subscription
    from upnp_trio.model.names import Udn
    from upnp_trio.model.service import ActionDescription

__all__ = ["DeviceAccess", "EventAccess", "RemoteDevice", "RemoteService"]

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DeviceAccess:
    """How a device is reached, and what is known of its services."""

    client: HttpClient
    #: the address of this host that faces the device
    served: ServedAddress
    #: what the URLs in its description are relative to
    base: LiteralUrl
    #: what was read of each SCPD, by the document
    descriptions: Mapping[bytes, ServiceDescription]
    #: why an SCPD is missing, by its URL in the description
    missing: Mapping[str, str]
    #: ``None`` if its services cannot be subscribed to
    events: EventAccess | None = None
    calls: CallPlaces = attrs.field(
        init=False, default=attrs.Factory(lambda self: CallPlaces(self.client), takes_self=True)
    )


@attrs.frozen(eq=False, repr=False)
class EventAccess:
    """How services are subscribed to, and the device is found again."""

    subscriptions: Subscriptions
    #: describes a device again, without its services' descriptions, as it may have moved
    describe: Callable[[RemoteDevice], Awaitable[RemoteDevice]]


@attrs.frozen(kw_only=True)
class RemoteDevice(RootDevice):
    """A root device on the network, as its description and its services' descriptions were when they were fetched.

    The URLs in it are those of the documents, which are relative to its description or to ``url_base``.
    """

    #: where the description was fetched
    location: LiteralUrl
    #: what is wrong with its documents and was overlooked, each in words
    forgiven: tuple[str, ...] = ()
    #: the description document as it was fetched
    document: bytes = attrs.field(default=b"", eq=False, repr=False)
    _access: DeviceAccess | None = attrs.field(default=None, eq=False, repr=False)

    def url(self, reference: str) -> LiteralUrl:
        """The URL that *reference* means in the description; raises `UnsafeUrl` if it leads to another address."""
        base = self.location if self._access is None else self._access.base
        try:
            return base.join(reference)
        except ValueError as error:
            raise UnsafeUrl(str(error)) from error

    def services_of_all(self) -> tuple[RemoteService, ...]:
        """Every service of this device and of the devices embedded in it."""
        return tuple(
            RemoteService(root=self, device=device, service=service, access=self._access)
            for device in self.walk()
            for service in device.services
        )

    def service(self, type_or_id: str, *, udn: Udn | str | None = None) -> RemoteService:
        """The service of a type, with an ID, or called by the name within its type, such as ``SwitchPower``.

        A type is also that of a service of a higher version (UDA 2.0 §3.2.1). *udn* is the device that has it, this one
        or one that is embedded in it. Raises `UnknownService` if there is no such service, or more than one.
        """
        services = self.services_of_all()
        if udn is not None:
            wanted = str(udn).lower().removeprefix("uuid:")
            services = tuple(each for each in services if each.device.udn and each.device.udn.uuid.lower() == wanted)
        return service_named(type_or_id, services, printable(self.friendly_name) or "the device")


@attrs.frozen(kw_only=True, eq=False)
class RemoteService:
    """A service of a device on the network."""

    #: the device that has been described
    _root: RemoteDevice = attrs.field(repr=False)
    #: the root or embedded device that has it
    device: Device = attrs.field(repr=lambda device: repr(device.friendly_name))
    service: Service
    _access: DeviceAccess | None = attrs.field(repr=False)

    @property
    def name(self) -> str:
        """The name within its type, such as ``SwitchPower``, or the type if that is no URN."""
        return self.service.service_type.name or self.service.service_type.text or self.service.service_id

    @property
    def description(self) -> ServiceDescription:
        """Its actions and state variables; raises `DescriptionError` if they are not known."""
        found = None
        if self._access is not None and self.service.scpd is not None:
            found = self._access.descriptions.get(self.service.scpd)
        if found is None:
            reason = "" if self._access is None else self._access.missing.get(self.service.scpd_url, "")
            raise DescriptionError(f"the actions of {self.name} are not known: {reason or 'its SCPD was not fetched'}")
        return found

    @property
    def scpd_url(self) -> LiteralUrl:
        """Where its description is; raises `UnsafeUrl` if that is nowhere at the device."""
        return self._url(self.service.scpd_url, "SCPDURL")

    @property
    def control_url(self) -> LiteralUrl:
        """Where its actions are called; raises `UnsafeUrl` if that is nowhere at the device."""
        return self._url(self.service.control_url, "controlURL")

    @property
    def event_sub_url(self) -> LiteralUrl:
        """Where subscribers subscribe; raises `UnsafeUrl` if that is nowhere at the device."""
        return self._url(self.service.event_sub_url, "eventSubURL")

    async def call(self, action: str, /, **arguments: object) -> dict[str, object]:
        """Call *action*; returns its out arguments by name, in the order of the SCPD (UDA 2.0 §3.2).

        *arguments* have the names of the SCPD and values of their data types: ``newTargetValue=True``. In the answer, a
        text that is no value of its data type stays a text, and an argument that the device left out is missing;
        `invoke` tells.

        If no connection leads to the device, it may have moved: it is called where it announces itself now.

        Raises `InvalidCall` before anything is sent, for an action that the service does not have, an argument that is
        missing or unknown, and a value that is not allowed. Raises `UpnpError` for an error of the device, and
        `RequestFailed` if it does not answer within 30 seconds, or with anything else. Raises `DescriptionError` if the
        service's description could not be had.
        """
        return (await self.invoke(action, arguments)).values

    async def invoke(self, action: str, arguments: Mapping[str, object]) -> CallAnswer:
        """Like `call`, with the arguments in a mapping; the answer has its texts as well, and what is wrong with it."""
        found, description = self.action(action), self.description
        try:
            texts = call_texts(description, found, arguments)
            headers, body = render_call(self.service.service_type.text, action, texts)
        except ValueError as error:
            raise InvalidCall(printable(str(error), MAX_MESSAGE_CHARACTERS)) from error
        control_url, access = self.control_url, self._access
        assert access is not None  # or there would be no description
        url, answer = await access.calls.post(
            (str(self.device.udn), self.service.service_id),
            CallPlace(control_url, access.served),
            self._call_place_now,
            headers=headers,
            body=body,
        )
        try:
            given = read_result(answer.status, answer.headers, answer.body)
        except MalformedMessage as error:
            raise RequestFailed(f"{action} at {url}: {error}", answer.status) from error
        forgiven: list[str] = []
        values = result_values(description, found, given, forgiven)
        first = dict(reversed(given))
        return CallAnswer(
            action=action,
            values=values,
            texts={name: first[name] for name, _ in given},
            forgiven=tuple(forgiven),
        )

    def action(self, name: str) -> ActionDescription:
        """The action called *name*; raises `InvalidCall` if there is none, and `DescriptionError` as `description`."""
        found = self.description.action(name)
        if found is None:
            names = (each.name for each in self.description.actions)
            raise InvalidCall(f"{self.name} has no action {name!r}; {suggestion(name, names, 'actions')}")
        return found

    def subscribe(self, *, variables: Iterable[str] = (), seconds: int = DEFAULT_SECONDS) -> Subscription:
        """Its events, as an async iterator of `VariableChange`; `Subscription` says more (UDA 2.0 §4).

        *variables* are the names of those that are wanted, by default all evented ones. *seconds* is how long the
        device is asked to keep the subscription without a renewal. Nothing is sent before the reader begins.

        Raises `ValueError` for a variable that is not evented, and `UnsafeUrl` if events are subscribed to nowhere at
        the device. The reader gets `RequestFailed` if the device does not answer, refuses, or has no events.
        """
        access = self._access
        if access is None or access.events is None:
            raise UnsafeUrl(f"{self.name} was not described by a control point, so it cannot be subscribed to")
        return access.events.subscriptions.subscribe(
            self._event_source(access), variables=variables, seconds=seconds, locate=self._located_again
        )

    def _event_source(self, access: DeviceAccess) -> EventSource:
        description = None
        if self.service.scpd is not None:
            description = access.descriptions.get(self.service.scpd)
        return EventSource(
            url=self.event_sub_url if self.service.event_sub_url else None,
            served=access.served,
            udn="" if self.device.udn is None else str(self.device.udn),
            location=self._root.location,
            description=description,
            name=printable(f"{self.name} of {self.device.friendly_name or 'a device'}"),
        )

    async def _located_again(self, before: EventSource) -> EventSource:
        """Where the events of this service are subscribed to now; *before* is where they were."""
        access = self._access
        assert access is not None  # or there would be no subscription
        assert access.events is not None
        service, access = await self._described_again(access.events)
        return attrs.evolve(service._event_source(access), description=before.description)

    async def _call_place_now(self) -> CallPlace | None:
        """Where this service is called now; ``None`` if it is not found, or was not described by a control point."""
        if self._access is None or self._access.events is None:
            return None
        try:
            service, access = await self._described_again(self._access.events)
            return CallPlace(service.control_url, access.served)
        except (NetworkError, DescriptionError, UnknownDevice, UnknownService) as error:
            logger.debug("%s is not found again: %s", self.name, error)
            return None

    async def _described_again(self, events: EventAccess) -> tuple[RemoteService, DeviceAccess]:
        device = await events.describe(self._root)
        service = device.service(self.service.service_id, udn=self.device.udn)
        assert service._access is not None  # it comes from a control point, too
        return service, service._access

    def _url(self, reference: str, name: str) -> LiteralUrl:
        if self._access is None or not reference:
            raise UnsafeUrl(f"{self.name} has no {name}")
        try:
            return self._access.base.join(reference)
        except ValueError as error:
            raise UnsafeUrl(f"the {name} of {self.name} is not used: {error}") from error
