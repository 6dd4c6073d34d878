"""The verbs that ask, run on a host of a network of ours: their output byte by byte, and as JSON."""

from __future__ import annotations

import itertools
import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from tests.network.following import make_switch
from tests.network.namespaces import LINK, Namespace
from tests.network.processes import Program
from tests.network.served import REPOSITORY, command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.network.namespaces import Network

__all__ = ["ASKER_ADDRESS", "Asker", "Finished", "make_street"]

ASKER_ADDRESS = "10.77.0.2"
# A verb ends by itself long before; on a machine with little power it takes a while to start.
PATIENCE_SECONDS = 90.0
#: control characters but for the line's end, and what turns the direction of text (UAX #9)
_UNPRINTABLE = frozenset(
    chr(code)
    for code in itertools.chain(range(0x20), range(0x7F, 0xA0), (0x61C, 0x200E, 0x200F), range(0x202A, 0x202F),
                                range(0x2066, 0x206A), (0x2028, 0x2029))
) - {"\n"}  # fmt: skip


@attrs.frozen
class Finished:
    """A verb that has ended."""

    status: int
    raw_output: bytes
    raw_errors: bytes

    @property
    def output(self) -> str:
        """Standard output."""
        return self.raw_output.decode("utf-8")

    @property
    def errors(self) -> str:
        """Standard error."""
        return self.raw_errors.decode("utf-8")

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.output.splitlines()

    @property
    def objects(self) -> list[Any]:
        """The JSON of each line."""
        return [json.loads(line) for line in self.lines]

    @property
    def unprintable(self) -> frozenset[str]:
        """What a terminal would obey rather than show, in either output."""
        return _UNPRINTABLE.intersection(self.output + self.errors)


@attrs.frozen
class Asker:
    """A host with a home of its own, where the verbs are run, on IPv4 alone."""

    host: Namespace
    home: Path

    def run(self, verb: str, *words: str) -> Finished:
        """Run *verb* to its end."""
        done = subprocess.run(
            self._command(verb, words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
            cwd=REPOSITORY,
            env=self._environment(),
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def start(self, verb: str, *words: str) -> Iterator[Program]:
        """Run *verb* beside the body; it is ended at the latest with it."""
        with Program(self._command(verb, words), cwd=REPOSITORY, env=self._environment()) as program:
            yield program

    def _command(self, verb: str, words: tuple[str, ...]) -> list[str]:
        return self.host.command(*command(verb, "--ipv4-only", *words))

    def _environment(self) -> dict[str, str]:
        # what was seen before is not to be known; and texts are not to be escaped because the terminal has no UTF-8
        return {**environment(), "XDG_STATE_HOME": str(self.home), "PYTHONIOENCODING": "utf-8"}


def make_street(network: Network, *labels: str) -> dict[str, tuple[Namespace, str]]:
    """A link with hosts, each by its label and with its address: the one called "asker" is `ASKER_ADDRESS`."""
    addresses = {label: ASKER_ADDRESS if label == "asker" else f"10.77.0.{11 + at}" for at, label in enumerate(labels)}
    hosts = {label: network.add_host(label) for label in labels}
    make_switch(network, *((hosts[label], LINK, f"{address}/24") for label, address in addresses.items()))
    for host in hosts.values():
        host.ip("route", "append", "239.0.0.0/8", "dev", LINK)
    return {label: (hosts[label], address) for label, address in addresses.items()}
