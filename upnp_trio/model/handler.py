"""What carries out the actions of a service, as the rest of the package sees it; `ServiceHandler` is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from upnp_trio.model.caller import Caller
    from upnp_trio.model.device import Service
    from upnp_trio.model.service import ActionDescription, ServiceDescription

__all__ = ["BoundAction", "Handler", "SupportsAsService"]


class BoundAction(Protocol):
    """An action and the method that carries it out."""

    @property
    def description(self) -> ActionDescription:
        """The action as the SCPD has it."""
        ...

    @property
    def may_block(self) -> bool:
        """Whether the method is a plain function of the user's, which may take its time where it has a thread."""
        ...

    def call(self, handler: Any, arguments: Mapping[str, object], caller: Caller) -> object:  # noqa: ANN401
        """Call the method of *handler* with *arguments*, typed values by the SCPD's argument names.

        Returns what the method returns: a value, or an awaitable of one.
        """
        ...

    def results(self, returned: object) -> Sequence[tuple[str, object]]:
        """What the method *returned*, as the name and value of each out argument, in the SCPD's order.

        Raises `TypeError` if it is not what the method's annotation promises.
        """
        ...


class Handler(Protocol):
    """Carries out the actions of one service, and holds its state variables."""

    @property
    def description(self) -> ServiceDescription:
        """What the SCPD says."""
        ...

    @property
    def actions(self) -> Mapping[str, BoundAction]:
        """The actions, by name."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether a device is served with it."""
        ...

    def variables(self) -> dict[str, object]:
        """The values of the state variables now, by the SCPD's names; those without a value are left out."""
        ...

    def connect(
        self, on_change: Callable[[str, object], None], lock: AbstractContextManager[object] | None = None
    ) -> None:
        """Call *on_change* with the SCPD's name and the new value of each variable that changes from now on.

        With *lock*, variables may be assigned in any thread. Each assignment and its call of *on_change* hold the lock,
        so that the calls have the order of the assignments. Without it, only the calling thread may assign variables.

        Raises `RuntimeError` if this handler is connected already: it can be one service of one device only.
        """
        ...

    def disconnect(self) -> None:
        """Call `connect`'s function no more."""
        ...

    async def run_while_served(self) -> None:
        """Runs in a task of its own, and is cancelled when the service is no longer served."""
        ...


@runtime_checkable
class SupportsAsService(Protocol):
    """What `Device.services` takes in place of a `Service`: the handler of its actions."""

    def as_service(self) -> Service:
        """The service."""
        ...
