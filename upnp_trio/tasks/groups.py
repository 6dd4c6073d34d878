"""Errors that nurseries have put into groups."""

from __future__ import annotations

__all__ = ["only_error"]


def only_error(error: BaseException) -> BaseException:
    """The one error in *error*, however many groups are around it; *error* itself if it is none, or has several."""
    inner = error
    while isinstance(inner, BaseExceptionGroup):
        if len(inner.exceptions) != 1:
            return error
        inner = inner.exceptions[0]
    return inner
