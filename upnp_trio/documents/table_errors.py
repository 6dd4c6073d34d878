"""What is wrong with the tables of a device file, each mistake with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from cattrs import ForbiddenExtraKeysError, transform_error
from cattrs.v import format_exception

from upnp_trio.errors import CodeFailed, DescriptionError
from upnp_trio.model.device import Icon, Service

if TYPE_CHECKING:
    from cattrs.errors import ClassValidationError

__all__ = ["description_error"]

#: keys of tables that are no fields of the values that are made from them
KEYS_OF_TABLES = {Icon: ("file",), Service: ("simulate",)}


def description_error(error: ClassValidationError) -> DescriptionError:
    """Every mistake in *error*, one on each line; as a `CodeFailed` with its cause, if there is one among them."""
    message = "\n".join(_places_first(transform_error(error, "", _explain)))
    failed = _code_failed(error)
    if failed is None:
        return DescriptionError(message)
    raised = CodeFailed(message)
    raised.__cause__ = failed.__cause__
    return raised


def _code_failed(group: BaseExceptionGroup[BaseException]) -> CodeFailed | None:
    """The first `CodeFailed` in *group*, if there is one."""
    for error in group.exceptions:
        found = _code_failed(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, CodeFailed):
            return found
    return None


def _places_first(lines: list[str]) -> list[str]:
    """The lines of cattrs, "what @ .where", as "where: what"."""
    parted = (line.rpartition(" @ ") for line in lines)
    return [f"{where.lstrip('.')}: {what}" if where else what for what, _, where in parted]


def _explain(error: BaseException, type_: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        fields = [attribute.name for attribute in attrs.fields(error.cl)] if attrs.has(error.cl) else []
        known = [*fields, *KEYS_OF_TABLES.get(error.cl, ())]
        return "; ".join(_unknown_field(name, known) for name in sorted(error.extra_fields))
    if isinstance(error, DescriptionError):
        return str(error)
    if isinstance(error, KeyError):
        return "the field is missing; UDA §2.3 requires it"
    return format_exception(error, type_)


def _unknown_field(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the fields are {', '.join(known)}"
    return f"there is no field {name!r}; {hint}"
