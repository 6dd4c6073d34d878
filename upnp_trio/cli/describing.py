"""What ``upnp-trio describe`` does."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from upnp_trio.cli.asking import open_asked, run_asking, within
from upnp_trio.cli.description_json import description_json
from upnp_trio.cli.description_text import description_lines
from upnp_trio.cli.locating import locate
from upnp_trio.cli.printable import printable
from upnp_trio.cli.progress import showing_progress
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.styles import Styles

if TYPE_CHECKING:
    from upnp_trio.cli.output import Output, Outputs
    from upnp_trio.cli.verbs.describe import DescribeArguments
    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.controlpoint.remote import RemoteDevice

__all__ = ["describe", "describe_on"]


def describe(asked: DescribeArguments, outputs: Outputs) -> int:
    """Describe the device; returns the exit status."""
    status = run_asking(partial(_describe, asked, outputs), asked, outputs)
    outputs.output.finish()
    return status


async def _describe(asked: DescribeArguments, outputs: Outputs) -> int:
    with within(asked.timeout):
        async with open_asked(asked, listen=False) as control_point:
            return await describe_on(control_point, asked, outputs)


async def describe_on(control_point: ControlPoint, asked: DescribeArguments, outputs: Outputs) -> int:
    """Describe the device by *control_point*; returns the exit status."""
    async with showing_progress(outputs.errors, f"reading the description of {asked.device}"):
        located = await locate(control_point, asked.device, contents=not asked.xml)
    device, output = located.device, outputs.output
    if asked.json:
        output.write_line(json.dumps(description_json(device)))
    elif asked.xml:
        _write_document(device, output)
    else:
        for line in description_lines(device, Styles.of(output)):
            output.write_line(line)
    return DONE


def _write_document(device: RemoteDevice, output: Output) -> None:
    if not output.isatty():
        output.write_bytes(device.document)
        return
    for line in device.document.decode("utf-8", "replace").splitlines():
        output.write_line(printable(line.replace("\t", "    "), len(device.document)))
