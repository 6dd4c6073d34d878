"""Whether this tree may be released under a tag, and its notes: ``python -m tests.package.release TAG [--notes]``.

It runs where nothing but Python is installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

__all__ = ["main", "notes", "problems"]

MARKER = "<!-- towncrier release notes start -->"


def version(root: Path) -> str:
    """The version that the package in *root* has."""
    text = (root / "upnp_trio/_version.py").read_text(encoding="utf-8")
    (found,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return str(found)


def problems(tag: str, root: Path) -> Iterator[str]:
    """What stands against a release of *root* under *tag*, a sentence each."""
    ours = version(root)
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", ours):
        yield f"upnp_trio/_version.py says {ours}, which is not X.Y.Z"
    if tag != f"v{ours}":
        yield f"the tag is {tag}, and upnp_trio/_version.py says {ours}; tag v{ours}, or change the version first"
    if left := sorted(file.name for file in (root / "changelog.d").glob("*.*.md")):
        yield f"changelog.d still has {', '.join(left)}; run towncrier build --version {ours}"
    if not notes(ours, root):
        yield f"the first section of CHANGELOG.md is not '## {ours} (YYYY-MM-DD)'; run towncrier build --version {ours}"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if not project.get("urls", {}).get("Source", "").startswith("https://"):
        yield "pyproject.toml has no [project.urls] with Source, an https address; docs/project/releasing.md says which"


def notes(wanted: str, root: Path) -> str:
    """The newest section of the changelog without its heading; nothing if it is not that of *wanted*."""
    _, _, released = (root / "CHANGELOG.md").read_text(encoding="utf-8").partition(MARKER)
    heading, _, body = released.strip().partition("\n")
    if not re.fullmatch(rf"## {re.escape(wanted)} \(\d{{4}}-\d\d-\d\d\)", heading):
        return ""
    return re.split(r"^## ", body, maxsplit=1, flags=re.MULTILINE)[0].strip() + "\n"


def main(arguments: list[str], root: Path) -> int:
    """The exit status: 0 if the release may be made, 1 if not, with the reasons on standard error."""
    tag, *options = arguments
    found = list(problems(tag, root))
    for problem in found:
        print(problem, file=sys.stderr)
    if not found and options == ["--notes"]:
        sys.stdout.write(notes(version(root), root))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).parents[2]))
