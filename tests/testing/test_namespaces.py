"""A network namespace for a test process: with and without root, with and without other threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.testing.runs import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")

CODE = """
import ctypes, os, socket, sys, threading
from upnp_trio.testing.isolation import Impossible, why_no_multicast_on_loopback
from upnp_trio.testing.namespaces import enter_own_namespace
user, has_thread = int(sys.argv[1]), sys.argv[2] == "thread"
if has_thread:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
if os.getuid() == 0:
    os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: as a program that this user has started
try:
    enter_own_namespace()
except Impossible as error:
    print(error)
else:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect(("239.255.255.250", 1900))  # as a program does that chooses no interface
        print([name for _, name in socket.if_nameindex()], why_no_multicast_on_loopback(), sending.getsockname()[0])
    assert os.getuid() == (user if user else os.getuid())
"""
ALONE = "['lo'] None 127.0.0.1"
NOBODY = 65534


def enter(user: int, threads: str) -> str:
    """What the program prints that enters a namespace as *user*."""
    command = [sys.executable, "-c", CODE, str(user), threads]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60, env=environment
    ).stdout.strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="this needs root")
@pytest.mark.parametrize("threads", ["thread", "alone"])
def test_root_may_enter_one_at_any_time(threads: str) -> None:
    printed = enter(0, threads)
    if "Operation not permitted" in printed:  # in some containers, root may not
        pytest.skip(printed)
    assert printed == ALONE


def test_others_may_enter_one_alone_where_the_system_lets_them() -> None:
    printed = enter(NOBODY, "alone")
    if "cannot get a network namespace" in printed:
        pytest.skip(printed)
    assert printed == ALONE


def test_others_may_not_with_more_threads_and_are_told_why() -> None:
    printed = enter(NOBODY, "thread")
    assert printed.startswith("this process cannot get a network namespace of its own: ")
    assert "run pytest as root" in printed
