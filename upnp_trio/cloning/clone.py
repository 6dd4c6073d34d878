"""The folder of a clone: files by name, made from what was observed of a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cloning.advertising import advertising_of
from upnp_trio.cloning.mending import CLONE_MARK, MAX_NAME_CHARACTERS, mended, with_new_udns
from upnp_trio.cloning.paths import at_original_paths
from upnp_trio.cloning.record import render_record
from upnp_trio.cloning.rows import rows_of
from upnp_trio.documents.device_file import DEVICE_FILE_NAME
from upnp_trio.documents.device_writing import render_device_file
from upnp_trio.documents.new_files import NewFiles
from upnp_trio.model.printable import printable
from upnp_trio.model.rules import violations
from upnp_trio.model.value_errors import shown

if TYPE_CHECKING:
    from upnp_trio.cloning.observed import Observed

__all__ = ["Clone", "make_clone"]

# What a person reads; a hostile device could give a reason for one with each of its elements.
MAX_NOTES = 32
MAX_NOTE_CHARACTERS = 200
#: what was received, for people
RECORD_NAME = "recorded.toml"
#: the description as the original serves it; the clone's is made from the device file
ORIGINAL_NAME = "original.xml"


@attrs.frozen
class Clone:
    """What is to be written, and what a person should know of it."""

    #: contents by name, a path below the folder with ``/`` between its parts
    files: Mapping[str, bytes]
    #: what differs from the original beside the UDNs, each in words
    notes: tuple[str, ...]


def make_clone(observed: Observed, *, seed: str | None, cloned_at: str) -> Clone:
    """The clone of a device.

    Its UDNs are derived from the original's and from *seed*, and its name ends in `CLONE_MARK`. Without *seed*, it has
    the UDNs and the name of its original. *cloned_at* is the date as a person reads it.
    """
    root, notes = mended(observed.device, observed.location, observed.recordings)
    root, others = with_new_udns(root, seed)
    root, others_of_paths = at_original_paths(root, observed)
    rows, others_of_rows = rows_of(observed, root, seed)
    advertising, unrepeated = advertising_of(observed)
    notes += [*others, *others_of_rows, *unrepeated, *others_of_paths]
    notes = [printable(note, MAX_NOTE_CHARACTERS) for note in notes]
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"and {len(notes) - MAX_NOTES} more"]
    name = root.friendly_name
    if seed is not None:
        name = name[: MAX_NAME_CHARACTERS - len(CLONE_MARK)].rstrip() + CLONE_MARK
    root = attrs.evolve(root, friendly_name=name, advertising=attrs.evolve(advertising, rows=rows))
    root = attrs.evolve(root, strict=not any(violation.must for violation in violations(root)))
    files = NewFiles()
    files.add(RECORD_NAME, render_record(observed, cloned_at=cloned_at).encode())
    files.add(ORIGINAL_NAME, observed.document)
    head = _head(observed, seed, cloned_at, notes, has_its_paths=bool(root.description_path))
    files.add(DEVICE_FILE_NAME, render_device_file(root, files=files, head=head).encode())
    return Clone(files.files, tuple(notes))


def _head(observed: Observed, seed: str | None, cloned_at: str, notes: list[str], *, has_its_paths: bool) -> list[str]:
    original = observed.device
    lines = [
        f"A clone of {shown(original.friendly_name)}, {original.udn}, which was at {observed.location} on {cloned_at}.",
        "upnp-trio serve, with the name of this folder, puts it on the network.",
    ]
    if seed is None:
        lines.append("It has the UDN of its original: never serve it where that is.")
    else:
        lines.append("It has UDNs of its own, so it and its original can be on one network.")
    if has_its_paths:
        lines.append("It has the paths of its original. Without description_path, they are in a directory of its own.")
    lines.append("What the original's web server has beside UPnP, such as a Hue bridge's /api, is not here.")
    port = observed.location.port
    lines.append(f"Its original is at port {port}. Control points that know it by heart need --port {port}.")
    if notes:
        lines += ["", "What differs from the original:", *(f"- {note}" for note in notes)]
    return lines
