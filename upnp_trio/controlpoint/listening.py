"""Receives what is sent to SSDP's groups: announcements, and the searches of others (UDA 2.0 §1.2, §1.3).

Interfaces come, go and change while a control point is open. One task follows them; each interface that is received on
has a scope of its own within the nursery of that task's caller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.controlpoint.links import LinkCheck, pause_after
from upnp_trio.controlpoint.options import ControlPointSettings
from upnp_trio.errors import NetworkError
from upnp_trio.network.asking import AskingNetwork
from upnp_trio.network.endpoint import Address
from upnp_trio.network.interfaces import Choice, Interface, missing

if TYPE_CHECKING:
    from upnp_trio.network.endpoint import Receiver

__all__ = ["Listening"]

logger = logging.getLogger(__name__)


@attrs.define(eq=False, repr=False, kw_only=True)
class Listening:
    """Follows the interfaces, and receives on those that are chosen."""

    network: AskingNetwork
    settings: ControlPointSettings
    #: called with each datagram from the interface's link
    on_datagram: Callable[[bytes, Address, Interface], None]
    #: called with the system's number of each interface that is not used any more
    on_gone: Callable[[int], None]
    #: which interfaces are used, and why, as of the last look at the network
    choices: tuple[Choice, ...] = ()
    _scopes: dict[Interface, trio.CancelScope] = attrs.field(factory=dict)
    #: interfaces that could not be received on, so that each is logged once
    _failing: set[str] = attrs.field(factory=set)

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces to ask on, as of the last look."""
        return [choice.interface for choice in self.choices if choice.served]

    def start(self, nursery: trio.Nursery) -> None:
        """Look at the network for the first time, and receive, with tasks in *nursery*.

        Raises `NetworkError` if the interfaces cannot be listed, and if one that was asked for does not exist.
        """
        interfaces = self.network.interfaces()
        if problem := missing(interfaces, self.settings.interfaces):
            raise NetworkError(problem)
        self._use(interfaces, nursery)

    async def follow(self, nursery: trio.Nursery) -> NoReturn:
        """Follow the changes of the network until cancelled, with tasks in *nursery*."""
        while True:
            await self.network.wait_for_change()
            try:
                interfaces = self.network.interfaces()
            except NetworkError as error:
                logger.warning("cannot look at the network, so what is used stays as it is: %s", error)
                continue
            self._use(interfaces, nursery)

    def _use(self, interfaces: list[Interface], nursery: trio.Nursery) -> None:
        self.choices = tuple(self.settings.choose(interfaces))
        wanted = self.interfaces
        indices = {interface.index for interface in wanted}
        for interface in [known for known in self._scopes if known not in wanted]:
            self._scopes.pop(interface).cancel(reason="the interface or its addresses are gone")
            if interface.index not in indices:
                self.on_gone(interface.index)
        for interface in wanted:
            if interface not in self._scopes:
                self._scopes[interface] = trio.CancelScope()
                if self.settings.listen:
                    self._open(interface, nursery)

    def _open(self, interface: Interface, nursery: trio.Nursery) -> None:
        with ExitStack() as stack:
            try:
                receivers = stack.enter_context(self.network.open_receivers(interface))
            except NetworkError as error:
                # searches work without; the next change of the network is another attempt
                if interface.name not in self._failing:
                    self._failing.add(interface.name)
                    logger.warning("announcements on %s are not received: %s", interface.name, error)
                return
            self._failing.discard(interface.name)
            nursery.start_soon(self._receive_all, interface, receivers, stack.pop_all())

    async def _receive_all(self, interface: Interface, receivers: tuple[Receiver, ...], stack: ExitStack) -> None:
        # a scope that was cancelled before this task ran ends it at its first wait
        with stack, self._scopes.get(interface, _cancelled()):
            async with trio.open_nursery() as nursery:
                for receiver in receivers:
                    nursery.start_soon(self._receive, interface, receiver)

    async def _receive(self, interface: Interface, receiver: Receiver) -> NoReturn:
        links = LinkCheck(interface)
        while True:
            await receiver.wait()
            number = 0
            for datagram, source in receiver.drain():
                number += 1
                if links.is_on_link(source[0]):
                    self.on_datagram(datagram, source, interface)
            await trio.sleep(pause_after(number))


def _cancelled() -> trio.CancelScope:
    scope = trio.CancelScope()
    scope.cancel()
    return scope
