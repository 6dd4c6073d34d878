"""What ``watch`` reports, as values: a line, an object of JSON and a row of the log are made from each."""

from __future__ import annotations

from typing import Literal

import attrs

from upnp_trio.cli.watching.devices import Described
from upnp_trio.ssdp.found import FoundDevice

__all__ = [
    "AnsweredLate",
    "ChangeKind",
    "DeviceChanged",
    "DeviceDescribed",
    "Happening",
    "LocationAnswered",
    "LocationFailed",
    "SearchedByOther",
]

ChangeKind = Literal["appeared", "updated", "rebooted", "gone"]


@attrs.frozen(kw_only=True)
class DeviceChanged:
    """A device came, changed, rebooted or went."""

    at: float
    kind: ChangeKind
    device: FoundDevice
    #: empty as long as its description has not been read
    name: str
    #: empty if it was neither announced nor described
    device_type: str = ""
    #: whether it is part of a root device that is known
    is_embedded: bool = False
    #: why it went, or which facts have changed; empty where the kind says it all
    reason: str = ""


@attrs.frozen(kw_only=True)
class DeviceDescribed:
    """A description was read for the first time, or says something else than before."""

    at: float
    udn: str
    described: Described
    #: whether it is part of a root device that is known
    is_embedded: bool = False
    url: str
    #: how long it took to fetch it
    seconds: float


@attrs.frozen(kw_only=True)
class LocationFailed:
    """A LOCATION does not answer, or must not be asked; told once until it answers again."""

    at: float
    udn: str
    name: str
    url: str
    #: one or two words, such as ``refused``
    state: str
    why: str


@attrs.frozen(kw_only=True)
class LocationAnswered:
    """A LOCATION answers that did not."""

    at: float
    udn: str
    name: str
    url: str
    seconds: float


@attrs.frozen(kw_only=True)
class SearchedByOther:
    """Somebody else has searched."""

    at: float
    interface: str
    address: str
    search_target: str
    mx: int | None
    user_agent: str


@attrs.frozen(kw_only=True)
class AnsweredLate:
    """A device answered a search of ours after MX; told once for each search."""

    at: float
    udn: str
    name: str
    interface: str
    address: str
    #: seconds
    latency: float
    mx: int
    late_by: float


Happening = DeviceChanged | DeviceDescribed | LocationFailed | LocationAnswered | SearchedByOther | AnsweredLate
