"""Every module of the package is imported on every simulated system, and each finds there what it uses."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

from tests.systems.rules import SYSTEMS, Rules
from tests.systems.system import SimulatedSystem

#: what needs a terminal of POSIX, and is not imported on Windows
NOT_ON_WINDOWS = {"cli.watching.full_screen", "cli.watching.keyboard"}
#: what a plugin or an entry point of another program is needed for
NEEDS_MORE = {"__main__"}


def modules(system: SimulatedSystem) -> set[str]:
    package = system.module("")
    found = {each.name for each in pkgutil.walk_packages(package.__path__, "upnp_trio.")}
    return {name.removeprefix("upnp_trio.") for name in found} - NEEDS_MORE


def test_every_module_is_imported(system: SimulatedSystem) -> None:
    elsewhere = NOT_ON_WINDOWS if system.is_windows else set()
    names = modules(system)
    assert names > NOT_ON_WINDOWS
    for name in sorted(names - elsewhere):
        system.module(name)
    for name in elsewhere:
        with pytest.raises(AssertionError):
            system.module(name)


def test_the_package_that_others_see_stays_as_it_is(system: SimulatedSystem) -> None:
    import upnp_trio  # the one of this system

    assert upnp_trio is system.module("")
    assert upnp_trio.NetworkError is system.module("errors").NetworkError
    with pytest.raises(AttributeError, match="on this system"):
        system.module("network.udp_sockets").socket.SO_BINDTODEVICE  # noqa: B018


# What the interpreter itself takes from a system is as it is here; what may be missing elsewhere is taken away.
IMPORTING = """
import importlib, os, pkgutil, signal, socket, sys, time
import attrs, cattrs, h11, ifaddr, rich.console, rich.live, rich.logging, trio, trio.testing
import asyncio, concurrent.futures, importlib.resources, subprocess, threading, uuid, xml.etree.ElementTree
platform, missing, of_os = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")
for name in missing:
    sys.modules[name] = None
for name in of_os:
    if hasattr(os, name):
        delattr(os, name)
for module, names in {
    socket: ["AF_UNIX", "AF_NETLINK", "SO_REUSEPORT", "SO_BINDTODEVICE", "CMSG_SPACE", "SOCK_NONBLOCK", "SOCK_CLOEXEC"],
    signal: ["SIGUSR1", "SIGHUP", "SIGPIPE", "SIGWINCH", "SIGTSTP", "SIGCONT"],
    time: ["clock_gettime", "CLOCK_BOOTTIME"],
}.items():
    for name in names:
        delattr(module, name)
if platform == "win32":
    from types import ModuleType
    import ctypes
    sys.modules["msvcrt"] = ModuleType("msvcrt")
sys.platform = platform
import upnp_trio
skipped = sys.argv[4].split(",")
for each in pkgutil.walk_packages(upnp_trio.__path__, "upnp_trio."):
    if each.name.removeprefix("upnp_trio.") not in skipped:
        importlib.import_module(each.name)
        print(each.name)
"""


@pytest.mark.parametrize("rules", SYSTEMS, ids=lambda rules: rules.platform)
def test_no_name_of_another_system_is_used_at_import_in_an_interpreter_of_its_own(rules: Rules) -> None:
    elsewhere = NOT_ON_WINDOWS if rules.platform == "win32" else set()
    words = [rules.platform, ",".join(rules.missing), ",".join(rules.missing_in_os), ",".join(elsewhere | NEEDS_MORE)]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) > 300
