"""The load generator's series: whether what it sends is the same or different each time."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from benchmarks.clients import AGENT_MARK, one_client, write_datagrams
from benchmarks.generator import compile_generator, read_crowding, read_fetches, read_pipelining, read_searches

SERVER = "127.83.0.1"
CLIENT = "127.83.0.2"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECONDS = 20.0

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_generator(tmp_path_factory.mktemp("generator"))


def run(generator: Path, kind: str, **options: object) -> str:
    options |= {"destination": SERVER, "first_source": CLIENT, "sources": 1, "link": "lo", "pid": os.getpid()}
    command = [str(generator), kind, *(f"{name}={value}" for name, value in options.items())]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS).stdout


@contextmanager
def answering() -> Iterator[tuple[int, list[bytes]]]:
    """Answer each request with the same response; returns the port, and the list that requests are put into."""
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        received = b""
        with connection, suppress(ConnectionError):  # the generator leaves its last responses unread
            while more := connection.recv(65536):
                *whole, received = (received + more).split(b"\r\n\r\n")
                requests.extend(whole)
                connection.sendall(RESPONSE * len(whole))

    def accept() -> None:
        with suppress(OSError):  # the listener is shut down
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    with socket.create_server((SERVER, 0)) as listener:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield listener.getsockname()[1], requests
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(SECONDS)
                assert not thread.is_alive()


@pytest.mark.parametrize(("agent", "differ"), [("benchmarks", False), (AGENT_MARK, True)])
def test_requests_are_the_same_or_all_different(generator: Path, agent: str, differ: bool) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {SERVER}\r\nUser-Agent: {agent}\r\n\r\n"
    with answering() as (port, requests):
        output = run(
            generator,
            "fetch",
            port=port,
            connections=1,
            keep=1,
            patience_ns=1_000_000_000,
            request=request,
            warm_up_ns=10_000_000,
            seconds_ns=300_000_000,
        )
    fetches = read_fetches(output)
    assert (fetches.failed, fetches.body_bytes) == (0, 2)
    assert 10 < len(fetches.times_ns) <= len(requests)
    assert len(set(requests)) == (len(requests) if differ else 1)
    before, after = request.encode().removesuffix(b"\r\n\r\n").split(agent.encode())
    assert all(each.startswith(before) and each.endswith(after) for each in requests)
    assert not any(AGENT_MARK.encode() in each for each in requests)
    assert (len({len(each) for each in requests}) > 5) is differ


@pytest.mark.skipif(os.geteuid() != 0, reason="the generator's receive buffer needs root")
@pytest.mark.parametrize("differ", [False, True])
def test_datagrams_are_the_same_or_all_different(generator: Path, tmp_path: Path, differ: bool) -> None:
    write_datagrams(one_client(1, differ=differ), path := tmp_path / "datagrams")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.bind((SERVER, 1900))
        output = run(generator, "steady", rate=1000, count=100, window_ms=1, datagrams=path)
        receiver.setblocking(False)
        received = [receiver.recv(4096) for _ in range(100)]
    assert (read_searches(output).sent, read_searches(output).delays_ns) == (100, [])
    assert len(set(received)) == (100 if differ else 1)
    before, _, after = one_client(1, differ=True)[0].content.partition(AGENT_MARK.encode())
    if differ:
        assert all(each.startswith(before) and each.endswith(after) for each in received)
    else:
        assert received[0] == one_client(1)[0].content


GET = f"GET / HTTP/1.1\r\nHost: {SERVER}\r\nUser-Agent: {AGENT_MARK}\r\n\r\n"


def test_all_pipelined_requests_are_answered_except_those_that_are_cut_off(generator: Path) -> None:
    with answering() as (port, requests):
        output = run(generator, "pipeline", own=CLIENT, port=port, connections=3, request=GET, seconds_ns=700_000_000)
    ready, _, rest = output.partition("\n")
    assert ready == "ready"
    pipelining = read_pipelining(rest)
    assert pipelining.closed == 0
    assert 0 < pipelining.responses <= len(requests)
    assert len(set(requests)) == len(requests)


def test_a_crowd_holds_idle_connections_and_opens_others_at_its_rate(generator: Path) -> None:
    with answering() as (port, requests):
        output = run(generator, "crowd", own=CLIENT, port=port, held=5, rate=50, request=GET, seconds_ns=1_700_000_000)
    ready, _, rest = output.partition("\n")
    assert ready == "ready"
    crowding = read_crowding(rest)
    assert 0 < crowding.answered <= len(requests) <= crowding.opened - 5  # the last ones are still under way
    assert crowding.refused == 0
    assert crowding.opened <= 5 + 50 * crowding.elapsed_ns / 1e9 + 1
