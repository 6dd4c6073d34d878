"""The terminal is given back whatever happens, and what is logged is seen."""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import attrs
import pytest
import trio

from tests.cli.screens import Screen
from tests.cli.terminals import Terminal, open_terminal
from tests.controlpoint.scenes import asking, hosts
from tests.network.processes import PATIENCE_SECONDS
from upnp_trio.cli.output import Outputs
from upnp_trio.cli.watching.controls import Controls
from upnp_trio.cli.watching.watching import Watching

if sys.platform == "win32":
    pytest.skip("terminals of POSIX", allow_module_level=True)

import termios

from upnp_trio.cli.watching.full_screen import FullScreen, open_full_screen
from upnp_trio.cli.watching.keyboard import MAX_SIZE, USUAL_SIZE, Keyboard

logger = logging.getLogger(__name__)


@attrs.frozen
class Shown:
    """A terminal, and what is on it."""

    terminal: Terminal
    screen: Screen
    outputs: Outputs

    def look(self) -> Screen:
        """The screen after all that was written."""
        self.outputs.output.finish()
        while select.select([self.terminal.controller], [], [], 0.0)[0]:
            self.screen.feed(os.read(self.terminal.controller, 65536).decode())
        return self.screen


async def until(enough: Callable[[], bool]) -> None:
    """Wait until something is there."""
    with trio.fail_after(PATIENCE_SECONDS):
        while not enough():  # noqa: ASYNC110  # a terminal has no events
            await trio.sleep(0.01)


@contextmanager
def shown_outputs() -> Iterator[Shown]:
    """Both outputs on a terminal."""
    with open_terminal() as terminal:
        termios.tcsetwinsize(terminal.device, (24, 100))
        with open(terminal.device, "w", closefd=False) as one, open(terminal.device, "w", closefd=False) as other:
            outputs = Outputs(one, other)
            yield Shown(terminal, Screen(100, 24), outputs)
            outputs.output.close(time.monotonic() + 10)


@asynccontextmanager
async def screen_on(shown: Shown) -> AsyncIterator[FullScreen]:
    """The screen on a terminal, with nothing on the network; the body runs beside it."""
    _, asker = hosts()
    async with asking(asker) as control_point, trio.open_nursery() as saving:
        watching = Watching(control_point=control_point, report=lambda happenings: None, search_seconds=None, mx=1)
        with open_full_screen(watching, shown.outputs, Controls(), keyboard=shown.terminal.device) as screen:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(screen.run, saving)
                await until(lambda: shown.look().is_alternate)
                yield screen
                nursery.cancel_scope.cancel()


async def test_an_error_gives_the_terminal_back() -> None:
    with shown_outputs() as shown:
        before = termios.tcgetattr(shown.terminal.device)
        with (
            pytest.RaisesGroup(pytest.RaisesGroup(ZeroDivisionError), flatten_subgroups=True)
            if False
            else (pytest.raises(BaseExceptionGroup))
        ):
            async with screen_on(shown):
                assert termios.tcgetattr(shown.terminal.device) != before
                raise ZeroDivisionError
        await until(lambda: not shown.look().is_alternate)
        assert shown.screen.is_cursor_visible
        assert termios.tcgetattr(shown.terminal.device) == before


async def test_a_warning_is_shown_and_written_again_at_the_end() -> None:
    with shown_outputs() as shown:
        handlers = logging.getLogger().handlers
        async with screen_on(shown):
            logger.warning("the \x1b[31mnetwork is %s", "gone")
            await until(lambda: shown.look().lines[-1] == "the ?[31mnetwork is gone")
            os.write(shown.terminal.controller, b"j")
            await until(lambda: "network is gone" not in shown.look().text)
        await until(lambda: shown.look().lines[0] == "WARNING: the ?[31mnetwork is gone")
        assert logging.getLogger().handlers == handlers


async def test_frames_wait_until_the_terminal_has_taken_the_one_before() -> None:
    with shown_outputs() as shown:
        async with screen_on(shown) as screen:
            shown.look()
            shown.terminal.pause()
            for number in range(50):
                screen.notice(f"notice {number}")
                await trio.sleep(0.04)
            shown.terminal.go_on()
            data: list[str] = []
            while "notice 49" not in "".join(data):
                await trio.lowlevel.wait_readable(shown.terminal.controller)
                data.append(os.read(shown.terminal.controller, 65536).decode())
            assert "".join(data).count("notice") <= 2


def test_a_terminal_that_is_gone_or_has_no_size_has_the_usual_one() -> None:
    with open_terminal() as terminal:
        kept = os.dup(terminal.device)
        keyboard = Keyboard(kept)
        termios.tcsetwinsize(kept, (0, 0))
        assert keyboard.size == USUAL_SIZE
        termios.tcsetwinsize(kept, (60000, 60000))
        assert keyboard.size == MAX_SIZE
        keyboard.open()
        terminal.close()
        keyboard.open()
        keyboard.close()
        assert keyboard.size == USUAL_SIZE
        os.close(kept)


async def test_keys_end_when_the_terminal_is_gone() -> None:
    with open_terminal() as terminal:
        kept = os.dup(terminal.device)
        keyboard = Keyboard(kept)
        keyboard.open()
        keys: list[str] = []
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(keyboard.run, keys.extend)
                os.write(terminal.controller, b"q\x1b")
                await until(lambda: keys == ["q", "escape"])
                terminal.close()
        os.close(kept)
