"""Files that outlive a process. Nothing in their place makes a start hang, crash or read wrong values."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from upnp_trio.state import LOCK_SECONDS, hold_lock, open_lock, read_file, replace_file, state_directory

pytestmark = pytest.mark.timeout(10)

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and permissions of POSIX")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other rules")
@pytest.mark.parametrize(
    ("environment", "directory"),
    [
        ({"HOME": "/home/ham"}, "/home/ham/.local/state/upnp_trio"),
        ({"HOME": "/home/ham", "XDG_STATE_HOME": "/state"}, "/state/upnp_trio"),
        ({"XDG_STATE_HOME": "/state"}, "/state/upnp_trio"),
        ({"HOME": "/home/ham", "XDG_STATE_HOME": "state"}, "/home/ham/.local/state/upnp_trio"),
        ({"HOME": "/home/ham", "STATE_DIRECTORY": "/var/lib/upnp-trio"}, "/var/lib/upnp-trio"),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a"),
        ({"HOME": "/home/ham", "STATE_DIRECTORY": "relative"}, "/home/ham/.local/state/upnp_trio"),
        ({"HOME": "/home/ham", "STATE_DIRECTORY": ""}, "/home/ham/.local/state/upnp_trio"),
        ({"HOME": ""}, None),
        ({"HOME": "ham"}, None),
        ({}, None),
    ],
)
def test_the_directory_is_the_service_manager_s_or_the_user_s(
    environment: dict[str, str], directory: str | None
) -> None:
    assert state_directory(environment) == (Path(directory) if directory else None)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_file(file, 5) == b"12345"
    with pytest.raises(OSError, match="too large"):
        read_file(file, 4)


def link(path: Path) -> None:
    target = path.with_name("target")
    target.write_text("1\n")
    path.symlink_to(target)


def loop(path: Path) -> None:
    path.symlink_to(path)


#: what may be in the place of a file
OBSTACLES: dict[str, Callable[[Path], None]] = {
    "a link": link,
    "a link to itself": loop,
    "a dangling link": lambda path: path.symlink_to(path.with_name("nothing")),
    "a link to an endless file": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": lambda path: os.mkfifo(path),
    "a directory": Path.mkdir,
}


@posix
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_a_file_that_is_not_regular_is_an_error_and_blocks_nothing(obstacle: str, tmp_path: Path) -> None:
    OBSTACLES[obstacle](tmp_path / "file")
    with pytest.raises(OSError):  # noqa: PT011  # each has an errno of its own
        read_file(tmp_path / "file", 100)
    with pytest.raises(OSError):  # noqa: PT011
        open_lock(tmp_path / "file")


@posix
def test_a_character_device_is_refused() -> None:
    with pytest.raises(OSError, match="not a regular file"):
        read_file(Path("/dev/zero"), 100)


@posix
@pytest.mark.parametrize("obstacle", ["a link", "a dangling link", "a link to an endless file", "a pipe"])
def test_a_link_or_pipe_is_replaced_and_not_written_to(obstacle: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    for place in (file, tmp_path / "file.tmp"):
        OBSTACLES[obstacle](place)
        replace_file(file, b"new")
        assert stat.S_ISREG(file.lstat().st_mode)
        assert file.read_bytes() == b"new"
        assert not (tmp_path / "file.tmp").exists()
        file.unlink()
        if (tmp_path / "target").exists():
            assert (tmp_path / "target").read_text() == "1\n"
        assert not (tmp_path / "nothing").exists()


def test_a_temporary_file_that_a_process_left_behind_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "file.tmp").write_bytes(b"half of")
    replace_file(tmp_path / "file", b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"new")]


@posix
def test_files_are_readable_by_this_user_only(tmp_path: Path) -> None:
    replace_file(tmp_path / "file", b"new")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


WITH_ROOM_FOR_A_PART = """
import resource, sys
from pathlib import Path

from upnp_trio.state import replace_file

resource.setrlimit(resource.RLIMIT_FSIZE, (5, 5))
try:
    replace_file(Path(sys.argv[1]), b"1795540284\\n")
except OSError as error:
    print(error.strerror)
"""


@posix
def test_a_file_that_there_is_room_for_in_part_does_not_replace_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"1795540283\n")
    done = subprocess.run(
        [sys.executable, "-c", WITH_ROOM_FOR_A_PART, str(file)], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "No space left on device\n"
    assert file.read_bytes() == b"1795540283\n"


def test_a_lock_is_held_once_also_within_a_process(tmp_path: Path) -> None:
    descriptor = open_lock(tmp_path / "lock")
    assert descriptor is not None
    assert open_lock(tmp_path / "lock") is None
    os.close(descriptor)
    with hold_lock(tmp_path / "lock"):
        assert open_lock(tmp_path / "lock") is None
    with hold_lock(tmp_path / "lock"):
        pass


HOLDER = """
import sys
from pathlib import Path
from upnp_trio.state import open_lock
open_lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_that_another_process_keeps_is_waited_for_in_vain_and_ends_with_that_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError, match="another process holds the lock"), hold_lock(tmp_path / "lock"):
            raise AssertionError("it is not ours")
        holder.kill()
        holder.wait()
        with hold_lock(tmp_path / "lock"):
            pass
    assert LOCK_SECONDS < 1  # it may delay a start by this
