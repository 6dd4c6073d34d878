"""Counts the objects that are reachable from a device, through any attribute."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import trio

__all__ = ["held_by", "living_objects"]

# Objects that belong to the program or to trio, and not to one device.
_NOT_HELD = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType)


def held_by(holder: object, *, but: Iterable[object] = ()) -> int:
    """How many objects are reachable from *holder*, without *but* and what is reachable through it alone.

    Tasks and nurseries are left out, as trio's whole run is reachable from any of them.
    """
    gc.collect()  # a set of weak references has those to garbage until then
    seen = {id(left_out) for left_out in but}
    waiting, found = [holder], 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _NOT_HELD) or type(one).__module__.partition(".")[0] == "trio":
            continue
        seen.add(id(one))
        found += 1
        waiting += gc.get_referents(one)
    return found


def living_objects() -> int:
    """How many container objects this process has after a garbage collection.

    Cancel scopes are left out: trio keeps up to a thousand whose deadline was moved or is over, until it tidies up.
    """
    gc.collect()
    return sum(not _is_of_a_deadline(one) for one in gc.get_objects())


def _is_of_a_deadline(one: object) -> bool:
    if isinstance(one, tuple):
        return len(one) == 3 and isinstance(one[2], trio.CancelScope)
    return isinstance(one, trio.CancelScope) or type(one).__qualname__ == "CancelReason"
