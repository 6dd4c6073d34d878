"""The load generator: the C program in `generator/`, compiled when the benchmark starts, run beside the device.

It is in C so that the asking costs a fraction of the answering: one core sends and receives over 100,000 datagrams a
second, more than any of the devices answers.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.devices import COMPILE_SECONDS, REPOSITORY

SOURCES = REPOSITORY / "benchmarks" / "generator"


class GeneratorError(Exception):
    """The generator could not be compiled, or it failed; the message says why and what to do."""


@attrs.frozen(kw_only=True)
class Searches:
    """One series of searches; `delays_ns` has one entry for each answered one, to its first answer.

    `cpu_ns` is what the device used, `elapsed_ns` how long the sending took, `drops` the answers that the generator
    was too slow to read, `strays` those that belong to no search.
    """

    sent: int
    repeats: int
    strays: int
    drops: int
    elapsed_ns: int
    cpu_ns: int
    delays_ns: list[int]

    def share(self, within_ns: float) -> float:
        """The part of the searches sent that was answered within so many nanoseconds."""
        return sum(delay <= within_ns for delay in self.delays_ns) / self.sent

    @property
    def cpu_us(self) -> float:
        """CPU time of the device for each answer, in microseconds."""
        return self.cpu_ns / 1e3 / len(self.delays_ns)


@attrs.frozen(kw_only=True)
class Fetches:
    """One series of GETs; `times_ns` holds the good ones (status 200)."""

    failed: int
    connections: int
    body_bytes: int
    elapsed_ns: int
    cpu_ns: int
    times_ns: list[int]


@attrs.frozen(kw_only=True)
class FirstWords:
    """When a device first answered a search (None: it ignores unicast ones) and a GET, in nanoseconds since 1970."""

    search_at_ns: int | None
    response_at_ns: int
    location: str


def compile_generator(scratch: Path) -> Path:
    """The program, in `scratch`; raises GeneratorError that says what to install."""
    program = scratch / "generator"
    command = ["cc", "-O2", *(str(source) for source in sorted(SOURCES.glob("*.c"))), "-o", str(program)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMPILE_SECONDS)
    except FileNotFoundError as error:
        raise GeneratorError(
            "there is no C compiler (cc), which the load generator needs: install one, on Debian and Ubuntu with "
            "`apt-get install gcc libc6-dev`"
        ) from error
    except subprocess.CalledProcessError as error:
        raise GeneratorError(
            "benchmarks/generator does not compile; on Debian and Ubuntu it needs `apt-get install gcc libc6-dev`:\n"
            f"{error.stderr}"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GeneratorError(f"benchmarks/generator cannot be compiled: {error}") from error
    return program


def read_searches(said: str) -> Searches:
    """What `steady` and `one_by_one` print."""
    found = _numbers(said)
    return Searches(
        sent=found["sent"][0],
        repeats=found["repeats"][0],
        strays=found["strays"][0],
        drops=found["drops"][0],
        elapsed_ns=found["elapsed"][0],
        cpu_ns=found["cpu"][0],
        delays_ns=found["delays"],
    )


def read_fetches(said: str) -> Fetches:
    """What `fetch` prints."""
    found = _numbers(said)
    return Fetches(
        failed=found["failed"][0],
        connections=found["connections"][0],
        body_bytes=found["body_bytes"][0],
        elapsed_ns=found["elapsed"][0],
        cpu_ns=found["cpu"][0],
        times_ns=found["times"],
    )


def read_first_words(lines: Sequence[str]) -> FirstWords:
    """What `first` prints after its "ready"."""
    found = dict(line.split(" ", 1) for line in lines)
    return FirstWords(
        search_at_ns=int(found["search_at"]) or None,
        response_at_ns=int(found["response_at"]),
        location=found["location"],
    )


def _numbers(said: str) -> dict[str, list[int]]:
    return {words[0]: [int(word) for word in words[1:]] for words in (line.split() for line in said.splitlines())}
