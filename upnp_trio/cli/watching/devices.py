"""A device as ``watch`` shows it: what was found, what its description says, and how it answers."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import attrs

from upnp_trio.ssdp.found import FoundDevice, GoneReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.model.device import Device, RootDevice

__all__ = ["Described", "WatchedDevice", "descriptions_of", "short_type"]

# A description may have 1 MiB. What is shown of it is kept, and for each of thousands of devices.
MAX_TEXT_CHARACTERS = 120
MAX_TREE_LINES = 64
# A gateway has three; no real device has half as many.
MAX_DEVICES_OF_ONE_DOCUMENT = 64
# The headers of an announcement; real ones have some 500 bytes.
MAX_HEADER_BYTES = 1024


@attrs.frozen(kw_only=True)
class Described:
    """What a device's description says, as a stranger wrote it but cut to a bounded length."""

    name: str
    manufacturer: str
    model_name: str
    model_number: str
    device_type: str
    #: whether it is a part of the document's root device
    is_embedded: bool
    #: the devices and services of the document, one on each line, indented
    tree: tuple[str, ...] = attrs.field(eq=False)
    #: the rules that the document breaks and that were overlooked, each in words
    forgiven: tuple[str, ...] = attrs.field(eq=False)

    @property
    def make(self) -> str:
        """Who made it, and which model it is."""
        return " ".join(filter(None, (self.manufacturer, self.model_name, self.model_number)))


@attrs.define(kw_only=True)
class WatchedDevice:
    """One row; it stays a while after its device has gone."""

    device: FoundDevice
    appeared_at: float
    #: the monotonic time when it expires; later than what `device` says, as a renewal is no change of that
    expires_at: float
    described: Described | None = None
    gone_at: float | None = None
    gone_reason: GoneReason | None = None
    #: whether it was part of a root device that was known, when something was told of it last
    is_embedded: bool = False
    #: seconds that its slowest answer to the latest search of ours took, and when the latest one came
    latency: float | None = None
    answered_at: float = 0.0
    late_answers: int = 0
    #: searches of ours in a row that it has not answered
    unanswered: int = 0
    #: the latest datagram that named it
    headers: bytes = b""
    #: what the filter looks at, in lower case; empty until it is asked for
    _searched_text: str = attrs.field(default="", repr=False)

    @property
    def name(self) -> str:
        """Its friendlyName, or an empty string as long as that is not known."""
        return self.described.name if self.described else ""

    @property
    def device_type(self) -> str:
        """Its device type as it was announced, or as the description has it."""
        if self.device.device_types:
            return self.device.device_types[0]
        return self.described.device_type if self.described else ""

    @property
    def make(self) -> str:
        """Who made it, and which model it is."""
        return self.described.make if self.described else ""

    @property
    def address(self) -> str:
        """The address that announces it."""
        return self.device.locations[0].sender

    @property
    def is_late(self) -> bool:
        """Whether it has answered after MX."""
        return self.late_answers > 0

    def change(self, device: FoundDevice) -> None:
        """It is known like this now."""
        self.device = device
        self.expires_at = device.expires_at
        self._searched_text = ""

    def describe(self, described: Described) -> None:
        """Its description has been read."""
        self.described = described
        self._searched_text = ""

    def matches(self, words: tuple[str, ...]) -> bool:
        """Whether all *words*, in lower case, are in its texts; those after ``!`` must not be."""
        text = self._searched_text
        if not text:
            device = self.device
            places = (f"{place.interface} {place.url} {place.sender}" for place in device.locations)
            parts = (self.name, self.make, device.udn, device.server, *device.device_types, *places)
            text = self._searched_text = " ".join(parts).lower()
        return all((word[1:] not in text) if word[0] == "!" and len(word) > 1 else (word in text) for word in words)


def short_type(text: str) -> str:
    """The end of a type's URN, such as ``SwitchPower:1``; any other text as it is."""
    parts = text.split(":")
    return ":".join(parts[-2:]) if len(parts) >= 5 and parts[0].lower() == "urn" else text


def descriptions_of(root: RootDevice, forgiven: Iterable[str] = ()) -> dict[str, Described]:
    """What the document of *root* says of each device in it, by UDN in lower case."""
    broken = tuple(map(_cut, islice(forgiven, MAX_TREE_LINES)))
    return {
        str(device.udn).lower(): Described(
            name=_cut(device.friendly_name),
            manufacturer=_cut(device.manufacturer),
            model_name=_cut(device.model_name),
            model_number=_cut(device.model_number or ""),
            device_type=_cut(str(device.device_type)),
            is_embedded=device is not root,
            tree=_tree(device),
            forgiven=broken,
        )
        for device in islice(root.walk(), MAX_DEVICES_OF_ONE_DOCUMENT)
        if device.udn is not None
    }


def _tree(device: Device) -> tuple[str, ...]:
    lines: list[str] = []

    def add(device: Device, depth: int) -> None:
        if depth:
            lines.append("  " * depth + _cut(f"{short_type(str(device.device_type))}  {device.friendly_name}"))
        for service in device.services:
            lines.append("  " * (depth + 1) + _cut(f"{short_type(str(service.service_type))}  {service.service_id}"))
        for inner in device.devices:
            if len(lines) < MAX_TREE_LINES:
                add(inner, depth + 1)

    add(device, 0)
    if len(lines) > MAX_TREE_LINES:
        lines[MAX_TREE_LINES:] = [f"  … and more than {MAX_TREE_LINES} lines in all"]
    return tuple(lines)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARACTERS else f"{text[: MAX_TEXT_CHARACTERS - 1]}…"
