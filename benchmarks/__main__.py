"""`python -m benchmarks`: options, rounds, and what is written at the end."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks.devices import Device, find_devices
from benchmarks.machine import describe_machine
from benchmarks.measures import Plan
from benchmarks.namespaces import NamespaceError, why_unavailable
from benchmarks.plot import Curve, Panel, latency_ticks, render_plot
from benchmarks.report import Summary, render_results, render_tables, summarise
from benchmarks.running import Record, RoundError, run_round

RESULTS = Path(__file__).resolve().parent / "results"
ROUNDS = 5  # many short ones rather than few long ones: what disturbs a shared machine lasts for seconds


def main() -> int:
    """Run the benchmark; exit 0 when there are figures, 1 when there are none, 2 on wrong usage."""
    options = _options()
    if reason := why_unavailable():
        print(f"cannot run: {reason}", file=sys.stderr)
        return 1
    _end_in_order_on_signals()
    try:
        with tempfile.TemporaryDirectory(prefix="upnp-benchmark-") as scratch:
            devices = _chosen(list(find_devices(Path(scratch))), options.devices)
            records = _run_rounds(devices, options.plan, options.rounds)
    except NamespaceError as error:
        print(f"cannot make the network namespaces: {error}", file=sys.stderr)
        return 1
    except UnknownDeviceError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; nothing is written, and nothing is left behind", file=sys.stderr)
        return 130
    summaries = summarise(records)
    machine = describe_machine() | {"rounds": str(options.rounds)}
    print(f"\n{_setting(machine)}\n\n{render_tables(summaries, options.plan)}")
    _write(options.output, summaries, options.plan, machine)
    return 0 if any(record.good for record in records) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare this project's device with other UPnP devices: search latency and cost, description "
        "GETs. Each device runs in network namespaces of its own, so nothing is sent to a real network. Needs Linux, "
        "root and iproute2; takes about two minutes.",
    )
    parser.add_argument("--quick", action="store_true", help="one round: about 25 seconds, and figures to match")
    parser.add_argument("--rounds", type=_positive, help=f"how many rounds (default: {ROUNDS})")
    parser.add_argument("--devices", type=lambda text: text.split(","), help="only these, by name, with commas")
    parser.add_argument("--rate", type=_positive, help="multicast searches per second (default: 200)")
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS / "local",
        help="the folder for results.json and latency.svg (default: benchmarks/results/local)",
    )
    options = parser.parse_args()
    options.plan = Plan()
    if options.rate:
        options.plan = attrs.evolve(options.plan, multicast_rate=float(options.rate))
    options.rounds = options.rounds or (1 if options.quick else ROUNDS)
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


class UnknownDeviceError(Exception):
    """A name given with --devices is none of ours."""


def _chosen(devices: list[Device], names: list[str] | None) -> list[Device]:
    known = [device.name for device in devices]
    if unknown := sorted(set(names or ()) - set(known)):
        raise UnknownDeviceError(f"--devices: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    return [device for device in devices if names is None or device.name in names]


def _end_in_order_on_signals() -> None:
    """The first SIGINT or SIGTERM stops the run; further ones must not interrupt the tidying up."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _run_rounds(devices: Sequence[Device], plan: Plan, rounds: int) -> list[Record]:
    """All devices once, then all again, and so on; each round starts with the next device in the list."""
    records = [Record(device=device) for device in devices]
    present = [record for record in records if record.device.unavailable is None]
    for number in range(rounds):
        for record in present[number % len(present) :] + present[: number % len(present)]:
            print(f"round {number + 1} of {rounds}: {record.device.name}", file=sys.stderr, flush=True)
            try:
                record.rounds.append(run_round(record.device, plan))
            except RoundError as error:
                record.rounds.append(None)
                record.failure = str(error)
                print(f"  failed: {error}", file=sys.stderr)
    return records


def _setting(machine: dict[str, str]) -> str:
    return "{date}; {cpu}, {cores} cores; {kernel}; {python}; revision {revision}; rounds: {rounds}".format(**machine)


def _write(folder: Path, summaries: Sequence[Summary], plan: Plan, machine: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results = render_results(summaries, plan, machine)
    (folder / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (folder / "latency.svg").write_text(_plot(summaries, plan, machine))
    print(f"written: {folder / 'results.json'} and latency.svg", file=sys.stderr)


def _plot(summaries: Sequence[Summary], plan: Plan, machine: dict[str, str]) -> str:
    unicast, multicast = (
        [
            Curve(label=_label(summary), delays_ms=summary.delays_ms(kind), sent=summary.sent(kind))
            for summary in summaries
        ]
        for kind in ("unicast", "multicast")
    )
    panels = (
        Panel(
            title="Unicast M-SEARCH, one at a time",
            curves=unicast,
            ticks_ms=latency_ticks(sorted(delay for curve in unicast for delay in curve.delays_ms)),
            logarithmic=True,
        ),
        Panel(
            title=f"Multicast M-SEARCH, MX {plan.mx}, {plan.multicast_rate:g} a second",
            curves=multicast,
            ticks_ms=[plan.mx * 1000 * step / 4 for step in range(6)],
            mark_ms=plan.mx * 1000,
            mark="MX",
        ),
    )
    return render_plot(panels, _setting(machine))


def _label(summary: Summary) -> str:
    device = summary.record.device
    if device.unavailable:
        return f"{device.name} (skipped)"
    unanswered = bool(summary.record.good) and not summary.delays_ms("unicast")
    return f"{device.name} (ignores unicast)" if unanswered else device.name


if __name__ == "__main__":
    sys.exit(main())
