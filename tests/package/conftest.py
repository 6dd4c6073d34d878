"""Fixtures: the built files, and a clean environment that has the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import attrs
import pytest

from tests.network.demands import demand
from tests.package.tree import ROOT

DIST = ROOT / "dist"
# a whole environment with what the package needs; seconds, with a package index nearby
INSTALL_SECONDS = 300.0


def only(pattern: str) -> Path:
    """The one file in dist/ that is named so."""
    found = sorted(DIST.glob(pattern))
    demand(None if len(found) == 1 else f"one dist/{pattern}; nox -s package builds it")
    return found[0]


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel, which was built from the sdist."""
    return only("*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    """The sdist, which was built from this tree."""
    return only("*.tar.gz")


@pytest.fixture(scope="session")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sdist."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        # the filter of later Pythons where this one has it (3.11.4)
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(folder)
    (top,) = folder.iterdir()
    return top


@attrs.frozen
class Environment:
    """A virtual environment, and a folder to work in that has nothing of this repository."""

    folder: Path

    def program(self, name: str) -> str:
        """The path of a program that is installed there."""
        return str(self.folder / ("Scripts" if os.name == "nt" else "bin") / name)

    def run(self, program: str, *arguments: str, seconds: float = 60.0) -> str:
        """The standard output of *program*, which must succeed."""
        command = [self.program(program), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            cwd=self.folder,
            env=clean_environment(),
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


def clean_environment() -> dict[str, str]:
    """This process's environment without what would let Python find other modules."""
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }


def make_environment(folder: Path) -> Environment:
    """A virtual environment of this Python with pip alone."""
    # --without-pip and this Python's pip would be faster, but not what a user does
    venv.create(folder, with_pip=True, symlinks=sys.platform != "win32")
    return Environment(folder)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A clean environment in which pip has installed the wheel, as a user would."""
    environment = make_environment(tmp_path_factory.mktemp("clean") / "venv")
    environment.run("python", "-m", "pip", "install", "--quiet", str(wheel), seconds=INSTALL_SECONDS)
    return environment
