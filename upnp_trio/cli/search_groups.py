"""Answers to a search, grouped by the root device that they come from.

A device answers on each interface with another LOCATION, and for each of its types, embedded devices and services with
another USN. The answer for ``upnp:rootdevice`` names the root device. Other answers belong to it if they have its UDN,
or its LOCATION, because that is the root device's in every answer (UDA 2.0 §1.2.2).
"""

from __future__ import annotations

import attrs

from upnp_trio.cli.search_targets import ROOT_DEVICES
from upnp_trio.controlpoint.received import SearchResult

__all__ = ["FoundRoot", "FoundRoots"]

# Twice the devices that this package is made for. A liar can invent more, and nobody reads them.
MAX_ROOTS = 10_000
# UDNs and LOCATIONs of them all; a device with embedded ones and several interfaces has some more than two.
MAX_NAMES = 8 * MAX_ROOTS


@attrs.define(eq=False)
class FoundRoot:
    """A root device that has answered."""

    #: its UDN, or that of an embedded device as long as nothing else is known
    udn: str
    #: its first answer
    first: SearchResult
    #: the latency of the quickest answer, in seconds
    latency: float
    #: whether an answer has named it as the root device
    is_named: bool = False
    #: its LOCATIONs, each with the interface that it came by and the address that sent it
    locations: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    answers: int = 0

    def take(self, result: SearchResult) -> None:
        """Add a further answer."""
        self.answers += 1
        self.latency = min(self.latency, result.latency)
        if _names_root(result) and not self.is_named:
            self.udn, self.is_named = result.udn, True
        if len(self.locations) < MAX_NAMES // MAX_ROOTS:
            self.locations.setdefault(result.location, (result.interface, result.sender))


@attrs.define(eq=False)
class FoundRoots:
    """The root devices that have answered so far."""

    #: how many answers there was no room for
    left_out: int = 0
    _roots: list[FoundRoot] = attrs.field(factory=list)
    _by_udn: dict[str, FoundRoot] = attrs.field(factory=dict)
    _by_location: dict[str, FoundRoot] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._roots)

    def take(self, result: SearchResult) -> FoundRoot | None:
        """Add *result*; returns the device if it is a new one."""
        found = self._find(result)
        is_new = found is None
        if found is None:
            if len(self._roots) >= MAX_ROOTS:
                self.left_out += 1
                return None
            found = FoundRoot(udn=result.udn, first=result, latency=result.latency)
            self._roots.append(found)
        found.take(result)
        if len(self._by_udn) + len(self._by_location) < MAX_NAMES:
            self._by_udn.setdefault(result.udn.lower(), found)
            self._by_location.setdefault(result.location, found)
        return found if is_new else None

    def _find(self, result: SearchResult) -> FoundRoot | None:
        found = self._by_udn.get(result.udn.lower())
        if found is not None:
            return found
        found = self._by_location.get(result.location)
        # two UDNs that are both called root devices are two devices, although one of them has a wrong LOCATION
        return None if found is not None and found.is_named and _names_root(result) else found


def _names_root(result: SearchResult) -> bool:
    return ROOT_DEVICES in (result.search_target, result.usn.partition("::")[2])
