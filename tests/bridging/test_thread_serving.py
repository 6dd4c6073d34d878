"""`upnp_trio.threads`: a device on a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import upnp_trio.asyncio
from tests.bridging.lamps import LOOPBACK, Lamp, call, calling, lamp_device
from upnp_trio import Announced, DescriptionError, DeviceFailed, HandlerFailed, NetworkError, RootDevice, UdnTaken
from upnp_trio.bridging import trio_thread
from upnp_trio.threads import Running, serve_devices_in_thread, serve_in_thread

SECONDS = 10  # for what takes a moment


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [thread for thread in set(threading.enumerate()) - before if thread.name == "upnp_trio"] == []


def searched(target: str) -> list[str]:
    """Search once, by unicast on loopback, for as long as it takes to be answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(SECONDS)
        asker.bind(("127.0.0.1", 0))
        asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        lines = ["M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 1", f"ST: {target}"]
        asker.sendto("".join(f"{line}\r\n" for line in [*lines, ""]).encode(), ("239.255.255.250", 1900))
        return asker.recv(4096).decode().splitlines()


def test_it_is_found_and_described_from_the_first_line_of_the_body_on() -> None:
    with serve_in_thread(lamp_device(Lamp()), **LOOPBACK) as running:
        assert f"ST: {running.device.udn}" in searched(str(running.device.udn))
        with urllib.request.urlopen(running.locations[0], timeout=SECONDS) as response:
            assert running.device.friendly_name in response.read().decode()
        assert running.where[0].interface == "lo"
        assert f":{running.port}/" in running.locations[0]
        assert running.boot_id > 0
        assert any(choice.served for choice in running.choices)
        assert running.stats.snapshot().searches >= 1


def test_byebye_has_been_sent_when_the_body_is_left_by_whatever_exception() -> None:
    for error in (None, ZeroDivisionError(), KeyboardInterrupt(), SystemExit(3)):
        try:
            with serve_in_thread(lamp_device(), **LOOPBACK) as running:
                events = running.subscribe()
                if error is not None:
                    raise error
        except BaseException as raised:
            assert raised is error  # noqa: PT017  # one of them is no error at all
        assert [event.kind for event in events if isinstance(event, Announced)][-1:] == ["byebye"]
        assert running.stats.byebyes


