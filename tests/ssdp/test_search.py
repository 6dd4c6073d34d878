"""Rows, and which of them answer which search."""

from __future__ import annotations

import sys
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import BASIC, GATEWAY, ROOT_UUID
from upnp_trio import RootDevice
from upnp_trio.ssdp.advertisements import AdvertisedRoot, Advertisement, advertisements
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.search import USED_PART_OF_MX, Index, Reply, replies

WAN_UDN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c002"
CONNECTION_UDN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c003"


def advertised(root: RootDevice) -> AdvertisedRoot:
    return AdvertisedRoot(
        rows=advertisements(root), description_path="/description.xml", server="s", config_id=1, max_age=1800
    )


def search(target: str, *, mx: int | None = 1, multicast: bool = True, root: RootDevice = GATEWAY) -> list[Reply]:
    index = Index([advertised(root)])
    return replies(Search(search_target=target, mx=mx), index, Random(1), multicast=multicast)


def pairs(found: list[Reply]) -> list[tuple[str, str]]:
    return [(reply.answer.search_target, reply.answer.usn) for reply in found]


def test_a_device_alone_has_three_rows() -> None:
    udn = f"uuid:{ROOT_UUID}"
    assert [(row.notification_type, row.usn) for row in advertisements(BASIC)] == [
        ("upnp:rootdevice", f"{udn}::upnp:rootdevice"),
        (udn, udn),
        ("urn:schemas-upnp-org:device:Basic:1", f"{udn}::urn:schemas-upnp-org:device:Basic:1"),
    ]


def test_a_tree_has_three_rows_two_for_each_embedded_device_and_one_for_each_service_type_of_each_device() -> None:
    rows = advertisements(GATEWAY)
    assert len(rows) == len(set(rows)) == 3 + 2 * 2 + 4
    assert [row.notification_type for row in rows if row.udn == CONNECTION_UDN] == [
        CONNECTION_UDN,
        "urn:schemas-upnp-org:device:WANConnectionDevice:2",
        "urn:schemas-upnp-org:service:WANIPConnection:2",
        "urn:schemas-upnp-org:service:WANPPPConnection:1",
    ]
    assert [row.udn for row in rows if row.notification_type == "upnp:rootdevice"] == [f"uuid:{ROOT_UUID}"]


def test_ssdp_all_yields_every_row_with_its_own_target() -> None:
    assert pairs(search("ssdp:all")) == [(row.notification_type, row.usn) for row in advertisements(GATEWAY)]


def test_rootdevice_yields_the_root_alone() -> None:
    assert pairs(search("upnp:rootdevice")) == [("upnp:rootdevice", f"uuid:{ROOT_UUID}::upnp:rootdevice")]


@pytest.mark.parametrize("udn", [f"uuid:{ROOT_UUID}", WAN_UDN, CONNECTION_UDN])
def test_a_udn_yields_its_device_root_or_embedded(udn: str) -> None:
    assert pairs(search(udn)) == [(udn, udn)]


def test_a_udn_is_found_in_any_case_and_echoed_as_asked_while_the_usn_stays_ours() -> None:
    assert pairs(search(WAN_UDN.upper())) == [(WAN_UDN.upper(), WAN_UDN)]


def test_a_lower_version_is_answered_in_the_version_that_was_asked_for() -> None:
    target = "urn:schemas-upnp-org:service:WANIPConnection:1"
    assert pairs(search(target)) == [(target, f"{CONNECTION_UDN}::{target}")]


@pytest.mark.parametrize(
    "target",
    [
        "urn:schemas-upnp-org:service:WANIPConnection:3",
        "urn:schemas-upnp-org:device:Basic:1",
        "urn:schemas-upnp-org:service:WANIPConnection",
        "urn:schemas-upnp-org:service:WANIPConnection:",
        "urn:schemas-upnp-org:service:WANIPConnection:-1",
        "urn:schemas-upnp-org:service:WANIPConnection:99999999999999999999",
        "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c009",
        "uuid:",
        "root",
        "upnp:",
        "ssdp:al",
    ],
)
def test_what_is_not_here_is_not_answered(target: str) -> None:
    assert search(target) == []


def test_a_type_in_the_wrong_case_is_found_and_echoed_letter_for_letter() -> None:
    target = "urn:schemas-upnp-org:device:BASIC:1"
    assert pairs(search(target, root=BASIC)) == [
        (target, f"uuid:{ROOT_UUID}::urn:schemas-upnp-org:device:Basic:1"),
    ]


def test_one_answer_for_each_device_that_has_the_type_in_that_version_or_a_higher_one() -> None:
    base = "urn:schemas-upnp-org:device:Basic"
    rows = [Advertisement(f"{base}:{version}", f"uuid:{version}") for version in (1, 3, 2)]
    roots = [AdvertisedRoot(rows=(row,), description_path="", server="", config_id=0, max_age=1) for row in rows]
    found = Index(roots).answers(f"{base}:2")
    assert sorted(answer.usn for answer in found) == [f"uuid:2::{base}:2", f"uuid:3::{base}:2"]


@given(st.integers(1, 5), st.integers())
def test_answers_to_a_multicast_search_stay_within_its_window(mx: int, seed: int) -> None:
    found = replies(Search(search_target="ssdp:all", mx=mx), Index([advertised(GATEWAY)]), Random(seed), multicast=True)
    assert len(found) == 11
    assert all(0 <= reply.delay <= mx * USED_PART_OF_MX for reply in found)


def test_answers_spread_over_the_whole_window() -> None:
    index, rng = Index([advertised(BASIC)]), Random(0)
    asked = Search(search_target="upnp:rootdevice", mx=5)
    tenths = [
        int(reply.delay / (5 * USED_PART_OF_MX) * 10)
        for _ in range(4000)
        for reply in replies(asked, index, rng, multicast=True)
    ]
    assert all(320 < tenths.count(tenth) < 480 for tenth in range(10))


def test_a_unicast_search_is_answered_at_once_whatever_mx_says() -> None:
    for mx in (None, 3):
        found = search("ssdp:all", mx=mx, multicast=False)
        assert len(found) == 11
        assert {reply.delay for reply in found} == {0.0}


def test_a_multicast_search_without_mx_is_not_answered() -> None:
    assert search("ssdp:all", mx=None) == []


@given(st.text(max_size=40))
def test_any_target_has_an_answer_which_may_be_none(target: str) -> None:
    assert isinstance(Index([advertised(GATEWAY)]).answers(target), list)


def test_the_cost_of_a_search_does_not_grow_with_rows_that_do_not_match() -> None:
    def index_of(count: int) -> Index:
        return Index(
            AdvertisedRoot(
                rows=(Advertisement(f"uuid:{number}", f"uuid:{number}"),),
                description_path="",
                server="",
                config_id=0,
                max_age=1,
            )
            for number in range(count)
        )

    def steps(index: Index) -> int:
        """How many lines of Python, and calls into C, one search takes."""
        taken = 0

        def count_step(frame: FrameType, event: str, argument: object) -> Any:  # noqa: ANN401  # sys.settrace has it so
            nonlocal taken
            taken += 1
            return count_step

        before = sys.gettrace()
        sys.settrace(count_step)
        try:
            found = index.answers("uuid:1")
        finally:
            sys.settrace(before)
        assert len(found) == 1
        return taken

    assert steps(index_of(2)) == steps(index_of(2000)) > 0
