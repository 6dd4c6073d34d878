"""The figures of a series of probes, and how they are shown."""

from __future__ import annotations

from upnp_trio.cli.ping_series import Outcome, Series, outcome_json, probe_line, summary_table


def series(*latencies: float | None, label: str = "192.0.2.7") -> Series:
    made = Series(label, "unicast")
    for number, latency in enumerate(latencies, 1):
        made.take(Outcome(seq=number, latency=latency))
    return made


def test_what_was_sent_is_answered_or_lost() -> None:
    made = series(0.001, None, 0.003)
    assert (made.sent, made.answered, made.lost) == (3, 2, 1)


def test_the_line_of_a_probe_has_its_time_or_why_there_is_none() -> None:
    made = series()
    answered, lost = Outcome(seq=1, latency=0.00081), Outcome(seq=2, latency=None, note="no answer within 1 s")
    assert probe_line(made, answered, width=11, shows_method=False) == ("192.0.2.7    seq=1", "time=0.810 ms")
    assert probe_line(made, lost, width=9, shows_method=True) == ("192.0.2.7  unicast    seq=2", "no answer within 1 s")
    late = Outcome(seq=3, latency=1.5, note="500 ms later than MX allows")
    assert probe_line(made, late, width=9, shows_method=False)[1] == "time=1500 ms  500 ms later than MX allows"


def test_the_summary_has_a_line_for_each_series() -> None:
    lines = summary_table([series(0.001, 0.002, 0.003, None), series(None, label="居間")]).splitlines()
    assert lines == [
        "DEVICE     BY       SENT        LOST   MIN  MEAN   P50   P99   MAX",
        "192.0.2.7  unicast     4   1 (25.0%)  1.00  2.00  2.00  3.00  3.00",
        "居間       unicast     1  1 (100.0%)     -     -     -     -     -",
        "times in milliseconds",
    ]


def test_the_object_of_a_probe() -> None:
    assert outcome_json(series(), Outcome(seq=7, latency=0.0012345, note="x")) == {
        "kind": "probe",
        "device": "192.0.2.7",
        "method": "unicast",
        "seq": 7,
        "latency_ms": 1.234,
        "note": "x",
    }


def test_the_object_of_a_summary() -> None:
    assert series(0.001, 0.002, None).as_json() == {
        "kind": "summary",
        "device": "192.0.2.7",
        "method": "unicast",
        "sent": 3,
        "answered": 2,
        "lost": 1,
        "min_ms": 1.0,
        "mean_ms": 1.5,
        "p50_ms": 1.0,
        "p99_ms": 2.0,
        "max_ms": 2.0,
        "histogram": [
            {"from_ms": 1.0, "to_ms": 1.5, "count": 1},
            {"from_ms": 1.5, "to_ms": 2.0, "count": 0},
            {"from_ms": 2.0, "to_ms": 2.5, "count": 1},
        ],
    }


def test_without_answers_there_are_no_figures() -> None:
    made = series(None)
    summary = made.as_json()
    assert {summary[name] for name in ("min_ms", "mean_ms", "p50_ms", "p99_ms", "max_ms")} == {None}
    assert summary["histogram"] == []
    assert made.bars(is_unicode=True) == ""
