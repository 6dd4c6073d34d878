"""The order in which trio runs tasks that are ready together: by chance, or by a seed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from trio._core import _run as trio_scheduler  # private, yet what hypothesis and pytest-trio do as well

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let *seed* decide that order in the body. For tests that compare two runs; others should bear any order."""
    random_state = trio_scheduler._r.getstate()
    was_deterministic = trio_scheduler._ALLOW_DETERMINISTIC_SCHEDULING
    trio_scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]  # trio has it Final
    trio_scheduler._r.seed(seed)
    try:
        yield
    finally:
        trio_scheduler._ALLOW_DETERMINISTIC_SCHEDULING = was_deterministic  # type: ignore[misc]
        trio_scheduler._r.setstate(random_state)
