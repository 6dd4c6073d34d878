"""Devices that a program makes, named in uvicorn's manner: ``lamp.py:device`` or ``package.module:device``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.parsing import UsageError
from upnp_trio.errors import CodeFailed, DescriptionError

if TYPE_CHECKING:
    from upnp_trio.model.device import RootDevice

__all__ = ["Reference", "as_reference", "load_reference"]

_DRIVE = re.compile(r"[A-Za-z]:.*\.(toml|xml)", re.IGNORECASE | re.DOTALL)
WANTED = "a RootDevice, a list of them, or a function without arguments that returns one of these"


@attrs.frozen
class Reference:
    """An *attribute* of a *module*, as the word *text* names it."""

    text: str
    #: the module's name, without dots if it is named by the path of its file
    module: str
    #: one name, or several with dots between them
    attribute: str
    #: what comes first on `sys.path` when it is imported; ``None`` changes nothing
    folder: Path | None = None
    #: the path of the module's file, if it is named by that
    file: Path | None = None

    def __str__(self) -> str:
        return self.text


def as_reference(word: str) -> Reference | None:
    """The Python object that *word* names; ``None`` if it is a device file, such as ``C:\\lamp.toml``.

    Raises `UsageError` if *word* names a Python file without saying what in it.
    """
    where, colon, attribute = word.rpartition(":")
    if word.lower().endswith(".py"):
        raise UsageError(f"{word!r}: name the device in this file as well, as in {word}:device")
    if not colon:
        return None
    from upnp_trio.documents.code import is_dotted_name  # only devices written in Python need it

    is_name = is_dotted_name(attribute)
    if where.lower().endswith(".py"):
        if not is_name:
            raise UsageError(f"{word!r}: {attribute!r} is not the name of a device in {where}; write {where}:device")
        file = Path(where)
        return Reference(word, file.stem, attribute, file.parent, file)
    if not is_name or not is_dotted_name(where) or _DRIVE.fullmatch(word):
        return None
    return Reference(word, where, attribute, Path())


def load_reference(reference: Reference) -> list[RootDevice]:
    """The devices that *reference* names, one at least.

    Raises `DescriptionError` if there are none, and `CodeFailed` if the code raises an exception.
    """
    try:
        return _load(reference)
    except DescriptionError as error:  # a `CodeFailed` stays one, with its cause
        lines = "\n".join(f"{reference.text}: {line}" for line in str(error).splitlines())
        raise type(error)(lines) from (error.__cause__ if isinstance(error, CodeFailed) else error)


def _load(reference: Reference) -> list[RootDevice]:
    from upnp_trio.documents.code import call, import_object

    if reference.file is not None:
        _check_file(reference.file)
    found = import_object(reference.module, reference.attribute, reference.folder)
    if callable(found):
        found = call(found, reference.attribute)
    devices = [_as_root(each) for each in (found if isinstance(found, list | tuple) else [found])]
    if not devices:
        raise DescriptionError(f"it is an empty list; it must be {WANTED}")
    return devices


def _as_root(found: object) -> RootDevice:
    from upnp_trio.model.device import Device, RootDevice

    if isinstance(found, RootDevice):
        return found
    if isinstance(found, Device):
        raise DescriptionError(f"{found.friendly_name!r} is a Device, which is embedded in others; use RootDevice")
    from upnp_trio.model.handler import SupportsAsService

    if isinstance(found, SupportsAsService):
        name = type(found).__name__
        raise DescriptionError(f"{name} is a service; write device = RootDevice(..., services=[{name}()])")
    raise DescriptionError(f"it has the type {type(found).__name__}; it must be {WANTED}")


def _check_file(file: Path) -> None:
    if "." in file.stem:
        raise DescriptionError(f"a module's name has no dot; rename the file to {file.stem.replace('.', '_')}.py")
    try:
        with open(file, "rb"):
            pass
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise DescriptionError(f"{str(file)!r} cannot be read: {reason}") from error
