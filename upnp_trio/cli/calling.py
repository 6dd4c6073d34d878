"""What ``upnp-trio call`` does."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from upnp_trio.cli.asking import open_asked, room, run_asking, within
from upnp_trio.cli.call_words import answer_json, answer_lines, argument_values
from upnp_trio.cli.locating import locate
from upnp_trio.cli.printable import printable
from upnp_trio.cli.progress import showing_progress
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.styles import Styles

if TYPE_CHECKING:
    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.verbs.call import CallArguments
    from upnp_trio.controlpoint.control_point import ControlPoint

__all__ = ["call", "call_on"]

SENTENCE_CHARACTERS = 400


def call(asked: CallArguments, outputs: Outputs) -> int:
    """Call the action; returns the exit status."""
    return run_asking(partial(_call, asked, outputs), asked, outputs)


async def _call(asked: CallArguments, outputs: Outputs) -> int:
    with within(asked.timeout):
        async with open_asked(asked, listen=False) as control_point:
            return await call_on(control_point, asked, outputs)


async def call_on(control_point: ControlPoint, asked: CallArguments, outputs: Outputs) -> int:
    """Call the action by *control_point*; returns the exit status."""
    async with showing_progress(outputs.errors, f"reading the description of {asked.device}"):
        located = await locate(control_point, asked.device)
    service = located.device.service(asked.service, udn=located.udn)
    values = argument_values(service, service.action(asked.action), asked.arguments)
    async with showing_progress(outputs.errors, f"waiting for the answer to {asked.action}"):
        answer = await service.invoke(asked.action, values)
    for flaw in answer.forgiven:
        outputs.errors.write_line(printable(f"overlooked: {flaw}", SENTENCE_CHARACTERS))
    output, styles = outputs.output, Styles.of(outputs.output)
    if asked.json:
        output.write_line(json.dumps(answer_json(service, answer)))
    else:
        for line in answer_lines(service, answer, styles):
            await room(output)
            output.write_line(line)
        if not answer.values and output.isatty():
            output.write_line(styles.dim("done"))
    return DONE
