"""How the verbs that ask devices are run: until they are done, until a signal, or within a time."""

from __future__ import annotations

import os
import signal
from argparse import ArgumentTypeError
from collections.abc import Iterator

import pytest
import trio

from upnp_trio.cli.asking import run_asking, within
from upnp_trio.cli.asking_options import AskingArguments, seconds
from upnp_trio.cli.output import Outputs
from upnp_trio.cli.signals import STOP_SIGNALS
from upnp_trio.errors import RequestFailed

ASKED = AskingArguments(interfaces=[], family=None, timeout=None, json=False, debug=False)


@pytest.fixture
def outputs() -> Iterator[Outputs]:
    """Outputs that go nowhere; afterwards, the signals mean what they meant before."""
    numbers = [signal.Signals[name] for name in STOP_SIGNALS if name in signal.Signals.__members__]
    before = {number: signal.getsignal(number) for number in numbers}
    yield Outputs(None, None)
    for number, handler in before.items():
        signal.signal(number, handler)


async def interrupt() -> int:
    os.kill(os.getpid(), signal.SIGINT)
    await trio.sleep_forever()
    raise AssertionError


def test_the_status_is_that_of_the_work(outputs: Outputs) -> None:
    async def work() -> int:
        await trio.lowlevel.checkpoint()
        return 3

    assert run_asking(work, ASKED, outputs) == 3


def test_a_signal_ends_the_work_with_status_130(outputs: Outputs) -> None:
    assert run_asking(interrupt, ASKED, outputs) == 130


def test_a_verb_without_an_end_of_its_own_gives_the_status_after_a_signal(outputs: Outputs) -> None:
    assert run_asking(interrupt, ASKED, outputs, stopped=lambda: 0) == 0


def test_what_the_work_opened_is_closed_before_the_end(outputs: Outputs) -> None:
    closed = []

    async def work() -> int:
        try:
            return await interrupt()
        finally:
            closed.append(True)

    assert run_asking(work, ASKED, outputs, stopped=lambda: len(closed)) == 1


def test_a_second_signal_changes_nothing(outputs: Outputs) -> None:
    async def work() -> int:
        try:
            return await interrupt()
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    assert run_asking(work, ASKED, outputs) == 130
    os.kill(os.getpid(), signal.SIGINT)  # it is ignored until the process ends


def test_an_error_of_the_work_leaves_as_itself(outputs: Outputs) -> None:
    async def work() -> int:
        await trio.lowlevel.checkpoint()
        raise RequestFailed("no")

    with pytest.raises(RequestFailed, match=r"^no$"):
        run_asking(work, ASKED, outputs)


async def test_what_takes_longer_than_the_timeout_is_an_error_in_words(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(RequestFailed, match=r"^not done within 0\.5 s; --timeout gives it longer$"), within(0.5):
        await trio.sleep(1)
    with within(None):
        await trio.sleep(10_000)


@pytest.mark.parametrize(("text", "number"), [("1", 1.0), ("0.25", 0.25), ("86400", 86400.0)])
def test_seconds_are_a_decimal_number(text: str, number: float) -> None:
    assert seconds(text) == number


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "1e3", "nan", "inf", "", "1.", ".5", "1,5", "٣", "86400.1", "1 "])
def test_seconds_are_nothing_else(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a number of seconds above 0 and up to 86400"):
        seconds(text)