def test_devices_are_added_removed_and_updated_from_any_thread() -> None:
    with serve_devices_in_thread([], **LOOPBACK) as running:
        added: list[RootDevice] = []
        threads = [threading.Thread(target=lambda: added.append(running.add(lamp_device()))) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {device.udn for device in running.devices} == {device.udn for device in added}
        updated = running.update(lamp_device(name=added[0].friendly_name))
        assert updated.udn == added[0].udn
        for device in added:
            assert device.udn is not None
            running.remove(device.udn)
        assert running.devices == ()
        with pytest.raises(KeyError):
            running.remove(str(added[0].udn))


def test_the_errors_of_the_start_leave_as_themselves() -> None:
    with pytest.raises(NetworkError, match="nowhere"), serve_in_thread(lamp_device(), interfaces=["nowhere"]):
        pytest.fail("there is no such interface")
    with pytest.raises(NetworkError, match="port is 0"), serve_in_thread(lamp_device(), port=0):
        pytest.fail("there is no such port")
    lamp = Lamp()
    with pytest.raises(DescriptionError, match="2 services"), serve_in_thread(lamp_device(lamp, lamp), **LOOPBACK):
        pytest.fail("two services have one ID")
    with pytest.raises(TypeError), serve_in_thread(lamp_device(), interface="lo"):  # type: ignore[call-arg]
        pytest.fail("there is no such option")
    with serve_in_thread(lamp_device(), **LOOPBACK) as running:
        taken = attrs.evolve(lamp_device(), udn=running.device.udn)
        with pytest.raises(UdnTaken), serve_in_thread(taken, **LOOPBACK):
            pytest.fail("the UDN is taken")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "lamp"}, "'lamp' is a str; a device is a RootDevice"),
        ({"device": lamp_device(), "port": "8080"}, "port is '8080'; it must be 1 to 65535"),
        ({"device": lamp_device(), "interface": ["lo"]}, "there is no option 'interface'; did you mean interfaces?"),
    ],
)
def test_a_wrong_value_is_refused_in_the_thread_of_the_caller(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((DescriptionError, NetworkError, TypeError)) as caught, serve_in_thread(**arguments):
        pytest.fail("there was nothing to serve")
    assert message in str(caught.value)
    assert "trio_thread" not in {Path(frame.path).stem for frame in caught.traceback}


@pytest.mark.parametrize("beside", ["threads", "asyncio"])
def test_a_thread_that_cannot_be_started_is_an_error_at_once(beside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def beside_asyncio() -> None:
        async with asyncio.timeout(SECONDS), upnp_trio.asyncio.serve_device(lamp_device(), **LOOPBACK):
            pytest.fail("there is no thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    before = set(trio_thread._running)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        if beside == "asyncio":
            asyncio.run(beside_asyncio())
        else:
            with serve_in_thread(lamp_device(), **LOOPBACK):
                pytest.fail("there is no thread")
    assert set(trio_thread._running) == before


def test_a_method_after_the_end_says_so() -> None:
    with serve_in_thread(lamp_device(), **LOOPBACK) as running:
        pass
    with pytest.raises(RuntimeError, match="no longer served"):
        running.add(lamp_device())
    assert list(running.subscribe()) == []


# --- handlers ---


class Where(Lamp):
    """Notes the threads in which its code runs."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def do_plain(self, level: int) -> int:
        self.threads.append(threading.current_thread())
        return super().do_plain(level)


def test_a_plain_function_runs_in_a_worker_thread_and_a_coroutine_function_in_trio_s() -> None:
    lamp = Where()
    with serve_in_thread(lamp_device(lamp), **LOOPBACK) as running:
        assert call(running, "Plain", 5)[0] == call(running, "Async", 6)[0] == 200
        assert running.service(Lamp).level == 6
    worker, trio_thread = lamp.threads
    assert trio_thread.name == "upnp_trio"
    assert worker not in (trio_thread, threading.current_thread())


class Slow(Lamp):
    """Its calls wait until they may go on."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.at_work = self.most_at_work = 0

    def do_plain(self, level: int) -> int:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        self.begun.release()
        assert self.go_on.acquire(timeout=SECONDS)
        self.at_work -= 1
        return super().do_plain(level)


def test_a_function_that_blocks_delays_no_other_service_and_no_document() -> None:
    slow, quick = Slow(), Lamp()
    with serve_in_thread(lamp_device(slow), **LOOPBACK) as running, calling(running, "Plain", 1) as waiting:
        assert slow.begun.acquire(timeout=SECONDS)
        with serve_in_thread(lamp_device(quick), **LOOPBACK) as other:
            assert call(other, "Plain", 2)[0] == 200
        with urllib.request.urlopen(running.locations[0], timeout=SECONDS) as response:
            assert response.status == 200
        assert not waiting.is_answered
        slow.go_on.release()
    assert waiting.status == 200


def test_the_functions_of_one_service_are_called_one_at_a_time() -> None:
    slow = Slow()
    with serve_in_thread(lamp_device(slow), **LOOPBACK) as running:
        with calling(running, "Plain", 1) as first, calling(running, "Plain", 2) as second:
            assert slow.begun.acquire(timeout=SECONDS)
            slow.go_on.release(2)
        assert first.status == second.status == 200
    assert slow.most_at_work == 1


class Deep(Lamp):
    """Its function uses the device that it is a service of."""

    running: Running

    def do_plain(self, level: int) -> int:
        return len(self.running.add(lamp_device()).services)

    async def do_async(self, level: int) -> int:
        return len(self.running.add(lamp_device()).services)


def test_a_plain_function_may_use_the_device_and_a_coroutine_function_is_told_that_it_cannot_wait_for_itself() -> None:
    lamp = Deep()
    with serve_in_thread(lamp_device(lamp), **LOOPBACK) as running:
        lamp.running = running
        assert call(running, "Plain", 1)[0] == 200
        assert len(running.devices) == 2
        assert call(running, "Async", 1)[0] == 500
        assert len(running.devices) == 2


class Failing(Lamp):
    """Its own task fails when it is told to."""

    def __init__(self) -> None:
        self.fail = threading.Event()

    async def run_while_served(self) -> None:
        import trio

        await trio.to_thread.run_sync(self.fail.wait)
        raise ZeroDivisionError("no sensor")


def test_a_device_that_fails_by_itself_raises_at_each_method_and_at_the_end() -> None:
    lamp = Failing()
    with pytest.raises(HandlerFailed, match="no sensor") as found:  # noqa: SIM117
        with serve_in_thread(lamp_device(lamp), **LOOPBACK) as running:
            events = running.subscribe()
            lamp.fail.set()
            assert [event for event in events if isinstance(event, Announced)][-1].kind == "byebye"
            with pytest.raises(HandlerFailed):
                running.add(lamp_device())
            with pytest.raises(HandlerFailed):
                running.devices  # noqa: B018
    assert isinstance(found.value.__cause__, ZeroDivisionError)


def test_the_body_s_own_error_is_noted_if_the_device_has_failed_before() -> None:
    lamp = Failing()
    with pytest.raises(HandlerFailed) as found:  # noqa: SIM117
        with serve_in_thread(lamp_device(lamp), **LOOPBACK) as running:
            events = running.subscribe()
            lamp.fail.set()
            list(events)
            raise LookupError("nothing")
    assert found.value.__notes__ == ["the body had failed before: LookupError('nothing')"]
    assert not isinstance(found.value, DeviceFailed)


class Exiting(Lamp):
    """Exits in the way of a program's main thread, in its action and in its task."""

    def __init__(self) -> None:
        self.exit = threading.Event()

    async def do_async(self, level: int) -> int:
        sys.exit(level)

    async def run_while_served(self) -> None:
        import trio

        await trio.to_thread.run_sync(self.exit.wait)
        sys.exit("no sensor")


def test_an_exit_in_an_action_ends_the_call_and_is_logged_by_name(caplog: pytest.LogCaptureFixture) -> None:
    lamp = Exiting()
    with pytest.raises(HandlerFailed, match="no sensor") as found:  # noqa: SIM117
        with serve_in_thread(lamp_device(lamp), **LOOPBACK) as running:
            assert call(running, "Async", 3)[0] == 500
            (record,) = caplog.records
            assert record.exc_info is not None
            assert "Exiting for the action Async raised SystemExit(3)" in str(record.exc_info[1])
            events = running.subscribe()
            lamp.exit.set()
            list(events)
    assert "Exiting.run_while_served of urn:example-com:serviceId:Lamp" in str(found.value)
    assert "SystemExit('no sensor')" in str(found.value)


# --- events ---


def test_events_can_be_waited_for_with_a_time_limit_and_closed_by_another_thread() -> None:
    with serve_in_thread(lamp_device(Lamp()), **LOOPBACK) as running:
        events = running.subscribe()
        running.service(Lamp).level = 7
        while type(event := events.get(timeout=SECONDS)).__name__ != "VariablesChanged":
            assert event is not None
        with pytest.raises(ValueError, match="max_buffered is 0"):
            running.subscribe(0)
        with running.subscribe() as quiet:
            thread = threading.Thread(target=quiet.close)
            thread.start()
            assert [event for event in quiet if not isinstance(event, Announced)] == []
            thread.join()
            assert quiet.get() is None


def test_streams_that_are_closed_or_forgotten_while_nothing_happens_do_not_pile_up() -> None:
    with serve_devices_in_thread([], **LOOPBACK) as running, running.subscribe() as kept:
        for _ in range(50):
            running.subscribe().close()
            running.subscribe()
        added = running.add(lamp_device())
        assert len(running._running._events._receivers) <= 2
        while not isinstance(event := kept.get(timeout=SECONDS), Announced):
            pass
        assert event.kind == "alive"
        assert added in running.devices
        assert running.stats.events_dropped == 0


def test_a_time_limit_that_passes_is_an_error() -> None:
    with (
        serve_devices_in_thread([], **LOOPBACK) as running,
        running.subscribe() as events,
        pytest.raises(TimeoutError, match=r"within 0\.05 s"),
    ):
        events.get(timeout=0.05)
