"""The (NT, USN) pairs of a device tree, enumerated once for announcements and answers (UDA 2.0 §1.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.names import TypeUrn, split_version
from upnp_trio.model.placeholders import Headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.model.device import RootDevice

__all__ = ["AdvertisedRoot", "Advertisement", "advertisements"]


@attrs.frozen
class Advertisement:
    """One row of the set that announces a root device; *udn* names the device of the tree that it is about."""

    notification_type: str
    udn: str
    #: of a row beside those that UDA wants, spelled as given; a search finds it by its very type alone
    own_usn: str | None = None

    @property
    def usn(self) -> str:
        """The Unique Service Name: the UDN alone, or the UDN and the notification type."""
        if self.own_usn is not None:
            return self.own_usn
        return self.udn if self.notification_type == self.udn else f"{self.udn}::{self.notification_type}"


@attrs.frozen(kw_only=True, eq=False)  # compared by identity: matches refer to it
class AdvertisedRoot:
    """What SSDP advertises about one root device; LOCATION is an origin's base URL and *description_path*."""

    rows: tuple[Advertisement, ...]
    description_path: str
    server: str
    config_id: int
    #: how many seconds an announcement is valid
    max_age: int
    #: how many seconds pass at the least before a search is answered
    answer_delay: float = 0.0
    #: a vendor's own fields of announcements and answers; their placeholders are filled in for each origin
    headers: Headers = ()


def advertisements(root: RootDevice) -> tuple[Advertisement, ...]:
    """Return the 3 + 2d + k rows of *root*, whose devices all have a UDN, and then those that it has beside them.

    d is the number of embedded devices, and k is the number of service types, counted for each device. Several
    services of one type in one device share a row, and only the highest of several versions has one. What the device
    has beside them is left out if it is one of them, or the same as an earlier one.
    """
    rows = [*_rows(root)]
    known = {_names_of(row) for row in rows}
    for row in _own_rows(root):
        if (names := _names_of(row)) not in known:
            known.add(names)
            rows.append(row)
    return tuple(rows)


def _own_rows(root: RootDevice) -> Iterator[Advertisement]:
    udn = str(root.udn)
    for row in root.advertising.rows:
        yield Advertisement(row.notification_type, udn, row.usn or Advertisement(row.notification_type, udn).usn)


def _names_of(row: Advertisement) -> tuple[str, str]:
    return row.notification_type.lower(), row.usn.lower()


def _rows(root: RootDevice) -> Iterator[Advertisement]:
    yield Advertisement("upnp:rootdevice", str(root.udn))
    for device in root.walk():
        udn = str(device.udn)
        yield Advertisement(udn, udn)
        yield Advertisement(device.device_type.text, udn)
        for service_type in _highest(service.service_type for service in device.services):
            yield Advertisement(service_type, udn)


def _highest(types: Iterable[TypeUrn]) -> Iterable[str]:
    """Each type once, in its highest version, in the order of their first appearance."""
    highest: dict[str, tuple[int, str]] = {}
    for urn in types:
        base, version = split_version(urn.text)
        known = highest.get(base.lower())
        if known is None or known[0] < (version or 0):
            highest[base.lower()] = (version or 0, urn.text)
    return [text for _, text in highest.values()]
