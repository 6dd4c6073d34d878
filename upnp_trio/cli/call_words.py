"""The words of a call and of its answer: ``name=value`` into values, and values into lines or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.printable import cells, fit, printable
from upnp_trio.control.arguments import argument_variable
from upnp_trio.errors import InvalidCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from upnp_trio.cli.styles import Styles
    from upnp_trio.controlpoint.call_answer import CallAnswer
    from upnp_trio.controlpoint.remote import RemoteService
    from upnp_trio.model.service import ActionDescription

__all__ = ["answer_json", "answer_lines", "argument_values"]

# A person reads no longer text; scripts have --json.
MAX_VALUE_CHARACTERS = 256 * 1024
NAME_CHARACTERS = 64
MAX_NAME_COLUMNS = 32


def argument_values(
    service: RemoteService, action: ActionDescription, words: Iterable[tuple[str, str]]
) -> dict[str, object]:
    """The values of the in arguments that *words* give, names and texts; raises `InvalidCall` for a text that is none.

    A name that the action does not have is left to the call, which refuses it.
    """
    arguments = {argument.name: argument for argument in action.in_arguments}
    values: dict[str, object] = {}
    for name, text in words:
        if name not in arguments:
            values[name] = text
            continue
        variable = argument_variable(service.description, arguments[name])
        try:
            values[name] = variable.data_type.parse(text)
        except ValueError as error:
            raise InvalidCall(
                f"{action.name} cannot be called: {name} is a {variable.data_type.name}: {error}"
            ) from error
    return values


def answer_lines(service: RemoteService, answer: CallAnswer, styles: Styles) -> Iterator[str]:
    """One line for each out argument, aligned; the lines of a text of several are below each other."""
    texts = {printable(name, NAME_CHARACTERS): text for name, text in _texts(service, answer).items()}
    width = min(max(map(cells, texts), default=0), MAX_NAME_COLUMNS)
    for name, text in texts.items():
        first, *others = [printable(line, MAX_VALUE_CHARACTERS) for line in text.splitlines()] or [""]
        yield f"{styles.bold(fit(name, width, cut=False))}  {first}".rstrip()
        yield from (f"{' ' * width}  {line}".rstrip() for line in others)


def answer_json(service: RemoteService, answer: CallAnswer) -> dict[str, object]:
    """The out arguments; booleans and numbers are those of JSON, and all others are as UPnP writes them."""
    texts = _texts(service, answer)
    return {
        name: value if isinstance(value, bool | int | float) else texts[name] for name, value in answer.values.items()
    }


def _texts(service: RemoteService, answer: CallAnswer) -> Mapping[str, str]:
    """The values as texts: true and false, and otherwise as UPnP writes them."""
    action = service.action(answer.action)
    arguments = {argument.name: argument for argument in action.out_arguments}
    texts: dict[str, str] = {}
    for name, value in answer.values.items():
        if isinstance(value, bool):
            texts[name] = "true" if value else "false"
        elif isinstance(value, str):  # also what is no value of its data type
            texts[name] = value
        else:
            texts[name] = argument_variable(service.description, arguments[name]).data_type.render(value)
    return texts
