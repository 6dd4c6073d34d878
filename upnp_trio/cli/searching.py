"""What ``upnp-trio search`` does: it searches, and reads the descriptions of what answers side by side."""

from __future__ import annotations

import json
import math
from collections import Counter
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.asking import open_asked, room, run_asking
from upnp_trio.cli.output import Outputs
from upnp_trio.cli.recent_devices import RecentDevice, read_recent, remember
from upnp_trio.cli.search_groups import FoundRoot, FoundRoots
from upnp_trio.cli.search_lines import Found, answer_json, answer_line
from upnp_trio.cli.search_views import JsonView, LineView
from upnp_trio.cli.statuses import DONE, INTERRUPTED, NOTHING_FOUND
from upnp_trio.cli.styles import Styles
from upnp_trio.cli.verbs.search import SearchArguments
from upnp_trio.errors import NetworkError, UpnpTrioError
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.peers import peer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.cli.search_views import SearchView
    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.controlpoint.remote import RemoteDevice

__all__ = ["Searching", "search"]

# In a pipe, the first line is to be there within 50 ms of the first answer, whether that device is described or not.
# The other lines wait for their descriptions, as nothing can be added to a line later.
FIRST_LINE_SECONDS = 0.03
OTHER_LINES_SECONDS = 1.0
# How long the next description is awaited when the search is over, and how long all of them are.
NEXT_DESCRIPTION_SECONDS = 3.0
ALL_DESCRIPTIONS_SECONDS = 15.0
# How long a search takes beyond MX: late answers are awaited, and it is sent twice.
USUAL_SECONDS_AFTER_MX = 1.5
# Devices that wait for their description, each with a task. The control point reads eight at a time.
MAX_DESCRIBED_AT_ONCE = 2000
# A host that answers for thousands of devices, real or not, leaves room for those of others.
MAX_DESCRIBED_OF_ONE_PEER = MAX_DESCRIBED_AT_ONCE // 2
TOO_LATE = "its description did not come in time"
TOO_MANY = "not described: too many devices at once"


def search(asked: SearchArguments, outputs: Outputs) -> int:
    """Search, and show what answers; returns the exit status."""
    searching = Searching(asked, outputs, Styles.of(outputs.output))
    return run_asking(searching.run, asked, outputs, stopped=partial(searching.finish, INTERRUPTED))


