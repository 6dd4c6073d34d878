"""What is served, for an app within a web server of this program (`WebApp`).

That server has loops and threads of its own. What only looks something up is done in the thread that asks. All else is
done in the loop of the device, and bounded and ended like the connections of our own server.
"""

from __future__ import annotations

import logging
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.exchange import Peer, Request, Response, ServedAddress, error_response
from upnp_trio.http.host_check import HOST_MALFORMED, HostCheck, HostName, parse_authority
from upnp_trio.http.phases import GRACE_SECONDS
from upnp_trio.http.request_rules import FORBIDDEN
from upnp_trio.http.responding import PendingResponse
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.model.advertised_url import host_text
from upnp_trio.model.literal_url import unmapped
from upnp_trio.model.peers import peer_of
from upnp_trio.model.urls import HOST
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.network.listeners import served_address
from upnp_trio.network.served_interface import Network
from upnp_trio.server.web_servers import WebApp
from upnp_trio.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from upnp_trio.network.endpoint import Sender

__all__ = ["Answer", "MountedSite"]

logger = logging.getLogger(__name__)

# Requests that wait for a handler or for a change, in all and of one peer: as many as our own server has connections.
MAX_WAITING_REQUESTS = 256
MAX_WAITING_REQUESTS_OF_ONE_PEER = 64

# How long announcements wait for the web server, which may begin to listen after the device, and the pause between two
# attempts. Control points fetch a description when they get the first announcement of it, and most of them once.
LISTENING_SECONDS = 10.0
RETRY_SECONDS = 0.05

TOO_MANY_WAITING = "too many requests that wait"
TOO_MANY_WAITING_OF_ONE_PEER = "too many requests that wait of one peer"
LOOPBACK = "127.0.0.1"
# the names of this host to itself, which nobody can rebind
_OWN_NAMES = ("localhost", LOOPBACK, "[::1]")


@attrs.frozen(eq=False)
class Answer:
    """A response, and what follows from its being sent. One of the two methods is to be called, in any thread."""

    response: Response
    _site: MountedSite
    _pending: PendingResponse | None = None

    def sent(self) -> None:
        """The whole response has been sent."""
        if self._pending is not None:
            self._site.call_soon(self._pending.sent)

    def abandon(self) -> None:
        """The response cannot be sent."""
        if self._pending is not None:
            self._site.call_soon(self._pending.abandon)


