"""Each example is short; tests/network/test_emulated_devices.py runs them."""

from __future__ import annotations

import ast

import pytest

from tests.docs.blocks import ROOT

EXAMPLES = ROOT / "examples"
MOST_LINES = 40


def programs() -> list[str]:
    """The examples that use the profiles."""
    found = [path for path in EXAMPLES.glob("*.py") if "upnp_trio.profiles" in path.read_text(encoding="utf-8")]
    return sorted(path.name for path in found)


def test_there_are_examples_under_asyncio_and_in_threads() -> None:
    texts = [(EXAMPLES / name).read_text(encoding="utf-8") for name in programs()]
    assert len(texts) == 5
    assert sum("upnp_trio.asyncio" in text for text in texts) == 2
    assert sum("upnp_trio.threads" in text for text in texts) == 3


@pytest.mark.parametrize("name", programs())
def test_a_device_is_a_program_of_forty_lines(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("name", programs())
def test_the_guide_shows_it(name: str) -> None:
    guide = (ROOT / "docs/how-to/emulate-devices.md").read_text(encoding="utf-8")
    assert f"```{{literalinclude}} ../../examples/{name}\n" in guide
