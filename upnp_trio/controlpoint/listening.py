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
from upnp_trio.network.asking import AskingNetwork, ReceivedDatagram
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
    on_datagram: Callable[[ReceivedDatagram, Interface], None]
    #: called with the system's number of each interface that is not used any more
    on_gone: Callable[[int], None]
    #: called after a change of the network has been followed, with whether the host has slept meanwhile
    on_change: Callable[[bool], None]
    #: which interfaces are used, and why, as of the last look at the network
    choices: tuple[Choice, ...] = ()
    #: the interfaces that are used, by family, each with the scope that it is received in, if it is
    _scopes: dict[Interface, trio.CancelScope | None] = attrs.field(factory=dict)
    #: those that could not be received on, so that each is logged once
    _failing: set[Interface] = attrs.field(factory=set)

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
            has_slept = await self.network.wait_for_change()
            try:
                interfaces = self.network.interfaces()
            except NetworkError as error:
                logger.warning("cannot look at the network, so what is used stays as it is: %s", error)
                continue
            self._use(interfaces, nursery)
            self.on_change(has_slept)

    def _use(self, interfaces: list[Interface], nursery: trio.Nursery) -> None:
        self.choices = tuple(self.settings.choose(interfaces))
        # by family, so that what one cannot do does not cost the other
        by_family = (each.of_family(version) for each in self.interfaces for version in (4, 6))
        wanted = [interface for interface in by_family if interface.addresses]
        indices = {interface.index for interface in wanted}
        for interface in [known for known in self._scopes if known not in wanted]:
            if (scope := self._scopes.pop(interface)) is not None:
                scope.cancel(reason="the interface or its addresses are gone")
            if interface.index not in indices:
                self.on_gone(interface.index)
        for interface in wanted:
            if self._scopes.setdefault(interface) is None and self.settings.listen:
                self._open(interface, nursery)

    def _open(self, interface: Interface, nursery: trio.Nursery) -> None:
        """Receive on *interface*. Searches work without; should this fail, the next look is another attempt."""
        with ExitStack() as stack:
            try:
                receivers = stack.enter_context(self.network.open_receivers(interface))
            except NetworkError as error:
                if interface not in self._failing:
                    self._failing.add(interface)
                    logger.warning("announcements on %s are not received: %s", interface.name, error)
                return
            self._failing.discard(interface)
            scope = self._scopes[interface] = trio.CancelScope()
            nursery.start_soon(self._receive_all, interface, receivers, scope, stack.pop_all())

    async def _receive_all(
        self, interface: Interface, receivers: tuple[Receiver, ...], scope: trio.CancelScope, stack: ExitStack
    ) -> None:
        with stack, scope:
            async with trio.open_nursery() as nursery:
                for receiver in receivers:
                    nursery.start_soon(self._receive, interface, receiver)

    async def _receive(self, interface: Interface, receiver: Receiver) -> NoReturn:
        links, destination = LinkCheck(interface), receiver.bound_to
        while True:
            await receiver.wait()
            number = 0
            for payload, source in receiver.drain():
                number += 1
                if links.is_on_link(source[0]):
                    datagram = ReceivedDatagram(payload, source, trio.current_time(), destination)
                    self.on_datagram(datagram, interface)
            await trio.sleep(pause_after(number))
