"""Compares what ``upnp-trio ping`` shows of a device with what the load generator measures of it, in one network.

Both send searches at the same steady rate, and take the time until the answer. They take turns of a few seconds, so
that both see the same machine. By multicast, the time is mostly the delay that the device draws within MX. A device
that rests between two searches needs longer than one that is kept busy, as the other benchmarks keep it.
"""

import json
import subprocess
import sys
from statistics import median

import attrs

from benchmarks.clients import one_client
from benchmarks.devices import REPOSITORY, Device
from benchmarks.figures import quantile
from benchmarks.load import MeasurementError
from benchmarks.namespaces import DEVICE_ADDRESS
from benchmarks.scheduling import LOAD_CORE, Priority, give_right_of_way
from benchmarks.testbed import Testbed, Tools, open_testbed

__all__ = ["METHODS", "Pinged", "compare"]

METHODS = ("unicast", "multicast")
PROBES = 200
PROBES_A_SECOND = 200
# Devices bound what they answer one address by multicast, so there are fewer of these, and slower ones.
MULTICAST_PROBES = 100
MULTICAST_PROBES_A_SECOND = 50
MX = 1
PING_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Pinged:
    """The p50 of one device by one method in µs, as both measure it: the median of the turns, the least, the most."""

    ping_us: tuple[float, float, float]
    generator_us: tuple[float, float, float]

    @property
    def agree(self) -> bool:
        """Whether the spreads of the two overlap."""
        return self.ping_us[1] <= self.generator_us[2] and self.generator_us[1] <= self.ping_us[2]


def compare(device: Device, tools: Tools, method: str, turns: int) -> Pinged:
    """Let both measure *device* in *turns* turns each; raises `MeasurementError`."""
    pinged, generated = [], []
    with open_testbed(device, tools) as testbed:
        for _ in range(turns):
            generated.append(_generate(testbed, method))
            pinged.append(_ping(testbed, method))
    return Pinged(ping_us=_spread(pinged), generator_us=_spread(generated))


def _spread(values: list[float]) -> tuple[float, float, float]:
    return median(values), min(values), max(values)


def _generate(testbed: Testbed, method: str) -> float:
    if method == "unicast":
        times = testbed.search_now_and_then(PROBES_A_SECOND, PROBES).delays_ns
    else:
        seconds = MULTICAST_PROBES / MULTICAST_PROBES_A_SECOND
        times = testbed.search(one_client(MX), MULTICAST_PROBES_A_SECOND, seconds, MX).delays_ns
    if not times:
        raise MeasurementError(f"the device gives the load generator no answer by {method}")
    return quantile(sorted(times), 0.5) / 1e3


def _ping(testbed: Testbed, method: str) -> float:
    count, rate = (MULTICAST_PROBES, MULTICAST_PROBES_A_SECOND) if method == "multicast" else (PROBES, PROBES_A_SECOND)
    command = [sys.executable, "-m", "upnp_trio", "ping", DEVICE_ADDRESS, f"--{method}", "--json", "--quiet"]
    process = subprocess.Popen(
        testbed.inside_control_points([*command, "--count", str(count), "--rate", str(rate), "--mx", str(MX)]),
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    give_right_of_way(process.pid, LOAD_CORE, Priority.MEASURING)
    try:
        output, errors = process.communicate(timeout=PING_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise MeasurementError(f"ping was not over after {PING_SECONDS:.0f} s") from error
    summaries = [found for line in output.splitlines() if (found := json.loads(line))["kind"] == "summary"]
    if not summaries or summaries[0]["p50_ms"] is None:
        raise MeasurementError(f"ping ended with {process.returncode} and no latency: {errors[-300:]}")
    return float(summaries[0]["p50_ms"]) * 1e3
