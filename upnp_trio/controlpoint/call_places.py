"""Where the actions of a device's services are called: a device that has moved is followed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import attrs

from upnp_trio.control.results import MAX_RESULT_BYTES
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpAnswer, HttpClient, NotConnected
from upnp_trio.model.literal_url import LiteralUrl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["CallPlace", "CallPlaces"]

logger = logging.getLogger(__name__)

# A device answers a call within 30 seconds (UDA 2.0 §3.2.1).
CALL_SECONDS = 30.0


@attrs.frozen
class CallPlace:
    """Where a service is called, and from which address of this host."""

    url: LiteralUrl
    served: ServedAddress


@attrs.define(eq=False, repr=False)
class CallPlaces:
    """Sends calls to the services of one device, each to where it was found last."""

    client: HttpClient
    #: the services that have moved since they were described, by UDN and ID
    _moved: dict[tuple[str, str], CallPlace] = attrs.field(factory=dict)

    async def post(
        self,
        service: tuple[str, str],
        described: CallPlace,
        locate: Callable[[], Awaitable[CallPlace | None]],
        *,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> tuple[LiteralUrl, HttpAnswer]:
        """Send a call to *service*, by UDN and ID; returns the URL and the answer.

        It goes to where it was *described*, or where it has been found since. If no connection leads there, *locate*
        looks for it, and the call is sent to the new place; ``None`` if there is no other. After a connection it is not
        sent again, as the device may have carried it out. Raises `RequestFailed`.
        """
        place = self._moved.get(service, described)
        try:
            return place.url, await self._send(place, headers, body)
        except NotConnected as error:
            now = await locate()
            if now is None or now == place:
                raise
            logger.debug("calling at %s: %s", now.url, error)
        answer = await self._send(now, headers, body)
        self._moved[service] = now
        return now.url, answer

    async def _send(self, place: CallPlace, headers: Iterable[tuple[str, str]], body: bytes) -> HttpAnswer:
        return await self.client.request(
            "POST",
            place.url,
            place.served,
            headers=headers,
            body=body,
            max_body_bytes=MAX_RESULT_BYTES,
            seconds=CALL_SECONDS,
        )
