"""What the README shows is true."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import upnp_trio
from upnp_trio import load_device
from upnp_trio.cli.arguments import serve_parser
from upnp_trio.cli.parsing import option_names

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIMITS = re.findall(r"^\|[^|]+\| `([\w.]+)\.([A-Z_]+)` \| ([\d.]+) \|$", README, re.MULTILINE)


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def test_there_is_a_table_of_limits() -> None:
    assert len(LIMITS) > 20


@pytest.mark.parametrize(("module", "constant", "value"), LIMITS)
def test_each_limit_in_the_table_is_the_one_in_the_code(module: str, constant: str, value: str) -> None:
    assert str(getattr(importlib.import_module(f"upnp_trio.{module}"), constant)) == value


def test_the_device_file_is_a_device(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    file = tmp_path / "ham.toml"
    file.write_text(text, encoding="utf-8")
    device = load_device(file)
    assert (device.friendly_name, len(device.services)) == ("Jambon 3000", 1)


def test_the_example_imports_only_public_names() -> None:
    (text,) = blocks("python")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "upnp_trio":
            assert {name.name for name in node.names} <= set(upnp_trio.__all__)


def test_every_option_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| (`--.+?) \| ", README, re.MULTILINE)
    told = {option for row in rows for option in re.findall(r"`(--[\w-]+)", row)}
    known = {option for option in option_names(serve_parser()) if option.startswith("--")}
    assert told == known - {"--version", "--help"}


def test_every_room_in_the_picture_exists_and_every_room_is_in_the_picture() -> None:
    (picture,) = [block for block in blocks("") if block.startswith("upnp_trio/")]
    shown = set(re.findall(r"^ +(\w+\.py) ", picture, re.MULTILINE))
    existing = {path.name for path in (ROOT / "upnp_trio").rglob("*.py")}
    assert shown <= existing
    folders = {path.name for path in (ROOT / "upnp_trio").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(re.findall(r"^  (\w+)/ ", picture, re.MULTILINE)) == folders


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_what_security_md_names_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| H(\d+) \|", text, re.MULTILINE) == [str(number) for number in range(1, 17)]
    named = re.findall(r"`((?:tests/|fuzz/)?[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) > 20
    for file, test in named:
        path = ROOT / file if file.startswith(("fuzz/", "tests/")) else ROOT / "tests" / file
        assert path.is_file(), file
        assert f"def {test}" in path.read_text(encoding="utf-8"), test
