"""The rooms of the package import downwards only. Below the trio line no module waits, does I/O or uses chance."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import upnp_trio

PACKAGE = Path(upnp_trio.__file__).parent

PURE = {"services", "control", "eventing", "documents", "ssdp", "model"}
#: the other rooms that each room may import, from the top down; within a room every import is allowed
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "dates": set(),
    "_version": set(),
    "state": set(),
    "deprecation": set(),
    "model": {"errors", "dates", "_version"},
    "ssdp": {"model", "errors", "dates", "_version"},
    "documents": {"model", "errors", "dates", "_version"},
    "cloning": {"documents", "ssdp", "model", "errors", "_version"},
    "services": {"documents", "model", "errors", "_version"},
    "control": {"documents", "model", "errors", "_version"},
    "eventing": {"documents", "model", "errors", "_version"},
    "exchange": {"model"},
    "service_calls": {"exchange", *PURE, "errors", "dates", "_version"},
    "service_requests": {"service_calls", "exchange", *PURE, "errors", "dates", "_version"},
    "site": {"service_requests", "service_calls", "exchange", *PURE, "errors", "dates", "_version"},
    "tasks": {"errors"},
    "monitoring": {"exchange", "errors", "dates", "_version"},
    "http": {"monitoring", "network", "exchange", "model", "errors", "dates", "_version"},
    # the group's address and the size of a datagram are defined with the messages
    "network": {"exchange", "ssdp.messages", "ssdp.advertising", "model", "state", "errors", "dates", "_version"},
    "server": {
        "http",
        "monitoring",
        "tasks",
        "service_requests",
        "service_calls",
        "exchange",
        "site",
        "network",
        "state",
        *PURE,
        "errors",
        "dates",
        "_version",
    },
    "controlpoint": {
        "http",
        "monitoring",
        "tasks",
        "exchange",
        "network",
        *PURE,
        "errors",
        "dates",
        "_version",
    },
    # values for clients that look for certain devices
    "profiles": {"model", "services", "errors"},
    # a device beside threads and beside asyncio
    "bridging": {"server", "monitoring", "tasks", "network", "service_calls", *PURE, "errors", "dates", "_version"},
    "asyncio": {"bridging", "_import_on_use"},
    # a device within a web server of the program
    "mounted": {"bridging", "server", "http", "exchange", "model", "errors"},
    "asgi": {"mounted", "_import_on_use"},
    "wsgi": {"mounted", "_import_on_use"},
    "threads": {"bridging", "_import_on_use"},
    # a network in memory, as public as `trio.testing`; nothing but tests and examples imports it
    "testing": {
        "_import_on_use",
        "bridging",
        "state",
        "server",
        "controlpoint",
        "http",
        "monitoring",
        "tasks",
        "exchange",
        "network",
        *PURE,
        "errors",
        "dates",
        "_version",
    },
    # examples that people copy, so they use what people can use
    "demo": set(upnp_trio.__all__),
    "cli": {
        "demo",
        "cloning",
        "server",
        "controlpoint",
        "http",
        "monitoring",
        "tasks",
        "service_requests",
        "exchange",
        "site",
        "network",
        "state",
        *PURE,
        "errors",
        "dates",
        "_version",
    },
    "__main__": {"cli"},
}

BELOW_THE_TRIO_LINE = (
    "site",
    "service_requests",
    "service_calls",
    "exchange",
    "cloning",
    *sorted(PURE),
    "errors",
    "deprecation",
    "_version",
    "dates",
)
#: modules that wait, or use the network or the clock
IMPURE = {"trio", "socket", "select", "selectors", "ssl", "asyncio", "threading", "subprocess", "time", "ifaddr", "h11"}
#: parts of these modules that neither wait nor use the network or the clock
HARMLESS = {"threading.get_ident", "threading.RLock"}
#: calls of these use chance or the clock, under whatever name they were imported
CLOCK_READINGS = {"now", "utcnow", "today", "monotonic", "perf_counter", "urandom", "uuid1", "uuid4", "getrandbits"}


@attrs.frozen
class Import:
    """One imported name: ``from a.b import c`` is a.b.c."""

    path: Path
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(PACKAGE.parent)}:{self.line} imports {self.name}"


def _modules() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py")


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _imports(path: Path, source: str | None = None) -> Iterator[Import]:
    """Every import of a module: at its top, in functions, and those for type checking alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8") if source is None else source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            # a relative import does not name the room
            start = "." * node.level + (node.module or "")
            for alias in node.names:
                yield Import(path, node.lineno, f"{start}.{alias.name}")


def _wrong_arrow(arrow: Import) -> str | None:
    if arrow.name.startswith("."):
        return f"{arrow}: relative; name the room"
    package, _, name = arrow.name.partition(".")
    if package != "upnp_trio":
        return None
    room = _room(arrow.path)
    if name.partition(".")[0] == room or any(f"{name}.".startswith(f"{allowed}.") for allowed in MAY_IMPORT[room]):
        return None
    return f"{arrow}, but {room} may import {', '.join(sorted(MAY_IMPORT[room])) or 'no other room'}"


