"""A bad cable: loss, duplication, delay and reordering on the wire, both ways; by netem where the kernel has it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from tests.network.processes import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.network.namespaces import Namespace

__all__ = ["BAD_CABLE", "Impairment", "has_netem", "impaired"]

ENDS = ("near", "far")


@attrs.frozen(kw_only=True)
class Impairment:
    """What a cable does to frames, in each direction; shares of 1, and milliseconds."""

    loss: float
    duplication: float
    delay: float
    jitter: float
    #: the share that is sent at once, before frames that wait
    reordering: float

    @property
    def netem(self) -> list[str]:
        """The same as options of netem."""
        shares = [f"{100 * share:g}%" for share in (self.loss, self.duplication, self.reordering)]
        delay = ["delay", f"{self.delay:g}ms", f"{self.jitter:g}ms"]
        return ["netem", "limit", "10000", *delay, "loss", shares[0], "duplicate", shares[1], "reorder", shares[2]]


#: a crowded wireless network
BAD_CABLE = Impairment(loss=0.03, duplication=0.03, delay=15.0, jitter=10.0, reordering=0.1)


def has_netem(wire: Namespace) -> bool:
    """Whether this kernel has netem; without it, `relay.c` does the same."""
    tried = wire.run("tc", "qdisc", "add", "dev", ENDS[0], "root", *BAD_CABLE.netem)
    if tried.returncode == 0:
        wire.run("tc", "qdisc", "delete", "dev", ENDS[0], "root")
    return tried.returncode == 0


@contextmanager
def impaired(wire: Namespace, how: Impairment, seconds: float, relay: Path | None) -> Iterator[dict[str, Any]]:
    """Let *wire* be bad for the length of the body, and at most *seconds*; by *relay*, or without one by netem.

    What the relay counted is in the dictionary at the end.
    """
    counted: dict[str, Any] = {}
    if relay is None:
        for end in ENDS:
            wire.run("tc", "qdisc", "add", "dev", end, "root", *how.netem).check_returncode()
        try:
            yield counted
        finally:
            for end in ENDS:
                wire.run("tc", "qdisc", "delete", "dev", end, "root").check_returncode()
    else:
        figures = [how.loss, how.duplication, how.delay, how.jitter, how.reordering]
        with Program(wire.command(str(relay), str(seconds), *ENDS, *map(str, figures))) as program:
            program.wait_for("^relaying")
            for end in ENDS:
                wire.ip("link", "set", end, "nomaster")
            try:
                yield counted
            finally:
                for end in ENDS:
                    wire.ip("link", "set", end, "master", "bridge0")
            program.stop()
        counted.update(json.loads(program.output.splitlines()[-1]))
