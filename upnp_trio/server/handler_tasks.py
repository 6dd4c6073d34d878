"""The tasks that handlers have of their own, for as long as a device is served with them (`run_while_served`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.documents.publication import PublishedService
from upnp_trio.errors import HandlerFailed
from upnp_trio.model.handler import Handler

if TYPE_CHECKING:
    from upnp_trio.server.handler_runner import HandlerRunner  # noqa: TC004  # attrs does not evaluate it

__all__ = ["HandlerTasks"]


@attrs.define(eq=False, repr=False)
class _HandlerTask:
    handler: Handler
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    ended: trio.Event = attrs.field(factory=trio.Event)


@attrs.define(eq=False, repr=False)
class HandlerTasks:
    """Starts and cancels these tasks. One handler never has two of them at the same time."""

    _nursery: trio.Nursery
    #: ``None`` if handlers run right here
    _runner: HandlerRunner | None = None
    #: by service; one that was cancelled stays until it has ended
    _tasks: dict[PublishedService, _HandlerTask] = attrs.field(factory=dict)
    _ending: list[_HandlerTask] = attrs.field(factory=list)

    def start(self, service: PublishedService) -> None:
        """Run the task of the handler of *service*, as soon as an earlier one of the same handler has ended."""
        handler = service.handler
        assert handler is not None
        before = [task for task in self._ending if task.handler is handler]
        task = self._tasks[service] = _HandlerTask(handler)
        self._nursery.start_soon(self._run, service, task, before)

    def cancel(self, service: PublishedService) -> None:
        """Cancel the task of the handler of *service*, which is no longer served."""
        task = self._tasks.pop(service, None)
        if task is None:  # it was attached while the device stopped
            return
        task.scope.cancel(reason="the service is no longer served")
        if not task.ended.is_set():
            self._ending.append(task)

    async def _run(self, service: PublishedService, task: _HandlerTask, before: list[_HandlerTask]) -> None:
        try:
            for earlier in before:
                await earlier.ended.wait()
            with task.scope:
                if self._runner is None:
                    await task.handler.run_while_served()
                else:
                    await self._runner.run_while_served(task.handler)
        except Exception as error:
            name = f"{type(task.handler).__name__}.run_while_served"
            raise HandlerFailed(f"{name} of {service.service_id} failed: {type(error).__name__}: {error}") from error
        finally:
            task.ended.set()
            if task in self._ending:
                self._ending.remove(task)
