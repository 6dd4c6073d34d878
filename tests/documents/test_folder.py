"""Reading files: regular files only, up to a bound, and none outside the folder of the device file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.strategies import MINIMAL_SCPD
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.folder import Folder, open_and_look_again, open_step_by_step
from upnp_trio.documents.named_files import MAX_ICON_BYTES
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import RootDevice

SECRET = b"what stands outside the folder"
PICTURE = 'mimetype = "image/x"\nwidth = 1\nheight = 1\ndepth = 1\n'
REQUIRED = """\
device_type = "urn:schemas-upnp-org:device:Basic:1"
friendly_name = "Lamp"
manufacturer = "Ham & Sons"
model_name = "L1"
"""
SERVICE = """\
[[services]]
service_type = "urn:schemas-upnp-org:service:Dimming:1"
service_id = "urn:upnp-org:serviceId:Dimming"
"""
#: each field of a TOML device file that names a file
FIELDS = {
    "icon": REQUIRED + f"[[icons]]\n{PICTURE}file = ",
    "page": REQUIRED + "page = ",
    "scpd": REQUIRED + SERVICE + "scpd = ",
}
BY_FIELD = pytest.mark.parametrize("field", FIELDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a device file, in another folder that holds secrets. It has links to them."""
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "file").write_bytes(SECRET)
    folder = tmp_path / "lamp"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "file").write_bytes(MINIMAL_SCPD)
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "chain").symlink_to("link")
    (folder / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    return folder


def _load(folder: Path, field: str, name: str) -> RootDevice:
    file = folder / "lamp.toml"
    file.write_text(f"{FIELDS[field]}'{name}'", encoding="utf-8")
    return load_device(file)


def _content(device: RootDevice, field: str) -> bytes | None:
    return {
        "icon": lambda: device.icons[0].data,
        "page": lambda: device.page,
        "scpd": lambda: device.services[0].scpd,
    }[field]()


def _refusal(folder: Path, field: str, name: str) -> str:
    with pytest.raises(DescriptionError) as caught:
        _load(folder, field, name)
    assert repr(name) in str(caught.value)
    return str(caught.value)


def _refusal_of(path: Path) -> str:
    with pytest.raises(DescriptionError) as caught:
        load_device(path)
    assert str(caught.value).startswith(f"{path}: cannot be read: ")
    return str(caught.value).removeprefix(f"{path}: cannot be read: ")


# --- outside ---------------------------------------------------------------------------------------------------


@BY_FIELD
@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "../secrets/file",
        "below/../../secret",
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        "link",
        "chain",
        "up/secret",
        "up/secrets/file",
        "..",
        "../nothing",
    ],
)
def test_toml_cannot_name_a_file_outside_its_folder(folder: Path, field: str, name: str) -> None:
    message = _refusal(folder, field, name)
    assert f"the file {name!r} is outside the folder {str(folder)!r}" in message
    assert "move it there" in message


@BY_FIELD
def test_an_absolute_path_to_a_file_outside_is_refused(folder: Path, field: str) -> None:
    assert "is outside the folder" in _refusal(folder, field, f"{folder.parent}/secret")


@BY_FIELD
@pytest.mark.parametrize("name", ["below/file", "./below/file", "below/../below/file", "up/lamp/below/file", "inner"])
def test_toml_can_name_any_file_in_its_folder(folder: Path, field: str, name: str) -> None:
    (folder / "inner").symlink_to("below/file")
    assert _content(_load(folder, field, name), field) == MINIMAL_SCPD
    assert _content(_load(folder, field, f"{folder}/{name}"), field) == MINIMAL_SCPD


@BY_FIELD
def test_links_within_the_folder_are_followed(folder: Path, field: str) -> None:
    # In a ConfigMap of Kubernetes, each file is a link through "..data", which is a link to the newest version.
    (folder / "..data").symlink_to("below")
    (folder / "scpd.xml").symlink_to("..data/file")
    assert _content(_load(folder, field, "scpd.xml"), field) == MINIMAL_SCPD


def _swap_for_link(path: Path, target: Path) -> None:
    path.rename(path.with_name("away"))
    path.symlink_to(target)


@pytest.mark.parametrize("swapped", ["file", "below", ""])
def test_a_link_that_takes_the_place_of_a_checked_part_is_not_followed(folder: Path, swapped: str) -> None:
    """The file, its folder or the device file's folder itself is replaced between the check and the opening."""
    file = Folder(folder).locate("below/file")
    part = {"file": file, "below": folder / "below", "": folder}[swapped]
    (folder.parent / "secrets" / "below").symlink_to(".")
    secret = {"file": "secret", "below": "secrets", "": "secrets"}[swapped]
    _swap_for_link(part, folder.parent / secret)
    assert file.read_bytes() == SECRET  # the path by itself leads to the secret
    with pytest.raises(OSError, match=r"Too many levels of symbolic links|Not a directory"):
        open_step_by_step(folder, file, os.O_RDONLY)
    with pytest.raises(OSError, match="a part of its path has just become a link"):
        open_and_look_again(str(file), os.O_RDONLY)


