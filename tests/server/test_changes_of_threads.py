"""Variables that any thread may assign: their events have the order of the assignments, and few are on their way."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Annotated, cast

import pytest

from tests.bridging.lamps import Lamp
from upnp_trio import LastChange, ServiceHandler, StateVariable
from upnp_trio.documents.publication import PublishedService
from upnp_trio.server.changes_of_threads import ChangesOfThreads

SERVICE = cast(PublishedService, object())


@pytest.fixture
def many_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Loop:
    """Stands for the loop that serves: what was posted is called when a test says so."""

    def __init__(self) -> None:
        self.posted: list[Callable[[], None]] = []
        self.noted: list[tuple[str, object]] = []
        self.changes = ChangesOfThreads(lambda _, name, value: self.noted.append((name, value)), self.post)

    def post(self, deliver: Callable[[], None]) -> bool:
        self.posted.append(deliver)
        return True

    def turn(self) -> None:
        posted, self.posted = self.posted, []
        for deliver in posted:
            deliver()

    def connect(self, handler: ServiceHandler) -> None:
        handler.connect(lambda name, value: self.changes.note(SERVICE, name, value), self.changes)


def test_a_forked_child_delivers_nothing() -> None:
    loop, lamp = Loop(), Lamp()
    loop.connect(lamp)
    loop.changes.forget_threads()  # as in a child, which has the parent's loop and does not run it
    lamp.level = 7
    assert (lamp.level, loop.posted, loop.noted) == (7, [], [])


def test_changes_between_two_turns_are_delivered_in_one_with_the_newest_values() -> None:
    loop, lamp = Loop(), Lamp()
    loop.connect(lamp)
    for level in range(1, 1000):
        lamp.level = level
        lamp.other = -level
    assert len(loop.posted) == 1
    loop.turn()
    assert loop.noted == [("Level", 999), ("Other", -999)]
    lamp.other = 0
    loop.turn()
    assert loop.noted[2:] == [("Other", 0)]


@pytest.mark.usefixtures("many_switches")
def test_the_last_event_of_a_thousand_assignments_from_ten_threads_has_the_value_that_the_variable_has() -> None:
    loop, lamp = Loop(), Lamp()
    loop.connect(lamp)
    together = threading.Barrier(11)

    def assign(number: int) -> None:
        together.wait()
        for level in range(100):
            lamp.level = 1000 * number + level

    threads = [threading.Thread(target=assign, args=(number,)) for number in range(1, 11)]
    for thread in threads:
        thread.start()
    together.wait()
    while any(thread.is_alive() for thread in threads):
        loop.turn()
    for thread in threads:
        thread.join()
    loop.turn()
    values = [cast(int, value) for _, value in loop.noted]
    assert values[-1] == lamp.level
    for number in range(1, 11):  # each thread's own assignments are in order
        own = [value for value in values if value // 1000 == number]
        assert own == sorted(own)


class Renderer(ServiceHandler, service_type="urn:example-com:service:Renderer:1"):
    last_change: Annotated[LastChange, StateVariable("LastChange")] = LastChange(LastChange.RENDERING_CONTROL)


@pytest.mark.usefixtures("many_switches")
def test_no_change_of_last_change_is_lost_between_two_threads() -> None:
    loop, renderer = Loop(), Renderer()
    loop.connect(renderer)
    taken: list[str] = []

    def change() -> None:
        for number in range(2000):
            renderer.last_change.set(number % 50, "Volume", number)

    thread = threading.Thread(target=change)
    thread.start()
    while thread.is_alive():
        if (text := renderer.last_change.take()) is not None:
            taken.append(text)
        renderer.variables()
    thread.join()
    taken.append(renderer.last_change.take() or "")
    for number in range(2000 - 50, 2000):
        assert any(f'<Volume val="{number}"/>' in text for text in taken)


def test_a_device_whose_handlers_run_elsewhere_may_be_assigned_anywhere_and_others_may_not() -> None:
    lamp = Lamp()
    lamp.connect(lambda name, value: None)
    errors: list[Exception] = []

    def assign() -> None:
        try:
            lamp.level = 1
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=assign)
    thread.start()
    thread.join()
    assert "upnp_trio.threads" in str(errors[0])
