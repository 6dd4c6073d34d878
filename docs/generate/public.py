"""Which modules are public: those that the reference of the library shows, and no others."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["public_modules"]

LIBRARY = Path(__file__).parents[1] / "reference/library"


def public_modules() -> list[str]:
    """The names of the public modules, `upnp_trio` first."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(LIBRARY.glob("*.md"))]
    return sorted({name for page in pages for name in re.findall(r"^\.\. currentmodule:: (\S+)$", page, re.MULTILINE)})
