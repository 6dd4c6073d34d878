"""The notifications that a service manager gets at its Unix socket."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from upnp_trio.cli.readiness import open_readiness

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix datagram sockets")

PID = str(os.getpid())


@attrs.frozen
class Manager:
    """A service manager that keeps its notifications."""

    name: str
    socket: socket.socket

    def received(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def environment(self, **more: str) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.name, **more}


def open_manager(name: str, address: str) -> Iterator[Manager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.setblocking(False)
        opened.bind(address)
        yield Manager(name, opened)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    path = str(tmp_path / "notify")
    yield from open_manager(path, path)


def test_it_is_notified_when_a_device_is_served_and_when_that_stops(manager: Manager) -> None:
    with open_readiness(manager.environment()) as readiness:
        assert manager.received() == []
        with readiness.served([BASIC]):
            assert manager.received() == ["READY=1\nSTATUS=Serving Jambon 3000"]
        assert manager.received() == ["STOPPING=1\nSTATUS=Sending byebye"]


def test_it_is_notified_when_an_error_stops_the_device(manager: Manager) -> None:
    with open_readiness(manager.environment()) as readiness:
        with pytest.raises(ValueError, match="mine"), readiness.served([BASIC]):
            raise ValueError("mine")
        assert manager.received()[-1].startswith("STOPPING=1\n")


def test_the_status_names_a_few_of_many_devices(manager: Manager) -> None:
    with open_readiness(manager.environment()) as readiness, readiness.served([BASIC] * 5000):
        assert manager.received() == ["READY=1\nSTATUS=Serving Jambon 3000, Jambon 3000, Jambon 3000 and 4997 more"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract Unix sockets")
def test_a_name_after_an_at_sign_is_that_of_an_abstract_socket() -> None:
    name = f"upnp-trio-test-{PID}"
    for manager in open_manager(f"@{name}", f"\0{name}"):
        with open_readiness(manager.environment()) as readiness, readiness.served([BASIC]):
            assert len(manager.received()) == 1


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"WATCHDOG_USEC": "1000000"}])
async def test_without_a_manager_nothing_is_sent_and_nothing_logged(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with open_readiness(environment) as readiness, readiness.served([BASIC]):
        await readiness.keep_alive()
    assert caplog.records == []


@pytest.mark.parametrize("name", ["notify", "vsock:2:1234", "-"])
async def test_a_name_that_is_not_a_unix_socket_is_reported(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with open_readiness({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1"}) as readiness, readiness.served([BASIC]):
        await readiness.keep_alive()
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning.startswith(f"NOTIFY_SOCKET is {name!r}, which is not a Unix socket")


@pytest.mark.parametrize("name", ["missing", "x" * 200])
def test_a_missing_manager_is_reported_once_and_does_not_end_the_device(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / name)
    with open_readiness({"NOTIFY_SOCKET": path}) as readiness:
        for _ in range(3):
            with readiness.served([BASIC]):
                pass
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning.startswith(f"cannot notify the service manager at {path}: ")


def test_a_manager_that_does_not_read_blocks_nothing(manager: Manager, caplog: pytest.LogCaptureFixture) -> None:
    with open_readiness(manager.environment()) as readiness:
        while not caplog.records:  # until its queue is full, after some hundred notifications at most
            with readiness.served([BASIC]):
                pass
    assert "cannot notify" in caplog.records[0].getMessage()


@pytest.mark.parametrize("pid", [{}, {"WATCHDOG_PID": PID}])
async def test_the_watchdog_is_notified_twice_as_often_as_it_asks_for(
    pid: dict[str, str], manager: Manager, autojump_clock: trio.testing.MockClock
) -> None:
    with open_readiness(manager.environment(WATCHDOG_USEC="30000000", **pid)) as readiness:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(readiness.keep_alive)
            await trio.testing.wait_all_tasks_blocked()
            assert manager.received() == ["WATCHDOG=1"]
            for _ in range(10):
                await trio.sleep(14.9)
                assert manager.received() == []
                await trio.sleep(0.1)
                await trio.testing.wait_all_tasks_blocked()
                assert manager.received() == ["WATCHDOG=1"]
            nursery.cancel_scope.cancel()


async def test_the_watchdog_of_another_process_gets_nothing(manager: Manager) -> None:
    with open_readiness(manager.environment(WATCHDOG_USEC="30000000", WATCHDOG_PID="1")) as readiness:
        await readiness.keep_alive()
    assert manager.received() == []


@pytest.mark.parametrize("text", ["", "0", "000", "-5", "soon", "1.5", "³", "9" * 5000])
async def test_a_watchdog_without_a_time_is_reported(
    text: str, manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    with open_readiness(manager.environment(WATCHDOG_USEC=text)) as readiness:
        await readiness.keep_alive()
    assert manager.received() == []
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning.startswith(f"WATCHDOG_USEC is {text!r}, which is not a number of microseconds")
