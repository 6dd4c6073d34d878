"""The forms of a saved file: pcapng for Wireshark, JSON lines for programs. Pure: times are given."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio._version import __version__
from upnp_trio.cli.pcapng import Capture, rebuilt_packet
from upnp_trio.cli.watching.inputs import Received
from upnp_trio.cli.watching.records import record_of, record_of_datagram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.cli.watching.happenings import Happening
    from upnp_trio.cli.watching.records import Record

__all__ = ["SUFFIXES", "Form", "JsonLinesForm", "PcapngForm", "Recent", "form_for", "json_line"]

# What the key ``w`` saves of the time before it was pressed: minutes of a lively network.
MAX_RECENT_DATAGRAMS = 10_000
MAX_RECENT_BYTES = 4 * 1024 * 1024


class Form(Protocol):
    """Renders a file piece by piece."""

    def start(self) -> bytes:
        """What the file begins with."""
        ...

    def datagram(self, received: Received) -> bytes:
        """A datagram."""
        ...

    def happening(self, happening: Happening) -> bytes:
        """Something that was told."""
        ...


@attrs.define(eq=False)
class PcapngForm:
    """Datagrams as packets; why one is no message, or what was forgiven, is a comment of its packet."""

    nanoseconds: Callable[[float], int]
    _capture: Capture = attrs.field(factory=Capture)

    def start(self) -> bytes:
        """The header of the file."""
        return self._capture.start(f"upnp-trio {__version__}")

    def datagram(self, received: Received) -> bytes:
        """A packet."""
        comment = "; ".join((received.flaw, *received.forgiven) if received.flaw else received.forgiven)
        source, destination = received.source, received.destination
        packet = rebuilt_packet(received.payload, (source[0], source[1]), (destination[0], destination[1]))
        return self._capture.packet(received.interface, self.nanoseconds(received.arrived_at), packet, comment)

    def happening(self, happening: Happening) -> bytes:
        """Nothing: it is not a packet."""
        return b""


@attrs.define(eq=False)
class JsonLinesForm:
    """Datagrams and happenings, each an object on a line."""

    time_text: Callable[[float], str]

    def start(self) -> bytes:
        """Nothing."""
        return b""

    def datagram(self, received: Received) -> bytes:
        """A line."""
        return json_line(record_of_datagram(received, self.time_text(received.arrived_at)))

    def happening(self, happening: Happening) -> bytes:
        """A line."""
        return json_line(record_of(happening, self.time_text(happening.at)))


def json_line(record: Record) -> bytes:
    """*record* on a line of ASCII."""
    return f"{json.dumps(record)}\n".encode("ascii")


#: how the names of files end
SUFFIXES = (".pcapng", ".jsonl")


def form_for(path: str, nanoseconds: Callable[[float], int], time_text: Callable[[float], str]) -> Form | None:
    """The form that the name of a file asks for; ``None`` if it ends in no suffix of `SUFFIXES`."""
    if path.lower().endswith(".pcapng"):
        return PcapngForm(nanoseconds)
    return JsonLinesForm(time_text) if path.lower().endswith(".jsonl") else None


@attrs.define(eq=False)
class Recent:
    """The latest datagrams, in a bounded number and size."""

    _datagrams: deque[Received] = attrs.field(factory=deque)
    _bytes: int = 0

    def __iter__(self) -> Iterator[Received]:
        return iter(self._datagrams)

    def add(self, received: Received) -> None:
        """Keep *received*, and let the oldest go that there is no room for."""
        self._datagrams.append(received)
        self._bytes += len(received.payload)
        while len(self._datagrams) > MAX_RECENT_DATAGRAMS or self._bytes > MAX_RECENT_BYTES:
            self._bytes -= len(self._datagrams.popleft().payload)
