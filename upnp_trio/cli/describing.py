"""What ``upnp-trio describe`` does."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from upnp_trio.cli.asking import open_asked, room, run_asking, within
from upnp_trio.cli.description_json import description_json
from upnp_trio.cli.description_text import description_lines
from upnp_trio.cli.device_file_text import device_file
from upnp_trio.cli.locating import locate
from upnp_trio.cli.printable import printable
from upnp_trio.cli.progress import showing_progress
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.styles import Styles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.cli.output import Output, Outputs
    from upnp_trio.cli.verbs.describe import DescribeArguments
    from upnp_trio.controlpoint.control_point import ControlPoint

__all__ = ["describe", "describe_on"]


def describe(asked: DescribeArguments, outputs: Outputs) -> int:
    """Describe the device; returns the exit status."""
    return run_asking(partial(_describe, asked, outputs), asked, outputs)


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
    elif asked.xml and not output.isatty():
        output.write_bytes(device.document)
    elif asked.xml:
        await _write_lines(output, _printable(device.document.decode("utf-8", "replace")))
    elif asked.toml and not output.isatty():
        output.write(device_file(device))
    elif asked.toml:
        await _write_lines(output, _printable(device_file(device)))
    else:
        await _write_lines(output, description_lines(device, Styles.of(output)))
    return DONE


async def _write_lines(output: Output, lines: Iterable[str]) -> None:
    for line in lines:
        await room(output)
        output.write_line(line)


def _printable(text: str) -> Iterator[str]:
    return (printable(line.expandtabs(4), len(text)) for line in text.splitlines())
