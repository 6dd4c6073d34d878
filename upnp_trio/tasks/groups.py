"""Errors that nurseries have put into groups."""

from __future__ import annotations

import trio

__all__ = ["only_error", "split_cancellation"]


def only_error(error: BaseException) -> BaseException:
    """The one error in *error*, however many groups are around it; *error* itself if it is none, or has several."""
    inner = error
    while isinstance(inner, BaseExceptionGroup):
        if len(inner.exceptions) != 1:
            return error
        inner = inner.exceptions[0]
    return inner


def split_cancellation(error: BaseException) -> tuple[BaseException | None, BaseException | None]:
    """The cancellations in *error*, and the rest of it."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)
    return (error, None) if isinstance(error, trio.Cancelled) else (None, error)
