"""Services that are simulated: their handlers, and the files of recorded answers.

A file of recorded answers has up to three tables::

    [variables]                                  # the values of state variables
    Status = "1"

    [answers.GetStatus]                          # the out arguments of actions
    ResultStatus = "1"

    [errors]                                     # the UPnP errors of actions, with code and text
    GetSerialNumber = [714, "No such entry"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.documents.toml_reading import number_of, read_toml, text_of
from upnp_trio.documents.toml_writing import comment, key
from upnp_trio.documents.toml_writing import value as toml_value
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.simulation import Recording, SimulatedService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upnp_trio.documents.folder import Folder
    from upnp_trio.model.device import Service

__all__ = ["fitting", "read_recording", "render_recording", "simulated"]

KINDS = ("variables", "answers", "errors")


def simulated(service: Service, folder: Folder, file: str | None = None) -> Service:
    """*service*, which has an SCPD, with a handler that acts from it and from the recorded answers in *file*.

    Raises `DescriptionError` if the file cannot be read, or if the SCPD cannot be acted from.
    """
    assert service.scpd is not None
    recording = Recording()
    if file is not None:
        data = folder.read(file, MAX_DOCUMENT_BYTES)
        try:
            recording = read_recording(data)
        except DescriptionError as error:
            raise DescriptionError("\n".join(f"{file}: {line}" for line in str(error).splitlines())) from error
    return attrs.evolve(service, handler=SimulatedService(parse_scpd(service.scpd), recording))


def read_recording(data: bytes) -> Recording:
    """The recorded answers in *data*, TOML; raises `DescriptionError` with the place of the first mistake."""
    tables = read_toml(data)
    for kind, table in tables.items():
        if kind not in KINDS:
            raise DescriptionError(f"there is no table {kind!r}; the tables are {', '.join(KINDS)}")
        if not isinstance(table, dict):
            raise DescriptionError(f"{kind} is {table!r}; it must be a table")
    variables, answers, errors = (_table(tables.get(kind, {})) for kind in KINDS)
    return Recording(
        variables=_texts(variables, "variables"),
        answers={action: _texts(results, f"answers.{action}") for action, results in answers.items()},
        errors={action: _error(error, f"errors.{action}") for action, error in errors.items()},
    )


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _texts(table: object, where: str) -> dict[str, str]:
    if not isinstance(table, dict):
        raise DescriptionError(f"{where} is {table!r}; it must be a table")
    return {name: _text(value, f"{where}.{name}") for name, value in table.items()}


def _text(value: object, where: str) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    try:
        return text_of(value)
    except DescriptionError as error:
        raise DescriptionError(f"{where}: {error}") from error


def _error(value: object, where: str) -> tuple[int, str]:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
        raise DescriptionError(f'{where} is {value!r}; it must be a code and a text, as in [714, "No such entry"]')
    try:
        return number_of(value[0]), value[1]
    except DescriptionError as error:
        raise DescriptionError(f"{where}: {error}") from error


def fitting(recording: Recording) -> tuple[Recording, list[str]]:
    """*recording* as far as its file has room for it, the shortest parts first, and the names of what is left out."""
    parts = [
        *((name, Recording(variables={name: text})) for name, text in recording.variables.items()),
        *((name, Recording(answers={name: results})) for name, results in recording.answers.items()),
        *((name, Recording(errors={name: error})) for name, error in recording.errors.items()),
    ]
    sizes = [len(render_recording(part).encode()) + 1 for _, part in parts]  # with the line between it and the next
    room, left_out = MAX_DOCUMENT_BYTES, set()
    for number in sorted(range(len(parts)), key=lambda number: sizes[number]):
        room -= sizes[number]
        if room < 0:
            left_out.add(number)
    kept = [part for number, (_, part) in enumerate(parts) if number not in left_out]
    names = [name for number, (name, _) in enumerate(parts) if number in left_out]
    return Recording(
        variables={name: text for part in kept for name, text in part.variables.items()},
        answers={name: results for part in kept for name, results in part.answers.items()},
        errors={name: error for part in kept for name, error in part.errors.items()},
    ), names


def render_recording(recording: Recording, *, head: str = "") -> str:
    """*recording* as the TOML that `read_recording` reads, with the comment *head*."""
    parts = [comment(head)] if head else []
    if recording.variables:
        parts.append(_rendered("variables", recording.variables))
    parts += [_rendered(f"answers.{key(action)}", results) for action, results in recording.answers.items()]
    if recording.errors:
        parts.append(_rendered("errors", recording.errors))
    return "\n".join(f"{part}\n" for part in parts)


def _rendered(name: str, table: Mapping[str, object]) -> str:
    return "\n".join([f"[{name}]", *(f"{key(entry)} = {toml_value(item)}" for entry, item in table.items())])
