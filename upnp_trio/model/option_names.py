"""The names of options, which a caller without a type checker may mistype."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["require_options"]


def require_options(names: Iterable[str], settings: type[attrs.AttrsInstance]) -> None:
    """Raise `TypeError` for the first of *names* that *settings* does not have.

    Python's own error would name the class, which the caller has not written, and no other option.
    """
    known = [field.alias for field in attrs.fields(settings)]
    for name in names:
        if name not in known:
            raise TypeError(f"there is no option {name!r}; {suggestion(name, known, 'options')}")
