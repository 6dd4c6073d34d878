"""Runs a harness in trio, on a mock clock and with random choices that depend only on the input."""

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
    """Run *main*. *data* decides the order in which trio runs tasks, so that a finding can be replayed."""
    trio_scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]  # Final, but for such as us
    trio_scheduler._r.seed(zlib.crc32(data))
    return trio.run(main, *arguments, clock=trio.testing.MockClock(autojump_threshold=0))
