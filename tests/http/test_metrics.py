"""The metrics document has every counter, in the format that Prometheus reads."""

from __future__ import annotations

import re
from collections import Counter

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests.http.scenes import read_until_silent, responses
from tests.server.scenes import LoneHost
from tests.site.ham import HAM
from upnp_trio import Settings, Stats
from upnp_trio.http.metrics import State, render_metrics
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.rendering import render_search

Clock = trio.testing.MockClock
STATE = State(version="1.2.3", boot_id=5, pending_answers=6, open_connections=7, devices=8, interfaces=9)
Sample = tuple[str, tuple[tuple[str, str], ...]]

# the grammar of the exposition format 0.0.4, written from its documentation and not from the renderer
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{((?:{_LABEL},?)*)\}})? ([0-9]+)")


def parse(document: bytes) -> dict[Sample, int]:
    """The samples of *document*; asserts that it has the right format."""
    text = document.decode()
    assert text.endswith("\n")
    found: dict[Sample, int] = {}
    helped, typed, current = set[str](), dict[str, str](), ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in helped, "one help for each metric"
            helped.add(current)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current
            typed[name] = kind
        else:
            match = _SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == current, "all lines of a metric are one group"
            assert typed[current] in ("counter", "gauge")
            assert (typed[current] == "counter") == current.endswith("_total")
            labels = tuple(
                (label, re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), value))
                for label, value in re.findall(_LABEL, match[2] or "")
            )
            key = match[1].removeprefix("upnp_trio_"), labels
            assert key not in found
            assert match[1].startswith("upnp_trio_")
            found[key] = int(match[5])
    return found


def test_every_counter_is_rendered() -> None:
    stats = Stats()
    for number, field in enumerate(attrs.fields(Stats), start=100):
        assert isinstance(field, attrs.Attribute)
        value = getattr(stats, field.name)
        if isinstance(value, Counter):
            value["404" if field.name == "requests" else "why"] = number
        else:
            setattr(stats, field.name, number)
    samples = set(parse(render_metrics(stats.snapshot(), STATE)).values())
    assert samples == {1, 5, 6, 7, 8, 9, *range(100, 100 + len(attrs.fields(Stats)))}


def test_counters_have_labels_for_reason_status_and_kind() -> None:
    stats = Stats(datagrams=3, announcements=4)
    stats.dropped["off link"] += 2
    stats.requests[404] += 1
    samples = parse(render_metrics(stats.snapshot(), STATE))
    assert samples["datagrams_total", ()] == 3
    assert samples["dropped_total", (("reason", "off link"),)] == 2
    assert samples["requests_total", (("status", "404"),)] == 1
    assert samples["announcements_total", (("kind", "alive"),)] == 4
    assert samples["build_info", (("version", "1.2.3"),)] == 1
    assert samples["boot_id", ()] == 5


@given(st.dictionaries(st.text(), st.integers(1, 2**70), max_size=5), st.text())
def test_any_reason_survives_the_way_to_the_scraper(reasons: dict[str, int], version: str) -> None:
    stats = Stats()
    stats.dropped.update(reasons)
    samples = parse(render_metrics(stats.snapshot(), attrs.evolve(STATE, version=version)))
    assert {labels[0][1]: value for (name, labels), value in samples.items() if name == "dropped_total"} == reasons
    assert (("version", version),) in {labels for name, labels in samples if name == "build_info"}


async def ask(
    on: LoneHost, method: str, host: str = "192.0.2.7:49152", target: str = "/metrics"
) -> tuple[int, dict[str, str], bytes]:
    async with on.client() as client:
        await client.send_all(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        received, _ = await read_until_silent(client)
        (response,) = responses(received, method)
        return response


async def test_metrics_are_served_when_they_are_asked_for(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with serve_on(host.network, [HAM], Settings(metrics=True)) as running:
        await trio.sleep(10)
        host.receive(render_search(Search(search_target="ssdp:all", mx=5)))
        host.receive(b"x")
        await trio.sleep(0.01)
        status, headers, body = await ask(host, "GET")
        assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        samples = parse(body)
        assert samples["searches_total", ()] == 1
        assert samples["dropped_total", (("reason", "malformed"),)] == 1
        assert samples["pending_answers", ()] + samples["answers_total", ()] == 4
        assert samples["pending_answers", ()] > 0
        assert (samples["devices", ()], samples["interfaces", ()], samples["open_connections", ()]) == (1, 1, 1)
        assert samples["boot_id", ()] == running.boot_id
        assert ("requests_total", (("status", "200"),)) not in samples
        assert (
            parse((await ask(host, "GET", target="http://192.0.2.7:49152/metrics?x"))[2])[
                "requests_total", (("status", "200"),)
            ]
            == 1
        )
        assert (await ask(host, "HEAD"))[::2] == (200, b"")
        assert (await ask(host, "POST"))[0] == 405
        assert (await ask(host, "GET", host="rebound.example.com"))[::2] == (403, b"")
        description = running.locations[0].removeprefix("http://192.0.2.7:49152")
        assert (await ask(host, "GET", target=description))[0] == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_counters_are_not_served_by_default(autojump_clock: Clock, method: str) -> None:
    host = LoneHost()
    async with serve_on(host.network, [HAM], Settings()):
        assert (await ask(host, method))[0] == 404
