"""The order in which trio runs tasks that are ready together: by chance, or by a seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from trio._core import _run as trio_scheduler  # private, yet what hypothesis and pytest-trio do as well

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let *seed* decide that order in the body. For tests that compare two runs; others should bear any order."""
    before = trio_scheduler._r.getstate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trio_scheduler, "_ALLOW_DETERMINISTIC_SCHEDULING", True)
        trio_scheduler._r.seed(seed)
        yield
    trio_scheduler._r.setstate(before)