@attrs.define(eq=False)
class Searching:
    """One search and what it shows."""

    _asked: SearchArguments
    _outputs: Outputs
    _styles: Styles
    _answers: int = 0
    _missed: int = 0
    _roots: FoundRoots = attrs.field(factory=FoundRoots)
    #: what was seen before, and what is described now, by UDN
    _recent: dict[str, RecentDevice] = attrs.field(factory=dict)
    _described: dict[str, RecentDevice] = attrs.field(factory=dict)
    #: the devices that are to be shown once they are described
    _waiting: dict[FoundRoot, Found] = attrs.field(factory=dict)
    _waiting_of_peer: Counter[str] = attrs.field(factory=Counter)
    _settled: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    _has_shown: bool = False
    _seconds: float = 0.0

    async def run(self) -> int:
        """Open a control point and search; returns the exit status."""
        async with open_asked(self._asked, listen=False) as control_point:
            await self.search(control_point)
        return self.finish(DONE if self._answers else NOTHING_FOUND)

    async def search(self, control_point: ControlPoint) -> None:
        """Search, and show what answers; raises `NetworkError`."""
        start = trio.current_time()
        with trio.move_on_after(math.inf if self._asked.timeout is None else self._asked.timeout):
            if self._asked.all:
                await self._show_answers(control_point)
            else:
                await self._show_devices(control_point)
        self._seconds = trio.current_time() - start

    # --- answers -----------------------------------------------------------------------------------------------------

    async def _show_answers(self, control_point: ControlPoint) -> None:
        output = self._outputs.output
        asked = self._asked
        async with control_point.search(asked.target, mx=asked.mx, to=asked.to) as feed:
            async for result in feed:
                self._answers += 1
                self._missed = feed.missed
                line = json.dumps(answer_json(result)) if asked.json else answer_line(result, self._styles)
                output.write_line(line)
                await room(output)

    # --- devices -----------------------------------------------------------------------------------------------------

    async def _show_devices(self, control_point: ControlPoint) -> None:
        self._recent = {device.udn.lower(): device for device in read_recent()}
        failure: NetworkError | None = None
        with self._open_view() as view:
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(view.run)
                    try:
                        await self._take_all(control_point, view, nursery)
                        await self._wait_for_descriptions()
                    except NetworkError as error:  # carried past the nursery, which would put a group around it
                        failure = error
                    nursery.cancel_scope.cancel()
            finally:
                for found in list(self._waiting.values()):
                    self._settle(view, attrs.evolve(found, problem=TOO_LATE))
        if failure is not None:
            raise failure

    @contextmanager
    def _open_view(self) -> Iterator[SearchView]:
        asked, output = self._asked, self._outputs.output
        if asked.json:
            yield JsonView(output)
        elif not output.isatty():
            yield LineView(output, asked.long)
        else:
            from upnp_trio.cli.search_terminal import open_terminal_view  # rich

            with open_terminal_view(self._outputs, self._styles, is_long=asked.long, progress=self._progress) as view:
                yield view

    def _progress(self, seconds: float) -> str:
        asked = self._asked
        whole = math.ceil(asked.timeout or (1 if asked.to else asked.mx) + USUAL_SECONDS_AFTER_MX)
        if seconds > whole:
            return f"reading descriptions: {count_of(len(self._waiting), 'device')} left"
        return f"searching for {asked.target}, {seconds:.0f} of {whole} s: {count_of(len(self._roots), 'device')}"

    async def _take_all(self, control_point: ControlPoint, view: SearchView, nursery: trio.Nursery) -> None:
        asked = self._asked
        async with control_point.search(asked.target, mx=asked.mx, to=asked.to) as feed:
            async for result in feed:
                self._answers += 1
                self._missed = feed.missed
                root = self._roots.take(result)
                if root is None:
                    continue
                found = Found(root=root, recent=self._recent.get(root.udn.lower()))
                peer = peer_of(result.sender)
                if (
                    len(self._waiting) >= MAX_DESCRIBED_AT_ONCE
                    or self._waiting_of_peer[peer] >= MAX_DESCRIBED_OF_ONE_PEER
                ):
                    await room(self._outputs.output)
                    view.show(attrs.evolve(found, problem=TOO_MANY))
                    continue
                self._waiting[root] = found
                self._waiting_of_peer[peer] += 1
                view.answered(found)
                nursery.start_soon(self._describe, control_point, view, found)
                if not view.is_patient:
                    nursery.start_soon(self._lose_patience, view, found)

    async def _wait_for_descriptions(self) -> None:
        with trio.move_on_after(ALL_DESCRIPTIONS_SECONDS):
            while self._waiting:
                with trio.move_on_after(NEXT_DESCRIPTION_SECONDS) as waiting:
                    await self._settled.park()
                if waiting.cancelled_caught:
                    return

    async def _lose_patience(self, view: SearchView, found: Found) -> None:
        await trio.sleep(FIRST_LINE_SECONDS)
        if self._has_shown:
            await trio.sleep(OTHER_LINES_SECONDS - FIRST_LINE_SECONDS)
        await room(self._outputs.output)
        self._settle(view, found)

    async def _describe(self, control_point: ControlPoint, view: SearchView, found: Found) -> None:
        try:
            device = await control_point.describe(self._describable(found.root), contents=False)
        except UpnpTrioError as error:
            await room(self._outputs.output)
            self._settle(view, attrs.evolve(found, problem=str(error)))
            return
        described = attrs.evolve(found, device=device)
        if described.udn.lower() in self._described:  # its answers had no name in common
            self._stop_waiting(found.root)
            view.forget(found)
            return
        self._described[described.udn.lower()] = recent_device(described.udn, device)
        await room(self._outputs.output)
        self._settle(view, described)

    def _describable(self, root: FoundRoot) -> str:
        """What the control point can describe: the UDN, or the LOCATION of a device beyond the link that was asked."""
        first = root.first
        if self._asked.to is not None and _is_at(first.location, first.sender):
            return first.location
        return root.udn

    def _settle(self, view: SearchView, found: Found) -> None:
        """Show *found* for good, if that was not done before."""
        if self._stop_waiting(found.root):
            view.show(found)
            self._has_shown = True
        self._settled.unpark_all()

    def _stop_waiting(self, root: FoundRoot) -> bool:
        """Do not wait for the description of *root* any more; returns whether it was waited for."""
        if self._waiting.pop(root, None) is None:
            return False
        self._waiting_of_peer -= Counter([peer_of(root.first.sender)])  # this drops those that are at zero
        return True

    # --- the end -----------------------------------------------------------------------------------------------------

    def finish(self, status: int) -> int:
        """Remember the devices, and say what the lines do not; returns *status*."""
        remember(self._described.values())
        errors = self._outputs.errors
        if status == NOTHING_FOUND:
            errors.write_line(
                f"Nothing answered a search for {self._asked.target}. "
                "upnp-trio interfaces shows which interfaces were searched; a firewall may drop the answers."
            )
        if left_out := self._missed + self._roots.left_out:
            errors.write_line(f"{count_of(left_out, 'answer')} more came than could be shown.")
        if self._outputs.output.isatty() and not self._asked.json and self._answers and status == DONE:
            found = count_of(self._answers, "answer") if self._asked.all else count_of(len(self._roots), "device")
            self._outputs.output.write_line(self._styles.dim(f"{found} in {self._seconds:.1f} s"))
        return status


def count_of(number: int, noun: str) -> str:
    """*number* and *noun*, in the plural where that is due."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def recent_device(udn: str, device: RemoteDevice) -> RecentDevice:
    """*device* as it is remembered."""
    return RecentDevice(
        udn=udn,
        name=device.friendly_name,
        device_type=str(device.device_type),
        location=device.location.text,
    )


def _is_at(location: str, address: str) -> bool:
    try:
        return str(LiteralUrl.parse(location).address) == address
    except ValueError:
        return False
