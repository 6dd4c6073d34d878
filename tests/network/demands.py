"""What these tests need of the machine: without it they are skipped, and under CI they fail."""

from __future__ import annotations

import os

import pytest

__all__ = ["demand"]


def demand(reason: str | None) -> None:
    """Skip the test for *reason*, what is missing, if there is one; under CI nothing may be missing, so it fails."""
    if reason is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"under CI this may not be missing: {reason}", pytrace=False)
    pytest.skip(reason)
