"""``python -m upnp_trio`` in a network of our own: started, waited for, stopped, and its exit status checked."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from tests.network.processes import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.namespaces import Namespace

__all__ = [
    "EVERY_TYPE",
    "EXAMPLES",
    "GATEWAY",
    "JAMBON",
    "REPOSITORY",
    "Example",
    "Served",
    "environment",
    "open_served",
]

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"


@attrs.frozen
class Example:
    """What the command serves, and what a control point must find: the (NT, USN) pairs, written out by hand."""

    file: Path
    rows: tuple[tuple[str, str], ...]

    @property
    def usns(self) -> set[str]:
        """The USNs of all rows."""
        return {usn for _, usn in self.rows}


_JAMBON = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"
JAMBON = Example(
    EXAMPLES / "jambon3000.toml",
    (
        ("upnp:rootdevice", f"{_JAMBON}::upnp:rootdevice"),
        (_JAMBON, _JAMBON),
        ("urn:schemas-upnp-org:device:Basic:1", f"{_JAMBON}::urn:schemas-upnp-org:device:Basic:1"),
        (
            "urn:boucherie-example-com:service:Jambon:1",
            f"{_JAMBON}::urn:boucherie-example-com:service:Jambon:1",
        ),
    ),
)

_GATEWAY = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c00"
_UPNP = "urn:schemas-upnp-org"
GATEWAY = Example(
    EXAMPLES / "gateway.toml",
    (
        ("upnp:rootdevice", f"{_GATEWAY}1::upnp:rootdevice"),
        (f"{_GATEWAY}1", f"{_GATEWAY}1"),
        (f"{_UPNP}:device:InternetGatewayDevice:2", f"{_GATEWAY}1::{_UPNP}:device:InternetGatewayDevice:2"),
        (f"{_UPNP}:service:Layer3Forwarding:1", f"{_GATEWAY}1::{_UPNP}:service:Layer3Forwarding:1"),
        (f"{_GATEWAY}2", f"{_GATEWAY}2"),
        (f"{_UPNP}:device:WANDevice:2", f"{_GATEWAY}2::{_UPNP}:device:WANDevice:2"),
        (f"{_UPNP}:service:WANCommonInterfaceConfig:1", f"{_GATEWAY}2::{_UPNP}:service:WANCommonInterfaceConfig:1"),
        (f"{_GATEWAY}3", f"{_GATEWAY}3"),
        (f"{_UPNP}:device:WANConnectionDevice:2", f"{_GATEWAY}3::{_UPNP}:device:WANConnectionDevice:2"),
        (f"{_UPNP}:service:WANIPConnection:2", f"{_GATEWAY}3::{_UPNP}:service:WANIPConnection:2"),
    ),
)

_EVERY_TYPE = "uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11"
EVERY_TYPE = Example(
    REPOSITORY / "tests/services/every_type.py:device",
    (
        ("upnp:rootdevice", f"{_EVERY_TYPE}::upnp:rootdevice"),
        (_EVERY_TYPE, _EVERY_TYPE),
        ("urn:example-com:device:EveryType:1", f"{_EVERY_TYPE}::urn:example-com:device:EveryType:1"),
        (f"{_UPNP}:service:SwitchPower:1", f"{_EVERY_TYPE}::{_UPNP}:service:SwitchPower:1"),
        ("urn:example-com:service:Limits:1", f"{_EVERY_TYPE}::urn:example-com:service:Limits:1"),
        ("urn:example-com:service:EveryType:1", f"{_EVERY_TYPE}::urn:example-com:service:EveryType:1"),
    ),
)


@attrs.frozen(eq=False)
class Served:
    """The running command; *locations* has the URLs of its descriptions, as it prints them."""

    program: Program
    locations: tuple[str, ...]

    @property
    def location(self) -> str:
        """The description's URL, of a device with one interface address."""
        (location,) = self.locations
        return location

    @property
    def port(self) -> int:
        """The TCP port of HTTP."""
        (port,) = {urlsplit(location).port for location in self.locations}
        assert port is not None
        return port

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it by a signal, and check that it ends normally and without errors."""
        status = self.program.stop(number)
        assert (status, self.program.errors) == (0, ""), (status, self.program.errors)


def environment() -> dict[str, str]:
    """For our own programs: output is buffered as everywhere, so what has to be seen at once must be flushed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def command(*arguments: str | Path) -> list[str]:
    """The command under test."""
    return [sys.executable, "-m", "upnp_trio", *map(str, arguments)]


@contextmanager
def open_served(host: Namespace, *arguments: str | Path) -> Iterator[Served]:
    """The command on *host*, once it prints that it serves; at the end it is stopped, if it still runs, and checked."""
    with Program(host.command(*command(*arguments)), cwd=REPOSITORY, env=environment()) as program:
        program.wait_for("^Press Ctrl-C")
        served = Served(program, tuple(re.findall(r"http://\S+", program.output)))
        yield served
        if program.is_running:
            served.stop()
