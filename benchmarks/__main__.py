"""The command `python -m benchmarks`: reads the options, runs the rounds, and writes the report and the results."""

import argparse
import compileall
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import attrs

from benchmarks.devices import OURS, REPOSITORY, find_devices
from benchmarks.generator import GeneratorError, compile_generator
from benchmarks.imports import print_imports
from benchmarks.load import MeasurementError
from benchmarks.machine import describe_machine
from benchmarks.namespaces import NamespaceError, why_unavailable
from benchmarks.parts import PARTS
from benchmarks.plan import LENGTHY, QUICK, Plan
from benchmarks.plots import render_pictures
from benchmarks.readme import rewrite_readmes
from benchmarks.report import render_report, render_results, render_setting
from benchmarks.rounds import Results, run_rounds
from benchmarks.scheduling import leave_device_core
from benchmarks.summary import render_summary
from benchmarks.testbed import Tools

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Run the benchmark and return its exit code: 0 when there are figures, 1 when there are none, 2 on wrong usage."""
    options = _options()
    if reason := why_unavailable():
        print(f"cannot run: {reason}", file=sys.stderr)
        return 1
    machine = describe_machine()
    _end_in_order_on_signals()
    leave_device_core()
    try:
        if options.imports:
            _print_imports()
            return 0
        results = _measure(options)
    except (NamespaceError, GeneratorError, MeasurementError) as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 1
    except UnknownNameError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; no results are written, and all processes and namespaces are removed", file=sys.stderr)
        return 130
    report = render_report(results, options.plan, machine)
    print(f"\n{report}")
    _write(options.output, results, options.plan, machine)
    if options.readme:
        rewrite_readmes(report, render_summary(results, options.plan, machine))
    return 0 if any(record.good for record in results.records) else 1


def _measure(options: argparse.Namespace) -> Results:
    # as an installed package is, whatever PYTHONDONTWRITEBYTECODE says; compiling would be a third of the start
    compileall.compile_dir(REPOSITORY / OURS, quiet=2)
    with tempfile.TemporaryDirectory(prefix="upnp-benchmark-") as folder:
        scratch = Path(folder)
        brief = [part.name for part in PARTS if not (options.quick and part.name in LENGTHY)]
        parts = _chosen("--parts", PARTS, options.parts or brief)
        devices = _chosen("--devices", list(find_devices(scratch)), options.devices)
        tools = Tools(generator=compile_generator(scratch), scratch=scratch)
        return run_rounds(devices, parts, tools, options.plan)


def _print_imports() -> None:
    with tempfile.TemporaryDirectory(prefix="upnp-benchmark-") as folder:
        scratch = Path(folder)
        print_imports(scratch, Tools(generator=compile_generator(scratch), scratch=scratch))


def _options() -> argparse.Namespace:
    parts = "\n".join(f"  {part.name:10} {part.summary}" for part in PARTS)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare this project's device with other UPnP devices. Each runs in network namespaces of its\n"
        "own, so nothing is sent to a real network. Needs Linux, root, iproute2 and a C compiler; takes about\n"
        "17 minutes.",
        epilog=f"the parts:\n{parts}",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"one short round, without {' and '.join(LENGTHY)} unless named: about 90 seconds, and rough figures",
    )
    parser.add_argument("--rounds", type=_positive, help=f"how many rounds (default: {Plan().rounds})")
    parser.add_argument("--parts", type=_names, help="measure only these parts, separated by commas")
    parser.add_argument("--devices", type=_names, help="measure only these devices, separated by commas")
    parser.add_argument(
        "--output",
        type=Path,
        help="write results.json and the pictures to this folder (default: benchmarks/results/local)",
    )
    parser.add_argument(
        "--imports",
        action="store_true",
        help="print what each imported package costs at the start instead of running the benchmark",
    )
    parser.add_argument(
        "--readme",
        action="store_true",
        help="write the tables to benchmarks/README.md, and the results and pictures to benchmarks/results",
    )
    options = parser.parse_args()
    if options.readme and (options.quick or options.parts or options.devices or options.output):
        parser.error("--readme needs a whole run: leave out --quick, --parts, --devices and --output")
    options.plan = QUICK if options.quick else Plan()
    if options.rounds:
        options.plan = attrs.evolve(options.plan, rounds=options.rounds)
    options.output = options.output or (RESULTS if options.readme else RESULTS / "local")
    return options


def _names(text: str) -> list[str]:
    return text.split(",")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


class UnknownNameError(Exception):
    """A name given with --devices or --parts is unknown."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


def _chosen(option: str, choices: Sequence[_T], names: list[str] | None) -> list[_T]:
    known = [choice.name for choice in choices]
    if unknown := sorted(set(names or ()) - set(known)):
        raise UnknownNameError(f"{option}: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    return [choice for choice in choices if names is None or choice.name in names]


def _end_in_order_on_signals() -> None:
    """Let the first SIGINT or SIGTERM stop the run; further ones must not interrupt the cleaning up."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _write(folder: Path, results: Results, plan: Plan, machine: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = render_results(results, plan, machine)
    (folder / "results.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    written = ["results.json"]
    for name, picture in render_pictures(results, plan, render_setting(machine, plan)):
        (folder / name).write_text(picture)
        written.append(name)
    print(f"written to {folder}: {', '.join(written)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
