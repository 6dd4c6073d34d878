"""The command: it runs the verb that its words name and turns the outcome into an exit status."""

from __future__ import annotations

import traceback
from functools import partial
from typing import TYPE_CHECKING

from upnp_trio.cli.output import OutputError, Outputs, ReaderGone, open_outputs
from upnp_trio.cli.parsing import TextWanted, UsageError
from upnp_trio.cli.printable import printable
from upnp_trio.cli.statuses import DONE, FAILED, INTERRUPTED, WRONG_USAGE, status_of
from upnp_trio.cli.verbs import find_verb
from upnp_trio.errors import CodeFailed, ControlPointFailed, DeviceFailed, HandlerFailed, UpnpTrioError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["command"]

#: the words that ask for the list of verbs
OVERVIEW_WORDS = (["--help"], ["-h"])
# An error may list what a device has.
MAX_LINE_CHARACTERS = 2000
#: bugs of ours, whose traceback is always shown
BUGS = (DeviceFailed, ControlPointFailed)


def command(words: Sequence[str], imported: Callable[[], None] = lambda: None) -> int:
    """Do what *words* ask for; returns the exit status. An error becomes a line, a bug its traceback.

    *imported* is called when everything is imported that the verb needs.
    """
    with open_outputs() as outputs:
        debug = False
        try:
            run, debug = _read(words)
            imported()
            return run(outputs)
        except UsageError as error:
            return _fail(outputs, error, WRONG_USAGE)
        except ReaderGone:  # that is how `| head` ends a program
            return FAILED
        except KeyboardInterrupt:  # nothing was sent yet
            return _fail(outputs, "interrupted", INTERRUPTED)
        except Exception as error:  # here and not in the interpreter, which would block on a full pipe
            is_expected = isinstance(error, UpnpTrioError | OutputError) and not isinstance(error, BUGS)
            if is_expected and not debug:
                if isinstance(error, CodeFailed | HandlerFailed):
                    outputs.errors.write(_traceback_of(error))
                return _fail(outputs, error, status_of(error))
            outputs.errors.write(traceback.format_exc())
            return FAILED


def _read(words: Sequence[str]) -> tuple[Callable[[Outputs], int], bool]:
    """What does what *words* ask for, and whether ``--debug`` is among them. Raises `UsageError`."""
    verb, others = find_verb(words)
    try:
        if list(words) in OVERVIEW_WORDS:
            raise TextWanted(_overview())
        module = verb.load()
        asked = module.parse(others)
    except TextWanted as wanted:
        return partial(_show, wanted.text), False
    return partial(module.runner(), asked), getattr(asked, "debug", False)


def _show(text: str, outputs: Outputs) -> int:
    outputs.output.write(text)
    outputs.output.finish()
    return DONE


def _overview() -> str:
    from upnp_trio.cli.overview import overview  # only the help needs it

    return overview()


def _traceback_of(error: CodeFailed | HandlerFailed) -> str:
    from upnp_trio.documents.code import traceback_of  # only devices written in Python need it

    return traceback_of(error)


def _fail(outputs: Outputs, problem: object, status: int) -> int:
    # what a device sent may be in it
    lines = [printable(line, MAX_LINE_CHARACTERS) for line in str(problem).splitlines()]
    outputs.errors.write_line(f"Error: {chr(10).join(lines)}")
    return status
