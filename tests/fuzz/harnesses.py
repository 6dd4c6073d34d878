"""The harnesses by name: each takes any bytes, and raises if upnp_trio does what it must not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fuzz import connections, datagrams, descriptions, searches

__all__ = ["HARNESSES", "seeds"]

HARNESSES: Mapping[str, Callable[[bytes], None]] = {
    "connections": connections.fuzz_one,
    "datagrams": datagrams.fuzz_one,
    "descriptions": descriptions.fuzz_one,
    "searches": searches.fuzz_one,
}


def seeds(name: str) -> list[Path]:
    """What the harness *name* starts from: real clients' packets, vendors' documents, and what once went wrong."""
    return sorted((Path(__file__).parent / "corpus" / name).iterdir())
