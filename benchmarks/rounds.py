"""The rounds: each runs every part with every device once, beginning with another device than the round before."""

import sys
from collections.abc import Sequence
from statistics import median

import attrs

from benchmarks.devices import OURS, Device
from benchmarks.load import MeasurementError
from benchmarks.parts import Outcome, Part
from benchmarks.plan import Plan
from benchmarks.testbed import Tools


@attrs.define(eq=False, kw_only=True)
class Record:
    """The outcomes of one part with one device by round (None: it failed), and the reason of the last failure."""

    part: Part
    device: Device
    rounds: list[Outcome | None] = attrs.field(factory=list)
    failure: str | None = None

    @property
    def good(self) -> list[Outcome]:
        """The outcomes of the rounds that did not fail."""
        return [outcome for outcome in self.rounds if outcome is not None]

    def medians(self) -> dict[str, float]:
        """Each figure's median over the rounds that have it."""
        return _medians([outcome.figures for outcome in self.good])

    def ratios(self, other: "Record") -> dict[str, float]:
        """Each figure divided by the other record's of the same round: the medians over the rounds that both have."""
        pairs = [(mine, yours) for mine, yours in zip(self.rounds, other.rounds, strict=False) if mine and yours]
        return _medians(
            [
                {name: value / yours.figures[name] for name, value in mine.figures.items() if yours.figures.get(name)}
                for mine, yours in pairs
            ]
        )


@attrs.frozen(kw_only=True)
class Results:
    """All records of a run."""

    devices: tuple[Device, ...]
    parts: tuple[Part, ...]
    records: tuple[Record, ...]

    def of(self, part: str, device: str) -> Record | None:
        """The record of a part and a device, if there is one."""
        return next((each for each in self.records if (each.part.name, each.device.name) == (part, device)), None)


def run_rounds(devices: Sequence[Device], parts: Sequence[Part], tools: Tools, plan: Plan) -> Results:
    """Run all rounds; a part that fails with a device is reported and recorded, and the run goes on."""
    records = {
        part.name: [
            Record(part=part, device=device)
            for device in devices
            if device.unavailable is None
            and device.name not in part.without
            and (device.name == OURS or not part.ours_alone)
        ]
        for part in parts
    }
    for number in range(plan.rounds):
        for part in parts:
            of_part = records[part.name]
            turn = number % len(of_part) if of_part else 0
            for record in of_part[turn:] + of_part[:turn]:
                print(f"round {number + 1} of {plan.rounds}: {part.name}, {record.device.name}", file=sys.stderr)
                try:
                    record.rounds.append(part.measure(record.device, tools, plan, record.good))
                except MeasurementError as error:
                    record.rounds.append(None)
                    record.failure = str(error)
                    print(f"  failed: {error}", file=sys.stderr)
    return Results(
        devices=tuple(devices),
        parts=tuple(parts),
        records=tuple(record for part in parts for record in records[part.name]),
    )


def _medians(by_round: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for found in by_round for name in found)
    return {name: median(found[name] for found in by_round if name in found) for name in names}
