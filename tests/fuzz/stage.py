"""Where the harnesses play: trio on a clock of its own, with the same chance for the same input."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import trio
import trio.testing
from trio._core import _run as trio_scheduler  # private, yet what hypothesis and pytest-trio do as well

__all__ = ["play"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def play(data: bytes, main: Callable[[*Ts], Awaitable[T]], *arguments: *Ts) -> T:
    """Run *main*; trio's tasks take turns by chance, which *data* decides, so that a finding can be replayed."""
    trio_scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]  # Final, but for such as us
    trio_scheduler._r.seed(zlib.crc32(data))
    return trio.run(main, *arguments, clock=trio.testing.MockClock(autojump_threshold=0))
