"""A device that is served in a thread of its own, as other threads see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import trio

from upnp_trio.errors import DeviceFailed, HandlerFailed
from upnp_trio.monitoring.events import EVENTS_BUFFERED, check_buffer
from upnp_trio.tasks.groups import only_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from upnp_trio.bridging.event_buffer import EventBuffer
    from upnp_trio.bridging.into_trio import Submitted
    from upnp_trio.bridging.trio_thread import TrioThread
    from upnp_trio.model.device import RootDevice
    from upnp_trio.model.names import Udn
    from upnp_trio.monitoring.stats import Stats
    from upnp_trio.network.interfaces import Choice
    from upnp_trio.server.running import Location, Running

__all__ = ["EVENTS_BUFFERED", "RunningDevice", "failure_of"]

H = TypeVar("H")
R = TypeVar("R")
B = TypeVar("B", bound="EventBuffer")


class RunningDevice:
    """What may be read of served devices from any thread: values that are replaced as a whole."""

    def __init__(self, thread: TrioThread[Running]) -> None:
        self._thread = thread
        self._running = thread.opened.result()

    @property
    def stats(self) -> Stats:
        """The counters, which go on; ``stats.snapshot()`` returns their values at one moment."""
        return self._there().stats

    @property
    def devices(self) -> tuple[RootDevice, ...]:
        """The root devices as they are served: with their UDNs, URLs and CONFIGID."""
        return self._there().devices

    @property
    def device(self) -> RootDevice:
        """The root device, the first of several."""
        return self._there().device

    @property
    def where(self) -> tuple[Location, ...]:
        """One entry for each device and served interface address; empty while the host has no network."""
        return self._there().where

    @property
    def locations(self) -> tuple[str, ...]:
        """The URLs of the description documents: LOCATION at each interface address."""
        return self._there().locations

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Which interfaces are served, and why the others are not."""
        return self._there().choices

    @property
    def boot_id(self) -> int:
        """BOOTID: rises with each start and each change of the network (UDA 2.0 §1.2.2)."""
        return self._there().boot_id

    @property
    def port(self) -> int | None:
        """The TCP port of HTTP; ``None`` until there has been an address to serve on."""
        return self._there().port

    def service(self, kind: type[H], udn: Udn | UUID | str | None = None) -> H:
        """The living service of the class *kind*: the first one, or that of the device with *udn*.

        Its variables may be assigned in any thread, and each change is sent to the subscribers:
        ``running.service(SwitchPower).status = True``. Raises `LookupError` if there is none.
        """
        return self._there().service(kind, udn)

    # --- for the classes of asyncio and of threads ---

    def _there(self) -> Running:
        """The device, if it is there; raises the error that it has failed with."""
        if (failure := failure_of(self._thread)) is not None:
            raise failure
        if not self._thread.is_of_this_process:
            raise RuntimeError(
                "the device is served by the process that this one was forked from; serve it after the fork, in one "
                "process"
            )
        return self._running

    def _submit(self, function: Callable[..., Awaitable[R]], *arguments: object) -> Submitted[R]:
        from upnp_trio.bridging.into_trio import submit

        self._there()
        if self._thread.is_current:
            raise RuntimeError("this waits for the thread that serves the device, and was called in that thread")
        return submit(self._thread.token, function, *arguments)

    def _no_longer_served(self) -> Exception:
        """The error of a call that has found the device gone, after `TrioThread.ended`."""
        return failure_of(self._thread) or RuntimeError("the device is no longer served")

    def _add_receiver(self, buffer: B, max_buffered: int) -> B:
        check_buffer(max_buffered)
        try:
            self._thread.token.run_sync_soon(self._there()._add_receiver, buffer, buffer.has_reader)
        except trio.RunFinishedError:
            buffer.close()
        return buffer


def failure_of(thread: TrioThread[Running]) -> Exception | None:
    """The error that the devices of *thread* have failed with by themselves, for one more raise; ``None`` if none."""
    if thread.is_stuck:
        return DeviceFailed(
            "the thread of the device was left behind, as a coroutine function of a service blocks it; make it a plain "
            "function, or await what takes time"
        )
    if not thread.ended.done():
        return None
    error = thread.ended.exception()
    if isinstance(error, DeviceFailed | HandlerFailed):
        again = type(error)(*error.args)
        again.__cause__ = error.__cause__
        return again
    if isinstance(error, Exception) or error is None:
        return error
    failed = DeviceFailed(f"the thread of the device ended by {only_error(error)!r}")
    failed.__cause__ = error
    return failed
