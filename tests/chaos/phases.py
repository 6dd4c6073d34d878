"""The phases of a run: the load on the device, and what was measured in each phase."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import attrs

from tests.chaos.arena import (
    DEVICE_ADDRESS,
    FLAPPING_ADDRESS,
    FLAPPING_LINK,
    HOSTILE_ADDRESS,
    MANY_SOURCES,
    Arena,
)
from tests.chaos.cable import BAD_CABLE, impaired
from tests.network.processes import Program
from tests.network.served import REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chaos.device import Device

__all__ = ["FLOOD_RATE", "PHASES", "SLOW_CONNECTIONS", "Passed", "Phase", "play"]

FLOOD_RATE = 5000
SLOW_CONNECTIONS = 200
# One of: address away, address back, link down, link up. More often than any cable is pulled.
FLAP_SECONDS = 2.5
# What is tried at the end of a phase must have its outcome under the same conditions.
LAST_OUTCOMES_SECONDS = 1.5
# A load stops by itself, even if this process is killed.
SPARE_SECONDS = 30.0


@attrs.frozen(kw_only=True)
class Phase:
    """A time under the same conditions."""

    name: str
    impaired: bool = False
    hostile: bool = False
    #: hostile subscribers and callers
    crowded: bool = False
    flapping: bool = False


PHASES = (
    Phase(name="calm"),
    Phase(name="bad cable", impaired=True),
    Phase(name="hostile", hostile=True),
    Phase(name="crowd", crowded=True),
    Phase(name="everything", impaired=True, hostile=True, crowded=True, flapping=True),
    Phase(name="calm again"),
)


@attrs.frozen(kw_only=True)
class Passed:
    """A phase that is over: from when to when (on the monotonic clock) something tried belongs to it, and figures."""

    phase: Phase
    start: float
    end: float
    cpu_share: float
    #: how much of the time the device waited for a core
    waiting_share: float
    #: datagrams that the kernel dropped, as they were not read in time
    overflown: int
    resident_kib: int
    #: what the flood, the slow connections, the crowd and the cable report
    loads: Mapping[str, Any]


@contextmanager
def _load(arena: Arena, name: str, command: list[str], loads: dict[str, Any]) -> Iterator[None]:
    with Program(arena.hostile.command(*command), cwd=REPOSITORY, env=environment()) as program:
        yield
        program.stop()
        loads[name] = json.loads(program.output.splitlines()[-1]) if program.output else program.errors


@contextmanager
def _flapping(arena: Arena) -> Iterator[None]:
    """Let the second interface come and go in a thread beside, and leave it as it was."""
    enough, failures = Event(), []
    address = ["address", "add", FLAPPING_ADDRESS, "dev", FLAPPING_LINK]
    away = ["address", "delete", FLAPPING_ADDRESS, "dev", FLAPPING_LINK]
    down, up = (["link", "set", FLAPPING_LINK, to] for to in ("down", "up"))

    def flap() -> None:
        while True:
            for changes in ([away], [address], [down], [up]):
                if enough.wait(FLAP_SECONDS):
                    return
                for change in changes:
                    done = subprocess.run(["ip", "-netns", arena.device.name, *change], capture_output=True, text=True)
                    if done.returncode:
                        failures.append(done.stderr)

    thread = Thread(target=flap)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        subprocess.run(["ip", "-netns", arena.device.name, *up], check=False)
        # it may be there already, or not; both are fine
        subprocess.run(["ip", "-netns", arena.device.name, *address], check=False, capture_output=True)
    if failures:
        raise AssertionError(f"the interface did not flap: {failures}")


def play(phase: Phase, seconds: float, arena: Arena, device: Device, tools: Mapping[str, Path]) -> Passed:
    """Go through *phase*; *tools* has the programs that were built, the relay only where there is no netem."""
    loads: dict[str, Any] = {}
    with ExitStack() as stack:
        if phase.impaired:
            loads["cable"] = stack.enter_context(
                impaired(arena.wire, BAD_CABLE, seconds + SPARE_SECONDS, tools.get("relay"))
            )
        if phase.hostile:
            longest = str(seconds + SPARE_SECONDS)
            many = [MANY_SOURCES[0], str(MANY_SOURCES[1])]
            flood = [str(tools["flood"]), longest, str(FLOOD_RATE), HOSTILE_ADDRESS, DEVICE_ADDRESS, HOSTILE_ADDRESS]
            slow = [sys.executable, "-m", "tests.chaos.slow", DEVICE_ADDRESS, str(device.port), device.path]
            stack.enter_context(_load(arena, "flood", [*flood, *many], loads))
            stack.enter_context(_load(arena, "slow", [*slow, str(SLOW_CONNECTIONS), longest], loads))
        if phase.crowded:
            longest = str(seconds + SPARE_SECONDS)
            crowd = [sys.executable, "-m", "tests.chaos.crowd", DEVICE_ADDRESS, str(device.port), longest]
            stack.enter_context(_load(arena, "crowd", crowd, loads))
        if phase.flapping:
            stack.enter_context(_flapping(arena))
        start, cpu, waiting = time.monotonic(), device.cpu_seconds(), device.waiting_seconds()
        overflown = device.overflown()
        while time.monotonic() < start + seconds:
            time.sleep(0.2)
            if not device.program.is_running:
                raise AssertionError(f"the device ended in the phase {phase.name!r}:\n{device.program.errors}")
        end = time.monotonic()
        return Passed(
            phase=phase,
            start=start,
            end=end - LAST_OUTCOMES_SECONDS,
            cpu_share=(device.cpu_seconds() - cpu) / (end - start),
            waiting_share=(device.waiting_seconds() - waiting) / (end - start),
            overflown=device.overflown() - overflown,
            resident_kib=device.resident_kib(),
            loads=loads,
        )
