"""Compares what ``upnp-trio ping`` shows of a device with what the load generator measures of it, in one network.

Both send unicast searches one after the other and take the time until the answer. Their probes alternate, a few hundred
milliseconds each, so that both see the same machine.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

import attrs

from benchmarks.devices import REPOSITORY, Device
from benchmarks.figures import quantile
from benchmarks.load import MeasurementError
from benchmarks.namespaces import DEVICE_ADDRESS
from benchmarks.scheduling import LOAD_CORE, give_right_of_way
from benchmarks.testbed import Testbed, Tools, open_testbed

__all__ = ["Pinged", "compare"]

PROBES = 200
PROBES_A_SECOND = 500
PING_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Pinged:
    """The latency of one device in µs, by both: the median of the turns, and their least and greatest."""

    ping_p50_us: float
    ping_spread_us: tuple[float, float]
    generator_p50_us: float
    generator_spread_us: tuple[float, float]

    @property
    def agree(self) -> bool:
        """Whether the spreads of the two overlap."""
        return (
            self.ping_spread_us[0] <= self.generator_spread_us[1]
            and self.generator_spread_us[0] <= self.ping_spread_us[1]
        )


def compare(device: Device, tools: Tools, turns: int) -> Pinged:
    """Let both measure *device* in turns; raises `MeasurementError`."""
    pinged, generated = [], []
    with open_testbed(device, tools) as testbed:
        for _ in range(turns):
            generated.append(_generate(testbed))
            pinged.append(_ping(testbed))
    return Pinged(
        ping_p50_us=median(pinged),
        ping_spread_us=(min(pinged), max(pinged)),
        generator_p50_us=median(generated),
        generator_spread_us=(min(generated), max(generated)),
    )


def _generate(testbed: Testbed) -> float:
    searches = testbed.search_one_by_one(PROBES, 5.0)
    if not (delays := sorted(searches.delays_ns)):
        raise MeasurementError("the device answers no unicast search")
    return quantile(delays, 0.5) / 1e3


def _ping(testbed: Testbed) -> float:
    command = [sys.executable, "-m", "upnp_trio", "ping", DEVICE_ADDRESS, "--json"]
    options = ["--count", str(PROBES), "--rate", str(PROBES_A_SECOND)]
    process = subprocess.Popen(
        testbed.inside_control_points([*command, *options]),
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    give_right_of_way(process.pid, LOAD_CORE)
    try:
        output, errors = process.communicate(timeout=PING_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise MeasurementError(f"ping was not over after {PING_SECONDS:.0f} s") from error
    summary = _summary(output.splitlines())
    if summary is None:
        raise MeasurementError(f"ping ended with {process.returncode}: {errors[-500:]}")
    return summary


def _summary(lines: Sequence[str]) -> float | None:
    """The p50 in µs of ping's summary."""
    for line in lines:
        found = json.loads(line)
        if found.get("event") == "summary" and found.get("p50_ms") is not None:
            return float(found["p50_ms"]) * 1e3
    return None
