"""The data types of state variables: their Python types, and their text in XML (UDA 2.0 §2.5, table 2-22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import attrs

from upnp_trio.errors import DescriptionError

__all__ = ["DATA_TYPES", "DataType", "data_type", "default_data_type"]


@attrs.frozen
class DataType:
    """A data type of UDA: values of *python_type* on our side, text on the wire."""

    #: as in an SCPD's dataType, such as ``ui4``
    name: str
    python_type: type
    _parse: Callable[[str], object] = attrs.field(eq=False, repr=False)
    _render: Callable[[object], str] = attrs.field(eq=False, repr=False)

    def parse(self, text: str) -> object:
        """The value that *text* stands for; raises `ValueError`, which says what is wrong with it."""
        return self._parse(text)

    def render(self, value: object) -> str:
        """The text of *value*, not escaped; raises `ValueError` for a value that this type does not have."""
        return self._render(value)


DATA_TYPES: Mapping[str, DataType] = {}


def data_type(name: str) -> DataType:
    """The data type called *name*; raises `DescriptionError` if UDA has none with this name."""
    if name not in DATA_TYPES:
        raise DescriptionError(f"{name!r} is not a data type; UDA §2.5 has {', '.join(DATA_TYPES)}")
    return DATA_TYPES[name]


def default_data_type(python_type: type) -> DataType | None:
    """The data type that a declaration means by *python_type* alone; ``None`` if there is none."""
    raise NotImplementedError(Decimal)