@attrs.define(eq=False, repr=False, kw_only=True)
class MountedSite:
    """Responds to the requests that *app* gets, as long as it runs."""

    app: WebApp
    site: Site
    writer: ResponseWriter
    network: Network
    #: names that are accepted in Host beside the addresses that are served
    allowed_hosts: frozenset[HostName]
    _served: tuple[ServedAddress, ...] = ()
    _host_check: HostCheck = attrs.field(factory=lambda: HostCheck(""))
    _token: trio.lowlevel.TrioToken | None = None
    #: of the requests that wait, the longest first, with their peers; ``None`` if another one has taken the place
    _waiting: dict[trio.CancelScope, str | None] = attrs.field(factory=dict)
    _per_peer: Counter[str] = attrs.field(factory=Counter)
    _is_ending: bool = False
    _fewer: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)

    @property
    def waiting(self) -> int:
        """How many requests wait for their response."""
        return len(self._waiting)

    def use(self, senders: Iterable[Sender]) -> None:
        """Answer under the addresses of *senders*."""
        senders = list(senders)
        authorities = [sender.origin.base_url.removeprefix("http://") for sender in senders]
        hosts = [*_OWN_NAMES, *(host_text(sender.address) for sender in senders)]
        names = {named for authority in authorities if (named := parse_authority(authority)) is not None}
        names |= {(host, self.app._port) for host in hosts} | self.allowed_hosts
        self._host_check = HostCheck(authorities[0] if authorities else "", names)
        self._served = tuple(
            attrs.evolve(served_address(sender.address, sender.interface), base_url=sender.origin.base_url)
            for sender in senders
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Serve the app until cancelled, then let requests that wait finish within `GRACE_SECONDS`.

        Raises `NetworkError` if the app is serving something else.
        """
        self._token = trio.lowlevel.current_trio_token()
        self.app._attach(self)
        try:
            task_status.started()
            await trio.sleep_forever()
        finally:
            self._is_ending = True
            self.app._detach()
            for scope in self._waiting:
                scope.deadline = trio.current_time() + GRACE_SECONDS
            with trio.CancelScope(shield=True):
                while self._waiting:
                    await self._fewer.park()
        raise AssertionError("unreachable: sleeping for ever has no end")

    async def wait_until_listening(self) -> None:
        """Wait until something accepts connections where control points will open them, but not for ever.

        One address is enough. A warning names the others, if LOCATION has them and nothing listens there.
        """
        deaf: list[ServedAddress] = []
        is_listening = False
        with trio.move_on_after(LISTENING_SECONDS):
            while self._served:
                deaf = [served for served in self._served if not await self._accepts(served)]
                if not deaf or is_listening:
                    break
                # a server with several sockets listens on one after another, so the others get one more attempt
                is_listening = len(deaf) < len(self._served)
                await trio.sleep(RETRY_SECONDS)
        if deaf and not is_listening:
            logger.warning(
                "nothing listens on TCP port %s of this host's addresses, which %r announces; start the web server "
                "there, or mend the URL",
                *(self.app._port, self.app),
            )
        elif deaf and HOST in self.app._base_url:
            logger.warning(
                "nothing listens on TCP port %s of %s, which %r announces, too; let the web server listen there, or "
                "leave these addresses out, as by ipv6=False or interfaces=[...]",
                *(self.app._port, ", ".join(served.address for served in deaf), self.app),
            )

    async def _accepts(self, served: ServedAddress) -> bool:
        try:
            stream = await self.network.connect(ip_address(served.address), self.app._port, served=served)
        except OSError:
            return False
        stream.close()
        return True

    # --- in any thread ---

    @property
    def token(self) -> trio.lowlevel.TrioToken:
        """The loop of the device."""
        assert self._token is not None, "it is attached when it runs"
        return self._token

    def call_soon(self, function: Callable[..., object], *arguments: object) -> None:
        """Call *function* in the loop of the device; not if that has ended."""
        try:
            self.token.run_sync_soon(self._call, function, arguments)
        except trio.RunFinishedError:
            logger.debug("the loop has ended, so %r is not called", function)

    def peer(self, client: str, server: str) -> Peer:
        """The peer at the address *client* whose connection has the address *server* here, as far as they are known.

        A web server may know neither: one of a test, or one that listens at a socket of the file system.
        """
        address, own = _plain(client), _plain(server)
        served = [served for served in self._served if served.address == own]
        if not served and address:  # the server knows only what it is bound to, such as 0.0.0.0
            of_family = [each for each in self._served if (":" in each.address) is (":" in address)]
            served = [each for each in of_family if Peer(address, each).is_on_link]
            served = served or [attrs.evolve(each, links=()) for each in of_family]  # from beyond all links
        return Peer(address, served[0] if served else ServedAddress(address=own or LOOPBACK))

    def refusal(self, request: Request) -> Response | None:
        """The response to a *request* under another name, or from another page; ``None`` if it is neither."""
        reason = self._host_check.refusal(request.method, request.target, request.headers)
        if reason is None:
            return None
        self.note_refusal(reason)
        return error_response(400) if reason == HOST_MALFORMED else FORBIDDEN

    def note_refusal(self, reason: str) -> None:
        """Count a request that was refused."""
        self.call_soon(self._count_refusal, reason)

    def report(self, request: Request, status: int) -> None:
        """Count an answer, and publish an event about it."""
        self.call_soon(self.writer.report, request.peer.address, request, status)

    # --- in the loop of the device ---

    def begin(self, request: Request) -> Response | PendingResponse:
        """The response to *request*, or what it takes to make it."""
        if self._is_ending:
            return error_response(503)
        try:
            return self.writer.site.respond(request)
        except Exception as error:
            return self._failed(request, error)

    async def respond(self, request: Request) -> Answer:
        """The answer to *request*, however long it takes."""
        begun = self.begin(request)
        if isinstance(begun, Response):
            await trio.lowlevel.checkpoint()
            return Answer(begun, self)
        return await self.finish(request, begun)

    async def finish(self, request: Request, begun: PendingResponse) -> Answer:
        """The answer to *request*, when it is made."""
        response: Response | None = None
        try:
            if (reason := self._make_room(peer_of(request.peer.address))) is not None:
                self._count_refusal(reason)
                await trio.lowlevel.checkpoint()
                return Answer(error_response(503), self)
            response = await self._wait(request, begun)
        finally:
            if response is None:
                begun.abandon()
        return Answer(response or error_response(503), self, begun if response else None)

    async def _wait(self, request: Request, pending: PendingResponse) -> Response | None:
        """The response, or ``None`` if the device has ended meanwhile, or another request has taken the place."""
        peer = peer_of(request.peer.address)
        scope = trio.CancelScope()
        self._waiting[scope] = peer
        self._per_peer[peer] += 1
        try:
            with scope:
                return await pending.respond()
        except Exception as error:
            return self._failed(request, error)
        finally:
            if self._waiting.pop(scope) is not None:
                self._count_out(peer)
            self._fewer.unpark_all()
        return None

    def _make_room(self, peer: str) -> str | None:
        """Why no further request of *peer* can wait, or ``None``.

        If all places are taken, the longest waiting request of the peer that has the most loses its own, as with the
        connections of our own server. So a few hosts cannot keep all others from calling and subscribing.
        """
        if self._per_peer[peer] >= MAX_WAITING_REQUESTS_OF_ONE_PEER:
            return TOO_MANY_WAITING_OF_ONE_PEER
        if self._per_peer.total() < MAX_WAITING_REQUESTS:
            return None
        ((heaviest, most),) = self._per_peer.most_common(1)
        if most <= self._per_peer[peer]:
            return TOO_MANY_WAITING
        displaced = next(scope for scope, each in self._waiting.items() if each == heaviest)
        self._waiting[displaced] = None
        self._count_out(heaviest)
        self._count_refusal(TOO_MANY_WAITING)
        displaced.cancel(reason=TOO_MANY_WAITING)
        return None

    def _count_out(self, peer: str) -> None:
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]

    def _call(self, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        try:
            function(*arguments)
        except Exception:
            # raised here, it would end the loop of the whole program
            logger.exception("a fault in %r", function)

    def _count_refusal(self, reason: str) -> None:
        self.writer.stats.refused[reason] += 1

    def _failed(self, request: Request, error: Exception) -> Response:
        """Log a fault of ours, which ends only this request."""
        self.writer.stats.refused["a fault of ours"] += 1
        # a peer that can cause a fault may do so again and again
        if self._log_limit.is_news("fault", request.peer.address, trio.current_time()):
            logger.error("a fault while serving %s", request.peer.address, exc_info=error)
        return error_response(500)


def _plain(address: str) -> str:
    """*address* without a zone, and not mapped into IPv6; empty if it is none."""
    try:
        return str(unmapped(ip_address(address.partition("%")[0])))
    except ValueError:
        return ""
