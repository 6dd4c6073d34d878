"""BOOTID rises with each start and each change of the network, whatever the clock does."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import BASIC
from tests.server.scenes import NOON, LoneHost, interface
from upnp_trio.server import boot_ids
from upnp_trio.server.boot_ids import FILE_NAME, LOCK_NAME, MAX_BOOT_ID, BootIds, UsedBootIds, boot_id_after
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.state import hold_lock

NOON_SECONDS = int(NOON.timestamp())
LATER = 10**9
# No process of this user runs, so a limit of one task allows no second thread.
UNUSED_USER = 61_234


def started(seconds: int, directory: Path | None) -> BootIds:
    """The BOOTIDs of a process that has just started, when the clock showed *seconds*."""
    return BootIds(at(seconds), directory, UsedBootIds())


def at(seconds: int) -> Callable[[], datetime]:
    return lambda: datetime.fromtimestamp(seconds, UTC)


# --- the rule ---


@pytest.mark.parametrize(
    ("last", "seconds", "following"),
    [
        (0, NOON_SECONDS, NOON_SECONDS),
        (NOON_SECONDS, NOON_SECONDS, NOON_SECONDS + 1),
        (NOON_SECONDS + 35, NOON_SECONDS + 24, NOON_SECONDS + 36),
        (NOON_SECONDS, 0, NOON_SECONDS + 1),  # a machine without a clock battery
        (NOON_SECONDS, -3600, NOON_SECONDS + 1),
        (0, -3600, 1),
        (MAX_BOOT_ID - 1, NOON_SECONDS, MAX_BOOT_ID),
        (MAX_BOOT_ID, NOON_SECONDS, NOON_SECONDS),  # BOOTID starts again from the clock
        (MAX_BOOT_ID, MAX_BOOT_ID, 1),
        (MAX_BOOT_ID, MAX_BOOT_ID + 1, 1),
        (MAX_BOOT_ID - 10, MAX_BOOT_ID + 1, MAX_BOOT_ID - 9),  # 2038: the clock has wrapped
        (5, MAX_BOOT_ID + 101, 100),
    ],
)
def test_the_next_boot_id_is_the_clock_s_or_one_more(last: int, seconds: int, following: int) -> None:
    assert boot_id_after(last, seconds) == following


@given(st.integers(0, MAX_BOOT_ID), st.integers(-(2**40), 2**40))
def test_the_next_boot_id_is_another_one_within_its_range(last: int, seconds: int) -> None:
    following = boot_id_after(last, seconds)
    assert 1 <= following <= MAX_BOOT_ID
    assert following != last
    assert following > last or last == MAX_BOOT_ID


# --- kept over restarts ---


async def test_the_next_boot_id_is_above_the_one_that_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "state" / "upnp_trio"
    assert await started(NOON_SECONDS, directory).next() == NOON_SECONDS
    assert await started(1000, directory).next() == NOON_SECONDS + 1  # the clock was set back
    assert await started(NOON_SECONDS + 100, directory).next() == NOON_SECONDS + 100
    assert (directory / FILE_NAME).read_text() == f"{NOON_SECONDS + 100}\n"


async def test_without_a_directory_it_rises_within_the_process_alone() -> None:
    used = UsedBootIds()
    with trio.testing.assert_checkpoints():
        first = await BootIds(at(NOON_SECONDS), None, used).next()
    assert [first, await BootIds(at(1000), None, used).next()] == [NOON_SECONDS, NOON_SECONDS + 1]
    assert await started(1000, None).next() == 1000


async def test_many_at_once_are_all_different(tmp_path: Path) -> None:
    given: list[int] = []

    async def take(source: BootIds) -> None:
        given.append(await source.next())

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(take, started(NOON_SECONDS, tmp_path))
    assert sorted(given) == list(range(NOON_SECONDS, NOON_SECONDS + 20))


PROCESS = """
import sys, trio
from datetime import UTC, datetime
from pathlib import Path
from upnp_trio.server.boot_ids import BootIds

async def main():
    source = BootIds(lambda: datetime.fromtimestamp(1000, UTC), Path(sys.argv[1]))
    for _ in range(50):
        print(await source.next())

