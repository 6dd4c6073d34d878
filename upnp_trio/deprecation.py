"""How a public name, argument or key goes: its use warns first, for as long as docs/project/versioning.md says.

A module keeps an old name of a class or function working by ``__getattr__ = renamed_names(__name__, {...})``.
Everything else calls `warn_deprecated` where the old form is noticed, in the thread and task of the caller.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Renamed", "renamed_names", "warn_deprecated"]

# `async with` and `with` reach code of ours by way of contextlib, and `from ... import` by way of importlib
_BETWEEN = (os.path.join(os.path.dirname(__file__), ""), contextlib.__file__, "<frozen importlib.")


class Renamed(NamedTuple):
    """What a name is called now, and the releases that deprecate and remove the old name."""

    new: str
    since: str
    gone_in: str


def warn_deprecated(what: str, *, instead: str, since: str, gone_in: str) -> None:
    """Warn that *what*, such as ``"the argument ttl of serve_device"``, is deprecated and what to use *instead*.

    *since* and *gone_in* are the releases that deprecate and remove it. The `DeprecationWarning` names the line that
    called the package.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    warnings.warn_explicit(
        f"{what} is deprecated since upnp_trio {since} and will be gone in {gone_in}; use {instead}",
        DeprecationWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def renamed_names(
    module: str, names: Mapping[str, Renamed], otherwise: Callable[[str], object] | None = None
) -> Callable[[str], object]:
    """The ``__getattr__`` of *module*, which has the old *names* as well and warns when one is used.

    *otherwise* is the one that a module has already, such as those that import their names on use.
    """

    def look_up(name: str) -> object:
        if name not in names:
            if otherwise is not None:
                return otherwise(name)
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new, since, gone_in = names[name]
        warn_deprecated(f"{module}.{name}", instead=f"{module}.{new}", since=since, gone_in=gone_in)
        return getattr(sys.modules[module], new)

    return look_up
