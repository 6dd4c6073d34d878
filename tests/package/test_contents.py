"""What is in the wheel and in the sdist: all that belongs there, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

import upnp_trio
from docs.generate.extension import LINK
from tests.docs.blocks import blocks
from tests.package.tree import ROOT, tree

pytestmark = pytest.mark.package

# what git needs and nobody else
ONLY_IN_GIT = {".gitattributes"}
DIST_INFO = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
# three times what it was; a wheel that is larger has something in it that should not be
MOST_WHEEL_BYTES = 1_500_000


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """The wheel's core metadata; its body is what an index shows."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def shown(metadata: Message) -> str:
    """The description that an index shows."""
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_the_wheel_has_the_package_and_its_metadata_and_nothing_else(wheel: Path) -> None:
    info = f"upnp_trio-{upnp_trio.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    ours = {name for name in tree() if name.startswith("upnp_trio/")}
    assert "upnp_trio/py.typed" in ours
    assert names == ours | {f"{info}/{name}" for name in DIST_INFO}
    assert wheel.stat().st_size < MOST_WHEEL_BYTES


def test_the_wheel_is_for_every_python_3_and_every_system(wheel: Path) -> None:
    assert wheel.name == f"upnp_trio-{upnp_trio.__version__}-py3-none-any.whl"


def test_the_sdist_has_the_repository_and_nothing_else(sdist: Path) -> None:
    top = f"upnp_trio-{upnp_trio.__version__}/"
    with tarfile.open(sdist) as archive:
        names = {member.name.removeprefix(top) for member in archive.getmembers() if member.isfile()}
        assert all(member.isfile() and member.name.startswith(top) for member in archive.getmembers())
    assert names == tree() - ONLY_IN_GIT | {"PKG-INFO"}


def test_the_sdist_and_the_tree_build_the_same_wheel_to_the_byte(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search("warn|deprecat", done.stdout + done.stderr, re.IGNORECASE)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_tests_of_the_sdist_can_be_collected(unpacked: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-m", "not package"]
    done = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (count,) = re.findall(r"^(\d+)/?\d* tests collected", done.stdout, re.MULTILINE)
    assert int(count) > 1000


def test_the_metadata_say_what_the_project_says(metadata: Message) -> None:
    assert metadata["Metadata-Version"] == "2.4"
    assert (metadata["Name"], metadata["Version"]) == ("upnp-trio", upnp_trio.__version__)
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"].startswith("text/markdown")
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])


def test_every_python_of_the_classifiers_is_one_that_is_tested(metadata: Message) -> None:
    minors = re.findall(r":: (3\.\d+)$", "\n".join(metadata.get_all("Classifier", [])), re.MULTILINE)
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    assert minors[0] == metadata["Requires-Python"].removeprefix(">=")
    assert all(f'"{minor}"' in workflow for minor in minors)


def test_an_index_shows_no_link_to_a_file_that_it_does_not_have(shown: str) -> None:
    assert LINK.findall(shown) == []
    assert "![" not in shown or re.findall(r"!\[[^]]*\]\((?!https://)", shown) == []
    assert "<!--" not in shown


def test_an_index_shows_the_text_and_the_code_of_the_readme(shown: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall("^#+ .*", shown, re.MULTILINE) == re.findall("^#+ .*", readme, re.MULTILINE)
    codes = [block.text for block in blocks() if block.page == "README.md"]
    assert codes
    assert all(code in shown for code in codes)
