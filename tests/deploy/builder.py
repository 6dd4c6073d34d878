"""Buildah with a storage of its own, which needs root, and neither a daemon nor a kernel with overlays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Builder", "open_builder", "why_no_builder"]

BUILD_SECONDS = 400.0


def why_no_builder() -> str | None:
    """What is missing to build images, if anything."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "images are built as root"
    return None if shutil.which("buildah") else "buildah is not here; it is in Debian's package of that name"


@attrs.frozen
class Builder:
    """Runs buildah's commands."""

    storage: Path

    def command(self, *arguments: str) -> list[str]:
        """The words of a command of buildah's."""
        return [
            "buildah",
            "--storage-driver=vfs",
            f"--root={self.storage}/root",
            f"--runroot={self.storage}/run",
            *arguments,
        ]

    def run(self, *arguments: str, seconds: float = BUILD_SECONDS) -> str:
        """The output of a command, which must succeed."""
        done = subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"buildah {' '.join(arguments)}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()

    def build(self, tag: str, recipe: Path, context: Path, *options: str) -> None:
        """An image from a recipe, named *tag*."""
        # chroot: without a runtime, which needs more of the kernel than a container may have
        flags = ("--isolation=chroot", "--format=docker", "--pull-never", "--no-cache")
        self.run("bud", *flags, *options, f"--tag={tag}", f"--file={recipe}", str(context))

    def configuration(self, image: str) -> dict[str, Any]:
        """What an image says about itself: its user, entry point and health check."""
        found: dict[str, Any] = json.loads(self.run("inspect", "--type=image", image))["Docker"]["config"]
        return found


@contextmanager
def open_builder(storage: Path) -> Iterator[Builder]:
    """A builder whose images are gone at the end."""
    builder = Builder(storage)
    try:
        yield builder
    finally:
        builder.run("rm", "--all")
        builder.run("rmi", "--all", "--force")
        shutil.rmtree(storage)
