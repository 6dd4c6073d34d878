"""SEQ, the number of an event (UDA 2.0 §4.3.2)."""

from __future__ import annotations

import re

from upnp_trio.errors import MalformedMessage

__all__ = ["MAX_SEQ", "next_seq", "parse_seq"]

MAX_SEQ = 2**32 - 1

_SEQ = re.compile(r"[0-9]{1,10}", re.ASCII)


def next_seq(seq: int) -> int:
    """The number after *seq*. 0 is for the initial event alone, so the largest number wraps to 1."""
    return 1 if seq == MAX_SEQ else seq + 1


def parse_seq(text: str) -> int:
    """The number that *text* is; raises `MalformedMessage`."""
    if not _SEQ.fullmatch(text) or int(text) > MAX_SEQ:
        raise MalformedMessage("SEQ is missing or not a number of 32 bits")
    return int(text)
