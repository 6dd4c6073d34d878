"""The files of the repository, as git has them."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["ROOT", "tree"]

ROOT = Path(__file__).parents[2]


def tree() -> set[str]:
    """The files that git tracks, or would with the next `git add`, by their path."""
    # CI's checkout may belong to somebody else than the user of its container
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    # a file that was removed is still in git's list until that is committed
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}
