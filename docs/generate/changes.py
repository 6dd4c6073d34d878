"""The changes that are not released yet: the fragments of changelog.d/, as towncrier will join them."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FRAGMENTS", "KINDS", "LISTS", "unreleased"]

ROOT = Path(__file__).parents[2]
FRAGMENTS = ROOT / "changelog.d"
#: the headings, by the word in a fragment's name
KINDS: dict[str, str] = {
    kind["directory"]: kind["name"]
    for kind in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]["type"]
}


def unreleased() -> str:
    """All fragments, below a heading for each kind; or a sentence that there are none."""
    texts = defaultdict(list)
    for file in sorted(FRAGMENTS.glob("*.*.md")):
        lines = file.read_text(encoding="utf-8").strip().splitlines()
        texts[file.suffixes[-2].removeprefix(".")].append("- " + "\n  ".join(lines))
    parts = [f"### {name}\n\n" + "\n".join(texts[kind]) for kind, name in KINDS.items() if kind in texts]
    return "\n\n".join(parts) or "Nothing yet."


LISTS: dict[str, Callable[[], str]] = {"unreleased": unreleased}
