"""Fixtures: the simulated systems."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

if sys.platform == "win32":  # the stand-ins are made of a POSIX system's parts; the real tests run there
    pytest.skip("Windows is not simulated on Windows", allow_module_level=True)

from tests.systems.rules import MACOS, SYSTEMS, WINDOWS, Rules
from tests.systems.system import SimulatedSystem, open_system


@pytest.fixture(params=SYSTEMS, ids=lambda rules: rules.platform)
def system(request: pytest.FixtureRequest) -> Iterator[SimulatedSystem]:
    """Each system in turn."""
    rules: Rules = request.param
    with open_system(rules).active() as opened:
        yield opened


@pytest.fixture
def windows() -> Iterator[SimulatedSystem]:
    """Windows."""
    with open_system(WINDOWS).active() as opened:
        yield opened


@pytest.fixture
def macos() -> Iterator[SimulatedSystem]:
    """macOS."""
    with open_system(MACOS).active() as opened:
        yield opened
