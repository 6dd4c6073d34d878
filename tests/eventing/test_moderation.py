"""Which changes become events, and when."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.eventing.last_change import LAST_CHANGE_SECONDS, LastChange
from upnp_trio.eventing.moderation import PendingChanges
from upnp_trio.model.service import Number, ServiceDescription, VariableDescription


def variable(
    name: str, *, evented: bool = True, maximum_rate: float = 0.0, minimum_delta: Number | None = None
) -> VariableDescription:
    return VariableDescription(
        name=name, data_type="string", evented=evented, maximum_rate=maximum_rate, minimum_delta=minimum_delta
    )


SERVICE = ServiceDescription(
    variables=[
        variable("Plain"),
        variable("Other"),
        variable("Slow", maximum_rate=2.0),
        variable("Coarse", minimum_delta=5),
        variable("Both", maximum_rate=2.0, minimum_delta=5),
        variable("Silent", evented=False),
    ]
)


def pending(values: Mapping[str, object] | None = None) -> PendingChanges:
    return PendingChanges(SERVICE, values)


def test_changes_made_together_leave_together_with_their_newest_values() -> None:
    changes = pending()
    changes.note("Plain", 1, 5.0)
    changes.note("Other", "a", 5.0)
    changes.note("Plain", 2, 5.0)
    assert changes.next_due() == 5.0
    assert changes.due(5.0) == [("Plain", 2), ("Other", "a")]
    assert (changes.due(5.0), changes.next_due()) == ([], None)


def test_a_value_that_subscribers_know_is_no_event() -> None:
    changes = pending({"Plain": 1})
    changes.note("Plain", 1, 0.0)
    assert changes.next_due() is None
    changes.note("Plain", 2, 0.0)
    changes.note("Plain", 1, 0.0)
    assert (changes.next_due(), changes.due(0.0)) == (None, [])
    changes.note("Plain", 2, 0.0)
    assert changes.due(0.0) == [("Plain", 2)]
    changes.note("Plain", 2, 1.0)
    assert changes.due(1.0) == []


def test_a_variable_that_is_not_evented_or_unknown_sends_none() -> None:
    changes = pending()
    changes.note("Silent", 1, 0.0)
    changes.note("Unknown", 1, 0.0)
    assert (changes.next_due(), changes.due(0.0)) == (None, [])


def test_an_early_change_waits_and_the_newest_value_leaves() -> None:
    changes = pending()
    changes.note("Slow", 1, 10.0)
    assert changes.due(10.0) == [("Slow", 1)]
    changes.note("Slow", 2, 10.5)
    changes.note("Plain", 1, 10.5)
    assert changes.next_due() == 10.5
    assert changes.due(10.5) == [("Plain", 1)]
    changes.note("Slow", 3, 11.0)
    assert changes.next_due() == 12.0
    assert changes.due(11.9) == []
    assert changes.due(12.0) == [("Slow", 3)]
    changes.note("Slow", 4, 20.0)
    assert changes.next_due() == 20.0
    assert changes.due(20.0) == [("Slow", 4)]


def test_an_early_change_that_is_taken_back_never_leaves() -> None:
    changes = pending()
    changes.note("Slow", 1, 0.0)
    changes.due(0.0)
    changes.note("Slow", 2, 0.5)
    changes.note("Slow", 1, 1.0)
    assert (changes.next_due(), changes.due(2.0)) == (None, [])


@pytest.mark.parametrize(
    ("known", "delta", "value", "leaves"),
    [
        (10, 5, 14, False),
        (10, 5, 15, True),
        (10, 5, 5, True),
        (10, 5, 6, False),
        (0.2, 0.1, 0.3, True),  # as floats, the difference is less
        (Decimal("0.2"), 0.1, Decimal("0.3"), True),
        (1, Decimal("0.5"), 1.25, False),
        (10, 5, float("nan"), True),
        (10, 5, float("inf"), True),
        ("a", 5, "b", True),
        (False, 5, True, True),
        (None, 5, 1, True),
    ],
)
def test_a_number_must_move_far_enough(known: object, delta: Number, value: object, leaves: bool) -> None:
    service = ServiceDescription(variables=[variable("A", minimum_delta=delta)])
    changes = PendingChanges(service, {"A": known})
    changes.note("A", value, 0.0)
    assert [name for name, _ in changes.due(0.0)] == ["A"] * leaves


def test_small_steps_add_up_since_the_last_event() -> None:
    changes = pending({"Coarse": 0})
    left = []
    for value in range(1, 12):
        changes.note("Coarse", value, float(value))
        left += changes.due(float(value))
    assert left == [("Coarse", 5), ("Coarse", 10)]


def test_a_first_value_is_an_event_however_small() -> None:
    changes = pending()
    changes.note("Coarse", 1, 0.0)
    assert changes.due(0.0) == [("Coarse", 1)]


def test_both_rules_apply() -> None:
    changes = pending({"Both": 0})
    changes.note("Both", 5, 0.0)
    assert changes.due(0.0) == [("Both", 5)]
    changes.note("Both", 20, 1.0)
    changes.note("Both", 7, 1.5)  # near to what subscribers know
    assert changes.next_due() is None
    changes.note("Both", 10, 1.8)
    assert changes.next_due() == 2.0


def test_a_value_that_an_initial_event_told_is_followed_by_an_event() -> None:
    changes = pending({"Slow": 0})
    changes.note("Slow", 1, 0.0)
    changes.due(0.0)
    changes.note("Slow", 2, 0.5)
    changes.show(["Slow", "Plain"])  # a new subscriber is told 2
    changes.note("Slow", 1, 1.0)  # what the others know
    assert changes.due(2.0) == [("Slow", 1)]
    changes.note("Slow", 1, 5.0)
    assert changes.next_due() is None


def test_last_change_leaves_with_everything_that_was_set_in_between() -> None:
    service = ServiceDescription(variables=[variable("LastChange", maximum_rate=LAST_CHANGE_SECONDS)])
    changes = PendingChanges(service)
    last_change = LastChange("urn:x")
    now = 0.0
    last_change.connect(lambda: changes.note("LastChange", last_change, now))
    last_change.set(0, "Volume", 1)
    assert changes.due(0.0) == [
        ("LastChange", '<Event xmlns="urn:x"><InstanceID val="0"><Volume val="1"/></InstanceID></Event>')
    ]
    now = 0.05
    last_change.set(0, "Volume", 2)
    now = 0.1
    last_change.set(0, "Mute", 1)
    last_change.set(0, "Volume", 3)
    assert changes.next_due() == 0.2
    ((_, text),) = changes.due(0.2)
    assert text == '<Event xmlns="urn:x"><InstanceID val="0"><Volume val="3"/><Mute val="1"/></InstanceID></Event>'
    now = 1.0
    last_change.set(0, "Mute", 1)
    assert changes.next_due() is None


def test_a_deferred_value_that_has_nothing_to_say_sends_no_event() -> None:
    changes = pending()
    last_change = LastChange("urn:x")
    changes.note("Slow", last_change, 0.0)
    assert changes.due(0.0) == []
    last_change.set(0, "Mute", 1)
    changes.note("Slow", last_change, 0.1)
    assert changes.next_due() == 0.1  # nothing has left before


@given(st.lists(st.tuples(st.sampled_from(["Plain", "Slow"]), st.integers(0, 2), st.sampled_from([0.0, 0.5, 3.0]))))
def test_in_the_end_subscribers_know_the_newest_values_and_slow_events_keep_their_distance(
    steps: list[tuple[str, int, float]],
) -> None:
    values: dict[str, object] = {"Plain": 0, "Slow": 0}
    told = dict(values)
    changes = pending(values)
    now = 0.0
    slow_events = []
    for name, value, wait in steps:
        values[name] = value
        changes.note(name, value, now)
        now += wait
        for each, known in changes.due(now):
            assert told[each] != known
            told[each] = known
            slow_events += [now] * (each == "Slow")
    now += 2.0
    told.update(changes.due(now))
    assert (told, changes.next_due()) == (values, None)
    assert all(later - earlier >= 2.0 for earlier, later in pairwise(slow_events))
