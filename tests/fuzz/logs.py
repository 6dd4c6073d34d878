"""Checks the log during a fuzz run: no fault of ours, and no characters that control the reader's terminal."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["check_harmless", "harmless_logs"]

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def check_harmless(message: str) -> None:
    """Raise if *message*, which is logged or shown, contains a control character."""
    assert not _CONTROLS.search(message), f"a control character is logged: {message!r}"


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def harmless_logs() -> Iterator[None]:
    """Collect what the package logs in the body; raise if that reports a fault or contains a control character."""
    logger = logging.getLogger("upnp_trio")
    collector = _Collector()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(collector)
        logger.setLevel(level)
        logger.propagate = propagate
        # also when the body failed, because a logged fault is usually the cause
        for record in collector.records:
            message = record.getMessage()
            if record.levelno >= logging.ERROR:
                raise AssertionError(f"logged as an error: {message}") from (record.exc_info or (None, None))[1]
            check_harmless(message)