def test_both_ways_of_opening_open_the_file(folder: Path) -> None:
    file = Folder(folder).locate("below/file")
    for descriptor in (open_step_by_step(folder, file, os.O_RDONLY), open_and_look_again(str(file), os.O_RDONLY)):
        with open(descriptor, "rb") as opened:
            assert opened.read() == MINIMAL_SCPD


def test_a_folder_that_cannot_be_listed_can_be_passed_through(folder: Path) -> None:
    (folder / "below").chmod(0o311)
    assert _content(_load(folder, "page", "below/file"), "page") == MINIMAL_SCPD


# --- regular files only ----------------------------------------------------------------------------------------


@BY_FIELD
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pipe", "it is a pipe, not a regular file"),
        ("below", "Is a directory"),
        ("", "Is a directory"),
        ("nothing", "No such file or directory"),
        ("below/file/more", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("loop", "Too many levels of symbolic links"),
    ],
)
def test_other_files_than_regular_ones_are_refused_without_waiting(
    folder: Path, field: str, name: str, message: str
) -> None:
    os.mkfifo(folder / "pipe")
    assert f"the file {name!r} beside it cannot be read: {message}" in _refusal(folder, field, name)


@BY_FIELD
def test_a_socket_is_refused(folder: Path, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # because the path of a socket has 108 bytes at most
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert "the file 'socket' beside it cannot be read: " in _refusal(folder, field, "socket")


@BY_FIELD
def test_a_file_without_permission_is_refused(folder: Path, field: str) -> None:
    (folder / "below" / "file").chmod(0)
    if os.access(folder / "below" / "file", os.R_OK):
        pytest.skip("root may read everything")
    assert "'below/file' beside it cannot be read: Permission denied" in _refusal(folder, field, "below/file")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pipe", "it is a pipe, not a regular file; copy its content into one and name that"),
        ("/dev/zero", "it is a device, not a regular file; copy its content into one and name that"),
        ("/dev/null", "it is a device, not a regular file; copy its content into one and name that"),
        ("nothing", "No such file or directory"),
        ("loop", "Too many levels of symbolic links"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_device_file_must_be_a_regular_file(folder: Path, name: str, message: str) -> None:
    os.mkfifo(folder / "pipe")
    assert _refusal_of(folder / name) == message


def test_a_device_file_that_is_a_link_reads_from_the_folder_of_the_link(folder: Path) -> None:
    (folder.parent / "elsewhere.toml").write_text(FIELDS["page"] + "'below/file'", encoding="utf-8")
    (folder / "lamp.toml").symlink_to("../elsewhere.toml")
    assert load_device(folder / "lamp.toml").page == MINIMAL_SCPD


# --- bounds ----------------------------------------------------------------------------------------------------


def _sparse(path: Path, size: int) -> None:
    """Make a file of *size* bytes that takes no space on the disk."""
    path.touch()
    os.truncate(path, size)


@BY_FIELD
def test_no_file_is_read_beyond_its_bound(folder: Path, field: str) -> None:
    _sparse(folder / "large", 2**40)
    bound = MAX_DOCUMENT_BYTES if field == "scpd" else MAX_ICON_BYTES
    message = f"the file 'large' beside it cannot be read: it has more than {bound} bytes"
    assert message in _refusal(folder, field, "large")


@pytest.mark.parametrize("field", ["icon", "page"])
def test_a_file_may_be_as_large_as_its_bound(folder: Path, field: str) -> None:
    _sparse(folder / "large", MAX_ICON_BYTES)
    assert _content(_load(folder, field, "large"), field) == bytes(MAX_ICON_BYTES)
    _sparse(folder / "large", MAX_ICON_BYTES + 1)
    _refusal(folder, field, "large")


@pytest.mark.parametrize("ending", ["toml", "xml"])
def test_no_device_file_is_read_beyond_its_bound(folder: Path, ending: str) -> None:
    _sparse(folder / f"large.{ending}", 2**40)
    assert _refusal_of(folder / f"large.{ending}").startswith(f"it has more than {MAX_DOCUMENT_BYTES} bytes")


def test_no_file_that_xml_names_is_read_beyond_its_bound(folder: Path) -> None:
    _sparse(folder / "large", 2**40)
    for inner in (
        "<iconList><icon><url>large</url></icon></iconList>",
        "<serviceList><service><SCPDURL>large</SCPDURL></service></serviceList>",
        "<presentationURL>large</presentationURL>",
    ):
        (folder / "lamp.xml").write_text(f"<root><device>{inner}</device></root>", encoding="utf-8")
        with pytest.raises(DescriptionError, match="the file 'large' beside it cannot be read: it has more than"):
            load_device(folder / "lamp.xml")
