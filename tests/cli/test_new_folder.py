"""A folder is written entirely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from upnp_trio.cli.new_folder import FolderError, check_is_free, write_folder
from upnp_trio.errors import DescriptionError

FILES = {"device.toml": b"a", "icons/a.png": b"b", "icons/b.png": b"c"}


def _pass(_: Path) -> None:
    """Nothing is wrong."""


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _refusal(path: Path) -> str:
    with pytest.raises(FolderError) as caught:
        check_is_free(path)
    with pytest.raises(FolderError) as again:
        write_folder(path, FILES, _pass)
    assert str(again.value) == str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("exists", [False, True])
def test_a_new_or_an_empty_folder_is_filled(tmp_path: Path, exists: bool) -> None:
    path = tmp_path / "clone"
    if exists:
        path.mkdir()
    write_folder(path, FILES, _pass)
    assert _contents(path) == FILES
    assert os.listdir(tmp_path) == ["clone"]
    (tmp_path / "other").mkdir()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_to_an_empty_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    write_folder(tmp_path / "link", FILES, _pass)
    assert _contents(tmp_path / "there") == FILES
    assert (tmp_path / "link").is_symlink()


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".hidden").write_bytes(b"mine")
    assert _refusal(tmp_path / "file") == f"{tmp_path}/file is there already, and is no folder; give another name"
    assert _refusal(tmp_path / "full") == f"{tmp_path}/full is not empty; give the name of a new folder"
    assert _refusal(tmp_path / "no" / "where") == (
        f"{tmp_path}/no/where: there is no folder '{tmp_path}/no'; make it first"
    )
    assert "embedded null" in _refusal(tmp_path / "a\0b")
    assert _contents(tmp_path) == {"file": b"mine", "full/.hidden": b"mine"}


def test_nothing_is_left_of_a_folder_that_does_not_pass_its_check(tmp_path: Path) -> None:
    seen: list[dict[str, bytes]] = []

    def refuse(folder: Path) -> None:
        seen.append(_contents(folder))
        raise DescriptionError("it is wrong")

    with pytest.raises(DescriptionError, match="it is wrong"):
        write_folder(tmp_path / "clone", FILES, refuse)
    assert seen == [FILES]
    assert os.listdir(tmp_path) == []


def test_nothing_is_left_of_a_folder_that_is_interrupted(tmp_path: Path) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    (tmp_path / "clone").mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "clone", FILES, interrupt)
    assert os.listdir(tmp_path) == ["clone"]
    assert os.listdir(tmp_path / "clone") == []


def test_a_folder_that_somebody_else_fills_meanwhile_stays_theirs(tmp_path: Path) -> None:
    path = tmp_path / "clone"

    def fill(_: Path) -> None:
        path.mkdir()
        (path / "theirs").write_bytes(b"")

    with pytest.raises(FolderError, match="cannot be written: Directory not empty"):
        write_folder(path, FILES, fill)
    assert _contents(tmp_path) == {"clone/theirs": b""}


def test_a_disk_that_refuses_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="cannot be written: File name too long"):
        write_folder(tmp_path / "clone", {"x" * 300: b""}, _pass)
    assert os.listdir(tmp_path) == []
