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
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.simulation import Recording, SimulatedService

if TYPE_CHECKING:
    from upnp_trio.documents.folder import Folder
    from upnp_trio.model.device import Service

__all__ = ["read_recording", "simulated"]

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
