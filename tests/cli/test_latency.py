"""The arithmetic of latencies, with figures that are calculated by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import figures
from upnp_trio.cli.latency import BINNED_SHARE, MOST_BINS, Bin, Latencies, histogram, quantile

TEN = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]


@pytest.mark.parametrize(
    ("share", "value"),
    [(0.0, 1.0), (0.05, 1.0), (0.1, 1.0), (0.11, 2.0), (0.5, 5.0), (0.51, 6.0), (0.9, 9.0), (0.99, 10.0), (1.0, 10.0)],
)
def test_a_quantile_is_one_of_the_values_by_nearest_rank(share: float, value: float) -> None:
    assert quantile(TEN, share) == value


@pytest.mark.parametrize(("number", "p50", "p99"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (100, 50, 99), (101, 51, 100)])
def test_the_quantiles_of_the_first_numbers(number: int, p50: int, p99: int) -> None:
    values = list(range(1, number + 1))
    assert (quantile(values, 0.5), quantile(values, 0.99)) == (p50, p99)


@given(st.lists(st.integers(0, 50), min_size=1), st.fractions(0, 1))
def test_a_quantile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[int], share: Fraction) -> None:
    ordered: list[int] = sorted(values)
    found: int = quantile(ordered, share)  # type: ignore[arg-type]  # exact, so that nothing is rounded
    wanted = max(share * len(values), Fraction(1))
    assert sum(value <= found for value in values) >= wanted
    assert all(sum(value <= smaller for value in values) < wanted for smaller in values if smaller < found)


def test_the_benchmarks_have_the_same_quantile() -> None:
    assert figures.quantile is quantile


def test_a_summary_takes_values_in_any_order() -> None:
    assert Latencies.of([3.0, 1.0, 2.0, 10.0]) == Latencies(least=1.0, mean=4.0, p50=2.0, p99=10.0, most=10.0)
    assert Latencies.of([0.25]) == Latencies(0.25, 0.25, 0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ([81], [Bin(81, 82, 1)]),
        ([0, 0], [Bin(0, 1, 2)]),
        ([1, 2, 2, 4], [Bin(1, 2, 1), Bin(2, 3, 2), Bin(3, 4, 0), Bin(4, 5, 1)]),
        # 20 is the first of 1, 2, 5, 10, 20 ... with at most 4 bins, twice the root of the number
        ([100, 120, 149], [Bin(100, 120, 1), Bin(120, 140, 1), Bin(140, 160, 1)]),
        # 5 is the first with at most 12 bins, which no number exceeds
        ([100, 149] * 50, [Bin(start, start + 5, 50 * (start in (100, 145))) for start in range(100, 150, 5)]),
        # what is beyond 95 % of the values does not stretch the others
        ([*[10] * 10, *[11] * 9, 5000], [Bin(10, 11, 10), Bin(11, 12, 9), Bin(12, None, 1)]),
    ],
)
def test_a_histogram_has_few_even_bins_with_round_bounds(values: list[int], bins: list[Bin]) -> None:
    assert histogram(values) == tuple(bins)


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_a_histogram_counts_each_value_once_where_it_belongs(values: list[int]) -> None:
    bins = histogram(values)
    *closed, last = bins
    assert len(bins) <= MOST_BINS + 1
    assert [each.end for each in closed] == [each.start for each in bins[1:]]
    for each in bins:
        assert each.count == sum(each.start <= value and (each.end is None or value < each.end) for value in values)
    assert sum(each.count for each in bins) == len(values)
    assert sum(each.count for each in bins if each.end is not None) >= BINNED_SHARE * len(values)
    assert last.end is not None or last.count
