"""A release is refused when its tag, its version, its changelog and its addresses do not agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.package.release import main, notes, problems, version
from tests.package.tree import ROOT

CHANGELOG = """# Changelog

<!-- towncrier release notes start -->

## 1.2.0 (2027-01-31)

### Added

- A thing.

## 1.1.0 (2026-12-01)

- An older thing.
"""
PROJECT = '[project]\nname = "x"\n[project.urls]\nSource = "https://forge.example/upnp_trio"\n'


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A tree that may be released as 1.2.0."""
    (tmp_path / "upnp_trio").mkdir()
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "upnp_trio/_version.py").write_text('__version__ = "1.2.0"\n', encoding="utf-8")
    (tmp_path / "changelog.d/template.md.jinja").write_text("", encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def test_a_tree_that_is_ready_is_released(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v1.2.0", "--notes"], ready) == 0
    assert capsys.readouterr() == ("### Added\n\n- A thing.\n", "")


def test_the_tag_is_the_version(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v1.2.1", "--notes"], ready) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the tag is v1.2.1, and upnp_trio/_version.py says 1.2.0" in shown.err


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("upnp_trio/_version.py", '__version__ = "1.2.0.dev1"\n', "is not X.Y.Z"),
        ("changelog.d/thing.added.md", "A thing.\n", "changelog.d still has thing.added.md"),
        ("CHANGELOG.md", CHANGELOG.replace("1.2.0", "1.3.0"), "the first section of CHANGELOG.md"),
        ("pyproject.toml", '[project]\nname = "x"\n', "no [project.urls]"),
        ("pyproject.toml", PROJECT.replace("https", "http"), "an https address"),
    ],
)
def test_what_is_forgotten_is_said(ready: Path, file: str, text: str, problem: str) -> None:
    (ready / file).write_text(text, encoding="utf-8")
    assert problem in "\n".join(problems(f"v{version(ready)}", ready))


def test_an_older_section_is_no_news(ready: Path) -> None:
    assert notes("1.1.0", ready) == ""


def test_this_tree_is_judged_by_its_own_files() -> None:
    """Between releases there is always one thing to do: the changelog, or at least a new version."""
    assert list(problems("v0.0.0", ROOT))
