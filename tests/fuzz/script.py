"""Scripts of what a peer does, written as bytes: a mutation of a script is another script.

The bytes of a script are what the peer sends, up to an 0xF7 byte with one of `MOVES` behind it. No real request has
that byte (it cannot be in UTF-8), so real packets are scripts as they stand.
"""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["CUT", "HANG_UP", "LONG_WAIT", "MOVES", "OTHER_WAY", "PEERS", "STOP", "WAIT", "Move", "read_script"]

Move = Literal["|", ".", ":", "x", "!", "~", "0", "1", "2", "3", "4", "5", "6", "7"]

CUT: Move = "|"  # everything sent so far arrives before the rest
WAIT: Move = "."  # 1 second passes
LONG_WAIT: Move = ":"  # 6 seconds pass, more than a head may take
HANG_UP: Move = "x"  # the peer closes without reading what is in flight
STOP: Move = "!"  # the device leaves the network
OTHER_WAY: Move = "~"  # from now on, send to the device's address instead of the group, or the reverse
PEERS: tuple[Move, ...] = ("0", "1", "2", "3", "4", "5", "6", "7")  # another peer continues
MOVES: tuple[Move, ...] = (CUT, WAIT, LONG_WAIT, HANG_UP, STOP, OTHER_WAY, *PEERS)

_MOVE = re.compile(b"\xf7([" + re.escape("".join(MOVES).encode()) + b"])")
# a script of moves alone must not take minutes
MAX_MOVES = 64


def read_script(script: bytes) -> list[bytes | Move]:
    """The pieces and moves in order; no piece is empty."""
    steps: list[bytes | Move] = []
    for number, part in enumerate(_MOVE.split(script, MAX_MOVES)):
        if number % 2:
            steps.append(next(move for move in MOVES if move.encode() == part))
        elif part:
            steps.append(part)
    return steps
