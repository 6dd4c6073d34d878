"""What a subscriber asks of a service: to be subscribed, for longer, and no more (UDA 2.0 §4.1.2 to §4.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import MalformedMessage, NetworkError, RequestFailed
from upnp_trio.eventing.messages import (
    MAX_REPLY_BODY_BYTES,
    Grant,
    read_grant,
    renew_headers,
    subscribe_headers,
    unsubscribe_headers,
)
from upnp_trio.eventing.refusals import refusal_in_words
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpClient
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.service import ServiceDescription
from upnp_trio.network.asking import AskingNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from upnp_trio.http.client import HttpAnswer

__all__ = ["EventRequests", "EventSource"]


@attrs.frozen(kw_only=True)
class EventSource:
    """A service that may be subscribed to: where it is, and what is known of it."""

    #: eventSubURL; ``None`` if the service has no events
    url: LiteralUrl | None
    #: the address of this host that faces the device
    served: ServedAddress
    #: of the device that has the service
    udn: str
    #: where the device's description was fetched, if that is known
    location: LiteralUrl | None = None
    #: gives the values their types
    description: ServiceDescription | None = None
    #: what messages call it, such as ``SwitchPower of Light``
    name: str = "the service"


@attrs.frozen(eq=False, repr=False)
class EventRequests:
    """Sends these requests. Each raises `RequestFailed`, with words, if it is refused or has no answer."""

    client: HttpClient
    network: AskingNetwork

    async def subscribe(self, source: EventSource, callback: str, *, seconds: int, variables: Sequence[str]) -> Grant:
        """Ask for a new subscription, whose events go to the URL *callback*."""
        answer = await self._ask(
            "SUBSCRIBE", source, subscribe_headers([callback], seconds=seconds, variables=variables)
        )
        try:
            return read_grant(answer.headers)
        except MalformedMessage as error:
            raise RequestFailed(f"cannot subscribe to {source.name} at {source.url}: {error}", answer.status) from error

    async def renew(self, source: EventSource, sid: str, *, seconds: int) -> Grant:
        """Ask for more time."""
        answer = await self._ask("SUBSCRIBE", source, renew_headers(sid, seconds=seconds))
        try:
            return read_grant(answer.headers)
        except MalformedMessage:  # some devices leave SID out here, as it is the same
            return read_grant({**answer.headers, "sid": sid})

    async def unsubscribe(self, source: EventSource, sid: str) -> None:
        """Say that no more events are wanted."""
        await self._ask("UNSUBSCRIBE", self.facing(source), unsubscribe_headers(sid))

    def has_address(self, source: EventSource) -> bool:
        """Whether this host still has the address that faces *source*."""
        try:
            interfaces = self.network.interfaces()
        except NetworkError:  # nothing else is known, so nothing has changed
            return True
        return any(
            interface.index == source.served.index and str(address.ip) == source.served.address
            for interface in interfaces
            for address in interface.addresses
        )

    def facing(self, source: EventSource) -> EventSource:
        """*source*, from another address of this host if the one that faced it is gone."""
        if source.url is None or self.has_address(source):
            return source
        zone = source.url.zone or str(source.served.index) if source.url.address.is_link_local else ""
        try:
            return attrs.evolve(source, served=self.network.facing(source.url.address, zone))
        except NetworkError:  # there is none now; the request that follows says so
            return source

    async def _ask(self, method: str, source: EventSource, headers: Iterable[tuple[str, str]]) -> HttpAnswer:
        if source.url is None:
            raise RequestFailed(f"{source.name} has no events: its description gives no eventSubURL")
        answer = await self.client.request(
            method, source.url, source.served, headers=headers, max_body_bytes=MAX_REPLY_BODY_BYTES
        )
        if not 200 <= answer.status < 300:
            raise RequestFailed(
                f"{source.name} at {source.url} answers {method} with {answer.status}: "
                f"{refusal_in_words(answer.status)}",
                answer.status,
            )
        return answer
