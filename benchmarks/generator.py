"""The load generator: the C program in `generator/`, compiled when the benchmark starts, and what it prints.

It is in C so that a search costs the generator a fraction of what it costs a device: one core sends and receives over
100,000 datagrams a second, more than any of the devices answers.
"""

import subprocess
from pathlib import Path

import attrs

from benchmarks.devices import COMPILE_SECONDS, REPOSITORY

SOURCES = REPOSITORY / "benchmarks" / "generator"


class GeneratorError(Exception):
    """The generator could not be compiled; the message says why and what to do."""


@attrs.frozen(kw_only=True)
class Searches:
    """One series of searches; `delays_ns` has one entry for each answered search, up to its first answer.

    `cpu_ns` is the device's CPU time, `elapsed_ns` the time that the sending took, `drops` the number of answers that
    the generator was too slow to read, `strays` the number of those that belong to no search.
    """

    sent: int
    repeats: int
    strays: int
    drops: int
    elapsed_ns: int
    cpu_ns: int
    delays_ns: list[int]

    def share(self, within_ns: float) -> float:
        """The share of the searches sent that were answered within so many nanoseconds."""
        return sum(delay <= within_ns for delay in self.delays_ns) / self.sent

    @property
    def cpu_us(self) -> float:
        """The device's CPU time per answer in microseconds."""
        return self.cpu_ns / 1e3 / len(self.delays_ns)


@attrs.frozen(kw_only=True)
class Fetches:
    """One series of GETs or calls; `times_ns` has one entry for each good response.

    A good response has status 200; one to a call also holds the action's response element and what was sent.
    """

    failed: int
    connections: int
    body_bytes: int
    elapsed_ns: int
    cpu_ns: int
    times_ns: list[int]

    @property
    def share(self) -> float:
        """The share of the requests that got a good response."""
        return len(self.times_ns) / max(1, len(self.times_ns) + self.failed)


@attrs.frozen(kw_only=True)
class Changes:
    """One series of changes of an evented variable; `times_ns` has one entry for each that all subscribers learnt of.

    `events` are the notifications that brought the new value, `missed` those that did not come in time, `strays` those
    that brought another value, `gaps` those whose SEQ was not the next one. `connections` were opened for them.
    `rest_cpu_ns` is the device's CPU time in `rest_elapsed_ns` after the series, with the subscriptions and without any
    load.
    """

    changes: int
    events: int
    missed: int
    gaps: int
    strays: int
    connections: int
    elapsed_ns: int
    cpu_ns: int
    rest_elapsed_ns: int
    rest_cpu_ns: int
    times_ns: list[int]


@attrs.frozen(kw_only=True)
class FirstAnswers:
    """When a device that was being started answered for the first time, in nanoseconds since 1970.

    `search_at_ns` is None for a device that ignores unicast searches, `alive_at_ns` where no announcement came in time.
    """

    search_at_ns: int | None
    response_at_ns: int
    alive_at_ns: int | None
    location: str


@attrs.frozen(kw_only=True)
class Pipelining:
    """What became of the pipelined GETs: the responses received, and the connections that the device closed."""

    responses: int
    closed: int
    elapsed_ns: int


@attrs.frozen(kw_only=True)
class Crowding:
    """What became of the connections of one client: how many it opened, had answered, and had refused."""

    opened: int
    answered: int
    refused: int
    elapsed_ns: int


def compile_generator(scratch: Path) -> Path:
    """Compile the program into `scratch` and return its path; GeneratorError says what to install."""
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


def read_searches(output: str) -> Searches:
    """Read what `steady` and `one_by_one` print."""
    found = _numbers(output)
    return Searches(
        sent=found["sent"][0],
        repeats=found["repeats"][0],
        strays=found["strays"][0],
        drops=found["drops"][0],
        elapsed_ns=found["elapsed"][0],
        cpu_ns=found["cpu"][0],
        delays_ns=found["delays"],
    )


def read_fetches(output: str) -> Fetches:
    """Read what `fetch` and `call` print."""
    found = _numbers(output)
    return Fetches(
        failed=found["failed"][0],
        connections=found["connections"][0],
        body_bytes=found["body_bytes"][0],
        elapsed_ns=found["elapsed"][0],
        cpu_ns=found["cpu"][0],
        times_ns=found["times"],
    )


def read_changes(output: str) -> Changes:
    """Read what `notify` prints."""
    found = _numbers(output)
    return Changes(
        changes=found["changes"][0],
        events=found["events"][0],
        missed=found["missed"][0],
        gaps=found["gaps"][0],
        strays=found["strays"][0],
        connections=found["connections"][0],
        elapsed_ns=found["elapsed"][0],
        cpu_ns=found["cpu"][0],
        rest_elapsed_ns=found["rest_elapsed"][0],
        rest_cpu_ns=found["rest_cpu"][0],
        times_ns=found["times"],
    )


def read_first_answers(output: str) -> FirstAnswers:
    """Read what `first` prints after its "ready"."""
    found = dict(line.split(" ", 1) for line in output.splitlines())
    return FirstAnswers(
        search_at_ns=int(found["search_at"]) or None,
        response_at_ns=int(found["response_at"]),
        alive_at_ns=int(found["alive_at"]) or None,
        location=found["location"],
    )


def read_pipelining(output: str) -> Pipelining:
    """Read what `pipeline` prints after its "ready"."""
    found = _numbers(output)
    return Pipelining(responses=found["responses"][0], closed=found["closed"][0], elapsed_ns=found["elapsed"][0])


def read_crowding(output: str) -> Crowding:
    """Read what `crowd` prints after its "ready"."""
    found = _numbers(output)
    return Crowding(
        opened=found["opened"][0],
        answered=found["answered"][0],
        refused=found["refused"][0],
        elapsed_ns=found["elapsed"][0],
    )


def _numbers(output: str) -> dict[str, list[int]]:
    return {words[0]: [int(word) for word in words[1:]] for words in (line.split() for line in output.splitlines())}
