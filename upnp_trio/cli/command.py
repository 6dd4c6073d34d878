"""The command: it runs the verb that its words name and turns the outcome into an exit status.

The exit status is 0 if a text was written to its end, and once byebye is sent after SIGINT, SIGTERM or SIGHUP. It is 2
after wrong usage and 1 after any other failure.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from upnp_trio.cli.arguments import InterfacesArguments, ServeArguments, TextArguments, parse
from upnp_trio.cli.interfaces import show_interfaces
from upnp_trio.cli.output import OutputError, Outputs, ReaderGone, open_outputs
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.serve import serve
from upnp_trio.errors import CodeFailed, DeviceFailed, HandlerFailed, UpnpTrioError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.stub import StubArguments

__all__ = ["command"]


def command(words: Sequence[str]) -> int:
    """Do what *words* ask for; returns the exit status. An error becomes a line, a bug its traceback."""
    with open_outputs() as outputs:
        debug = False
        try:
            asked = parse(words)
            debug = isinstance(asked, ServeArguments) and asked.debug
            _run(asked, outputs)
        except UsageError as error:
            return _fail(outputs, error, 2)
        except ReaderGone:  # that is how `| head` ends a program
            return 1
        except KeyboardInterrupt:  # nothing was announced yet
            return _fail(outputs, "interrupted", 1)
        except Exception as error:  # here and not in the interpreter, which would block on a full pipe
            is_expected = isinstance(error, (UpnpTrioError, OutputError)) and not isinstance(error, DeviceFailed)
            if is_expected and not debug:
                if isinstance(error, CodeFailed | HandlerFailed):
                    outputs.errors.write(_traceback_of(error))
                return _fail(outputs, error, 1)
            outputs.errors.write(traceback.format_exc())
            return 1
        return 0


def _run(asked: ServeArguments | InterfacesArguments | StubArguments | TextArguments, outputs: Outputs) -> None:
    match asked:
        case TextArguments():
            outputs.output.write(asked.text)
            outputs.output.finish()
        case InterfacesArguments():
            show_interfaces(asked.names, outputs.output)
        case ServeArguments():
            serve(asked, outputs)
        case _:
            from upnp_trio.cli.stub import write_stub  # few need it

            write_stub(asked, outputs.output)


def _traceback_of(error: CodeFailed | HandlerFailed) -> str:
    from upnp_trio.documents.code import traceback_of  # only devices written in Python need it

    return traceback_of(error)


def _fail(outputs: Outputs, problem: object, status: int) -> int:
    outputs.errors.write_line(f"Error: {problem}")
    return status