def _impurity(used: Import) -> str | None:
    package, _, name = used.name.partition(".")
    if package in IMPURE and used.name not in HARMLESS:
        return f"{used}, which has no place below the trio line"
    if package in ("random", "secrets") and name != "Random":
        return f"{used}; below the trio line chance is an argument: rng: Random"
    return None


def _clock_readings(path: Path, source: str | None = None) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8") if source is None else source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_READINGS:
            yield f"{path.name}:{node.lineno} calls {ast.unparse(node.func)}"


def test_every_room_is_on_the_plan() -> None:
    assert {_room(path) for path in _modules()} == set(MAY_IMPORT)


def test_every_import_points_downwards() -> None:
    arrows = [arrow for path in _modules() for arrow in _imports(path)]
    assert len(arrows) > 100
    assert [wrong for arrow in arrows if (wrong := _wrong_arrow(arrow))] == []


def test_below_the_trio_line_nothing_waits_or_asks_the_network_the_clock_or_chance() -> None:
    pure = [path for path in _modules() if _room(path) in BELOW_THE_TRIO_LINE]
    assert [wrong for path in pure for used in _imports(path) if (wrong := _impurity(used))] == []


def test_the_one_look_at_the_clock_below_the_trio_line_is_in_dates() -> None:
    pure = [path for path in _modules() if _room(path) in BELOW_THE_TRIO_LINE]
    assert [reading.partition(" ")[2] for path in pure for reading in _clock_readings(path)] == ["calls datetime.now"]
    assert list(_clock_readings(PACKAGE / "dates.py"))


def test_reading_a_description_does_not_import_the_network_code() -> None:
    code = "import sys, upnp_trio; upnp_trio.parse_description; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "upnp_trio.documents.description" in imported
    assert not {"trio", "h11", "argparse", "ifaddr", "defusedxml"} & set(imported)


# --- the reader itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "message"),
    [
        (
            "model/a.py",
            "from upnp_trio.documents import xml",
            "model/a.py:1 imports upnp_trio.documents.xml, but model",
        ),
        ("model/a.py", "import upnp_trio.http.server", "model may import _version, dates, errors"),
        (
            "model/a.py",
            "if TYPE_CHECKING:\n  from upnp_trio.site import Site",
            "model/a.py:2 imports upnp_trio.site.Site",
        ),
        ("ssdp/a.py", "def f():\n  from upnp_trio.documents.xml import x", "ssdp/a.py:2"),
        ("documents/a.py", "from upnp_trio.ssdp.messages import PORT", "documents may import"),
        ("network/a.py", "from upnp_trio.ssdp.index import Index", "network may import"),
        ("network/a.py", "from upnp_trio.site import Site", "network may import"),
        ("site/a.py", "from upnp_trio.network.interfaces import choose", "site may import"),
        ("server/a.py", "from upnp_trio.cli import main", "server may import"),
        ("errors.py", "from upnp_trio.model.device import Device", "errors may import no other room"),
        ("model/a.py", "from upnp_trio import Device", "imports upnp_trio.Device"),
        ("demo/a.py", "from upnp_trio.model.device import Device", "demo may import"),
        ("model/a.py", "from . import text", "relative; name the room"),
    ],
)
def test_a_wrong_import_is_reported_with_file_line_and_name(module: str, source: str, message: str) -> None:
    (arrow,) = _imports(PACKAGE / module, source)
    assert message in (_wrong_arrow(arrow) or "")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("network/a.py", "from upnp_trio.ssdp.messages import GROUP"),
        ("model/a.py", "from upnp_trio.model.text import tidy"),
        ("cli/a.py", "from upnp_trio.server.serve import serve_device"),
        ("model/a.py", "import attrs"),
        ("demo/a.py", "from upnp_trio import Device"),
    ],
)
def test_a_right_import_passes(module: str, source: str) -> None:
    (arrow,) = _imports(PACKAGE / module, source)
    assert _wrong_arrow(arrow) is None


@pytest.mark.parametrize(
    "source", ["import trio", "import trio.testing", "from socket import socket", "import time", "import random"]
)
def test_an_impure_import_is_reported(source: str) -> None:
    (used,) = _imports(PACKAGE / "model" / "a.py", source)
    assert _impurity(used)


def test_the_name_of_the_thread_may_be_asked_for_and_a_thread_may_not_be_started() -> None:
    asked, started = _imports(PACKAGE / "services" / "a.py", "from threading import get_ident, Thread")
    assert _impurity(asked) is None
    assert _impurity(started)


def test_random_s_class_may_be_named_and_its_functions_may_not() -> None:
    generator, roll = _imports(PACKAGE / "model" / "a.py", "from random import Random, random")
    assert _impurity(generator) is None
    assert _impurity(roll)


def test_a_look_at_the_clock_is_reported() -> None:
    assert list(_clock_readings(PACKAGE / "model" / "a.py", "x = 1\ndatetime.datetime.now(UTC)")) == [
        "a.py:2 calls datetime.datetime.now"
    ]
