"""What was observed of a device that is to be cloned, as values."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median_low

import attrs

from upnp_trio.model.device import RootDevice
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.simulation import Recording

__all__ = ["Delays", "Observed", "ObservedAnswer"]


@attrs.frozen(kw_only=True)
class ObservedAnswer:
    """One answer of the device to a search."""

    payload: bytes
    #: seconds from the search to the answer
    latency: float
    #: MX of the search; ``None`` for a unicast search, which has none
    mx: int | None

    @property
    def lines(self) -> list[str]:
        """The lines of the datagram, without the empty one at its end; each byte is one character."""
        lines = self.payload.decode("latin-1").replace("\r\n", "\n").split("\n")
        return lines[: lines.index("")] if "" in lines else lines

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header fields, as they were spelled."""
        parted = (line.partition(":") for line in self.lines[1:])
        return [(name.strip(), value.strip()) for name, colon, value in parted if colon]


@attrs.frozen
class Delays:
    """How long the answers to searches of one kind took, in seconds."""

    number: int
    least: float
    median: float
    most: float

    @classmethod
    def of(cls, latencies: list[float]) -> Delays | None:
        """Those of *latencies*; ``None`` if there is none."""
        if not latencies:
            return None
        return cls(len(latencies), min(latencies), median_low(latencies), max(latencies))


@attrs.frozen(kw_only=True)
class Observed:
    """A device, and how it answered."""

    #: as it describes itself, with the content of its icons and service descriptions
    device: RootDevice
    location: LiteralUrl
    #: its description as it is served, and the header fields that HTTP gave with it
    document: bytes = b""
    document_headers: Mapping[str, str] = attrs.field(factory=dict)
    #: one for each row
    answers: tuple[ObservedAnswer, ...] = ()
    #: seconds that answers took, to unicast searches and, by their MX, to multicast ones
    unicast: Delays | None = None
    multicast: Mapping[int, Delays] = attrs.field(factory=dict)
    #: by the index of the device in `RootDevice.walk` and of its service
    recordings: Mapping[tuple[int, int], Recording] = attrs.field(factory=dict)
    #: the rules that it breaks and that were overlooked, each in words
    forgiven: tuple[str, ...] = ()
