"""The container's health check: the program given as argument runs, and its web server answers within two seconds.

It searches for nothing, as others on the network would answer, too. The loop that answers HTTP is the one that answers
searches. A device without a network, or on another web server, serves no HTTP of its own, and is healthy while it runs.
Python's standard library is enough, without ``site``, so that a check takes some 40 ms.
"""

from __future__ import annotations

import os
import socket
import sys
import time

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than the check takes to run
if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER_SECONDS = 2.0
LISTENING = "0A"  # <net/tcp_states.h>


def processes(program: str) -> Iterator[str]:
    """The ids of the processes that run *program*, by itself or as a Python script."""
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{name}/stat", "rb") as file:
                    state = file.read().rpartition(b")")[2].split()[0]
                network = os.readlink(f"/proc/{name}/ns/net")
            except OSError:
                continue  # it has ended meanwhile, or is somebody else's
            # a script of Python, or a program; what an engine starts it by has it as a later word
            script = words[1:2] if b"python" in words[0] else words[:1]
            is_here = network == os.readlink("/proc/self/ns/net")  # not in another container, where ids are shared
            if script == [program.encode()] and is_here and state not in (b"Z", b"X"):
                yield name


def inodes(process: str) -> Iterator[str]:
    """The sockets that a process has open, by inode."""
    folder = f"/proc/{process}/fd"
    for name in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            continue  # it was closed meanwhile
        if target.startswith("socket:["):
            yield target[8:-1]


def listeners(process: str) -> Iterator[tuple[socket.AddressFamily, str, int]]:
    """The addresses on which a process accepts TCP connections, as (family, host, port)."""
    wanted = set(inodes(process))
    for file, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        try:
            with open(f"/proc/{process}/net/{file}") as rows:
                fields = [row.split() for row in rows][1:]
        except FileNotFoundError:
            continue  # a system without this family
        for field in fields:
            if field[3] == LISTENING and field[9] in wanted:
                host, _, port = field[1].partition(":")
                yield family, address(family, host), int(port, 16)


def address(family: socket.AddressFamily, text: str) -> str:
    """An address as the kernel's tables have it: words of 32 bits in this machine's order."""
    words = (int(text[start : start + 8], 16).to_bytes(4, sys.byteorder) for start in range(0, len(text), 8))
    return socket.inet_ntop(family, b"".join(words))


def answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    """Whether an HTTP server answers there, with whatever status."""
    deadline = time.monotonic() + ANSWER_SECONDS
    # the table has no scope: a link-local address is on one of the interfaces
    scopes = [index for index, _ in socket.if_nameindex()] if host.startswith("fe80:") else [0]
    for scope in scopes:
        to = (host, port) if family == socket.AF_INET else (host, port, 0, scope)
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            try:
                connection.settimeout(max(0.01, deadline - time.monotonic()))
                connection.connect(to)
                name = host if family == socket.AF_INET else f"[{host}]"
                connection.sendall(f"HEAD / HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n".encode())
                connection.settimeout(max(0.01, deadline - time.monotonic()))
                if connection.recv(5) == b"HTTP/":
                    return True
            except OSError:
                continue
    return False


def main(program: str) -> int:
    """The exit status, 0 for healthy; what is wrong is printed, and shown by the container engine."""
    found = list(processes(program))
    if not found:
        print(f"{program} is not running")
        return 1
    for process in found:
        try:
            addresses = list(listeners(process))
        except (FileNotFoundError, ProcessLookupError):
            print(f"{program} has just ended")
            return 1
        for family, host, port in addresses:
            if not answers(family, host, port):
                print(f"{host} port {port} does not answer within {ANSWER_SECONDS:g} seconds")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
