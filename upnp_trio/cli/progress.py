"""A line on the terminal that says what takes so long."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from upnp_trio.cli.output import Output

__all__ = ["showing_progress"]

# Whatever takes less needs no word.
QUIET_SECONDS = 1.0
# A carriage return and "erase in line" (ECMA-48).
_ERASE_LINE = "\r\x1b[2K"


@asynccontextmanager
async def showing_progress(errors: Output, doing: str) -> AsyncIterator[None]:
    """While the body runs, a terminal at *errors* says what it is *doing* and for how long; then the line is erased."""
    if not errors.isatty():
        yield
        return
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_show, errors, doing)
        try:
            yield
        except Exception as error:  # carried past the nursery, which would put a group around it
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _show(errors: Output, doing: str) -> NoReturn:
    start = trio.current_time()
    await trio.sleep(QUIET_SECONDS)
    try:
        while True:
            errors.write(f"{_ERASE_LINE}{doing}, {trio.current_time() - start:.0f} s")
            await trio.sleep(1)
    finally:
        errors.write(_ERASE_LINE)
