"""What values a state variable or an argument may have, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.printable import printable

if TYPE_CHECKING:
    from upnp_trio.model.service import VariableDescription

__all__ = ["type_words"]

# The lists of most standards are shorter. A longer one would hide what follows.
MAX_VALUES = 8
VALUE_CHARACTERS = 40


def type_words(variable: VariableDescription) -> str:
    """The data type, with the list or the range of its values: ``ui2, 0 to 100 by 5``."""
    words = variable.data_type.name
    if variable.allowed_values:
        values = [printable(value, VALUE_CHARACTERS) or '""' for value in variable.allowed_values[:MAX_VALUES]]
        more = len(variable.allowed_values) - len(values)
        return f"{words}: {', '.join(values)}" + (f" and {more} more" if more else "")
    if (allowed := variable.allowed_range) is not None:
        step = "" if allowed.step is None or allowed.step == 1 else f" by {allowed.step}"
        return f"{words}, {allowed.minimum} to {allowed.maximum}{step}"
    return words
