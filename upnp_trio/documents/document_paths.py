"""The paths that HTTP serves a root device's documents at.

Each root device has a directory of its own, named by its UUID, so that any number of them can share one HTTP port.
A relative URL of the description keeps its path below that directory, and an empty one gets a path. A path that is
below the directory already stays, so a published device that is published again keeps its URLs.

Some control points ask for paths that they know, whatever LOCATION or the description say. A root device with a
*description_path* has its description there, and its absolute paths stay as they are given.

All paths begin with a prefix where the documents are in a part of another web server.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from upnp_trio.errors import DescriptionError
from upnp_trio.model.urls import decoded, fixed_path_flaw, path_within

if TYPE_CHECKING:
    from upnp_trio.model.device import RootDevice

__all__ = ["FRONT_PAGE_PATH", "DocumentPaths"]

DESCRIPTION_NAME = "description.xml"
FRONT_PAGE_PATH = "/"


class DocumentPaths:
    """Chooses a path for each document of *root*, which has a UDN; raises `DescriptionError` if one has two uses."""

    def __init__(self, root: RootDevice, prefix: str = "") -> None:
        assert root.udn is not None
        self._prefix = prefix
        self.directory = f"{prefix}/{quote(root.udn.uuid, safe='')}/"
        self._keeps_absolute = bool(root.description_path)
        #: what each path is used for, by the path without its percent escapes
        self._uses = {decoded(self.directory): "the device's directory"}
        self.description = self.fixed(root.description_path) or f"{self.directory}{DESCRIPTION_NAME}"
        self._use(self.description, "the description")

    def fixed(self, url: str) -> str | None:
        """The path for *url* if that is a path that stays as it is given, below the prefix; ``None`` for another."""
        if not self._keeps_absolute or not url.startswith("/") or url.startswith("//"):
            return None
        return url if self._prefix and url.startswith(f"{self._prefix}/") else self._prefix + url

    def choose(self, url: str, default: str, use: str) -> str:
        """The path for *url*, which no other document of this root device has; *use* tells people what it is for.

        It is *url* itself if that is fixed, and otherwise below the directory, where an empty *url* becomes *default*.
        """
        if (fixed := self.fixed(url)) is not None:
            if flaw := fixed_path_flaw(url):
                raise DescriptionError(f"the path of {use} is {url!r}: {flaw}")
            if fixed == self._front_page:
                raise DescriptionError(
                    f"the path of {use} is {url!r}, which is the front page; only a description or a page can be there"
                )
            self._use(fixed, use)
            return fixed
        # ";" is quoted as well, because Python's urljoin drops it at the end of a path.
        path = self.directory + quote(self._below(url) or default, safe="/~!$&'()*+,=:@")
        stem, ending = posixpath.splitext(path)
        number = 1
        while decoded(path) in self._uses:
            number += 1
            path = f"{stem}-{number}{ending}"
        self._use(path, use)
        return path

    def choose_page(self, url: str, use: str, *, is_root: bool) -> str:
        """The path for a page at *url*; that of the root device may be the directory itself, or the front page."""
        fixed = self.fixed(url)
        if is_root and fixed is not None and fixed in (self.directory, self._front_page):
            if fixed == self._front_page:
                self._use(fixed, use)
            return fixed
        if is_root and fixed is None and not self._below(url):
            return self.directory
        return self.choose(url, "page.html", use)

    @property
    def _front_page(self) -> str:
        return self._prefix + FRONT_PAGE_PATH

    def _use(self, path: str, use: str) -> None:
        other = self._uses.setdefault(decoded(path), use)
        if other != use:
            raise DescriptionError(f"the path {path} is that of {other} and of {use}; give one of them another path")

    def _below(self, url: str) -> str:
        """The path of *url*, decoded, below the directory, which the path of a published device begins with."""
        directory = path_within(self.directory)
        path = path_within(url)
        return path[len(directory) + 1 :] if f"{path}/".startswith(f"{directory}/") else path
