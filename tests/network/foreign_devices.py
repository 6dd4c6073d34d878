"""Devices of other projects, each started on a host of a network of ours and ended like a program that is stopped."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tests.network.demands import demand
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.served import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.network.namespaces import Namespace

__all__ = ["FOREIGN_DEVICES", "ForeignDevice"]

GUPNP_SCRIPT = Path(__file__).with_name("gupnp_device.py")
SSDPY_SCRIPT = """\
import sys, ssdpy
ssdpy.SSDPServer(sys.argv[1], device_type="upnp:rootdevice", location=sys.argv[2], max_age=1800).serve_forever()
"""
PORT = 49200


@attrs.frozen
class ForeignDevice:
    """A device of another project: its UDN, and the command that starts it at an address of a host."""

    project: str
    udn: str
    name: str
    #: makes the command from the host's address, a folder for its files, and a Python that has GUPnP
    _command: Callable[[str, Path, str], list[str]]
    #: whether it says byebye when it is stopped
    says_byebye: bool = True

    @contextmanager
    def run(self, host: Namespace, address: str, folder: Path, gupnp_python: str) -> Iterator[Program]:
        """Run it on *host* until the end of the body."""
        command = self._command(address, folder, gupnp_python)
        with Program(host.command(*command), cwd=REPOSITORY) as program:
            yield program


def _gupnp(address: str, folder: Path, python: str) -> list[str]:
    return [python, str(GUPNP_SCRIPT), LINK, str(folder)]


def _minidlna(address: str, folder: Path, python: str) -> list[str]:
    program = shutil.which("minidlnad", path="/usr/sbin:/usr/bin:/sbin")
    demand(None if program else "minidlnad is missing; install minidlna")
    assert program is not None
    (folder / "media").mkdir()
    settings = {
        "port": PORT,
        "network_interface": LINK,
        "media_dir": folder / "media",
        "db_dir": folder,
        "log_dir": folder,
        "friendly_name": "MiniDLNA here",
        "uuid": "00000000-0000-4000-8000-00000000d1a0",
        "notify_interval": 60,
    }
    (folder / "minidlna.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return [program, "-S", "-f", str(folder / "minidlna.conf"), "-P", str(folder / "pid")]


def _async_upnp_client(address: str, folder: Path, python: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.peers.async_upnp_client_device", address, str(PORT)]


def _ssdpy(address: str, folder: Path, python: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        SSDPY_SCRIPT,
        "uuid:00000000-0000-4000-8000-0000055d9d9d",
        f"http://{address}:1/d.xml",
    ]


#: ssdpy serves no HTTP, so its name is not to be had, and async_upnp_client sends no byebye when it is killed
FOREIGN_DEVICES = (
    ForeignDevice("gupnp", "uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b13", "Jambon 3000", _gupnp),
    ForeignDevice("minidlna", "uuid:00000000-0000-4000-8000-00000000d1a0", "MiniDLNA here", _minidlna),
    ForeignDevice(
        "async_upnp_client",
        "uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b12",
        "Jambon 3000",
        _async_upnp_client,
        says_byebye=False,
    ),
    ForeignDevice("ssdpy", "uuid:00000000-0000-4000-8000-0000055d9d9d", "", _ssdpy, says_byebye=False),
)
