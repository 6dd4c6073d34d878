"""One run: sets up the network, the device and its observers, runs the phases, and removes everything."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.arena import DEVICE_ADDRESS, open_arena
from tests.chaos.cable import has_netem
from tests.chaos.client import PATIENCE_SECONDS
from tests.chaos.counter import USNS
from tests.chaos.device import open_device
from tests.chaos.outcome import Announcement, Outcome, Try, read_lines
from tests.chaos.phases import PHASES, SPARE_SECONDS, play
from tests.network.namespaces import Namespace, why_impossible
from tests.network.processes import Program
from tests.network.served import REPOSITORY, environment
from tests.network.ssdp import wait_until_member

__all__ = ["run", "why_unavailable"]

SOURCES = Path(__file__).parent
# The first announcements and the imports of the clients do not belong to the calm phase.
CALMING_SECONDS = 3.0
# What the storm left behind ends within this time: an idle connection after 15 s, a subscription after 60 s, the least
# that is granted. Then the device is measured.
STORM_OVER_SECONDS = 66.0
# Whether the device is at rest again is seen in this time.
REST_SECONDS = 5.0


def why_unavailable() -> str | None:
    """Why no run is possible here; ``None`` if one is."""
    if shutil.which("cc") is None:
        return "the command cc is missing; install gcc"
    return why_impossible()


def run(seconds: float, *, right_of_way: bool) -> Outcome:
    """A whole run, *seconds* for each phase; with *right_of_way* other processes do not delay the device."""
    longest = len(PHASES) * (seconds + SPARE_SECONDS) + 2 * STORM_OVER_SECONDS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="upnp-chaos-")))
        arena = stack.enter_context(open_arena())
        netem = has_netem(arena.wire)
        tools = {name: _build(name, folder) for name in ("flood", *(() if netem else ("relay",)))}
        sent = stack.enter_context(_listener(arena.device, longest))
        received = stack.enter_context(_listener(arena.client, longest))
        device = stack.enter_context(open_device(arena.device, folder, right_of_way=right_of_way))
        wait_until_member(arena.device)
        time.sleep(CALMING_SECONDS)
        asking = [DEVICE_ADDRESS, str(device.port), device.path, str(longest)]
        client = stack.enter_context(_python(arena.client, "tests.chaos.client", *asking))
        client.wait_for('"kind": "event"')
        before = device.resources()
        phases = []
        for phase in PHASES:
            print(f"{phase.name}: {seconds:.0f} s", file=sys.stderr, flush=True)
            phases.append(play(phase, seconds, arena, device, tools))
        time.sleep(max(STORM_OVER_SECONDS - seconds, PATIENCE_SECONDS))
        rest_cpu_share = device.cpu_share(REST_SECONDS)
        after = device.resources()
        exit_status = device.program.stop()
        return Outcome(
            cable="netem" if netem else "relay",
            right_of_way=right_of_way,
            phases=tuple(phases),
            tries=tuple(Try(**line) for line in read_lines(client.output, "{")),  # type: ignore[arg-type]
            sent=_announcements(sent),
            received=_announcements(received),
            before=before,
            after=after,
            rest_cpu_share=rest_cpu_share,
            errors=device.program.errors,
            exit_status=exit_status,
            counters=device.program.output.splitlines()[-1],
            usns=USNS,
        )


def _announcements(listener: Program) -> tuple[Announcement, ...]:
    return tuple(Announcement(**line) for line in read_lines(listener.output, "{"))  # type: ignore[arg-type]


def _python(host: Namespace, module: str, *arguments: str) -> Program:
    return Program(host.command(sys.executable, "-m", module, *arguments), cwd=REPOSITORY, env=environment())


def _listener(host: Namespace, seconds: float) -> Program:
    return _python(host, "tests.chaos.listener", DEVICE_ADDRESS, str(seconds))


def _build(name: str, folder: Path) -> Path:
    built = folder / name
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-o", str(built), str(SOURCES / f"{name}.c")]
    subprocess.run(command, check=True, timeout=60)
    return built
