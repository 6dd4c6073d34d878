"""The harnesses by name. Each takes any bytes, and raises if upnp_trio misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fuzz import (
    announcements,
    answers,
    calls,
    connections,
    datagrams,
    descriptions,
    events,
    http_answers,
    searches,
    subscriptions,
)

__all__ = ["HARNESSES", "seeds"]

HARNESSES: Mapping[str, Callable[[bytes], None]] = {
    "announcements": announcements.fuzz_one,
    "answers": answers.fuzz_one,
    "calls": calls.fuzz_one,
    "connections": connections.fuzz_one,
    "datagrams": datagrams.fuzz_one,
    "descriptions": descriptions.fuzz_one,
    "events": events.fuzz_one,
    "http_answers": http_answers.fuzz_one,
    "searches": searches.fuzz_one,
    "subscriptions": subscriptions.fuzz_one,
}


def seeds(name: str) -> list[Path]:
    """The seeds of the harness *name*: packets of real clients, documents of vendors, and inputs that once failed."""
    return sorted((Path(__file__).parent / "corpus" / name).iterdir())
