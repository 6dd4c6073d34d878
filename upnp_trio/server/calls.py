"""Control calls: handlers run, each under a deadline and within bounds, and their results become responses.

A handler that is a plain function runs at once. One that is a coroutine function runs in the task of the connection
that the call came on, so that the calls of one connection are answered in order, and those of several run at once.
Where handlers belong to another thread, a `HandlerRunner` calls them, and each call is waited for.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable
from inspect import iscoroutine
from typing import TYPE_CHECKING, cast

import attrs
import trio

from upnp_trio.control.arguments import result_texts
from upnp_trio.control.rendering import render_result
from upnp_trio.errors import UpnpError
from upnp_trio.exchange import Response, error_response
from upnp_trio.model.peers import peer_of
from upnp_trio.monitoring.events import ActionCalled, Events
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.monitoring.stats import Stats
from upnp_trio.service_calls import Call
from upnp_trio.service_requests import fault_response, result_response
from upnp_trio.tasks.groups import only_error

if TYPE_CHECKING:
    from upnp_trio.documents.publication import PublishedService
    from upnp_trio.server.handler_runner import HandlerRunner  # noqa: TC004  # attrs does not evaluate it

__all__ = ["Calls"]

logger = logging.getLogger(__name__)

# UDA 2.0 §3.2.1 gives a call 30 s, in which the request and the response have to travel, too.
HANDLER_SECONDS = 25.0
# Handlers that wait at the same time, in all and for one peer. Real control points call one action after the other;
# the next call is answered with 503. One peer has a quarter; and whatever others do, each address has one, of which
# there are no more than connections. All IPv6 hosts of a link may have one /64, which is one peer.
MAX_WAITING_CALLS = 128
MAX_WAITING_CALLS_OF_ONE_PEER = 32

TOO_SLOW = UpnpError(501, f"Action Failed: it took longer than {HANDLER_SECONDS:.0f} s")
NO_LONGER_SERVED = UpnpError(501, "Action Failed: the service is no longer served")
TOO_MANY_CALLS = "too many calls"
TOO_MANY_CALLS_OF_ONE_PEER = "too many calls of one peer"


@attrs.define(eq=False, repr=False)
class Calls:
    """Carries out calls, and counts them."""

    stats: Stats
    events: Events
    #: ``None`` if handlers run right here
    _runner: HandlerRunner | None = None
    #: by peer, and by address
    _waiting: Counter[str] = attrs.field(factory=Counter)
    _waiting_of_address: Counter[str] = attrs.field(factory=Counter)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)
    #: from the request to the response, which is a little longer than the handlers run; by the control path
    _unanswered: dict[str, set[WaitingCall]] = attrs.field(factory=dict)

    def begin(self, call: Call) -> Response | WaitingCall:
        """Call the handler: the response, or the rest of the call if the handler has to be waited for."""
        try:
            if self._runner is None:
                returned = call.action.call(call.service.handler, call.arguments, call.caller)
            else:
                returned = self._runner.call(call)
        except Exception as error:
            return self._failed(call, error)
        # `inspect.isawaitable` takes as long as the rest of this function
        if not hasattr(type(returned), "__await__"):
            return self._returned(call, returned)
        waiting = WaitingCall(self, call, cast("Awaitable[object]", returned))
        self._unanswered.setdefault(call.service.control_path, set()).add(waiting)
        return waiting

    def _no_room(self, address: str) -> str | None:
        if not self._waiting_of_address[address]:
            return None
        if self._waiting[peer_of(address)] >= MAX_WAITING_CALLS_OF_ONE_PEER:
            return TOO_MANY_CALLS_OF_ONE_PEER
        return TOO_MANY_CALLS if self._waiting.total() >= MAX_WAITING_CALLS else None

    def _count(self, address: str, number: int) -> None:
        for counter, key in ((self._waiting, peer_of(address)), (self._waiting_of_address, address)):
            counter[key] += number
            if not counter[key]:
                del counter[key]

    async def wait(self, waiting: WaitingCall) -> Response:
        """The response to a call whose handler has to be waited for."""
        call, scope = waiting.call, waiting.scope
        reason = self._no_room(call.caller.address)
        if reason is not None or scope.cancel_called:
            _close(waiting.awaitable)
            await trio.lowlevel.checkpoint()
            return self._failed(call, NO_LONGER_SERVED) if reason is None else self._refused(reason)
        scope.deadline = trio.current_time() + HANDLER_SECONDS
        self._count(call.caller.address, 1)
        try:
            with scope:
                return self._returned(call, await waiting.awaitable)
        except Exception as error:
            return self._failed(call, error)
        finally:
            self._count(call.caller.address, -1)
        if trio.current_time() < scope.deadline:
            return self._failed(call, NO_LONGER_SERVED)
        if self._log_limit.is_news(f"slow {_name(call)}", call.caller.address, trio.current_time()):
            logger.warning("%s: %s", _name(call), TOO_SLOW)
        return self._failed(call, TOO_SLOW)

    def cancel(self, service: PublishedService) -> None:
        """Cancel the handlers of *service*, which is no longer served."""
        for waiting in self._unanswered.pop(service.control_path, ()):
            waiting.scope.cancel(reason="the service is no longer served")

    def forget(self, waiting: WaitingCall) -> None:
        """*waiting* has ended, in whatever way."""
        path = waiting.call.service.control_path
        others = self._unanswered.get(path, set())
        others.discard(waiting)
        if not others:
            self._unanswered.pop(path, None)

    def _refused(self, reason: str) -> Response:
        self.stats.refused[reason] += 1
        return error_response(503)

    def _returned(self, call: Call, returned: object) -> Response:
        action = call.action
        try:
            assert call.service.handler is not None
            texts = result_texts(call.service.handler.description, action.description, dict(action.results(returned)))
            body = render_result(call.service_type, action.description.name, texts)
        except Exception as error:
            return self._failed(call, error)
        self._report(call, None)
        return result_response(body)

    def _failed(self, call: Call, error: Exception) -> Response:
        fault = only_error(error)  # the nursery of a handler has put it into a group
        if not isinstance(fault, UpnpError):
            fault = UpnpError(501)
            # a peer that can cause a fault may do so again and again
            if self._log_limit.is_news(_name(call), call.caller.address, trio.current_time()):
                logger.error("the handler of %s failed", _name(call), exc_info=error)
        self._report(call, fault.code)
        return fault_response(fault)

    def _report(self, call: Call, code: int | None) -> None:
        self.stats.calls += 1
        if code is not None:
            self.stats.faults[code] += 1
        if self.events.wanted:
            self.events.publish(
                ActionCalled(
                    peer=call.caller.address,
                    service_id=call.service.service_id,
                    action=call.action.description.name,
                    error=code,
                    user_agent=call.caller.user_agent,
                )
            )


@attrs.define(eq=False, repr=False)
class WaitingCall:
    """A call whose handler has to be waited for."""

    _calls: Calls
    call: Call
    awaitable: Awaitable[object]
    #: its deadline is set when the handler begins
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def respond(self) -> Response:
        """The result of the action, or its fault."""
        try:
            return await self._calls.wait(self)
        finally:
            self._calls.forget(self)

    def sent(self) -> None:
        """Nothing follows from a call."""

    def abandon(self) -> None:
        """Close the handler if it has not begun."""
        _close(self.awaitable)
        self._calls.forget(self)


def _close(awaitable: Awaitable[object]) -> None:
    # Python warns of a coroutine that nobody awaits
    if iscoroutine(awaitable):
        awaitable.close()


def _name(call: Call) -> str:
    return f"{call.service.service_id} {call.action.description.name}"
