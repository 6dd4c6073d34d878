"""Searching: asking a device from the other end of the cable, and timing what comes back.

Plain sockets, and one process apart from the device's and the orchestrator's, so that the asking stays cheap.
Delays run from just before `sendto` to just after `recvfrom`, so they include the asker's own wake-up: that is what a
control point sees, it is the same for every device, and the floor shows how much of a figure it is.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Sequence

import attrs

from benchmarks.cpu import process_cpu_ns
from benchmarks.measures import Searches

SSDP_GROUP = "239.255.255.250"
SSDP_PORT = 1900
SEARCH_TARGET = "upnp:rootdevice"  # the one search that every device answers exactly once
MAX_DATAGRAM_BYTES = 2048

WARM_UP_SEARCHES = 20
UNICAST_WAIT_SECONDS = 1.0  # UDA §1.3.3 wants the answer to a unicast search within a second
IGNORED_SEARCHES = 3  # so many unanswered from the first on, and unicast searches count as ignored
LATE_SECONDS = 0.25  # how long after MX an answer still counts as late rather than lost
READY_INTERVAL_SECONDS = 0.5


class NotReadyError(Exception):
    """The device did not answer a search within its time."""


def render_search(host: str, mx: int | None, target: str = SEARCH_TARGET) -> bytes:
    """An M-SEARCH for `target`; unicast ones have no MX (UDA §1.3.2)."""
    mx_line = f"MX: {mx}\r\n" if mx is not None else ""
    head = f'M-SEARCH * HTTP/1.1\r\nHOST: {host}:{SSDP_PORT}\r\nMAN: "ssdp:discover"\r\n'
    return f"{head}{mx_line}ST: {target}\r\n\r\n".encode()


def open_searcher(control_point: str) -> socket.socket:
    """An unconnected UDP socket on a port of its own at `control_point`, so that answers name their search."""
    searcher = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    searcher.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(control_point))
    searcher.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
    searcher.bind((control_point, 0))
    return searcher


def await_answer(control_point: str, within_seconds: float) -> bytes:
    """The device's first answer to a multicast search, asked again every half second: its sign of being ready."""
    search = render_search(SSDP_GROUP, 1)
    deadline = time.monotonic() + within_seconds
    with open_searcher(control_point) as searcher:
        searcher.settimeout(READY_INTERVAL_SECONDS)
        while time.monotonic() < deadline:
            searcher.sendto(search, (SSDP_GROUP, SSDP_PORT))
            try:
                return searcher.recvfrom(MAX_DATAGRAM_BYTES)[0]
            except TimeoutError:
                continue
    raise NotReadyError(f"no answer to a multicast search within {within_seconds:.0f} s")


def header(answer: bytes, name: str) -> str | None:
    """The value of one header of an SSDP message."""
    for line in answer.decode("latin-1").splitlines()[1:]:
        field, _, value = line.partition(":")
        if field.strip().lower() == name:
            return value.strip()
    return None


def search_unicast(device: str, control_points: Sequence[str], pid: int, count: int, seconds: float) -> Searches:
    """Search `device` by unicast, one search outstanding at a time, the control points taking turns."""
    search = render_search(device, None)
    searchers = [open_searcher(control_point) for control_point in control_points]
    delays_ns: list[int] = []
    lost = asked = 0
    cpu_before, end = process_cpu_ns(pid), time.perf_counter_ns() + int(seconds * 1e9)
    try:
        while asked < WARM_UP_SEARCHES + count and time.perf_counter_ns() < end:
            if asked == WARM_UP_SEARCHES and delays_ns:
                delays_ns.clear()
                lost = 0
                cpu_before, end = process_cpu_ns(pid), time.perf_counter_ns() + int(seconds * 1e9)
            turn = asked % len(searchers)
            asked += 1
            if (delay_ns := _ask(searchers[turn], search, device)) is not None:
                delays_ns.append(delay_ns)
                continue
            lost += 1
            if lost >= IGNORED_SEARCHES and not delays_ns:
                break
            searchers[turn].close()  # a late answer must not pass for the next search's
            searchers[turn] = open_searcher(control_points[turn])
        cpu_ns = process_cpu_ns(pid) - cpu_before
    finally:
        for searcher in searchers:
            searcher.close()
    answered = len(delays_ns)
    return Searches(sent=answered + lost, in_time=answered, repeats=0, cpu_ns=cpu_ns, delays_ns=delays_ns)


def _ask(searcher: socket.socket, search: bytes, device: str) -> int | None:
    searcher.settimeout(UNICAST_WAIT_SECONDS)
    sent_at = time.perf_counter_ns()
    searcher.sendto(search, (device, SSDP_PORT))
    try:
        searcher.recvfrom(MAX_DATAGRAM_BYTES)
    except TimeoutError:
        return None
    return time.perf_counter_ns() - sent_at


@attrs.define(eq=False, kw_only=True)
class _Asked:
    searcher: socket.socket
    sent_at: int
    first_delay_ns: int | None = None
    repeats: int = 0


def search_multicast(control_points: Sequence[str], pid: int, mx: int, rate: float, seconds: float) -> Searches:
    """Search the group at a steady `rate`, whether or not answers come; each search from a socket of its own."""
    search, total = render_search(SSDP_GROUP, mx), int(rate * seconds)
    gap_ns, window_ns = int(1e9 / rate), int((mx + LATE_SECONDS) * 1e9)
    waiting: deque[_Asked] = deque()  # in the order of their sending, so in the order of their expiry
    by_fd: dict[int, _Asked] = {}
    closed: list[_Asked] = []
    cpu_before, start = process_cpu_ns(pid), time.perf_counter_ns()
    sent = 0
    with select.epoll() as arrivals:
        while sent < total or waiting:
            now = time.perf_counter_ns()
            while waiting and now >= waiting[0].sent_at + window_ns:
                closed.append(over := waiting.popleft())
                del by_fd[over.searcher.fileno()]
                over.searcher.close()  # and so out of the epoll
            if sent < total and now >= start + sent * gap_ns:
                searcher = open_searcher(control_points[sent % len(control_points)])
                arrivals.register(searcher, select.EPOLLIN)
                by_fd[searcher.fileno()] = asked = _Asked(searcher=searcher, sent_at=time.perf_counter_ns())
                searcher.sendto(search, (SSDP_GROUP, SSDP_PORT))
                waiting.append(asked)
                sent += 1
                continue
            next_event = waiting[0].sent_at + window_ns if waiting else start + sent * gap_ns
            if sent < total:
                next_event = min(next_event, start + sent * gap_ns)
            for fd, _ in arrivals.poll(max(0.0, (next_event - now) / 1e9)):
                _receive(by_fd[fd])
    return _summary(closed, mx, process_cpu_ns(pid) - cpu_before)


def _receive(asked: _Asked) -> None:
    asked.searcher.recvfrom(MAX_DATAGRAM_BYTES)
    if asked.first_delay_ns is None:
        asked.first_delay_ns = time.perf_counter_ns() - asked.sent_at
    else:
        asked.repeats += 1


def _summary(closed: Sequence[_Asked], mx: int, cpu_ns: int) -> Searches:
    delays_ns = [asked.first_delay_ns for asked in closed if asked.first_delay_ns is not None]
    return Searches(
        sent=len(closed),
        in_time=sum(delay <= mx * 1_000_000_000 for delay in delays_ns),
        repeats=sum(asked.repeats for asked in closed),
        cpu_ns=cpu_ns,
        delays_ns=delays_ns,
    )
