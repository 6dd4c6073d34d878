"""Reading files: the device file itself, and the files of its folder that it names.

A device file may come from somebody else, such as a description downloaded from another device, and the files that
it names are served to everybody on the network. It can therefore name files of its own folder and the folders below
it only. Links are followed, but none may lead out. Only regular files are read, because a pipe can block and a device
can go on for ever, and no file is read beyond a bound.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError
from upnp_trio.model.urls import path_within

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Folder", "read_file"]

# Not every system has these flags. With O_NONBLOCK, opening a pipe does not wait for its writer.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# With O_PATH, passing through a folder needs no permission to list it.
_PASS_THROUGH = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _NO_LINK


def read_file(path: Path, at_most: int) -> bytes:
    """The content of the regular file at *path*, which may be anywhere.

    Raises `DescriptionError` if it cannot be read, is not a regular file or has more than *at_most* bytes.
    """
    return _read(path, at_most, open_anywhere, f"{path}:")


class Folder:
    """The folder of a device file. It reads the regular files in it and in the folders below, and no others."""

    def __init__(self, path: Path) -> None:
        """Raises `DescriptionError` if the links in *path*, the path of the folder, cannot be followed."""
        self._top = _without_links(path, f"the folder {str(path)!r}")

    @property
    def path(self) -> Path:
        """The path of the folder, without links."""
        return self._top

    def read(self, name: str, at_most: int) -> bytes:
        """The content of the file *name*, a path that starts from this folder.

        Raises `DescriptionError` if the file is outside this folder once links are followed, cannot be read, is not
        a regular file or has more than *at_most* bytes.
        """
        return _read(self.locate(name), at_most, self.open, f"the file {name!r} beside it")

    def find(self, url: str) -> str | None:
        """The name of the file for *url*: the path of the URL, or else the last part of that path.

        ``None`` if this folder has no regular file of either name.
        """
        path = path_within(url)
        for name in dict.fromkeys([path, path.rpartition("/")[2]]):
            with suppress(DescriptionError):  # it is outside, or no file can have such a name
                if os.path.isfile(self.locate(name)):
                    return name
        return None

    def locate(self, name: str) -> Path:
        """The path of the file *name* without links; raises `DescriptionError` if it is outside this folder."""
        file = _without_links(self._top / name, f"the file {name!r} beside it")
        if not file.is_relative_to(self._top):
            raise DescriptionError(
                f"the file {name!r} is outside the folder {str(self._top)!r}; move it there, "
                "as a device file can name files of its own folder alone"
            )
        return file

    def open(self, path: str, flags: int) -> int:
        """Open *path*, which `locate` gave; raises `OSError` if a part of it has become a link since."""
        if os.open in os.supports_dir_fd:
            return open_step_by_step(self._top, Path(path), flags)
        return open_and_look_again(path, flags)


def open_anywhere(path: str, flags: int) -> int:
    """Open *path*; links are followed."""
    return os.open(path, flags | _NO_WAIT)


def open_step_by_step(top: Path, path: Path, flags: int) -> int:
    """Open *path* below *top* one folder at a time, each by the descriptor of its parent, so that no link leads out."""
    *folders, name = path.relative_to(top).parts or (".",)
    with ExitStack() as stack:
        descriptor = os.open(top, _PASS_THROUGH)
        stack.callback(os.close, descriptor)
        for folder in folders:
            descriptor = os.open(folder, _PASS_THROUGH, dir_fd=descriptor)
            stack.callback(os.close, descriptor)
        return os.open(name, flags | _NO_WAIT | _NO_LINK, dir_fd=descriptor)


def open_and_look_again(path: str, flags: int) -> int:
    """Open *path* and look for links in it afterwards, on systems that open whole paths only (Windows).

    This does not notice a link that was there only for the moment of the opening.
    """
    descriptor = open_anywhere(path, flags)
    if os.path.realpath(path) != path:
        os.close(descriptor)
        raise OSError(errno.ELOOP, "a part of its path has just become a link")
    return descriptor


def _without_links(path: Path, what: str) -> Path:
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError) as error:
        raise _unreadable(what, error) from error


def _read(path: Path, at_most: int, opener: Callable[[str, int], int], what: str) -> bytes:
    try:
        with open(path, "rb", opener=opener) as file:
            mode = os.fstat(file.fileno()).st_mode  # of the opened file, as the path may lead elsewhere by now
            if not stat.S_ISREG(mode):
                kind = "pipe" if stat.S_ISFIFO(mode) else "device"
                raise DescriptionError(
                    f"{what} cannot be read: it is a {kind}, not a regular file; "
                    "copy its content into one and name that"
                )
            data = file.read(at_most + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(what, error) from error
    if len(data) > at_most:
        raise DescriptionError(f"{what} cannot be read: it has more than {at_most} bytes; make it smaller")
    return data


def _unreadable(what: str, error: OSError | ValueError) -> DescriptionError:
    # ValueError stands for a zero byte in the path, or a character that file names of this system cannot have.
    reason = error.strerror if isinstance(error, OSError) else error
    return DescriptionError(f"{what} cannot be read: {reason}")
