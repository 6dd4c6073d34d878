"""The three pictures: latency; share answered and CPU per answer by rate; cost by number of devices."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from benchmarks.devices import OURS
from benchmarks.figures import QUANTILE_SHARES
from benchmarks.parts import Step
from benchmarks.plan import Plan
from benchmarks.rounds import Record, Results
from benchmarks.svg import Axis, Curve, Panel, decades, even_ticks, render_panels

SHARE = Axis(ticks=[0.0, 0.25, 0.5, 0.75, 1.0], shape="{:.0%}".format)


def render_pictures(results: Results, plan: Plan, caption: str) -> Iterator[tuple[str, str]]:
    """Yield the file name and the SVG document of each picture whose parts were measured."""
    if panels := [panel for panel in (_unicast(results), _multicast(results, plan)) if panel.curves]:
        yield "latency.svg", render_panels(panels, caption)
    if (shares := _answered(results)).curves:
        yield "rate.svg", render_panels([shares, _cpu(results)], caption)
    if (record := results.of("devices", OURS)) and record.good:
        yield "devices.svg", render_panels(_devices(record, plan), caption)


def _distributions(results: Results, part: str, kind: str, share: str) -> list[Curve]:
    """Each device's median over the rounds of each quantile, against the share of all searches sent."""
    curves = []
    for stroke, device in enumerate(results.devices):
        record = results.of(part, device.name)
        found = [outcome.quantiles[kind] for outcome in record.good if outcome.quantiles.get(kind)] if record else []
        if record is None or not found:
            continue
        answered = record.medians()[share]
        delays = [median(each) for each in zip(*found, strict=True)]
        points = [(delay, step * answered) for delay, step in zip(delays, QUANTILE_SHARES, strict=True)]
        curves.append(Curve(label=device.name, points=[(delays[0], 0.0), *points], stroke=stroke))
    return curves


def _unicast(results: Results) -> Panel:
    curves = _distributions(results, "unicast", "unicast_different", "unicast_different_share")
    # the slowest of 20,000 answers says more about the machine than about the device
    delays = [curve.points[0][0] for curve in curves] + [curve.points[-2][0] for curve in curves]
    return Panel(
        title="Unicast M-SEARCH, one at a time",
        ordinate="share answered of all searches sent, every datagram different",
        x=Axis(ticks=decades(delays), shape=_milliseconds, logarithmic=True),
        y=SHARE,
        curves=curves,
    )


def _multicast(results: Results, plan: Plan) -> Panel:
    last = plan.mx * 1000.0
    return Panel(
        title=f"Multicast M-SEARCH, MX {plan.mx}, half the highest rate",
        ordinate="share answered of all searches sent, every datagram different",
        x=Axis(ticks=[last * step / 4 for step in range(6)], shape=_milliseconds),
        y=SHARE,
        curves=_distributions(results, "highest", "multicast", "spread_share"),
        mark=(last, "MX"),
    )


def _steps(results: Results, figure: Callable[[Step], float | None]) -> list[Curve]:
    """Each device's median of a figure at each rate that was tried."""
    curves = []
    for stroke, device in enumerate(results.devices):
        by_rate: dict[float, list[float]] = {}
        for record in (results.of(part, device.name) for part in ("searches", "highest")):
            for step in (step for outcome in (record.good if record else ()) for step in outcome.steps):
                if (value := figure(step)) is not None:
                    by_rate.setdefault(step.rate, []).append(value)
        points = [(rate, median(values)) for rate, values in sorted(by_rate.items())]
        if points:
            curves.append(Curve(label=device.name, points=points, stroke=stroke, dots=True))
    return curves


def _answered(results: Results) -> Panel:
    curves = _steps(results, lambda step: step.share)
    return Panel(
        title="Multicast M-SEARCH, MX 1: answered in time",
        ordinate="share of the searches by searches a second, every datagram different",
        x=_rates(curves),
        y=SHARE,
        curves=curves,
    )


def _cpu(results: Results) -> Panel:
    # where hardly anything is answered in time, the cost per answer means nothing
    curves = _steps(results, lambda step: step.cpu_us if step.share > 0.5 else None)
    greatest = max((y for curve in curves for _, y in curve.points), default=1.0)
    return Panel(
        title="Multicast M-SEARCH, MX 1: CPU per answer",
        ordinate="µs by searches a second, every datagram different",
        x=_rates(curves),
        y=Axis(ticks=even_ticks(greatest), shape="{:.0f}".format),
        curves=curves,
    )


def _rates(curves: Sequence[Curve]) -> Axis:
    return Axis(
        ticks=decades([x for curve in curves for x, _ in curve.points]), shape="{:,.0f}".format, logarithmic=True
    )


def _devices(record: Record, plan: Plan) -> list[Panel]:
    medians = record.medians()
    x = Axis(ticks=[1, 10, 100, 1000, 10000], shape="{:,.0f}".format, logarithmic=True)

    def panel(title: str, ordinate: str, figure: str) -> Panel:
        points = [(count, medians[f"devices_{count}_{figure}"]) for count in plan.device_counts]
        y = Axis(ticks=even_ticks(max(value for _, value in points)), shape="{:.0f}".format)
        return Panel(title=title, ordinate=ordinate, x=x, y=y, curves=[Curve(label=OURS, points=points, dots=True)])

    return [
        panel("CPU per unicast search for one of many devices", "µs by number of root devices", "cpu_us"),
        panel("Resident memory", "MiB by number of root devices", "mib"),
    ]


def _milliseconds(value: float) -> str:
    return f"{value * 1000:.0f} µs" if 0 < value < 1 else f"{value:.0f} ms"
