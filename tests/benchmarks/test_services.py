"""The load generator's calls and subscriptions, against a light that behaves or misbehaves."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pytest

from benchmarks.calls import GET_STATUS, SET_MESSAGE, VALUE_BYTES, VALUE_MARK, render_call
from benchmarks.clients import AGENT_MARK
from benchmarks.generator import compile_generator, read_changes, read_fetches

SERVER = "127.83.1.1"
FIRST_SUBSCRIBER = "127.83.1.2"
SUBSCRIBERS = 5
CHANGES = 20
WARM_UP = 3
SECONDS = 20.0

# The events of one change for one subscriber, each a SEQ and a value, from their numbers and what would be right.
Behaviour = Callable[[int, int, int, str], list[tuple[int, str]]]

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_generator(tmp_path_factory.mktemp("generator"))


def well(subscriber: int, change: int, seq: int, value: str) -> list[tuple[int, str]]:
    return [(seq, value)]


def read_head(received: BinaryIO) -> str:
    """The lines of a request's head, each ended by a line feed; empty at the end of the connection."""
    lines = []
    while (line := received.readline()).strip():
        lines.append(line.decode().replace("\r\n", "\n"))
    return "".join(lines)


class Light:
    """Answers calls and subscriptions, and tells the subscribers about each call over connections that it keeps."""

    def __init__(self, behaviour: Behaviour = well, *, response: str | None = None, most: int = SUBSCRIBERS) -> None:
        self.behaviour = behaviour
        self.response = response
        self.most = most
        self.requests: list[tuple[str, str]] = []
        self.callbacks: list[tuple[str, str]] = []
        self.subscribers: list[socket.socket] = []
        self.changes = 0
        # The generator goes on when it has an event, perhaps before the thread that sent the event reads the answer.
        # The next thread would take that answer for its own.
        self.notifying = threading.Lock()

    def converse(self, connection: socket.socket, client: str) -> None:
        with connection, connection.makefile("rb") as received, suppress(ConnectionError):
            while head := read_head(received):
                length = re.search(r"(?m)^Content-Length: (\d+)$", head)
                body = received.read(int(length[1])).decode() if length else ""
                self.requests.append((head, body))
                if head.startswith("SUBSCRIBE"):
                    self.subscribe(connection, head, client)
                else:
                    self.change(connection, body)

    def subscribe(self, connection: socket.socket, head: str, client: str) -> None:
        if len(self.subscribers) == self.most:
            connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nSID: uuid:x\r\nTIMEOUT: Second-1800\r\nContent-Length: 0\r\n\r\n")
        callback = re.search(r"(?m)^CALLBACK: <http://([\d.]+):(\d+)(/\d+)>$", head)
        assert callback
        self.callbacks.append((client, callback[1]))
        self.subscribers.append(socket.create_connection((callback[1], int(callback[2]))))
        self.notify(len(self.subscribers) - 1, 0, "")

    def change(self, connection: socket.socket, body: str) -> None:
        (value,) = re.findall("<NewMessage>(.*)</NewMessage>", body)
        response = self.response or f"<u:SetMessageResponse><CurrentMessage>{value}</CurrentMessage>"
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(response)}\r\n\r\n{response}".encode())
        self.changes += 1
        for subscriber in range(len(self.subscribers)):
            for seq, told in self.behaviour(subscriber, self.changes - WARM_UP, self.changes, value):
                self.notify(subscriber, seq, told)

    def notify(self, subscriber: int, seq: int, value: str) -> None:
        body = f"<e:propertyset><e:property><Message>{value}</Message></e:property></e:propertyset>"
        head = f"NOTIFY /{subscriber} HTTP/1.1\r\nSID: uuid:x\r\nSEQ: {seq}\r\nContent-Length: {len(body)}\r\n\r\n"
        with self.notifying:
            self.subscribers[subscriber].sendall((head + body).encode())
            answer = self.subscribers[subscriber].recv(1024)
        if not answer:
            raise ConnectionError("the generator has ended")
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


@contextmanager
def serving(light: Light) -> Iterator[int]:
    """Serve `light`; returns its port."""

    def accept() -> None:
        with suppress(OSError):  # the listener is shut down
            while True:
                connection, (client, _) = listener.accept()
                threads.append(threading.Thread(target=light.converse, args=(connection, client)))
                threads[-1].start()

    with socket.create_server((SERVER, 0)) as listener:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(SECONDS)
                assert not thread.is_alive()
            for subscriber in light.subscribers:
                subscriber.close()


def run(generator: Path, kind: str, port: int, **options: object) -> subprocess.CompletedProcess[str]:
    authority = f"{SERVER}:{port}"
    options |= {
        "destination": SERVER,
        "port": port,
        "first_source": FIRST_SUBSCRIBER,
        "sources": 100,
        "pid": os.getpid(),
        "request": render_call(SET_MESSAGE, authority, "/control", keep=True),
        "expect": SET_MESSAGE.expected,
    }
    command = [str(generator), kind, *(f"{name}={value}" for name, value in options.items())]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def run_calls(generator: Path, light: Light) -> str:
    with serving(light) as port:
        finished = run(
            generator,
            "call",
            port,
            connections=1,
            keep=1,
            patience_ns=3_000_000_000,
            warm_up_ns=10_000_000,
            seconds_ns=300_000_000,
        )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def run_changes(generator: Path, light: Light) -> subprocess.CompletedProcess[str]:
    with serving(light) as port:
        return run(
            generator,
            "notify",
            port,
            subscribers=SUBSCRIBERS,
            events="/events",
            authority=f"{SERVER}:{port}",
            patience_ns=3_000_000_000,  # longer than a busy machine may stall
            warm_up=WARM_UP,
            changes=CHANGES,
            seconds_ns=10_000_000_000,
            rest_ns=50_000_000,
        )


