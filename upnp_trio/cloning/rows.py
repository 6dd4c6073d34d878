"""The rows that a device advertises beside those that UDA wants of it, as its clone has them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import MAX_ROWS, AdvertisedRow
from upnp_trio.model.value_errors import shown
from upnp_trio.ssdp.advertisements import advertisements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.cloning.observed import Observed, ObservedAnswer
    from upnp_trio.model.device import RootDevice

__all__ = ["rows_of"]

# The namespace of the names that USNs of clones are derived from; picked once, at random.
_NAMESPACE = uuid.UUID("0b8f5f0e-64b1-4a06-9a5d-5b0c1d6a3f27")


def rows_of(observed: Observed, clone: RootDevice, seed: str | None) -> tuple[tuple[AdvertisedRow, ...], list[str]]:
    """The rows of *clone*, and in words what of its original's is not repeated.

    *clone* has the UDNs that the clone is served with. A USN with a UDN of the original has the clone's in its place.
    Any other, such as a Roku's with its serial number, gets an end that is derived from *seed*, or else the original
    and its clone would be taken for one device.
    """
    known = {(row.notification_type.lower(), row.usn.lower()) for row in advertisements(observed.device)}
    udns = {
        str(old.udn).lower(): str(new.udn)
        for old, new in zip(observed.device.walk(), clone.walk(), strict=True)
        if old.udn is not None and new.udn is not None
    }
    rows: dict[tuple[str, str], AdvertisedRow] = {}
    notes: list[str] = []
    for target, usn in _named(observed.answers):
        key = target.lower(), usn.lower()
        if key in known or key in rows or target.lower() == "ssdp:all":  # some repeat the target of the search
            continue
        udn, colons, rest = usn.partition("::")
        try:
            row = AdvertisedRow(target, (udns.get(udn.lower()) or _another(udn, seed)) + colons + rest)
        except DescriptionError as error:
            notes.append(f"a row is not repeated: {error}")
            continue
        if len(rows) == MAX_ROWS:
            notes.append(f"the row {shown(target)} is not repeated: there are {MAX_ROWS} others already")
            break
        rows[key] = row
    return tuple(rows.values()), notes


def _named(answers: Iterable[ObservedAnswer]) -> Iterator[tuple[str, str]]:
    """ST and USN of each of *answers* that has both."""
    for answer in answers:
        headers = {name.upper(): value for name, value in reversed(answer.headers)}
        if "ST" in headers and "USN" in headers:
            yield headers["ST"], headers["USN"]


def _another(udn: str, seed: str | None) -> str:
    if seed is None or not udn:
        return udn
    name = "\0".join([seed, udn.lower()])
    return f"{udn}-{uuid.uuid5(_NAMESPACE, name).hex[:8]}"
