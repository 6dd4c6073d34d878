"""Makes the real devices of one test, apart from those of other tests."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Unpack

from upnp_trio.testing.isolation import Impossible, loopback_alone, why_no_multicast_on_loopback
from upnp_trio.testing.real_device import RealDevice

if TYPE_CHECKING:
    from types import TracebackType

    from upnp_trio.model.device import RootDevice
    from upnp_trio.server.options import ServeOptions

__all__ = ["DeviceFactory"]


class DeviceFactory:
    """Makes devices on loopback, which end when it does; a context manager.

    Unless it *is_alone* on this loopback, as in a network namespace of its own, it waits until other tests of this user
    have no devices there, and keeps them waiting. Raises `TimeoutError` if they do not end, and
    ``upnp_trio.testing.isolation.Impossible`` where multicast does not pass loopback.
    """

    def __init__(self, *, is_alone: bool = False) -> None:
        if problem := why_no_multicast_on_loopback():
            raise Impossible(problem)
        self._stack = ExitStack()
        if not is_alone:
            self._stack.enter_context(loopback_alone())

    def __enter__(self) -> DeviceFactory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, where)

    def __call__(self, device: RootDevice, address: str = "127.0.0.1", **options: Unpack[ServeOptions]) -> RealDevice:
        """A device that runs until the end of the test, at an address of loopback.

        *options* are those of `upnp_trio.serve_device`. A device without a UDN gets one that no other test has.
        """
        return self._stack.enter_context(RealDevice(device, address, **options))
