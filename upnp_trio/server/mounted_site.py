"""What is served, for an app within a web server of this program (`WebApp`).

That server has loops and threads of its own. What only looks something up is done in the thread that asks. All else is
done in the loop of the device, and bounded and ended like the connections of our own server.
"""

from __future__ import annotations

import logging
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
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.network.listeners import served_address
from upnp_trio.network.served_interface import Network
from upnp_trio.server.waiting_requests import WaitingRequests
from upnp_trio.server.web_server_check import wait_until_listening
from upnp_trio.server.web_servers import WebApp
from upnp_trio.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from upnp_trio.network.endpoint import Sender

__all__ = ["Answer", "MountedSite"]

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# the names of this host to itself, which nobody can rebind
_OWN_NAMES = ("localhost", LOOPBACK, "[::1]")


@attrs.frozen(eq=False)
class Answer:
    """A response, and what follows from its being sent. Its caller must call one of the two methods, in any thread."""

    response: Response
    _site: MountedSite
    _pending: PendingResponse | None = None

    def sent(self) -> None:
        """Note that the whole response has been sent."""
        if self._pending is not None:
            self._site.call_soon(self._pending.sent)

    def abandon(self) -> None:
        """Note that the response cannot be sent."""
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
    _waiting: WaitingRequests = attrs.field(init=False)
    _is_ending: bool = False
    _log_limit: LogLimit = attrs.field(factory=LogLimit)

    @_waiting.default
    def _make_waiting(self) -> WaitingRequests:
        return WaitingRequests(self._count_refusal)

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
            await self._waiting.end(GRACE_SECONDS)
        raise AssertionError("unreachable: sleeping for ever has no end")

    async def wait_until_listening(self) -> None:
        """Wait, within bounds, until something accepts connections where control points will open them.

        A warning names the addresses where nothing listens.
        """
        await wait_until_listening(self.network, self.app, lambda: self._served)

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

        A web server may know neither, such as a test client, or one that listens on a Unix socket.
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
        """The response to *request*, or what makes it in the loop of the device."""
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
            response = await self._waiting.wait(peer_of(request.peer.address), begun.respond)
        except Exception as error:
            response = self._failed(request, error)
        finally:
            if response is None:
                begun.abandon()
        return Answer(response or error_response(503), self, begun if response else None)

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
