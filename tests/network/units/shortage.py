"""A process that has few file descriptors left, as when other hosts hold many connections."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["descriptors_left", "open_descriptors"]

# The limit while descriptors are short: above what the tests' own process has open, so that it is reached quickly.
LIMIT = 256


def open_descriptors() -> set[str]:
    """What the descriptors of this process refer to, each with its number."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except FileNotFoundError:  # the one that listed them
            continue
    return found


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """Let this process open *count* more file descriptors, and no more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, before[1]))
    try:
        try:
            while True:
                held.append(os.dup(2))
        except OSError:
            for _ in range(count):
                os.close(held.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in held:
            os.close(descriptor)
