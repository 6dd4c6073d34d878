"""A folder as a reader has it, and a host without any network but loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block
from tests.network.demands import demand
from tests.network.namespaces import Namespace, open_network, why_impossible

Folder = Callable[[Block], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Makes a folder with the files that a block's page has saved so far, and with the examples and what lies there."""

    def make(block: Block) -> Path:
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
        shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
        for name, text in block.files:
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def lonely_host() -> Iterator[Namespace]:
    """A host that has loopback alone; what runs there reaches nothing else."""
    demand(why_impossible())
    with open_network() as network:
        host = network.add_host("lonely")
        host.ip("route", "add", "239.0.0.0/8", "dev", "lo")
        yield host
