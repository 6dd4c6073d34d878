"""Importing Python code that the words of the command or a device file name, such as ``lamp:SwitchPower``.

A folder comes first on `sys.path` and stays there, because handlers may import more when they are called. What is
named is taken from that folder, or else from wherever Python finds it. A module of the same name that was imported
from elsewhere is an error, not a surprise.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from difflib import get_close_matches
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from upnp_trio.errors import CodeFailed, DescriptionError, UpnpTrioError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["call", "check_links", "import_object", "is_dotted_name", "traceback_of"]

T = TypeVar("T")

PACKAGE = Path(__file__).parents[1]
IMPORTLIB = Path(importlib.__file__).parent


def is_dotted_name(text: str) -> bool:
    """Whether *text* is a Python name, or several with dots between them."""
    return all(part.isidentifier() for part in text.split("."))


def import_object(module: str, attribute: str, folder: Path | None) -> object:
    """What *attribute*, a name or several with dots between them, is in *module*, found in *folder* or else elsewhere.

    With ``None``, `sys.path` stays as it is.
    Raises `DescriptionError` if there is no such module or attribute, and `CodeFailed` if the import fails otherwise.
    """
    found: object = _import(module, folder)
    owner = module
    for name in attribute.split("."):
        try:
            found = _run(getattr, found, name, what=f"reading {name!r} of {owner}", expected=AttributeError)
        except AttributeError as error:
            raise DescriptionError(f"{owner} has no attribute {name!r}{_hint(name, dir(found))}") from error
        owner = f"{owner}.{name}"
    return found


def call(function: Callable[[], object], name: str) -> object:
    """What *function* returns, which is called without arguments; *name* is its name in errors.

    Raises `DescriptionError` if it needs arguments or is async, and `CodeFailed` if it raises an exception.
    """
    import inspect

    from upnp_trio.model.annotations import signature_of

    try:
        signature_of(function).bind()
    except TypeError as error:
        raise DescriptionError(f"{name} is called without arguments, and that does not work: {error}") from error
    except ValueError:  # some functions written in C have no signature
        pass
    if inspect.iscoroutinefunction(function):
        raise DescriptionError(f"{name} is async, but is called before the event loop runs; make it a plain function")
    return _run(function, what=f"calling {name}")


def check_links(module: str, folder: Path) -> None:
    """Raise `DescriptionError` if *folder* has *module* or a package of it as a link that leads out of the folder."""
    top = Path(os.path.realpath(folder))
    places = [str(top)]
    parts = module.split(".")
    for number in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: number + 1]), places)
        if spec is None:
            return
        places = list(spec.submodule_search_locations or ())
        for place in [spec.origin, *places]:
            if place is not None and not (file := Path(os.path.realpath(place))).is_relative_to(top):
                raise DescriptionError(f"{place!r} is a link to {str(file)!r}, outside its folder; move it there")


# --- modules -------------------------------------------------------------------------------------------------------


def _import(name: str, folder: Path | None) -> ModuleType:
    top = None if folder is None else os.path.realpath(folder)
    if top is not None:
        if top in sys.path:
            sys.path.remove(top)
        sys.path.insert(0, top)
        importlib.invalidate_caches()  # the file may be younger than the last look at its folder
    try:
        module = _run(importlib.import_module, name, what=f"importing {name}", expected=ModuleNotFoundError)
    except ModuleNotFoundError as error:
        if not _is_missing_itself(error, name):
            raise CodeFailed(f"importing {name} failed: {_last_line(error)}") from error
        where = "" if top is None else f"in {top!r}, nor is one "
        raise DescriptionError(f"there is no module {error.name!r} {where}installed") from error
    if top is not None:
        _check_origin(sys.modules[name.partition(".")[0]], top)
    return module


def _is_missing_itself(error: ModuleNotFoundError, name: str) -> bool:
    """Whether *error* is about the module *name* or a package of it, rather than about what these import."""
    return f"{name}.".startswith(f"{error.name}.") and not _frames_of_others(error)


def _check_origin(module: ModuleType, top: str) -> None:
    spec = PathFinder.find_spec(module.__name__, [top])
    if spec is None or spec.origin is None:  # it is not from this folder, or is a folder without __init__.py
        return
    origin = getattr(module, "__file__", None)
    if origin is None or os.path.realpath(origin) != os.path.realpath(spec.origin):
        elsewhere = f"from {origin!r}" if origin else "as a part of Python"
        raise DescriptionError(
            f"{spec.origin!r} cannot be imported, as another module {module.__name__!r} is already, {elsewhere}; "
            "rename the file"
        )


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, [other for other in known if not other.startswith("__")], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


# --- errors of others ----------------------------------------------------------------------------------------------


def traceback_of(error: UpnpTrioError) -> str:
    """The traceback of the exception behind *error* as the author of the code sees it, without frames of ours."""
    cause = error.__cause__
    assert cause is not None
    shown = traceback.TracebackException.from_exception(cause)
    shown.stack = traceback.StackSummary.from_list(_frames_of_others(cause))
    if isinstance(cause, UpnpTrioError) and cause.__context__ and not _frames_of_others(cause.__context__):
        shown.__context__ = shown.__cause__ = None  # only ours, and the message has it
    return "".join(shown.format())


def _frames_of_others(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of *error* from the first one that is neither of this package nor of the import system.

    An error that this package raises on purpose, or for an assignment, ends where the code of others asked for it.
    """
    frames = list(traceback.extract_tb(error.__traceback__))
    while frames and _is_ours(frames[0].filename):
        del frames[0]
    while frames and _is_ours(frames[-1].filename) and (isinstance(error, UpnpTrioError) or _is_assignment(frames[-1])):
        del frames[-1]
    return frames


def _is_assignment(frame: traceback.FrameSummary) -> bool:
    return frame.name == "__set__"


def _is_ours(file: str) -> bool:
    if file.startswith("<"):
        # what attrs generates for a class: from version 26.1 on one piece, before that each method by itself
        return file.startswith("<frozen importlib") or (file.startswith("<attrs generated ") and " upnp_trio." in file)
    return not {PACKAGE, IMPORTLIB}.isdisjoint(Path(file).parents)


def _last_line(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()


def _run(function: Callable[..., T], *arguments: object, what: str, expected: type[Exception] | tuple[()] = ()) -> T:
    """What *function* returns; raises `CodeFailed` ``from`` an exception that is not an *expected* one."""
    try:
        return function(*arguments)
    except expected:
        raise
    except SystemExit as error:
        raise DescriptionError(
            f"{what} ended with sys.exit({error.code!r}); keep what a program does under if __name__ == '__main__'"
        ) from error
    except Exception as error:
        raise CodeFailed(f"{what} failed: {_last_line(error)}") from error
