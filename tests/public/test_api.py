"""What is public is what api.txt lists: names, signatures, fields, methods, bases and defaults."""

from __future__ import annotations

import ast
import importlib
import re

import pytest

from docs.generate.public import public_modules
from tests.docs.blocks import ROOT, blocks
from tests.public.api import PINNED, public_api
from tests.public.sources import PACKAGE, definition, exported


def test_what_is_public_is_what_is_pinned() -> None:
    pinned = PINNED.read_text(encoding="utf-8").splitlines()
    assert public_api().splitlines() == pinned, (
        "what is public has changed; if that is meant (docs/project/versioning.md says what may change when), "
        "run python -m tests.public and commit the difference"
    )


@pytest.mark.parametrize("module", public_modules())
def test_the_sources_and_the_running_module_list_the_same(module: str) -> None:
    assert list(importlib.import_module(module).__all__) == exported(module)


@pytest.mark.parametrize(
    "line",
    [
        "upnp_trio.controlpoint",  # a second module
        "  class UpnpError(UpnpTrioError)",  # a base
        "    manufacturer_url: str | None = None",  # a default
        "    @property def version(self) -> int | None",  # inherited from a class that is not public
        "  Ui1 = Annotated[int, DATA_TYPES['ui1']]",  # a type
        "  __version__",  # without its value
    ],
)
def test_the_list_has(line: str) -> None:
    assert line in public_api().splitlines()


def test_a_signature_is_listed_with_its_defaults() -> None:
    line, _beside_asyncio = re.findall(r"^  .*def serve_device\((.*)$", public_api(), re.MULTILINE)
    assert "Unpack[ServeOptions]" in line


def test_what_is_not_of_this_package_has_no_definition_here() -> None:
    assert definition("upnp_trio.model.device", "attrs") is None


def imported(code: str) -> set[str]:
    """The modules of the package that *code* imports or imports names from."""
    nodes = list(ast.walk(ast.parse(code)))
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {module for module in modules if module.split(".")[0] == PACKAGE}


def test_what_guides_and_examples_import_is_public() -> None:
    """Whatever a reader is told to write keeps working."""
    codes = {str(block): block.text for block in blocks("python", "py")}
    codes |= {str(file): file.read_text(encoding="utf-8") for file in sorted((ROOT / "examples").rglob("*.py"))}
    public = set(public_modules())
    private = {place: imported(code) - public for place, code in codes.items()}
    assert {place: modules for place, modules in private.items() if modules} == {}
