"""When the network is looked at again: after a change, and every few seconds, even if the system reports none."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from tests.network.units.shortage import descriptors_left
from tests.network.units.system import broken_socket
from upnp_trio.network.changes import (
    MAX_SETTLE_SECONDS,
    POLL_SECONDS,
    SETTLE_SECONDS,
    SLOW_POLL_SECONDS,
    Changes,
    open_changes,
)


@contextmanager
def _changes() -> Iterator[tuple[Changes, socket.socket]]:
    """Changes that a socket reports, and the other end of the socket."""
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with ours, theirs:
        ours.setblocking(False)
        yield Changes(ours), theirs


async def _seconds_of(changes: Changes) -> float:
    before = trio.current_time()
    assert not await changes.wait()
    return trio.current_time() - before


async def test_a_change_is_reported_once_it_has_settled(autojump_clock: trio.testing.MockClock) -> None:
    with _changes() as (changes, system):
        for _ in range(2):
            for _ in range(5):
                system.send(b"x")
            assert await _seconds_of(changes) == SETTLE_SECONDS
        assert await _seconds_of(changes) == SLOW_POLL_SECONDS


async def test_changes_that_do_not_stop_are_reported_every_second(autojump_clock: trio.testing.MockClock) -> None:
    with _changes() as (changes, system):

        async def change() -> None:
            while True:
                system.send(b"x")
                await trio.sleep(SETTLE_SECONDS / 2)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(change)
            for _ in range(5):
                assert await _seconds_of(changes) == MAX_SETTLE_SECONDS
            nursery.cancel_scope.cancel()


async def test_without_a_change_the_network_is_looked_at_every_few_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with _changes() as (changes, _):
        assert await _seconds_of(changes) == SLOW_POLL_SECONDS
    assert await _seconds_of(Changes(None)) == POLL_SECONDS


async def test_messages_that_were_lost_count_as_a_change(autojump_clock: trio.testing.MockClock) -> None:
    class Overrun(socket.socket):
        """A netlink socket whose buffer was too small once."""

        is_overrun = True

        def recv(self, *arguments: int) -> bytes:
            if self.is_overrun:
                self.is_overrun = False
                raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
            return super().recv(*arguments)

    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with Overrun(ours.family, ours.type, ours.proto, ours.detach()) as overrun, theirs:
        overrun.setblocking(False)
        changes = Changes(overrun)
        theirs.send(b"x")
        assert await _seconds_of(changes) == SETTLE_SECONDS
        assert await _seconds_of(changes) == SLOW_POLL_SECONDS
        theirs.send(b"x")
        assert await _seconds_of(changes) == SETTLE_SECONDS


async def test_a_socket_that_fails_is_not_used_again(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with broken_socket() as broken:
        changes = Changes(broken)
        assert await _seconds_of(changes) == 0
        for _ in range(3):
            assert await _seconds_of(changes) == POLL_SECONDS
        assert broken.fileno() == -1
    assert len(caplog.messages) == 1
    assert os.strerror(errno.ENOTCONN) in caplog.text


async def test_a_socket_that_cannot_be_waited_for_is_not_used_again(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    class Unwatchable(socket.socket):
        """A netlink socket that epoll refuses, as it refuses files."""

        def fileno(self) -> int:
            return file.fileno()

    with (tmp_path / "file").open("wb") as file, Unwatchable() as unwatchable:
        changes = Changes(unwatchable)
        assert await _seconds_of(changes) == 0
        assert await _seconds_of(changes) == POLL_SECONDS


async def test_messages_that_never_stop_let_other_tasks_run(autojump_clock: trio.testing.MockClock) -> None:
    class Endless(socket.socket):
        """A netlink socket that always has one more message."""

        def recv(self, *arguments: int) -> bytes:
            return b"x"

    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with Endless(ours.family, ours.type, ours.proto, ours.detach()) as endless, theirs:
        theirs.send(b"x")
        changes = Changes(endless)
        for _ in range(3):
            assert await _seconds_of(changes) == MAX_SETTLE_SECONDS


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
async def test_without_a_descriptor_for_netlink_the_network_is_looked_at_every_two_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with descriptors_left(0), open_changes() as changes:
        assert await _seconds_of(changes) == POLL_SECONDS


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not report how long they slept")
async def test_a_sleep_of_the_host_is_reported_once(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = 0.0
    monkeypatch.setattr(time, "clock_gettime", lambda clock: asleep if clock == time.CLOCK_BOOTTIME else 0.0)
    changes = Changes(None)
    assert not await changes.wait()
    asleep = 3600.0
    assert await changes.wait()
    assert not await changes.wait()


async def test_a_host_that_does_not_report_its_sleep_counts_as_awake(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(clock: int) -> float:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(time, "clock_gettime", fail)
    assert not await Changes(None).wait()
