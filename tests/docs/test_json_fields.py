"""The tables of JSON fields in the reference of the command are those that the verbs write."""

from __future__ import annotations

import re

import pytest

from tests.cli.results import result
from tests.docs.blocks import page
from upnp_trio.cli.change_lines import change_json
from upnp_trio.cli.ping_series import Outcome, Series, outcome_json
from upnp_trio.cli.search_groups import FoundRoots
from upnp_trio.cli.search_lines import Found, answer_json, device_json
from upnp_trio.eventing.variable_change import VariableChange


def device() -> dict[str, object]:
    root = FoundRoots().take(result())
    assert root is not None
    return device_json(Found(root=root))


SERIES = Series("192.0.2.7", "unicast")
OUTCOME = Outcome(seq=1, latency=None)
LAST_CHANGE = '<Event><InstanceID val="0"><Mute val="1"/></InstanceID></Event>'
CHANGE = VariableChange(seq=0, values={"LastChange": LAST_CHANGE}, texts={"LastChange": LAST_CHANGE})


@pytest.mark.parametrize(
    ("marker", "written"),
    [
        ("search", device()),
        ("search --all", answer_json(result())),
        ("ping probe", outcome_json(SERIES, OUTCOME)),
        ("ping summary", SERIES.as_json()),
        ("subscribe", change_json("", "", "", CHANGE)),
    ],
)
def test_the_reference_has_each_field_once(marker: str, written: dict[str, object]) -> None:
    table = page("docs/reference/command.md").partition(f"<!-- fields: {marker} -->\n")[2].partition("\n\n")[0]
    shown = [name for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    assert sorted(shown) == sorted(written)
