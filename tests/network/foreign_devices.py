"""Devices of other projects, each started on a host of a network of ours and ended like a program that is stopped."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import attrs

from tests.network.demands import demand
from tests.network.gupnp_lights import gupnp_command, gupnp_environment
from tests.network.namespaces import LINK
from tests.network.processes import Program
from tests.network.served import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.network.namespaces import Namespace

__all__ = ["ASYNC_UPNP_CLIENT", "FOREIGN_DEVICES", "GUPNP", "MINIDLNA", "SSDPY", "ForeignDevice"]

PORT = 49200
# async_upnp_client's device says byebye only if its program asks it to.
ASYNC_SCRIPT = """\
import asyncio, signal, sys
from async_upnp_client.server import UpnpServer
from benchmarks.peers.async_upnp_client_device import Jambon

async def serve(address, port):
    server, stopped = UpnpServer(Jambon, source=(address, 0), http_port=port), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await server.async_start()
    await stopped.wait()
    await server.async_stop()

asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
"""
# It announces nothing, neither itself nor its end. A max-age of a few seconds lets its end be seen.
SSDPY_SCRIPT = """\
import sys, ssdpy
ssdpy.SSDPServer(sys.argv[1], device_type="upnp:rootdevice", location=sys.argv[2], max_age=3).serve_forever()
"""
SSDPY_DESCRIPTION = """\
<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion><major>1</major><minor>0</minor></specVersion>
  <device>
    <deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>
    <friendlyName>A doorbell</friendlyName>
    <manufacturer>Doors</manufacturer>
    <modelName>Bell 2</modelName>
    <UDN>{udn}</UDN>
  </device>
</root>
"""


@attrs.frozen
class Place:
    """Where a device is started."""

    host: Namespace
    address: str
    #: for its files
    folder: Path
    #: a Python that has GUPnP
    gupnp_python: str


@attrs.frozen(kw_only=True)
class ForeignDevice:
    """A device of another project, with what its description says."""

    project: str
    udn: str
    name: str
    maker: str
    model: str
    device_type: str
    #: whether it says byebye when it is stopped
    says_byebye: bool = True
    #: makes the commands: its own is the last one, and the others are started before it
    _commands: Callable[[Place, ForeignDevice], list[list[str]]]

    @contextmanager
    def run(self, host: Namespace, address: str, folder: Path, gupnp_python: str) -> Iterator[Program]:
        """Run it on *host* until the end of the body."""
        with ExitStack() as stack:
            for command in self._commands(Place(host, address, folder, gupnp_python), self):
                program = Program(host.command(*command), cwd=REPOSITORY, env=gupnp_environment())
                stack.enter_context(program)
            yield program


def _gupnp(place: Place, device: ForeignDevice) -> list[list[str]]:
    return [gupnp_command(place.gupnp_python, place.folder)]


def _minidlna(place: Place, device: ForeignDevice) -> list[list[str]]:
    program = shutil.which("minidlnad", path="/usr/sbin:/usr/bin:/sbin")
    demand(None if program else "minidlnad is missing; install minidlna")
    assert program is not None
    folder = place.folder
    (folder / "media").mkdir(exist_ok=True)
    settings = {
        "port": PORT,
        "network_interface": LINK,
        "media_dir": folder / "media",
        "db_dir": folder,
        "log_dir": folder,
        "friendly_name": device.name,
        "uuid": device.udn.removeprefix("uuid:"),
        "notify_interval": 60,
    }
    (folder / "minidlna.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return [[program, "-S", "-f", str(folder / "minidlna.conf"), "-P", str(folder / "pid")]]


def _async_upnp_client(place: Place, device: ForeignDevice) -> list[list[str]]:
    return [[sys.executable, "-c", ASYNC_SCRIPT, place.address, str(PORT)]]


def _ssdpy(place: Place, device: ForeignDevice) -> list[list[str]]:
    demand(None if find_spec("ssdpy") else "ssdpy is missing; install it from PyPI")
    (place.folder / "d.xml").write_text(SSDPY_DESCRIPTION.format(udn=device.udn), encoding="utf-8")
    served = ["-m", "http.server", "--bind", place.address, "--directory", str(place.folder), str(PORT)]
    usn = f"{device.udn}::upnp:rootdevice"
    return [
        [sys.executable, *served],
        [sys.executable, "-c", SSDPY_SCRIPT, usn, f"http://{place.address}:{PORT}/d.xml"],
    ]


GUPNP = ForeignDevice(
    project="gupnp",
    udn="uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b14",
    name="Light",
    maker="Benchmarks",
    model="Light",
    device_type="urn:schemas-upnp-org:device:BinaryLight:1",
    commands=_gupnp,
)
MINIDLNA = ForeignDevice(
    project="minidlna",
    udn="uuid:00000000-0000-4000-8000-00000000d1a0",
    name="MiniDLNA here",
    maker="Justin Maggard",
    model="Windows Media Connect compatible (MiniDLNA)",
    device_type="urn:schemas-upnp-org:device:MediaServer:1",
    commands=_minidlna,
)
ASYNC_UPNP_CLIENT = ForeignDevice(
    project="async_upnp_client",
    udn="uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b12",
    name="Jambon 3000",
    maker="Benchmarks",
    model="Jambon",
    device_type="urn:schemas-upnp-org:device:Basic:1",
    commands=_async_upnp_client,
)
SSDPY = ForeignDevice(
    project="ssdpy",
    udn="uuid:00000000-0000-4000-8000-0000055d9d9d",
    name="A doorbell",
    maker="Doors",
    model="Bell 2",
    device_type="urn:schemas-upnp-org:device:Basic:1",
    says_byebye=False,
    commands=_ssdpy,
)
FOREIGN_DEVICES = (GUPNP, MINIDLNA, ASYNC_UPNP_CLIENT, SSDPY)
