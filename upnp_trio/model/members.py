"""Converters and validators for fields that hold tuples or bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from upnp_trio.errors import DescriptionError
from upnp_trio.model.text import reject_control_characters

if TYPE_CHECKING:
    import attrs

__all__ = ["as_names", "as_tuple", "members_are", "optional_bytes"]

T = TypeVar("T")


def optional_bytes(instance: object, attribute: attrs.Attribute[bytes | None], value: object) -> None:
    """An attrs validator: bytes, or ``None``."""
    if value is not None and not isinstance(value, bytes):
        where = f"{type(instance).__name__}.{attribute.name}"
        raise DescriptionError(f"{where} is {value!r}; it must be bytes, not {type(value).__name__}")


def as_tuple(items: Iterable[T]) -> tuple[T, ...]:
    """The tuple of *items*. Anything that is not an iterable is returned unchanged, for the validator to refuse."""
    if isinstance(items, Iterable) and not isinstance(items, str | bytes):
        return tuple(items)
    return items  # type: ignore[return-value]  # the validator refuses it


def as_names(names: Iterable[str]) -> tuple[str, ...]:
    """The tuple of *names*. A str is an iterable of str, too, but means one name here."""
    return (names,) if isinstance(names, str) else tuple(names)


def members_are(kind: type) -> Callable[[object, attrs.Attribute[tuple[T, ...]], object], None]:
    """An attrs validator: a tuple of *kind*; strings in it are single lines."""

    def validate(instance: object, attribute: attrs.Attribute[tuple[T, ...]], value: object) -> None:
        where = f"{type(instance).__name__}.{attribute.name}"
        if not isinstance(value, tuple):
            raise DescriptionError(f"{where} is {value!r}; it must be a list of {kind.__name__}")
        for number, member in enumerate(value):
            if not isinstance(member, kind):
                raise DescriptionError(f"{where}[{number}] is {member!r}; it must be of type {kind.__name__}")
            if isinstance(member, str):
                reject_control_characters(member, f"{where}[{number}]")

    return validate