trio.run(main)
"""


def test_processes_that_share_a_directory_share_the_numbers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    numbers = [[int(line) for line in process.communicate(timeout=60)[0].split()] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    assert all(own == sorted(own) for own in numbers)
    assert sorted(itertools.chain(*numbers)) == list(range(1000, 1150))


# --- faults of the file ---


def _link(path: Path) -> None:
    path.with_name("target").write_text("1\n")
    path.symlink_to(path.with_name("target"))


SPOILT: dict[str, Callable[[Path], object]] = {
    "empty": Path.touch,
    "text": lambda path: path.write_text("soon\n"),
    "binary": lambda path: path.write_bytes(b"\x00\xff" * 5),
    "negative": lambda path: path.write_text("-5\n"),
    "beyond 31 bits": lambda path: path.write_text(f"{MAX_BOOT_ID + 1}\n"),
    "digits of another script": lambda path: path.write_text("１２３"),
    "huge": lambda path: path.write_text("1" * 1_000_000),
    "a link": _link,
    "a pipe": lambda path: os.mkfifo(path),
    "a link to an endless file": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", SPOILT)
async def test_a_file_that_holds_no_boot_id_is_written_anew(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SPOILT[name](tmp_path / FILE_NAME)
    with caplog.at_level(logging.INFO):
        source = started(NOON_SECONDS, tmp_path)
        assert await source.next() == NOON_SECONDS
        assert await source.next() == NOON_SECONDS + 1
    assert (tmp_path / FILE_NAME).read_text() == f"{NOON_SECONDS + 1}\n"
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"BOOTID may be lower after the next start: {tmp_path / FILE_NAME}")
    assert "\x00" not in line


async def test_a_boot_id_of_the_future_is_followed(tmp_path: Path) -> None:
    """The clock may have been wrong then, or is wrong now. Control points have seen the BOOTID in either case."""
    (tmp_path / FILE_NAME).write_text(f"{NOON_SECONDS + LATER % 10**8}\n")
    assert await started(NOON_SECONDS, tmp_path).next() == NOON_SECONDS + LATER % 10**8 + 1


IMPOSSIBLE: dict[str, Callable[[Path], object]] = {
    "the directory is a file": lambda path: path.write_text(""),
    "a file's place is taken by a directory": lambda path: (path / FILE_NAME).mkdir(parents=True),
    "the lock is a pipe": lambda path: os.mkfifo(_made(path) / LOCK_NAME),
    "the lock is a link": lambda path: _link(_made(path) / LOCK_NAME),
    "the directory is a dangling link": lambda path: path.symlink_to(path.with_name("nothing")),
}


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", IMPOSSIBLE)
async def test_where_nothing_can_be_kept_there_is_a_boot_id_and_one_line(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "upnp_trio"
    IMPOSSIBLE[name](directory)
    with caplog.at_level(logging.INFO):
        source = started(NOON_SECONDS, directory)
        assert [await source.next() for _ in range(3)] == [NOON_SECONDS, NOON_SECONDS + 1, NOON_SECONDS + 2]
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith("BOOTID may be lower after the next start: ")
    assert str(directory) in record.getMessage()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a file system that is never writable")
async def test_a_file_system_that_cannot_be_written_to_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert await started(NOON_SECONDS, Path("/proc/upnp_trio")).next() == NOON_SECONDS
    assert len(caplog.records) == 1


async def test_a_boot_id_that_can_be_read_and_not_written_is_followed(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(f"{NOON_SECONDS + 5}\n")
    with hold_lock(tmp_path / LOCK_NAME):  # as by a process that was stopped meanwhile
        source = started(NOON_SECONDS, tmp_path)
        assert [await source.next(), await source.next()] == [NOON_SECONDS + 6, NOON_SECONDS + 7]


async def test_a_directory_that_does_not_answer_does_not_hold_up_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A lost network drive does not answer; only a thread can wait for it."""
    answered = trio.Event()
    token = trio.lowlevel.current_trio_token()
    asked = 0

    def wait(*arguments: object) -> tuple[int, None]:
        nonlocal asked
        asked += 1
        trio.from_thread.run(answered.wait, trio_token=token)
        return 1, None

    monkeypatch.setattr(boot_ids, "_next_kept", wait)
    monkeypatch.setattr(boot_ids, "STATE_SECONDS", 0.05)
    with caplog.at_level(logging.INFO):
        source = started(NOON_SECONDS, tmp_path)
        assert [await source.next() for _ in range(3)] == [NOON_SECONDS, NOON_SECONDS + 1, NOON_SECONDS + 2]
    answered.set()
    assert asked == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"BOOTID may be lower after the next start: {tmp_path} does not answer"
    ]


