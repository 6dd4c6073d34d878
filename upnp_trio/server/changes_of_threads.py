"""Changes of variables, from the threads that assign them to the thread that serves the device."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import RLock
from weakref import WeakSet

import attrs

from upnp_trio.documents.publication import PublishedService

__all__ = ["ChangesOfThreads"]


@attrs.define(eq=False, repr=False)
class ChangesOfThreads:
    """The changes that wait for their delivery, in the order of the assignments.

    If a variable changes more than once before that, its newest value is delivered, as if the changes had been
    made without an ``await`` in between. So there are never more than there are variables, and the thread that serves
    is woken up once for all of them.
    """

    #: called for each change, in the thread that serves
    _note: Callable[[PublishedService, str, object], None]
    #: `HandlerRunner.post`
    _post: Callable[[Callable[[], None]], bool]
    #: Held by an assignment from the comparison with the old value until the change is noted, by ``with changes: ...``.
    #: It is reentrant, because a signal handler may assign a variable while its thread does.
    _lock: RLock = attrs.field(factory=RLock)
    _changes: dict[tuple[PublishedService, str], object] = attrs.field(factory=dict)
    _is_posted: bool = False

    def __attrs_post_init__(self) -> None:
        _all.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def note(self, service: PublishedService, name: str, value: object) -> None:
        """Note that the variable *name* of *service* has changed; callable from any thread."""
        with self:
            self._changes[service, name] = value
            if not self._is_posted:
                self._is_posted = self._post(self.deliver)

    def deliver(self) -> None:
        """Note all changes that wait; in the thread that serves."""
        with self:
            changes, self._changes = self._changes, {}
            self._is_posted = False
        for (service, name), value in changes.items():
            self._note(service, name, value)

    def forget_threads(self) -> None:
        """Deliver nothing any more: this is the copy of a forked child, which does not serve.

        A thread may have had the lock that the child does not have, and would never release it.
        """
        self._lock = RLock()
        self._is_posted = True


_all: WeakSet[ChangesOfThreads] = WeakSet()


def _forget_threads() -> None:
    for changes in _all:
        changes.forget_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
