"""Links between the files of the repository lead somewhere, on the site and where the files are read as they are."""

from __future__ import annotations

import re

import pytest

from docs.generate.extension import LINK, PAGES
from tests.docs.blocks import ROOT, page, pages, prose


@pytest.mark.parametrize("name", pages())
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    for _, target, _ in LINK.findall(prose(name)):
        # Sphinx takes a path that begins with a slash for one in docs/
        path = ROOT / "docs" / target[1:] if target.startswith("/") else (ROOT / name).parent / target
        assert path.exists(), target


def test_files_that_pages_include_lead_to_pages_that_exist() -> None:
    for source, target in PAGES.items():
        assert (ROOT / source).exists(), source
        assert (ROOT / "docs" / target).is_file(), target


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set()
    for name in pages():
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL):
            folder = (ROOT / name).parent
            entries = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed |= {(folder / entry).relative_to(ROOT).as_posix() + ".md" for entry in entries}
    assert listed == {name for name in pages() if name.startswith("docs/")} - {"docs/index.md"}
