"""The benchmarks' arithmetic, their searches, and the way in which they find the highest rate."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.clients import AGENT_MARK, MALFORMED, many_clients, one_client, storm, unicast
from benchmarks.devices import OURS, Device
from benchmarks.figures import greatest_lag, kolmogorov_distance, quantile
from benchmarks.imports import add_up, package_of, parse_import_times, render_sums
from benchmarks.parts import PARTS, Outcome
from benchmarks.parts.highest import HIGHEST_LEVEL, LOWEST_LEVEL, find_highest
from benchmarks.plan import QUICK
from benchmarks.readme import BEGIN, END, PROJECT_README, README, replace_figures
from benchmarks.rounds import Record, Results
from benchmarks.summary import ROWS, render_summary
from benchmarks.svg import Axis, decades, even_ticks
from benchmarks.targets import TARGETS, judge
from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parsing import parse

EVEN = [float(value) for value in range(1001)]
TARGETS_SEARCHED = ("upnp:rootdevice", "urn:schemas-upnp-org:device:Basic:1")


@given(
    highest=st.integers(LOWEST_LEVEL, HIGHEST_LEVEL),
    first=st.integers(LOWEST_LEVEL, HIGHEST_LEVEL),
    stride=st.integers(1, 16),
)
def test_the_ladder_is_climbed_to_the_highest_level_that_passes(highest: int, first: int, stride: int) -> None:
    tried: list[int] = []

    def passes(level: int) -> bool:
        tried.append(level)
        return level <= highest

    assert find_highest(passes, first, stride, tries=20) == highest
    assert len(tried) <= 16
    assert all(LOWEST_LEVEL <= level <= HIGHEST_LEVEL for level in tried)


def test_no_level_is_found_where_nothing_is_answered() -> None:
    assert find_highest(lambda level: False, 0, 8, tries=20) is None


def test_a_quantile_is_a_value_that_its_share_does_not_exceed() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.51) == 3.0
    assert quantile([1.0], 0.001) == 1.0


def test_an_even_spread_has_no_distance_and_no_lag() -> None:
    assert kolmogorov_distance(EVEN, 0, 1000) < 0.002
    assert abs(greatest_lag(EVEN, 0, 1000)) <= 1


def test_answers_all_at_once_are_as_far_from_even_as_can_be() -> None:
    assert kolmogorov_distance([0.0] * 100, 0, 1000) == 1.0


def test_answers_that_are_all_late_by_as_much_lag_by_as_much() -> None:
    assert greatest_lag([value + 25 for value in EVEN], 0, 1000) == pytest.approx(25, abs=1)


def test_fifty_clients_write_fifty_different_searches_for_each_target() -> None:
    datagrams = many_clients(1, TARGETS_SEARCHED)
    assert len({datagram.content for datagram in datagrams}) == len(datagrams)
    for target in TARGETS_SEARCHED:
        found = [message for message in (parse(each.content) for each in datagrams) if isinstance(message, Search)]
        assert sum(message.search_target == target and message.mx == 1 for message in found) == 50


def test_the_plain_searches_are_searches() -> None:
    for differ in (False, True):
        multicast = parse(one_client(1, differ=differ)[0].content)
        direct = parse(unicast("192.0.2.7", differ=differ)[0].content)
        assert isinstance(multicast, Search)
        assert isinstance(direct, Search)
        assert (multicast.mx, direct.mx) == (1, None)
        agent = AGENT_MARK if differ else None
        assert (multicast.user_agent, direct.user_agent) == (agent, agent)


def test_every_eleventh_datagram_of_a_storm_is_malformed() -> None:
    datagrams = storm(1)
    assert [each.answered for each in datagrams] == ([True] * 10 + [False]) * len(MALFORMED)
    for each in datagrams:
        if each.answered:
            assert isinstance(parse(each.content), Search)


@pytest.mark.parametrize("datagram", MALFORMED)
def test_no_malformed_datagram_is_a_search_that_is_answered(datagram: bytes) -> None:
    try:
        message = parse(datagram)
    except MalformedMessage:
        return
    assert not isinstance(message, Search) or message.mx is None


def _results(figures: dict[str, dict[str, list[float]]]) -> Results:
    """Results with the given values: by figure and device, one value for each round."""
    devices = {name: Device(name=name) for of_part in figures.values() for name in of_part}
    part = next(part for part in PARTS if part.name == "gets")
    return Results(
        devices=tuple(devices.values()),
        parts=(part,),
        records=tuple(
            Record(
                part=part,
                device=devices[name],
                rounds=[Outcome(figures={figure: value}) for value in values],
            )
            for figure, of_figure in figures.items()
            for name, values in of_figure.items()
        ),
    )


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    # The ratios are 2, 1.5 and 1; that of the medians is 1, since the machine's speed changes between the rounds.
    results = _results({"get_1_per_s": {OURS: [200.0, 3000.0, 1000.0], "gupnp": [100.0, 2000.0, 1000.0]}})
    verdicts = [verdict for verdict in judge(results) if verdict.target.figure == "get_1_per_s"]
    assert [(verdict.measured, verdict.met) for verdict in verdicts] == [(1.5, True)]


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    results = _results({"get_1_per_s": {OURS: [100.0], "gupnp": [100.0]}})
    verdicts = {verdict.target.figure: verdict.met for verdict in judge(results)}
    assert verdicts["get_1_per_s"] is False
    assert verdicts["get_32_per_s"] is None


def test_every_target_is_for_a_figure_that_its_part_shows() -> None:
    parts = {part.name: part for part in PARTS}
    for target in TARGETS:
        part = parts[target.part]
        shown = {column.figure for table in part.tables for column in table.columns}
        assert target.figure in shown or part.ours_alone, target


def test_every_row_of_the_summary_is_a_figure_that_its_part_shows() -> None:
    parts = {part.name: part for part in PARTS}
    for row in ROWS:
        assert row.figure in {column.figure for table in parts[row.part].tables for column in table.columns}, row


def test_the_summary_shows_medians_of_three_devices_side_by_side() -> None:
    results = _results({"get_1_per_s": {OURS: [1000.0, 3000.0, 2000.0], "gupnp": [1500.0]}})
    shown = render_summary(results, QUICK, dict.fromkeys(("date", "cpu", "cores", "kernel", "python", "revision"), "x"))
    (row,) = [line for line in shown.splitlines() if "one connection, all the same" in line]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == ["2,000", "1,500", "-"]


@given(st.lists(st.floats(0.001, 500_000), min_size=1))
def test_logarithmic_ticks_enclose_the_values(values: list[float]) -> None:
    ticks = decades(values)
    assert ticks[0] <= min(values)
    assert max(values) <= ticks[-1]
    axis = Axis(ticks=ticks, shape=str, logarithmic=True)
    assert all(0 <= axis.place(value) <= 1 for value in values)


@given(st.floats(0.01, 100_000))
def test_even_ticks_are_few_and_enclose_the_greatest(greatest: float) -> None:
    ticks = even_ticks(greatest)
    assert ticks[0] == 0
    assert ticks[-1] >= greatest * (1 - 1e-9)
    assert 2 <= len(ticks) <= 8


IMPORT_TIMES = """\
import time: self [us] | cumulative | imported package
import time:       150 |        150 |   _io
import time:      5000 |       5000 |     trio._core
a line of the device's own
import time:       700 |       5700 |   trio
import time:       200 |        200 |   json
import time:      1900 |       7950 | upnp_trio.cli
import time:        50 |         50 | json.decoder
"""


def test_import_times_are_added_up_by_package_with_their_first_importer() -> None:
    imports = parse_import_times(IMPORT_TIMES.splitlines())
    assert [(each.module, each.importer) for each in imports] == [
        ("_io", "upnp_trio.cli"),
        ("trio._core", "trio"),
        ("trio", "upnp_trio.cli"),
        ("json", "upnp_trio.cli"),
        ("upnp_trio.cli", None),
        ("json.decoder", None),
    ]
    packages = add_up(imports, package_of)
    assert [(each.name, each.self_us, each.modules, each.importer) for each in packages] == [
        ("trio", 5700, 2, "upnp_trio.cli"),
        ("upnp_trio", 1900, 1, "top level"),
        ("json", 250, 2, "upnp_trio.cli"),
        ("_io", 150, 1, "upnp_trio.cli"),
    ]
    assert [line.split(maxsplit=2) for line in list(render_sums(packages))[1:3]] == [
        ["trio", "5.7", "2  upnp_trio.cli"],
        ["upnp_trio", "1.9", "1  top level"],
    ]
    assert [line.split(")") for line in list(render_sums(packages))[3:]] == [
        ["(all others", f"{0.4:>37}{3:>9}"],
        ["(sum", f"{8.0:>44}{6:>9}"],
    ]


@pytest.mark.parametrize("file", [README, PROJECT_README])
def test_new_figures_replace_those_in_a_readme_and_nothing_else(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    replaced = replace_figures(text, "new figures\n")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    assert replaced == f"{before}{BEGIN}\n\nnew figures\n\n{END}{after}"
    assert replace_figures(replaced, "new figures\n") == replaced
    with pytest.raises(ValueError, match="no markers"):
        replace_figures(before + after, "new figures\n")
