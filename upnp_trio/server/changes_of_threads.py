"""Changes of variables on their way from the threads that assigned them to the one that serves the device."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

import attrs

from upnp_trio.documents.publication import PublishedService

__all__ = ["ChangesOfThreads"]


@attrs.define(eq=False, repr=False)
class ChangesOfThreads:
    """The changes that wait for their delivery, in the order of the assignments.

    Of a variable that changes more than once before that, the newest value is delivered, as if the changes had been
    made without an ``await`` in between. So there are never more than there are variables, and the thread that serves
    is woken up once for all of them.
    """

    #: is called in the thread that serves, for each change
    _note: Callable[[PublishedService, str, object], None]
    #: `HandlerRunner.post`
    _post: Callable[[Callable[[], None]], bool]
    #: Held by an assignment from the comparison with the old value until the change is noted. It is reentrant, because
    #: a signal handler may assign a variable while its thread does.
    lock: RLock = attrs.field(factory=RLock)
    _changes: dict[tuple[PublishedService, str], object] = attrs.field(factory=dict)
    _is_posted: bool = False

    def note(self, service: PublishedService, name: str, value: object) -> None:
        """The variable *name* of *service* has changed; callable from any thread."""
        with self.lock:
            self._changes[service, name] = value
            if not self._is_posted:
                self._is_posted = self._post(self.deliver)

    def deliver(self) -> None:
        """Note all changes that wait; in the thread that serves."""
        with self.lock:
            changes, self._changes = self._changes, {}
            self._is_posted = False
        for (service, name), value in changes.items():
            self._note(service, name, value)
