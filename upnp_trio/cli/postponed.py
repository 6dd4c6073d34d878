"""Modules that trio imports and this command mostly does not use, imported when they are.

trio imports `ssl` for its TLS streams. That loads OpenSSL's TLS library, a twentieth of the command's memory, and the
command speaks TLS with nobody but the servers of announced pages (``python -m benchmarks --parts memory``).
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["postpone", "withdraw"]


class _Postponed(ModuleType):
    """Stands for a module until something of it is used. An ``import`` uses nothing of it, unlike with `LazyLoader`."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)


def postpone(name: str) -> None:
    """Let ``import`` of the module *name* import nothing yet; does nothing if it is imported already."""
    if name not in sys.modules:
        sys.modules[name] = module = _Postponed(name)
        module.__spec__ = ModuleSpec(name, None)


def withdraw() -> None:
    """Let the next ``import`` of a postponed module import the module itself, for code that is not ours.

    Assignments to the stand-in would be lost. Those who have it already keep it, and it works for them as before.
    """
    for name in [name for name, module in sys.modules.items() if isinstance(module, _Postponed)]:
        del sys.modules[name]
