"""What a part of the benchmark is: a measurement of one device in one round, and the tables that show it."""

from collections.abc import Callable, Sequence

import attrs

from benchmarks.devices import Device
from benchmarks.plan import Plan
from benchmarks.stage import Workshop


@attrs.frozen(kw_only=True)
class Step:
    """One rate that was tried: the share answered in time, and the CPU time for each answer (None: no answer)."""

    rate: float
    share: float
    cpu_us: float | None


@attrs.frozen(kw_only=True)
class Outcome:
    """What one part found of one device in one round.

    `figures` have their unit in their name; what could not be measured is absent. `quantiles` are delays in ms at
    `figures.QUANTILE_SHARES` of the answered searches; `steps` are the rates that were tried.
    """

    figures: dict[str, float]
    quantiles: dict[str, list[float]] = attrs.field(factory=dict)
    steps: list[Step] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Column:
    """One column: a figure's name, how to print it, and whether its ratio to ours is printed with it."""

    title: str
    figure: str
    shape: str
    scale: float = 1.0
    ratio: bool = True


@attrs.frozen(kw_only=True)
class Table:
    """Some of a part's figures, a row for each device, and what a reader must know of them."""

    title: str
    columns: tuple[Column, ...]
    note: str = ""


Measure = Callable[[Device, Workshop, Plan, Sequence[Outcome]], Outcome]


@attrs.frozen(kw_only=True)
class Part:
    """One part of the benchmark; `measure` gets what it found of the same device in earlier rounds.

    It raises StageError when it cannot measure. `without` names the devices that the part does not measure.
    """

    name: str
    summary: str
    measure: Measure
    tables: tuple[Table, ...]
    ours_alone: bool = False
    without: tuple[str, ...] = ()


def share_column(title: str, figure: str) -> Column:
    """A share, in percent, without a ratio."""
    return Column(title=title, figure=figure, shape="{:.1f} %", scale=100, ratio=False)
