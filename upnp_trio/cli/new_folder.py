"""Writing a folder of files: all of it or nothing, and never over what is there."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.errors import UpnpTrioError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FolderError", "check_is_free", "write_folder"]


class FolderError(UpnpTrioError):
    """A folder cannot be written."""


def check_is_free(path: Path) -> None:
    """Raise `FolderError` if `write_folder` would not write to *path*."""
    parent = _real(path).parent
    if not os.path.isdir(parent):
        raise FolderError(f"{path}: there is no folder {str(parent)!r}; make it first")
    if not os.path.lexists(_real(path)):
        return
    if not os.path.isdir(path):
        raise FolderError(f"{path} is there already, and is no folder; give another name")
    try:
        is_empty = not os.listdir(path)
    except OSError as error:
        raise _failed(path, error) from error
    if not is_empty:
        raise FolderError(f"{path} is not empty; give the name of a new folder")


def write_folder(path: Path, files: Mapping[str, bytes], check: Callable[[Path], object]) -> None:
    """Make the folder *path*, which may be an empty one, with *files*: contents by name, with ``/`` between the parts.

    They are written to a folder beside it first, which *check* is called with and which then gets its name. If *check*
    or anything else raises an exception, nothing is left. Raises `FolderError`.
    """
    check_is_free(path)
    target = _real(path)
    new = target.with_name(f".{target.name[:64]}.{secrets.token_hex(4)}")
    try:
        new.mkdir()
        for name, data in files.items():
            file = new.joinpath(*name.split("/"))
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(data)
        check(new)
        if os.name == "nt":  # where a folder cannot take the place of an empty one
            with suppress(FileNotFoundError):
                target.rmdir()
        new.rename(target)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _real(path: Path) -> Path:
    """*path* without links, of which the last may lead to an empty folder elsewhere."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError) as error:  # ValueError stands for a zero byte
        raise _failed(path, error) from error


def _failed(path: Path, error: OSError | ValueError) -> FolderError:
    reason = error.strerror if isinstance(error, OSError) else error
    return FolderError(f"{path} cannot be written: {reason}")
