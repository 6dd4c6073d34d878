"""Runs ``watch``: on a terminal as a screen, elsewhere as lines."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.asking import open_asked, run_asking
from upnp_trio.cli.output import Outputs
from upnp_trio.cli.statuses import DONE
from upnp_trio.cli.verbs.watch import WatchArguments
from upnp_trio.cli.watching.clock import time_of_day, utc_text, utc_text_now
from upnp_trio.cli.watching.controls import Controls
from upnp_trio.cli.watching.happenings import DeviceChanged, DeviceDescribed, SearchedByOther
from upnp_trio.cli.watching.lines import end_lines, line_of
from upnp_trio.cli.watching.records import record_of, record_of_end
from upnp_trio.cli.watching.saving import open_saver
from upnp_trio.cli.watching.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.cli.watching.happenings import Happening

__all__ = ["watch"]


def watch(asked: WatchArguments, outputs: Outputs) -> int:
    """Watch the network until the user or a signal ends that; returns the exit status."""
    run = _Run(asked, outputs)
    return run_asking(run.work, asked, outputs, stopped=run.finish)


@attrs.define(eq=False)
class _Run:
    asked: WatchArguments
    outputs: Outputs
    _watching: Watching | None = None

    async def work(self) -> int:
        """Watch until the user quits, or ``--timeout`` is over."""
        asked = self.asked
        saver = None if asked.save is None else await open_saver(asked.save)
        async with open_asked(asked, listen=True) as control_point, trio.open_nursery() as saving:
            watching = self._watching = Watching(
                control_point=control_point,
                report=self._report if not self._has_screen else lambda happenings: None,
                search_seconds=None if asked.passive else asked.search,
                mx=asked.mx,
            )
            try:
                if saver is not None:
                    watching.save_with(saver, saving)
                with trio.move_on_after(math.inf if asked.timeout is None else asked.timeout):
                    await (self._show(watching, saving) if self._has_screen else self._write(watching))
            finally:
                if watching.saver is not None:
                    watching.saver.close()
        return self.finish()

    def finish(self) -> int:
        """Say what was seen; returns the exit status."""
        watching = self._watching
        if watching is None:
            return DONE
        model, missed = watching.model, watching.missed
        dropped = self.outputs.lines_dropped
        if self.asked.json:
            record = record_of_end(model, utc_text_now(), missed=missed, lines_dropped=dropped)
            self.outputs.output.write_line(json.dumps(record))
        else:
            self.outputs.output.write_line(end_lines(model, missed=missed, lines_dropped=dropped))
        return DONE

    @property
    def _has_screen(self) -> bool:
        asked = self.asked
        is_wanted = not asked.json and not asked.lines and os.environ.get("TERM", "dumb") != "dumb"
        return is_wanted and sys.platform != "win32" and self.outputs.output.isatty() and os.isatty(0)

    async def _show(self, watching: Watching, saving: trio.Nursery) -> None:
        if sys.platform != "win32":
            from upnp_trio.cli.watching.full_screen import open_full_screen  # imports rich

            asked = self.asked
            controls = Controls(filter=asked.filter or "", sort=asked.sort, shows_embedded=asked.embedded)
            with open_full_screen(watching, self.outputs, controls) as screen:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(watching.run)
                    await screen.run(saving)
                    nursery.cancel_scope.cancel(reason="the user quits")

    async def _write(self, watching: Watching) -> None:
        if not self.asked.json:
            self.outputs.output.write_line(f"Watching {watching.where}. Press Ctrl-C to stop.")
        await watching.run()

    def _report(self, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            if isinstance(happening, SearchedByOther) and not self.asked.searches:
                continue
            is_embedded = isinstance(happening, DeviceChanged | DeviceDescribed) and happening.is_embedded
            if is_embedded and not self.asked.embedded:
                continue
            if self.asked.json:
                line = json.dumps(record_of(happening, utc_text(happening.at)))
            else:
                line = line_of(happening, time_of_day(happening.at))
            self.outputs.output.write_line(line)
