"""``watch`` on a terminal: draws the screen, takes keys, and gives the terminal back on every way out.

Drawing never waits. A frame is written only when the terminal has taken the one before, so a slow or stopped terminal
gets fewer frames, and the capture goes on.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

import attrs
import trio
from rich.console import Console

from upnp_trio.cli.output import Outputs
from upnp_trio.cli.signals import call_on_signals
from upnp_trio.cli.watching.clock import time_of_day
from upnp_trio.cli.watching.columns import listing
from upnp_trio.cli.watching.controls import Controls, Quit, Redraw, Save, arrange, press
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.cli.watching.painter import ENTER, LEAVE, Painter, palette
from upnp_trio.cli.watching.saving import CannotSave
from upnp_trio.cli.watching.screen import Facts, draw, list_height
from upnp_trio.cli.watching.watching import Watching
from upnp_trio.model.printable import MAX_MESSAGE_CHARACTERS, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

assert sys.platform != "win32"

from upnp_trio.cli.watching.keyboard import Keyboard  # noqa: E402

__all__ = ["FullScreen", "open_full_screen"]

logger = logging.getLogger(__name__)

FRAME_SECONDS = 0.25
# A key that is held down repeats thirty times a second.
LEAST_FRAME_SECONDS = 0.03
# How long Ctrl-Z waits until the terminal has taken what gives it back.
LEAVING_SECONDS = 0.5
DRAIN_LOOK_SECONDS = 0.01
# Log records that are shown again at the end.
MAX_NOTICES = 20
KEYBOARD = 0  # standard input


@attrs.define(eq=False, repr=False, kw_only=True)
class FullScreen:
    """The screen while `open_full_screen` has it open."""

    watching: Watching
    outputs: Outputs
    controls: Controls
    painter: Painter
    keyboard: Keyboard
    #: log records for the user
    notices: deque[str] = attrs.field(factory=lambda: deque(maxlen=MAX_NOTICES))
    _news: trio.Event = attrs.field(factory=trio.Event)
    #: the UDNs of the list, as it was drawn last
    _listing: list[str] = attrs.field(factory=list)
    #: what is shown while the screen is paused, and since when
    _paused: tuple[WatchModel, float] | None = None
    _to_save: deque[str] = attrs.field(factory=deque)
    _is_entered: bool = False
    _is_to_stop: bool = False
    _quits: bool = False
    #: what the latest frame was made of
    _drawn: object = None

    async def run(self, saving: trio.Nursery) -> None:
        """Show the screen until the user quits. What is saved on request is written in *saving*."""
        call_on_signals(self._take_signal, "SIGWINCH", "SIGTSTP", "SIGCONT")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.keyboard.run, self._take_keys)
            while not self._quits:
                if self._is_to_stop:
                    await self._stop()
                while self._to_save:
                    await self._save(self._to_save.popleft(), saving)
                self._draw()
                await trio.sleep(LEAST_FRAME_SECONDS)
                with trio.move_on_after(FRAME_SECONDS - LEAST_FRAME_SECONDS):
                    await self._news.wait()
                self._news = trio.Event()
            nursery.cancel_scope.cancel(reason="the user quits")

    def notice(self, text: str) -> None:
        """Show *text* to the user until the next key."""
        self.controls = attrs.evolve(self.controls, notice=text)
        self._news.set()

    def leave(self) -> None:
        """Give the terminal back."""
        if self._is_entered:
            self._is_entered = False
            self.outputs.output.write(LEAVE)
        self.keyboard.close()

    # --- drawing -------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        if not self.keyboard.is_in_foreground:  # the terminal is another program's
            self._is_entered = False
            return
        if not self.outputs.output.is_drained:
            return
        if not self._is_entered:
            self._enter()
        live, now = self.watching.model, trio.current_time()
        model, moment = self._paused if self._paused is not None else (live, now)
        size = self.keyboard.size
        made_of = (model.revision, self.controls, size, time_of_day(now))
        if made_of == self._drawn:
            return
        controls = self.controls
        rows = listing(
            model,
            controls.words,
            controls.sort,
            is_reversed=controls.is_reversed,
            shows_embedded=controls.shows_embedded,
        )
        self._listing = [row.device.udn.lower() for row in rows]
        self.controls = arrange(controls, self._listing, list_height(size))
        if controls.page == "details" and (row := model.devices.get(self.controls.selected or "")) is not None:
            # its locations are renewed without a change
            found = self.watching.control_point.devices.get(row.device.udn)
            row.device = found if found is not None and self._paused is None else row.device
        frame = draw(model, rows, self.controls, size, self._facts(moment))
        self._drawn = made_of
        if text := self.painter.paint(frame):
            self.outputs.output.write(text)

    def _facts(self, moment: float) -> Facts:
        watching = self.watching
        saver = watching.saver
        saving = "" if saver is None or saver.failure else f"{saver.path} ({saver.datagrams})"
        return Facts(
            now=moment,
            time_of_day=time_of_day,
            where=watching.where,
            saving=saving,
            is_passive=watching.is_passive,
            missed=watching.missed,
        )

    def _enter(self) -> None:
        self._is_entered = True
        self.keyboard.open()
        self.painter.forget()
        self._drawn = None
        self.outputs.output.write(ENTER)

    # --- keys and signals ----------------------------------------------------------------------------------------

    def _take_keys(self, keys: list[str]) -> None:
        size = self.keyboard.size
        height = list_height(size) if self.controls.page == "list" else max(size.rows - 3, 1)
        saver = self.watching.saver
        for key in keys:
            can_save = saver is None or bool(saver.failure)
            self.controls, action = press(self.controls, key, self._listing, height, can_save=can_save)
            match action:
                case Quit():
                    self._quits = True
                case Redraw():
                    self.painter.forget()
                    self._drawn = None
                case Save():
                    self._to_save.append(action.path)
        if self.controls.is_paused != (self._paused is not None):
            now = trio.current_time()
            self._paused = (self.watching.model.snapshot(), now) if self.controls.is_paused else None
        self._news.set()

    def _take_signal(self, number: signal.Signals) -> None:
        match number.name:
            case "SIGTSTP":
                self._is_to_stop = True
            case "SIGCONT":  # the shell may have changed the terminal's mode
                self._is_entered = False
            case _:  # another size
                self.painter.forget()
        self._drawn = None
        self._news.set()

    async def _stop(self) -> None:
        """What Ctrl-Z asks for: give the terminal back, and stop until SIGCONT."""
        self._is_to_stop = False
        self.leave()
        with trio.move_on_after(LEAVING_SECONDS):
            while not self.outputs.output.is_drained:  # noqa: ASYNC110  # a thread writes
                await trio.sleep(DRAIN_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGSTOP)

    async def _save(self, path: str, saving: trio.Nursery) -> None:
        try:
            await self.watching.save(path, saving)
        except CannotSave as error:
            self.notice(str(error))
        else:
            self.notice(f"Saving to {path}: what was received lately, and what comes until the end.")


class _Notices(logging.Handler):
    """Shows log records on the screen, where they would otherwise be written across it."""

    def __init__(self, screen: FullScreen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        text = printable(record.getMessage(), MAX_MESSAGE_CHARACTERS)
        self._screen.notices.append(f"{record.levelname}: {text}")
        self._screen.notice(text)


@contextmanager
def open_full_screen(
    watching: Watching, outputs: Outputs, controls: Controls, *, keyboard: int = KEYBOARD
) -> Iterator[FullScreen]:
    """Take the terminal, and give it back at the end of the body, however that ends.

    *keyboard* is the descriptor that keys are read from.
    """
    console = Console(file=cast("IO[str]", outputs.output), highlight=False)
    screen = FullScreen(
        watching=watching,
        outputs=outputs,
        controls=controls,
        painter=Painter(palette(console), outputs.output.encoding),
        keyboard=Keyboard(keyboard),
    )
    root = logging.getLogger()
    handlers = root.handlers
    if outputs.share_terminal:
        root.handlers = [_Notices(screen)]
    try:
        yield screen
    finally:
        root.handlers = handlers
        screen.leave()
        for text in screen.notices:
            outputs.errors.write_line(text)
