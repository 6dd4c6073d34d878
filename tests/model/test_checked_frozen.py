"""Values that are frozen for the type checker alone."""

from __future__ import annotations

from upnp_trio.model.checked_frozen import checked_frozen


@checked_frozen
class Point:
    x: int


def test_only_the_type_checker_refuses_to_change_a_value() -> None:
    point = Point(1)
    point.x = 2  # type: ignore[misc]  # mypy complains about this comment where it accepts the assignment
    assert point == Point(2)
    assert not hasattr(point, "__dict__")