async def test_threads_that_the_application_keeps_busy_do_not_keep_it_from_the_file(tmp_path: Path) -> None:
    limiter = trio.to_thread.current_default_thread_limiter()
    tokens = [object() for _ in range(int(limiter.available_tokens))]
    for token in tokens:
        limiter.acquire_on_behalf_of_nowait(token)
    try:
        assert await started(NOON_SECONDS, tmp_path).next() == NOON_SECONDS
    finally:
        for token in tokens:
            limiter.release_on_behalf_of(token)
    assert (tmp_path / FILE_NAME).read_text() == f"{NOON_SECONDS}\n"


WITHOUT_THREADS = """
import os, resource, sys
from datetime import UTC, datetime
from pathlib import Path

import trio

from upnp_trio.server.boot_ids import BootIds


async def main():
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
    os.setuid(UNUSED_USER)  # the limit does not bind root
    source = BootIds(lambda: datetime.fromtimestamp(1000, UTC), Path(sys.argv[1]))
    print(await source.next(), await source.next())


trio.run(main)
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="a limit of threads that binds needs root")
def test_a_system_that_grants_no_thread_does_not_end_the_device(tmp_path: Path) -> None:
    """As in a container or a unit whose tasks are limited; each change of the network needs a BOOTID."""
    code = WITHOUT_THREADS.replace("UNUSED_USER", str(UNUSED_USER))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, encoding="utf-8", timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1000 1001\n"), done.stderr


# --- in a device ---


async def test_a_network_that_flaps_does_not_make_the_next_start_s_boot_id_lower(tmp_path: Path) -> None:
    eth0, eth1 = interface(), interface("198.51.100.7/24", name="eth1", index=3)
    used: list[int] = []
    settings = Settings(rng=Random(0), utcnow=lambda: NOON)
    host = LoneHost(eth0)
    async with serve_on(host.network, [BASIC], settings, started(NOON_SECONDS, tmp_path)) as running:
        used.append(running.boot_id)
        for number in range(20):
            host.have(*([eth0, eth1] if number % 2 == 0 else [eth0]))
            with trio.fail_after(5):
                while running.boot_id == used[-1]:  # noqa: ASYNC110  # no event comes before that
                    await trio.sleep(0.001)
            used.append(running.boot_id)
    assert used == sorted(set(used))
    async with serve_on(LoneHost(eth0).network, [BASIC], settings, started(NOON_SECONDS, tmp_path)) as running:
        assert running.boot_id > used[-1]


async def test_what_is_served_on_a_network_of_a_test_keeps_nothing(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    directory = tmp_path / "state"
    async with serve_on(LoneHost().network, [BASIC], Settings(utcnow=lambda: NOON, state_dir=directory)):
        pass
    assert not directory.exists()


async def test_the_update_of_a_change_is_left_out_where_boot_id_starts_over(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Source(BootIds):
        async def next(self) -> int:
            await trio.lowlevel.checkpoint()
            return numbers.pop(0)

    numbers = [MAX_BOOT_ID, 5, 6]
    host = LoneHost(interface())
    other = interface("198.51.100.7/24", name="eth1", index=3)
    async with serve_on(host.network, [BASIC], Settings(rng=Random(0)), Source(lambda: NOON)) as running:
        await trio.sleep(10)
        host.have(interface(), other)
        await trio.sleep(10)
        assert running.boot_id == 5
        assert running.stats.updates == 0
        host.have(interface())
        await trio.sleep(10)
        assert (running.boot_id, running.stats.updates) == (6, 3)
