"""Programs that serve a device on loopback, run as processes of their own, and what is heard of them there."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

__all__ = ["SECONDS", "Heard", "Program", "hearing", "run"]

ROOT = Path(__file__).parents[2]
SECONDS = 20.0  # for what takes a moment

# Every program begins with this, and shows the UDN of its device.
BEGINNING = """
import asyncio, atexit, contextlib, os, signal, sys, threading, time
from tests.bridging.lamps import LOOPBACK, Lamp, lamp_device
from upnp_trio.asyncio import serve_device
from upnp_trio.threads import serve_in_thread

def say(*words):
    print(*words, flush=True)
"""


@attrs.define
class Program:
    """A program that runs."""

    process: subprocess.Popen[str]

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end: the status, and what else it printed."""
        # not by communicate(), which misses what came together with an earlier line
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        limit = threading.Timer(SECONDS, self.process.kill)
        limit.start()
        try:
            output, errors = self.process.stdout.read(), self.process.stderr.read()
            return self.process.wait(SECONDS), output, errors
        finally:
            limit.cancel()


@contextmanager
def run(code: str) -> Iterator[Program]:
    """Run *code* after the `BEGINNING`; it is killed at the end of the body."""
    forking = "ignore:This process:DeprecationWarning"  # Python 3.12 warns; programs do so all the same
    command = [sys.executable, "-W", "error", "-W", forking, "-c", BEGINNING + code]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


@attrs.define
class Heard:
    """Announcements on loopback."""

    listener: socket.socket

    def has_byebye(self, udn: str) -> bool:
        """Whether a byebye of the device with *udn* has come, or comes within a moment."""
        end = time.monotonic() + SECONDS
        while (left := end - time.monotonic()) > 0:
            self.listener.settimeout(left)
            try:
                message = self.listener.recv(4096).decode()
            except TimeoutError:
                break
            if "ssdp:byebye" in message and udn in message:
                return True
        return False


@contextmanager
def hearing() -> Iterator[Heard]:
    """Listen to what is announced on loopback during the body."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        listener.bind(("239.255.255.250", 1900))
        membership = struct.pack("4s4s", socket.inet_aton("239.255.255.250"), socket.inet_aton("127.0.0.1"))
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        yield Heard(listener)
