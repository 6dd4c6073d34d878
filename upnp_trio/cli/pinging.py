"""What ``upnp-trio ping`` does: it finds the devices, and probes all of them side by side."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.asking import open_asked, run_asking
from upnp_trio.cli.output import Outputs
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.ping_aim import find_aim, probe
from upnp_trio.cli.ping_series import Series, outcome_json, probe_line, summary_table
from upnp_trio.cli.printable import can_encode, cells, printable
from upnp_trio.cli.search_targets import ROOT_DEVICES
from upnp_trio.cli.statuses import DONE, INTERRUPTED, NOTHING_FOUND
from upnp_trio.cli.styles import Styles
from upnp_trio.cli.verbs.ping import PingArguments
from upnp_trio.errors import UpnpTrioError

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.cli.ping_aim import Aim
    from upnp_trio.cli.ping_series import Method, Outcome
    from upnp_trio.controlpoint.control_point import ControlPoint

__all__ = ["Pinging", "ping"]

# Fewer answers make no shape.
MIN_ANSWERS_OF_HISTOGRAM = 10
# An error names what was wrong, where, and what to do.
MESSAGE_LIMIT = 400


def ping(asked: PingArguments, outputs: Outputs) -> int:
    """Probe until the count is reached or a signal comes, and show the summary; returns the exit status."""
    pinging = Pinging(asked, outputs, Styles.of(outputs.output))
    return run_asking(pinging.run, asked, outputs, stopped=pinging.finish)


@attrs.define(eq=False)
class Pinging:
    """Probes of all devices, and what they show."""

    _asked: PingArguments
    _outputs: Outputs
    _styles: Styles
    _all_series: list[Series] = attrs.field(factory=list)
    #: the devices that a search by multicast has found
    _found_labels: set[str] = attrs.field(factory=set)

    async def run(self) -> int:
        """Open a control point and probe; returns the exit status."""
        async with open_asked(self._asked, listen=False) as control_point:
            await self.probe(control_point)
        return self.finish()

    async def probe(self, control_point: ControlPoint) -> None:
        """Find the devices, and probe them until the count is reached; raises an error if none is found."""
        aims = await self._find(control_point)
        pairs = [(aim, Series(printable(aim.label), method)) for aim in aims for method in self._asked.methods]
        self._all_series = [series for _, series in pairs]
        for aim, series in pairs:
            self._introduce(aim, series.method)
        async with trio.open_nursery() as nursery:
            for number, (aim, series) in enumerate(pairs):
                # evenly apart, so that probes of different series do not meet
                delay = number / len(pairs) / self._asked.rate
                nursery.start_soon(self._probe_all, control_point, aim, series, delay)

    # --- finding -----------------------------------------------------------------------------------------------------

    async def _find(self, control_point: ControlPoint) -> list[Aim]:
        """Where each device is; raises an error if none of them is there."""
        found: dict[int, Aim] = {}
        problems: list[UpnpTrioError | UsageError] = []
        async with trio.open_nursery() as nursery:
            for number, word in enumerate(self._asked.devices):
                take = partial(found.__setitem__, number)
                nursery.start_soon(self._find_one, control_point, word, take, problems.append)
        for problem in problems if found else problems[1:]:
            self._outputs.errors.write_line(f"Error: {printable(str(problem), MESSAGE_LIMIT)}")
        if not found:
            raise problems[0]
        aims = [found[number] for number in sorted(found)]
        labels = [aim.label for aim in aims]
        # two devices at one address are told apart by their UDNs
        aims = [attrs.evolve(aim, label=aim.target) if labels.count(aim.label) > 1 else aim for aim in aims]
        self._found_labels = {printable(aim.label) for aim in aims if aim.target != ROOT_DEVICES}
        return aims

    async def _find_one(
        self,
        control_point: ControlPoint,
        word: str,
        found: Callable[[Aim], None],
        failed: Callable[[UpnpTrioError | UsageError], None],
    ) -> None:
        try:
            found(await find_aim(control_point, word, fetches="http" in self._asked.methods))
        except (UpnpTrioError, UsageError) as error:
            failed(error)

    # --- probing -----------------------------------------------------------------------------------------------------

    async def _probe_all(self, control_point: ControlPoint, aim: Aim, series: Series, delay: float) -> None:
        asked = self._asked
        start = trio.current_time() + delay
        async with trio.open_nursery() as nursery:
            for index in range(asked.count):
                await trio.sleep_until(start + index / asked.rate)
                send = partial(self._probe, control_point, aim, series, index + 1)
                if series.method == "http":
                    await send()  # one at a time, as otherwise one would wait for the connection of another
                else:
                    nursery.start_soon(send)

    async def _probe(self, control_point: ControlPoint, aim: Aim, series: Series, seq: int) -> None:
        outcome = await probe(
            control_point, aim, series.method, seq=seq, mx=self._asked.mx, seconds=self._asked.seconds(series.method)
        )
        series.take(outcome)
        if not self._asked.quiet:
            self._show(series, outcome)

    # --- showing -----------------------------------------------------------------------------------------------------

    def _introduce(self, aim: Aim, method: Method) -> None:
        if self._asked.json or self._asked.quiet:
            return
        match method:
            case "unicast":
                what = f"M-SEARCH for {aim.target} to {aim.address}"
            case "multicast":
                what = (
                    f"M-SEARCH for {aim.target} by multicast; devices delay their answers by up to {self._asked.mx} s"
                )
            case "http":
                what = f"GET of {aim.location}"
        self._outputs.output.write_line(self._styles.dim(printable(f"{aim.label}: {what}", MESSAGE_LIMIT)))

    def _show(self, series: Series, outcome: Outcome) -> None:
        if self._asked.json:
            self._outputs.output.write_line(json.dumps(outcome_json(series, outcome)))
            return
        width = max(cells(each.label) for each in self._all_series)
        start, result = probe_line(series, outcome, width=width, shows_method=len(self._asked.methods) > 1)
        result = printable(result, MESSAGE_LIMIT)
        result = self._styles.red(result) if outcome.latency is None else result
        self._outputs.output.write_line(f"{start}  {result}")

    def finish(self) -> int:
        """Show the summary; returns the exit status."""
        if not self._all_series:  # a signal came while the devices were searched
            return INTERRUPTED
        write = self._outputs.output.write_line
        if self._asked.json:
            for series in self._all_series:
                write(json.dumps(series.as_json()))
        else:
            write(f"\n{summary_table(self._all_series)}")
            for series in self._all_series:
                self._show_histogram(series)
            self._explain()
        return DONE if any(series.answered for series in self._all_series) else NOTHING_FOUND

    def _explain(self) -> None:
        """Say why a device that was found may lose all probes."""
        lost = [series for series in self._all_series if series.method == "unicast" and series.lost == series.sent > 0]
        for label in self._found_labels.intersection(series.label for series in lost):
            self._outputs.errors.write_line(
                f"{label} answers searches by multicast, but none to its address. Some devices ignore those, such as "
                "GUPnP's, and where several programs share port 1900, one of them gets them. Try --multicast."
            )

    def _show_histogram(self, series: Series) -> None:
        output = self._outputs.output
        by_itself = output.isatty() and series.answered >= MIN_ANSWERS_OF_HISTOGRAM
        if series.answered and (self._asked.histogram or by_itself):
            bars = series.bars(is_unicode=can_encode("█", output.encoding))
            output.write_line(f"\n{series.label} by {series.method}\n{bars}")
