"""The command `python -m benchmarks.asking`: a listener of many devices, and ping beside the load generator.

With ``--write``, the report goes to `benchmarks/README.md`, and the figures to `benchmarks/results/asking.json`.
"""

import argparse
import compileall
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import attrs

from benchmarks.asking.listening import LISTENERS, Listened, measure_listener, version_of
from benchmarks.asking.pinging import METHODS, Pinged, compare
from benchmarks.devices import ASYNC_UPNP_CLIENT, FLOOR, OURS, REPOSITORY, find_devices
from benchmarks.generator import GeneratorError, compile_generator
from benchmarks.load import MeasurementError
from benchmarks.machine import describe_machine
from benchmarks.namespaces import NamespaceError, why_unavailable
from benchmarks.readme import README, replace_between
from benchmarks.report import UNKNOWN, aligned
from benchmarks.scheduling import leave_device_core
from benchmarks.testbed import Tools

RESULTS = Path(__file__).resolve().parents[1] / "results" / "asking.json"
BEGIN, END = "<!-- asking: written by --write -->", "<!-- end of asking -->"
DEVICES = 5000
# As fast as async_upnp_client's listener reads without losing any.
SECONDS = 20.0
# How often ping and the load generator take turns; their spreads are those of the turns.
PING_TURNS = 5
# name, unit, shape, whether it is compared
FIGURES = (
    ("new_us", "CPU per announcement of a new device", "{:.0f} µs"),
    ("known_us", "CPU per announcement of a known device", "{:.0f} µs"),
    ("answer_us", "CPU per answer to a search", "{:.0f} µs"),
    ("device_kib", "memory per device", "{:.1f} KiB"),
    ("start_mib", "memory before the first device", "{:.1f} MiB"),
    ("full_s", "from the first datagram to the last device", "{:.2f} s"),
)
#: the greatest part of async_upnp_client's figures
TARGETS = {"new_us": 0.5, "known_us": 0.5, "answer_us": 0.5, "device_kib": 0.5}


def main() -> int:
    """Run the measurements and return the exit code: 1 when they cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.asking", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 11), metavar="N", help="1 to 10 [default: 3]")
    parser.add_argument("--write", action="store_true", help="write the README and the results")
    options = parser.parse_args()
    if reason := why_unavailable():
        print(f"cannot run: {reason}", file=sys.stderr)
        return 1
    compileall.compile_dir(REPOSITORY / OURS, quiet=2)
    machine = describe_machine()
    leave_device_core()
    try:
        listened = _listen(options.rounds)
        pinged = _ping(PING_TURNS)
    except (NamespaceError, GeneratorError, MeasurementError) as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 1
    setting = "{date}; {cpu}, {cores} cores; {kernel}; {python}; revision {revision}".format(**machine)
    report = f"{setting}; rounds: {options.rounds}.\n\n{_listened_table(listened)}\n{_pinged_table(pinged)}"
    print(report)
    if options.write:
        README.write_text(replace_between(README.read_text(encoding="utf-8"), BEGIN, END, report), encoding="utf-8")
        RESULTS.write_text(f"{json.dumps(_results(machine, listened, pinged), indent=1)}\n", encoding="utf-8")
    return 0


def _listen(rounds: int) -> dict[str, list[Listened]]:
    found: dict[str, list[Listened]] = {name: [] for name in LISTENERS}
    for number in range(rounds):
        for name in LISTENERS:
            print(f"round {number + 1} of {rounds}: listening, {name}", file=sys.stderr)
            found[name].append(measure_listener(name, DEVICES, SECONDS))
    return found


def _ping(turns: int) -> dict[tuple[str, str], Pinged | str]:
    found: dict[tuple[str, str], Pinged | str] = {}
    with tempfile.TemporaryDirectory(prefix="upnp-benchmark-") as folder:
        scratch = Path(folder)
        tools = Tools(generator=compile_generator(scratch), scratch=scratch)
        for device in find_devices(scratch):
            if device.name == FLOOR:  # it is no UPnP device
                continue
            for method in METHODS:
                print(f"ping, {device.name}, {method}", file=sys.stderr)
                try:
                    if device.unavailable is not None:
                        raise MeasurementError(device.unavailable)
                    found[device.name, method] = compare(device, tools, method, turns)
                except MeasurementError as error:  # GUPnP answers no unicast search
                    found[device.name, method] = str(error)
    return found


def _listened_table(listened: dict[str, list[Listened]]) -> str:
    rows = [["a listener of 5,000 devices", *(f"{name} {version_of(name)}" for name in listened), "part", "wanted"]]
    for figure, title, shape in FIGURES:
        ours, theirs = (median(getattr(each, figure) for each in listened[name]) for name in (OURS, ASYNC_UPNP_CLIENT))
        target = TARGETS.get(figure)
        wanted = "" if target is None else f"≤ {target:.2f}{'' if ours <= target * theirs else ' **missed**'}"
        rows.append([title, shape.format(ours), shape.format(theirs), f"{ours / theirs:.2f}", wanted])
    return aligned(rows)


def _pinged_table(pinged: dict[tuple[str, str], Pinged | str]) -> str:
    rows = [["p50 of the latency", "by", "`upnp-trio ping`", "the load generator", "within the spread"]]
    for (name, method), found in pinged.items():
        if isinstance(found, Pinged):
            rows.append([name, method, _shown(found.ping_us), _shown(found.generator_us), _yes(found.agree)])
        else:
            rows.append([name, method, UNKNOWN, UNKNOWN, UNKNOWN])
    return aligned(rows)


def _shown(spread: Sequence[float]) -> str:
    middle, least, most = spread
    return f"{middle:,.0f} µs ({least:,.0f} to {most:,.0f})"


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


def _results(
    machine: dict[str, str], listened: dict[str, list[Listened]], pinged: dict[tuple[str, str], Pinged | str]
) -> dict[str, object]:
    return {
        "machine": machine,
        "listeners": {name: [attrs.asdict(each) for each in rounds] for name, rounds in listened.items()},
        "ping": {
            f"{name} {method}": attrs.asdict(found) if isinstance(found, Pinged) else found
            for (name, method), found in pinged.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
