"""The trio loop that a network in memory runs in, and the order in which it runs tasks that are ready together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio
from trio._core import _run as trio_scheduler  # private, yet what hypothesis and pytest-trio do as well

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["require_trio", "seeded"]


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


def require_trio() -> None:
    """Raise `RuntimeError` if no trio loop runs here: its clock is that of the network in memory."""
    if not trio.lowlevel.in_trio_run():
        raise RuntimeError(
            "a network in memory runs in a trio loop: by its method `run`, or with pytest-trio and @pytest.mark.trio; "
            "to test programs with asyncio or threads, use the fixture `upnp_device`"
        )
