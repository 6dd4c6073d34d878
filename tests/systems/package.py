"""The package as a simulated system sees it, beside the package as it is.

Its modules are imported a second time, with an ``__import__`` of their own that gives them stand-ins for the modules of
the system, at module level and within functions alike. trio, attrs and the standard library stay on the real system.
"""

from __future__ import annotations

import builtins
import enum
import errno
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

from tests.systems.rules import Rules

__all__ = ["SimulatedPackage", "StandIn", "modules_of"]

PACKAGE = "upnp_trio"


class StandIn(ModuleType):
    """A module that has its *own* names, those of the *real* one that are not *missing*, and no others."""

    def __init__(self, real: ModuleType | None, name: str, own: Mapping[str, object], *missing: str) -> None:
        super().__init__(name)
        vars(self).update(own)
        self._real, self._missing = real, frozenset(missing)

    def __getattr__(self, name: str) -> object:
        if self._real is None or name in self._missing:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on this system")
        return getattr(self._real, name)


def modules_of(rules: Rules) -> dict[str, ModuleType]:
    """Stand-ins for what any module may import; `socket` and what asks the kernel are the kernel's."""
    numbers = {number: name for name, number in reversed(list(rules.errnos.items())) if number < 200}

    def strerror(number: int) -> str:
        # Windows's table is that of its C library, which has no text for Winsock's errors
        return os.strerror(getattr(errno, numbers[number])) if number in numbers else "Unknown error"

    signals = enum.IntEnum("Signals", dict(rules.signals))  # type: ignore[misc]  # its names are known at run time only
    of_os = {"strerror": strerror} | ({"name": "nt", "supports_dir_fd": set()} if rules.platform == "win32" else {})
    clocks = (
        ("clock_gettime", "CLOCK_BOOTTIME", "CLOCK_MONOTONIC") if rules.platform == "win32" else ("CLOCK_BOOTTIME",)
    )
    return {
        "sys": StandIn(sys, "sys", {"platform": rules.platform}),
        "os": StandIn(os, "os", of_os, *rules.missing_in_os),
        "errno": StandIn(None, "errno", rules.errnos),
        "signal": StandIn(
            signal, "signal", {"Signals": signals, **signals.__members__}, *(each.name for each in signal.Signals)
        ),
        "time": StandIn(time, "time", {}, *clocks),
    }


class _Loader(SourceFileLoader):
    """Runs a module with the stand-ins in place of what it imports."""

    def __init__(self, name: str, path: str, stand_ins: Mapping[str, ModuleType], missing: frozenset[str]) -> None:
        super().__init__(name, path)
        self._stand_ins, self._missing = stand_ins, missing

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
        code = self.get_code(module.__name__)
        assert code is not None
        exec(code, vars(module))  # as every loader does

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level == 0 and name in self._stand_ins:
            return self._stand_ins[name]
        if level == 0 and name in self._missing:
            raise ModuleNotFoundError(f"No module named {name!r} on this system", name=name)
        return builtins.__import__(name, globals, locals, fromlist or (), level)


class SimulatedPackage:
    """The package on one system. Its modules are imported once, and are those of `sys.modules` while it is `active`."""

    def __init__(self, rules: Rules, stand_ins: Mapping[str, ModuleType]) -> None:
        self._rules, self._stand_ins = rules, stand_ins
        self._modules: dict[str, ModuleType] = {}

    @contextmanager
    def active(self) -> Iterator[SimulatedPackage]:
        """Let what imports the package get this one."""
        real = _take_out()
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)
        try:
            yield self
        finally:
            sys.meta_path.remove(self)
            self._modules = _take_out()
            sys.modules.update(real)

    def module(self, name: str) -> ModuleType:
        """The module upnp_trio.*name*; only while this is active."""
        return importlib.import_module(f"{PACKAGE}.{name}" if name else PACKAGE)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python's importing asks for each module."""
        if fullname.partition(".")[0] != PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._stand_ins, self._rules.missing)
        return spec


def _take_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
    return {name: sys.modules.pop(name) for name in names}
