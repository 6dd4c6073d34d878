"""What a hostile device answers to a control point, in any pieces, at any time (see `tests.fuzz.script`).

Each connection gets what comes up to the next `|`: the description, the documents that it names, and the results of
calls. `.` and `:` let 1 and 6 seconds pass, and `x` breaks the connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import trio

from tests.controlpoint.scenes import asking, hosts
from tests.fuzz.logs import check_harmless, harmless_logs
from tests.fuzz.script import CUT, HANG_UP, LONG_WAIT, WAIT, Move, read_script
from tests.fuzz.stage import play
from upnp_trio.cli.description_json import description_json
from upnp_trio.cli.description_text import description_lines
from upnp_trio.cli.device_file_text import device_file
from upnp_trio.cli.styles import Styles
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.controlpoint.remote import RemoteDevice
from upnp_trio.documents.description import parse_description, render_description
from upnp_trio.errors import UpnpError, UpnpTrioError
from upnp_trio.testing.peers import serve_connections
from upnp_trio.testing.pipes import PipeStream

__all__ = ["fuzz_one"]

_URL = "http://192.0.2.7:49152/description.xml"
_PORT = 49152
# Three documents at once and a call, each with its own deadline, and the time for all files of a device.
_MOST_SECONDS = 90.0
_MAX_CALLS = 4


def fuzz_one(data: bytes) -> None:
    """Describe the device that answers with *data*, show it, and call its actions that need no argument."""
    with harmless_logs():
        play(data, _run, data)


async def _run(data: bytes) -> None:
    device, asker = hosts()
    answers = _answers(data)

    async def serve(stream: PipeStream) -> None:
        await stream.receive_some(65536)
        for step in next(answers, []):
            if step == HANG_UP:
                stream.reset()
                return
            if isinstance(step, bytes):
                await stream.send_all(memoryview(step))
            else:
                await trio.sleep({WAIT: 1.0, LONG_WAIT: 6.0}.get(step, 0.0))

    async with asking(asker) as control_point, trio.open_nursery() as nursery:
        await nursery.start(serve_connections, device, _PORT, serve)
        began = trio.current_time()
        await _ask(control_point)
        assert trio.current_time() - began <= _MOST_SECONDS, "the device held us"
        nursery.cancel_scope.cancel()
    strays = [each for each in asker.connections if each.address != "192.0.2.7"]
    assert not strays, f"the device sent us to {strays}"


def _answers(data: bytes) -> Iterator[list[bytes | Move]]:
    answer: list[bytes | Move] = []
    for step in read_script(data):
        if step == CUT:
            yield answer
            answer = []
        else:
            answer.append(step)
    while True:
        yield answer


async def _ask(control_point: ControlPoint) -> None:
    try:
        device = await control_point.describe(_URL)
    except UpnpTrioError as error:
        check_harmless(str(error).replace("\n", " "))
        return
    _show(device)
    for service in device.services_of_all()[:_MAX_CALLS]:
        try:
            actions = service.description.actions
        except UpnpTrioError as error:
            check_harmless(str(error).replace("\n", " "))
            continue
        for action in [action for action in actions if not action.in_arguments][:_MAX_CALLS]:
            try:
                await service.call(action.name)
            except UpnpError:
                continue  # its text is the device's own, which a reader shows through `printable`
            except UpnpTrioError as error:
                check_harmless(str(error).replace("\n", " "))


def _show(device: RemoteDevice) -> None:
    for line in (*device.forgiven, *description_lines(device, Styles(False)), json.dumps(description_json(device))):
        check_harmless(line)
    for line in device_file(device).split("\n"):
        check_harmless(line)
    again = parse_description(render_description(device))
    assert again.friendly_name == device.friendly_name
