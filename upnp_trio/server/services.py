"""The services that have handlers: which they are, and who carries out what is asked of them (`Acting`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

import attrs
import trio

from upnp_trio.documents.publication import PublishedService
from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.served_interface import Network
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.documents.publication import Publication
    from upnp_trio.http.responding import PendingResponse
    from upnp_trio.model.handler import Handler
    from upnp_trio.server.acting import Acting  # noqa: TC004  # attrs does not evaluate it
    from upnp_trio.server.changes_of_threads import ChangesOfThreads  # noqa: TC004  # attrs does not evaluate it
    from upnp_trio.server.handler_runner import HandlerRunner  # noqa: TC004  # attrs does not evaluate it

__all__ = ["Services"]

H = TypeVar("H")


@attrs.define(eq=False, repr=False, kw_only=True)
class Services:
    """Responds to requests: from *site*, and by the handlers of services."""

    site: Site
    network: Network
    #: its senders send the events of variables that are evented by multicast
    announcer: Announcer
    stats: Stats
    events: Events
    #: how many subscriptions each service accepts
    max_subscriptions: int
    #: runs the code of handlers; ``None`` if that runs right here
    runner: HandlerRunner | None = None
    #: that of `Notifier`
    secret: Callable[[int], bytes] = os.urandom
    _attached: list[PublishedService] = attrs.field(factory=list)
    _acting: Acting | None = None
    _nursery: trio.Nursery | None = None
    #: there are some only where handlers run elsewhere
    _changes_of_threads: ChangesOfThreads | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Publish and deliver events until cancelled."""
        async with trio.open_nursery() as self._nursery:
            for service in self._attached:
                self._begin_to_act().start(service)
            try:
                task_status.started()
                await trio.sleep_forever()
            finally:
                # connections have a moment to finish, in which nothing new may begin
                self._nursery = None
                if self._acting is not None:
                    self._acting.end()
        raise AssertionError("unreachable: sleeping for ever has no end")

    def _begin_to_act(self) -> Acting:
        if self._acting is None:
            from upnp_trio.server.acting import open_acting

            assert self._nursery is not None
            self._acting = open_acting(
                network=self.network,
                announcer=self.announcer,
                stats=self.stats,
                events=self.events,
                nursery=self._nursery,
                max_subscriptions=self.max_subscriptions,
                runner=self.runner,
                secret=self.secret,
            )
        return self._acting

    # --- which services there are ---

    def check(self, publication: Publication, in_place_of: Publication | None = None) -> None:
        """Raise `DescriptionError` if a handler of *publication* cannot be connected, as one that a service has."""
        replaced = () if in_place_of is None else in_place_of.services
        taken = {id(service.handler) for service in self._attached if service not in replaced}
        for service, handler in _with_handlers(publication):
            is_foreign = handler.is_connected and not any(handler is known.handler for known in self._attached)
            if id(handler) in taken or is_foreign:
                raise DescriptionError(
                    f"the handler of {service.service_id} serves another service already; "
                    f"make a {type(handler).__name__} for each of them"
                )
            taken.add(id(handler))
        self._try_to_connect(publication, in_place_of)
        if self._nursery is not None and any(_with_handlers(publication)):
            self._begin_to_act()  # imports modules, which may fail

    def _try_to_connect(self, publication: Publication, in_place_of: Publication | None) -> None:
        """Raise `DescriptionError` if a handler refuses, as when two of them share one `LastChange`."""
        before = () if in_place_of is None else tuple(_with_handlers(in_place_of))
        after = tuple(_with_handlers(publication))
        # A handler that stays is not disconnected even for a moment, as another thread may assign a variable in it.
        stays = {id(handler) for _, handler in before} & {id(handler) for _, handler in after}
        replaced = [(service, handler) for service, handler in before if id(handler) not in stays]
        for _, handler in replaced:
            handler.disconnect()
        try:
            with ExitStack() as undo:
                for service, handler in after:  # noqa: B007  # the error names the service
                    if id(handler) not in stays:
                        handler.connect(_ignore)
                        undo.callback(handler.disconnect)
        except RuntimeError as error:
            raise DescriptionError(f"the handler of {service.service_id} cannot be connected: {error}") from error
        finally:
            for service, handler in replaced:
                self._connect(service, handler)

    def _connect(self, service: PublishedService, handler: Handler) -> None:
        if self.runner is None:
            handler.connect(partial(self._note, service))
            return
        if self._changes_of_threads is None:
            from upnp_trio.server.changes_of_threads import ChangesOfThreads

            self._changes_of_threads = ChangesOfThreads(self._note_late, self.runner.post)
        handler.connect(partial(self._changes_of_threads.note, service), self._changes_of_threads)

    def attach(self, publication: Publication) -> None:
        """Let the handlers of *publication*, for which `check` has passed, act from now on."""
        for service, handler in _with_handlers(publication):
            self._attached.append(service)
            if self._nursery is not None:
                self._begin_to_act().start(service)
            self._connect(service, handler)

    def detach(self, publication: Publication) -> None:
        """Let the handlers of *publication* act no more: end subscriptions, and cancel calls that are under way."""
        for service, handler in _with_handlers(publication):
            self._attached.remove(service)
            handler.disconnect()
            if self._acting is not None:
                self._acting.stop(service)

    def close(self) -> None:
        """Disconnect all handlers, when the tasks have ended."""
        for service in self._attached:
            assert service.handler is not None
            service.handler.disconnect()
        self._attached.clear()

    def find(self, kind: type[H], udn: str | None = None) -> H:
        """The first handler of the class *kind*, in the device with *udn* if one is given; raises `LookupError`."""
        for service in tuple(self._attached):  # other threads ask, too
            if isinstance(service.handler, kind) and udn in (None, str(service.udn).lower()):
                return service.handler
        raise LookupError(f"no {kind.__name__} is served" + ("" if udn is None else f" by {udn}"))

    def _note(self, service: PublishedService, name: str, value: object) -> None:
        if self._acting is not None:
            self._acting.note(service, name, value)

    def _note_late(self, service: PublishedService, name: str, value: object) -> None:
        if any(service is known for known in self._attached):  # it may have gone before the change came here
            self._note(service, name, value)

    # --- requests ---

    def respond(self, request: Request) -> Response | PendingResponse:
        """The response to *request*, or what it takes to make it."""
        answer = self.site.respond(request)
        if isinstance(answer, Response):
            return answer
        if self._acting is None and self._nursery is None:
            return error_response(503)
        return self._begin_to_act().begin(answer)

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is of use; see `Site.takes_body`."""
        return self.site.takes_body(request)


def _ignore(_: str, __: object) -> None:
    """A change at a time when nobody is told of one."""


def _with_handlers(publication: Publication) -> Iterator[tuple[PublishedService, Handler]]:
    for service in publication.services:
        if service.handler is not None:
            yield service, service.handler
