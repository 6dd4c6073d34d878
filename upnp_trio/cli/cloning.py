"""What ``upnp-trio clone`` does: it observes a device, and writes a folder that ``upnp-trio serve`` takes."""

from __future__ import annotations

import json
import os
import shlex
from functools import partial
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.asking import open_asked, run_asking, within
from upnp_trio.cli.locating import locate
from upnp_trio.cli.new_folder import check_is_free, write_folder
from upnp_trio.cli.observing import contents_of, count_of, observe, record, timing_of
from upnp_trio.cli.progress import showing_progress
from upnp_trio.cli.statuses import DONE
from upnp_trio.cloning.clone import make_clone
from upnp_trio.dates import utc_now
from upnp_trio.documents.device_file import load_device
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DescriptionError
from upnp_trio.model.printable import printable
from upnp_trio.server.identity import host_id, with_udns

if TYPE_CHECKING:
    from pathlib import Path

    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.verbs.clone import CloneArguments
    from upnp_trio.cloning.clone import Clone
    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.model.device import RootDevice

__all__ = ["clone", "clone_on"]


def clone(asked: CloneArguments, outputs: Outputs) -> int:
    """Clone a device into a folder; returns the exit status."""
    check_is_free(asked.directory)
    return run_asking(partial(_clone, asked, outputs), asked, outputs)


async def _clone(asked: CloneArguments, outputs: Outputs) -> int:
    with within(asked.timeout):
        async with open_asked(asked, listen=False) as control_point:
            return await clone_on(control_point, asked, outputs)


async def clone_on(control_point: ControlPoint, asked: CloneArguments, outputs: Outputs) -> int:
    """Clone a device by *control_point*; returns the exit status."""
    output = outputs.output
    say = (lambda line: None) if asked.json else output.write_line
    # lines are written between these, as both may be on one terminal
    async with showing_progress(outputs.errors, f"reading {printable(asked.device)}"):
        device = (await locate(control_point, asked.device)).device
    say(contents_of(device))
    async with showing_progress(outputs.errors, "timing its answers to searches"):
        seen = await observe(control_point, device)
    say(timing_of(seen))
    if asked.answers:
        async with showing_progress(outputs.errors, "calling its actions"):
            seen = attrs.evolve(seen, recordings=await record(device))
        say(f"{count_of(sum(len(each.answers) for each in seen.recordings.values()), 'answer')} of actions")
    seed = None if asked.same_udn else host_id()
    made = make_clone(seen, seed=seed, cloned_at=f"{utc_now():%Y-%m-%d %H:%M} UTC")
    served: list[RootDevice] = []
    write_folder(asked.directory, made.files, lambda folder: served.append(_check(folder)))
    (root,) = served
    if asked.json:
        output.write_line(json.dumps(_object(asked.directory, root, made)))
    else:
        for line in _report(asked.directory, root, made):
            output.write_line(line)
    return DONE


def _check(folder: Path) -> RootDevice:
    """The device of the clone in *folder*; raises `DescriptionError` if it cannot be served."""
    try:
        root = load_device(folder)
        publish(with_udns(root, ""))
    except DescriptionError as error:
        reason = str(error).replace(f"{folder}{os.sep}", "")
        raise DescriptionError(f"a clone of the device could not be served: {reason}") from error
    return root


def _report(directory: Path, root: RootDevice, made: Clone) -> list[str]:
    name = printable(root.friendly_name)
    return [
        *(f"note: {note}" for note in made.notes),
        f"{name} is in {directory}, {count_of(len(made.files), 'file')}. To serve it:",
        f"upnp-trio serve {shlex.quote(str(directory))}",
    ]


def _object(directory: Path, root: RootDevice, made: Clone) -> dict[str, object]:
    return {
        "directory": str(directory),
        "udn": None if root.udn is None else str(root.udn),
        "friendly_name": root.friendly_name,
        "files": sorted(made.files),
        "notes": list(made.notes),
    }
