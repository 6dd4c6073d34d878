"""A described device as a device file that ``upnp-trio serve`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.cloning.mending import mended, with_new_udns
from upnp_trio.documents.device_writing import render_device_file
from upnp_trio.model.printable import printable
from upnp_trio.model.rules import violations

if TYPE_CHECKING:
    from upnp_trio.controlpoint.remote import RemoteDevice

__all__ = ["device_file"]

COMMENT_CHARACTERS = 200


def device_file(device: RemoteDevice) -> str:
    """*device* in TOML, without its files, with comments that say what differs from it."""
    # Icons and service descriptions are left out, so it makes no difference whether they could be had.
    without_files = attrs.evolve(device, icons=[])
    root, notes = mended(without_files, device.location, {})
    root, others = with_new_udns(root, seed=None)
    root = attrs.evolve(root, strict=not any(violation.must for violation in violations(root)))
    head = [
        f"{device.friendly_name}, as it described itself at {device.location}",
        "It has the UDN of its original: leave that out if both are to be on one network.",
        *(note for note in (*notes, *others)),
        "upnp-trio clone copies icons and service descriptions as well.",
    ]
    return render_device_file(root, head=[printable(line, COMMENT_CHARACTERS) for line in head])
