"""Receives the events of all subscriptions, on one TCP port (UDA 2.0 §4.3.2).

Each subscription has a URL of its own, whose path nobody can guess. Events that are sent to it from the device's
address are its own, even those that arrive before the response to SUBSCRIBE. All others are answered 412, on which
many devices forget the subscription, so that none of an earlier process is kept alive.

The server runs while there is a URL, at the addresses that face the devices.
"""

from __future__ import annotations

import logging
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.dates import utc_now
from upnp_trio.eventing.messages import EventMessage, read_notify
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.exchange import KNOWN_METHODS, Request, Response, error_response, path_of
from upnp_trio.http.host_check import parse_authority
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.http.server import HttpServer
from upnp_trio.model.literal_url import IpAddress, unmapped
from upnp_trio.model.peers import peer_of
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.asking import AskingNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.http.responding import PendingResponse

__all__ = ["MAX_EVENT_BYTES", "CallbackUrl", "EventReceiver"]

logger = logging.getLogger(__name__)

# The events with the whole state of a household of 32 players have some 64 KiB (home-assistant/core #82513).
MAX_EVENT_BYTES = 256 * 1024
# As many as a UUID has.
TOKEN_BYTES = 16

RECEIVED = Response(200)
NOT_SUBSCRIBED = error_response(412)
ONLY_NOTIFY = error_response(405, ("Allow", "NOTIFY"))
# The reason that is counted.
UNKNOWN_SUBSCRIPTION = "event for no subscription"


@attrs.define(eq=False, repr=False)
class CallbackUrl:
    """The URL of one subscription, at which its device sends events; `close` it at the end."""

    url: str
    path: str
    #: the only address that events are accepted from
    device: IpAddress
    #: called with each event; returns whether it belongs to the subscription
    take: Callable[[EventMessage], bool]
    _on_close: Callable[[CallbackUrl], None]

    def close(self) -> None:
        """Accept events no more."""
        self._on_close(self)


@attrs.define(eq=False)
class _Listening:
    """An address that events are received at."""

    authority: str
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    ended: trio.Event = attrs.field(factory=trio.Event)
    callbacks: set[CallbackUrl] = attrs.field(factory=set)


@attrs.frozen(eq=False)
class _Serving:
    server: HttpServer
    nursery: trio.Nursery


@attrs.define(eq=False)
class _Turn:
    """Whose turn it is among the connections of one peer."""

    lock: trio.Lock = attrs.field(factory=trio.Lock)
    users: int = 0


