"""A part of the benchmark: a measurement of one device in one round, and the tables that show its figures."""

from collections.abc import Callable, Sequence

import attrs

from benchmarks.devices import Device
from benchmarks.load import MeasurementError
from benchmarks.plan import Plan
from benchmarks.testbed import Tools


@attrs.frozen(kw_only=True)
class Step:
    """One rate that was tried: the share answered in time, and the CPU time per answer (None: there was none)."""

    rate: float
    share: float
    cpu_us: float | None


@attrs.frozen(kw_only=True)
class Outcome:
    """The result of one part with one device in one round.

    The names of `figures` end with their units; what could not be measured is absent. `quantiles` are delays in ms at
    `figures.QUANTILE_SHARES` of the answered searches; `steps` are the rates that were tried.
    """

    figures: dict[str, float]
    quantiles: dict[str, list[float]] = attrs.field(factory=dict)
    steps: list[Step] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Column:
    """One column: a figure's name, its format, and whether its ratio to ours is printed beside it."""

    title: str
    figure: str
    shape: str
    scale: float = 1.0
    ratio: bool = True


@attrs.frozen(kw_only=True)
class Table:
    """Some of a part's figures with a row for each device, and a note that readers of them need."""

    title: str
    columns: tuple[Column, ...]
    note: str = ""


Measure = Callable[[Device, Tools, Plan, Sequence[Outcome]], Outcome]


@attrs.frozen(kw_only=True)
class Part:
    """One part of the benchmark; `measure` gets its outcomes with the same device in earlier rounds.

    It raises MeasurementError when it cannot measure. `without` names the devices that the part does not measure.
    """

    name: str
    summary: str
    measure: Measure
    tables: tuple[Table, ...]
    ours_alone: bool = False
    without: tuple[str, ...] = ()


def share_column(title: str, figure: str) -> Column:
    """A column for a share, in percent and without a ratio."""
    return Column(title=title, figure=figure, shape="{:.1f} %", scale=100, ratio=False)


def as_light(device: Device) -> Device:
    """The device with services to call; raises MeasurementError where the program has none."""
    if device.light is None:
        raise MeasurementError("it serves no actions")
    return attrs.evolve(device, command=device.light.command, search_targets=device.search_targets[:1])
