"""Colours of a terminal, as escape sequences; none elsewhere, and none if NO_COLOR asks for that (no-color.org)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upnp_trio.cli.output import Output

__all__ = ["Styles"]

# Select Graphic Rendition of ECMA-48.
PLAIN, BOLD, DIM, RED, CYAN = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[36m"


@attrs.frozen
class Styles:
    """Wraps texts in escape sequences, or leaves them as they are."""

    is_coloured: bool

    @classmethod
    def of(cls, output: Output, environment: Mapping[str, str] = os.environ) -> Styles:
        """Those for *output*."""
        is_plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        return cls(output.isatty() and not is_plain)

    def bold(self, text: str) -> str:
        """For names."""
        return self._wrap(text, BOLD)

    def dim(self, text: str) -> str:
        """For what is less important."""
        return self._wrap(text, DIM)

    def red(self, text: str) -> str:
        """For what went wrong."""
        return self._wrap(text, RED)

    def cyan(self, text: str) -> str:
        """For addresses."""
        return self._wrap(text, CYAN)

    def _wrap(self, text: str, code: str) -> str:
        return f"{code}{text}{PLAIN}" if self.is_coloured and text else text
