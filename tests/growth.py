"""What a device holds on to, counted: whatever is reachable from it, whichever attribute it hangs on."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

__all__ = ["held_by", "living_objects"]

# What belongs to the program, or to trio, and not to one device.
_NOT_HELD = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType)


def held_by(holder: object, *, but: Iterable[object] = ()) -> int:
    """How many objects are reachable from *holder*, without *but* and what is reachable through it alone.

    Tasks and nurseries are left out, as trio's whole run is reachable from any of them.
    """
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
    """How many objects that can hold others there are in this process, once the garbage is gone."""
    gc.collect()
    return len(gc.get_objects())
