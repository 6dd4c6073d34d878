"""What a victim's own searches get while others are forged in its name: the figures of SECURITY.md, computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count, cycle, repeat
from pathlib import Path
from random import Random

import pytest

from tests.devices import BASIC
from tests.ssdp.fakes import HERE, Sender, advertised, numbered
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.policy import Answered, SearchPolicy
from upnp_trio.ssdp.rendering import render_search

SECURITY = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
STATED = re.findall(r"^\| ([^|]+?) \| (\d+) \| ([^|]+?) \| (\d+) % \|$", SECURITY, re.MULTILINE)

VICTIM = "192.0.2.9"
FORGED_PER_SECOND = 200
# Until then, the forged searches have used up what a source may be sent at once.
WARM_UP_SECONDS = 20.0
SEARCHES = 100
# Where chance decides, the part that is answered takes more searches to show.
MANY_SEARCHES = 300
UDN = str(BASIC.udn)
OTHER_UDNS = [str(root.udn) for root in numbered(100)[1:]]


def percentage_answered(devices: int, forged: Iterator[str], wanted: str, searches: int = SEARCHES) -> int:
    """How many of the victim's *searches* for *wanted*, one every 2 to 4 seconds, are answered, in percent."""
    policy = SearchPolicy[Sender](Random(0))
    for root in numbered(devices):
        policy.add(advertised(root))
    rng = Random(1)

    def is_answered(target: str, now: float) -> bool:
        datagram = render_search(Search(search_target=target, mx=1))
        peer = (VICTIM, rng.randrange(1024, 65536))
        decision = policy.decide(datagram, peer, HERE, on_link=True, multicast=True, now=now, pending=0)
        return isinstance(decision, Answered)

    own_next = WARM_UP_SECONDS
    own: list[bool] = []
    for number in count():
        now = number / FORGED_PER_SECOND
        if now >= own_next:
            own.append(is_answered(wanted, own_next))
            own_next += rng.uniform(2, 4)
        if len(own) == searches:
            break
        is_answered(next(forged), now)
    return round(100 * sum(own) / searches)


CASES: dict[tuple[str, str, str], Callable[[], int]] = {
    ("`ssdp:all`", "1", "its UDN"): lambda: percentage_answered(1, repeat("ssdp:all"), UDN),
    ("`ssdp:all`", "100", "a UDN"): lambda: percentage_answered(100, repeat("ssdp:all"), UDN),
    ("`upnp:rootdevice`", "1", "its UDN"): lambda: percentage_answered(1, repeat("upnp:rootdevice"), UDN),
    ("`upnp:rootdevice`", "1", "`ssdp:all`"): lambda: percentage_answered(1, repeat("upnp:rootdevice"), "ssdp:all"),
    ("the UDNs of all others in turn", "100", "a UDN"): lambda: percentage_answered(100, cycle(OTHER_UDNS), UDN),
    ("the same UDN", "1", "its UDN"): lambda: percentage_answered(1, repeat(UDN), UDN, MANY_SEARCHES),
    ("`ssdp:all`", "1", "`ssdp:all`"): lambda: percentage_answered(1, repeat("ssdp:all"), "ssdp:all", MANY_SEARCHES),
    ("`ssdp:all`", "100", "`ssdp:all`"): lambda: percentage_answered(100, repeat("ssdp:all"), "ssdp:all"),
    ("the UDNs of all others in turn", "100", "`ssdp:all`"): lambda: percentage_answered(
        100, cycle(OTHER_UDNS), "ssdp:all"
    ),
}


def test_the_table_has_every_case() -> None:
    assert [tuple(case) for *case, _ in STATED] == list(CASES)


@pytest.mark.parametrize("case", CASES, ids=" / ".join)
def test_the_figures_in_the_table_are_what_the_policy_decides(case: tuple[str, str, str]) -> None:
    (stated,) = [figure for *known, figure in STATED if tuple(known) == case]
    # where chance decides, so many searches show it to some percent
    assert CASES[case]() == pytest.approx(int(stated), abs=0 if stated == "100" else 3)