@attrs.define(eq=False, repr=False)
class EventReceiver:
    """The HTTP server for the events of a control point; its tasks are in *nursery*."""

    network: AskingNetwork
    nursery: trio.Nursery
    server_token: str
    stats: Stats = attrs.field(factory=Stats)
    utcnow: Callable[[], datetime] = utc_now
    #: gives so many bytes that nobody can guess
    secret: Callable[[int], bytes] = os.urandom
    #: the first port, which all addresses use if it is free there
    _port: int = 0
    _callbacks: dict[str, CallbackUrl] = attrs.field(factory=dict)
    #: by number of the interface and address
    _listening: dict[tuple[int, str], _Listening] = attrs.field(factory=dict)
    _serving: _Serving | None = None
    _opening: trio.Lock = attrs.field(factory=trio.Lock)
    _turns: dict[str, _Turn] = attrs.field(factory=dict)

    async def open_callback(
        self, served: ServedAddress, device: IpAddress, take: Callable[[EventMessage], bool]
    ) -> CallbackUrl:
        """A new URL at the address *served*, for the events of *device*, each of which *take* is called with.

        Raises `NetworkError` if it is not possible to listen there.
        """
        try:
            async with self._opening:
                listening = await self._listen(served)
                path = f"/{urlsafe_b64encode(self.secret(TOKEN_BYTES)).decode().rstrip('=')}"
                callback = CallbackUrl(f"http://{listening.authority}{path}", path, unmapped(device), take, self._close)
                listening.callbacks.add(callback)
                self._callbacks[path] = callback
                return callback
        finally:
            self._tidy_up()

    # --- what is received ---

    def takes_body(self, request: Request) -> bool:
        """Whether *request* is an event that somebody waits for."""
        return request.method == "NOTIFY" and self._callback_of(request) is not None

    def respond(self, request: Request) -> Response | PendingResponse:
        """The answer to *request* (UDA 2.0 §4.3.2)."""
        callback = self._callback_of(request)
        if request.method != "NOTIFY":
            if request.method not in KNOWN_METHODS:
                return error_response(501)
            return ONLY_NOTIFY if callback is not None else error_response(404)
        if callback is None:
            self.stats.refused[UNKNOWN_SUBSCRIPTION] += 1
            return NOT_SUBSCRIBED
        return _Receiving(self, callback, request)

    def receive(self, callback: CallbackUrl, request: Request) -> Response:
        """Take the event in *request* and give its answer."""
        try:
            message = read_notify(request.headers, request.body)
        except EventingRefused as refused:
            logger.debug("an event of %s is refused: %s", request.peer.address, refused.reason)
            self.stats.refused[refused.reason] += 1
            return error_response(refused.status)
        if callback.path in self._callbacks and callback.take(message):
            return RECEIVED
        self.stats.refused[UNKNOWN_SUBSCRIPTION] += 1
        return NOT_SUBSCRIBED

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """One turn of the event loop for each event of a peer, however many connections it sends them on."""
        peer = peer_of(address)
        turn = self._turns.setdefault(peer, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
                await trio.lowlevel.checkpoint()
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[peer]

    def _callback_of(self, request: Request) -> CallbackUrl | None:
        callback = self._callbacks.get(path_of(request.target) or "")
        if callback is None or unmapped(ip_address(request.peer.address)) != callback.device:
            return None
        return callback

    # --- where it is received ---

    async def _listen(self, served: ServedAddress) -> _Listening:
        known = self._listening.get((served.index, served.address))
        if known is not None:
            if not known.scope.cancel_called:
                return known
            await known.ended.wait()  # its port is free then
        if self._serving is None:
            self._serving = await self.nursery.start(self._serve)
        listening: _Listening = await self._serving.nursery.start(self._accept, self._serving.server, served)
        return listening

    async def _serve(self, *, task_status: trio.TaskStatus[_Serving]) -> None:
        # a path answers for itself, so there is nothing to publish of it
        writer = ResponseWriter(self, self.server_token, self.utcnow, self.stats, Events(self.stats))
        server = HttpServer(writer, max_body_bytes=MAX_EVENT_BYTES)
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            task_status.started(_Serving(server, nursery))

    async def _accept(
        self, server: HttpServer, served: ServedAddress, *, task_status: trio.TaskStatus[_Listening]
    ) -> None:
        with self.network.listen(served, self._port) as http_listener:
            listening = _Listening(http_listener.authority)
            host, port = parse_authority(listening.authority) or ("", 0)
            self._port = self._port or port or 0
            self._listening[served.index, served.address] = listening
            task_status.started(listening)
            try:
                with listening.scope:
                    # some devices leave the port out; no web page knows the path, so Host protects nothing here
                    await server.accept(http_listener, [(host, None)])
            finally:
                del self._listening[served.index, served.address]
                listening.ended.set()

    def _close(self, callback: CallbackUrl) -> None:
        self._callbacks.pop(callback.path, None)
        for listening in self._listening.values():
            listening.callbacks.discard(callback)
        self._tidy_up()

    def _tidy_up(self) -> None:
        """Stop what no URL needs any more."""
        if self._opening.locked():
            return  # whoever opens a URL does it at the end
        for listening in self._listening.values():
            if not listening.callbacks:
                listening.scope.cancel(reason="no events are received at this address any more")
        if not self._callbacks and self._serving is not None:
            self._serving.nursery.cancel_scope.cancel(reason="there is no subscription any more")
            self._serving = None


@attrs.frozen(eq=False)
class _Receiving:
    """The answer to an event, once it is this peer's turn."""

    receiver: EventReceiver
    callback: CallbackUrl
    request: Request

    async def respond(self) -> Response:
        """Take the event."""
        async with self.receiver.turn(self.request.peer.address):
            return self.receiver.receive(self.callback, self.request)

    def sent(self) -> None:
        """The device knows that the event was taken."""

    def abandon(self) -> None:
        """The device has left, and may send the event again; a repetition is recognized by its SEQ."""