@needs_compiler
def test_calls_differ_and_are_complete(generator: Path) -> None:
    light = Light()
    calls = read_fetches(run_calls(generator, light))
    assert calls.failed == 0
    assert 10 < len(calls.times_ns) <= len(light.requests)
    bodies = {body for _, body in light.requests}
    assert len(bodies) == len(light.requests)
    assert all(body.endswith("</s:Envelope>") for body in bodies)
    assert len({len(head) for head, _ in light.requests}) > 5


@needs_compiler
@pytest.mark.parametrize("response", ["<u:SetMessageResponse>another one's</u:SetMessageResponse>", "<html>"])
def test_a_response_without_what_was_sent_is_not_a_good_one(generator: Path, response: str) -> None:
    calls = read_fetches(run_calls(generator, Light(response=response)))
    assert calls.times_ns == []
    assert calls.failed > 0


@needs_compiler
def test_every_subscriber_hears_of_every_change(generator: Path) -> None:
    light = Light()
    finished = run_changes(generator, light)
    assert finished.returncode == 0, finished.stderr
    changes = read_changes(finished.stdout)
    assert (changes.changes, changes.events, len(changes.times_ns)) == (CHANGES, CHANGES * SUBSCRIBERS, CHANGES)
    assert (changes.missed, changes.gaps, changes.strays, changes.connections) == (0, 0, 0, 0)
    assert changes.rest_elapsed_ns >= 50_000_000
    assert len(set(light.callbacks)) == SUBSCRIBERS
    assert all(client == host for client, host in light.callbacks)


def leaves_one_out(subscriber: int, change: int, seq: int, value: str) -> list[tuple[int, str]]:
    return [] if (subscriber, change) == (2, 4) else [(seq, value)]


def repeats_one(subscriber: int, change: int, seq: int, value: str) -> list[tuple[int, str]]:
    return [(seq, value)] * (2 if (subscriber, change) == (2, 4) else 1)


def misnumbers_one(subscriber: int, change: int, seq: int, value: str) -> list[tuple[int, str]]:
    return [(seq + ((subscriber, change) == (2, 4)), value)]


def tells_another_value(subscriber: int, change: int, seq: int, value: str) -> list[tuple[int, str]]:
    return [(seq, "something" if (subscriber, change) == (2, 4) else value)]


@needs_compiler
@pytest.mark.parametrize(
    ("behaviour", "missed", "gaps", "strays"),
    [(leaves_one_out, 1, 1, 0), (repeats_one, 0, 1, 1), (misnumbers_one, 0, 2, 0), (tells_another_value, 1, 0, 1)],
)
def test_what_goes_wrong_with_one_event_is_counted(
    generator: Path, behaviour: Behaviour, missed: int, gaps: int, strays: int
) -> None:
    finished = run_changes(generator, Light(behaviour))
    assert finished.returncode == 0, finished.stderr
    changes = read_changes(finished.stdout)
    assert (changes.missed, changes.gaps, changes.strays) == (missed, gaps, strays)
    assert changes.events == CHANGES * SUBSCRIBERS - missed
    assert len(changes.times_ns) == CHANGES - missed


@needs_compiler
def test_a_refused_subscription_ends_the_series_with_the_status(generator: Path) -> None:
    finished = run_changes(generator, Light(most=SUBSCRIBERS - 1))
    assert finished.returncode != 0
    assert finished.stderr == "a subscription failed: HTTP/1.1 503 Service Unavailable\n"


@needs_compiler
def test_a_subscriber_without_an_initial_event_ends_the_series(generator: Path) -> None:
    class Silent(Light):
        def notify(self, subscriber: int, seq: int, value: str) -> None:
            if (subscriber, seq) != (3, 0):
                super().notify(subscriber, seq, value)

    finished = run_changes(generator, Silent())
    assert finished.returncode != 0
    assert finished.stderr == f"only {SUBSCRIBERS - 1} of {SUBSCRIBERS} subscribers got an initial event\n"


def test_a_call_has_the_length_that_it_will_have_when_it_is_sent() -> None:
    for call in (GET_STATUS, SET_MESSAGE):
        head, _, body = render_call(call, "192.0.2.7:80", "/control", keep=False).partition("\r\n\r\n")
        length = re.search(r"Content-Length: (\d+)\r\n", head)
        assert length
        assert int(length[1]) == len(body.replace(VALUE_MARK, "x" * VALUE_BYTES))
        assert (AGENT_MARK in head) is (VALUE_MARK in body) is call.differs
        assert "\r\nConnection: close" in head
