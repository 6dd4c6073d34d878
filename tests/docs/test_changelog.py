"""The fragments of the changelog are well-formed, and the page shows them as a release will."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate.changes import FRAGMENTS, KINDS, unreleased
from tests.docs.blocks import page

FILES = [file for file in sorted(FRAGMENTS.iterdir()) if file.name != "template.md.jinja"]
MOST_CHARACTERS = 700


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_fragment_is_a_few_full_sentences_of_a_known_kind(file: Path) -> None:
    name = re.fullmatch(r"[a-z0-9-]+\.([a-z]+)\.md", file.name)
    kind = name[1] if name else ""
    assert kind in KINDS, f"{file.name} is not NAME.KIND.md, where KIND is one of {', '.join(KINDS)}"
    text = file.read_text(encoding="utf-8")
    assert re.match(r"[A-Z`\[]", text), "it begins with a capital letter or a name, not with a bullet or a heading"
    assert text.endswith(".\n")
    assert not text.endswith("\n\n")
    assert len(text) <= MOST_CHARACTERS
    assert max(map(len, text.splitlines())) <= 132  # as the other pages


def test_each_fragment_is_on_the_page() -> None:
    shown = unreleased()
    for file in FILES:
        first, *others = file.read_text(encoding="utf-8").splitlines()
        assert f"- {first}\n" in f"{shown}\n"
        assert all(f"\n  {line}" in shown for line in others)


def test_a_release_finds_its_place() -> None:
    assert page("CHANGELOG.md").count("\n<!-- towncrier release notes start -->\n") == 1
