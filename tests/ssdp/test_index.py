"""The rows of a device tree, and which of them match which search target."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import BASIC, GATEWAY, ROOT_UUID
from tests.ssdp.fakes import advertised
from upnp_trio import AdvertisedRow, Advertising, RootDevice
from upnp_trio.model.placeholders import LONGEST_HOST
from upnp_trio.ssdp.advertisements import AdvertisedRoot, Advertisement, advertisements
from upnp_trio.ssdp.advertising import Origin, search_response_head
from upnp_trio.ssdp.index import (
    MAX_CACHED_ABSENT,
    MAX_CACHED_MATCHES,
    MAX_EXACT_ROWS,
    Index,
    Match,
    canonical,
)
from upnp_trio.ssdp.rendering import search_response_end

WAN_UDN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c002"
CONNECTION_UDN = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c003"


def matching(target: str, root: RootDevice = GATEWAY) -> list[tuple[str, str]]:
    """ST and USN of each row of *root* that *target* matches."""
    return pairs(Index([advertised(root)]).matches(target).rows)


def pairs(rows: Sequence[Match]) -> list[tuple[str, str]]:
    return [(match.search_target, match.usn) for match in rows]


def single_rows(*notification_types: str) -> list[AdvertisedRoot]:
    """Root devices with one row each."""
    return [
        AdvertisedRoot(
            rows=(Advertisement(notification_type, f"uuid:{number}"),),
            description_path="",
            server="",
            config_id=0,
            max_age=1,
        )
        for number, notification_type in enumerate(notification_types, 1)
    ]


# --- rows ---


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


# --- matches ---


@pytest.mark.parametrize("target", ["ssdp:all", "SSDP:All"])
def test_ssdp_all_matches_every_row_under_the_row_s_own_name(target: str) -> None:
    assert matching(target) == [(row.notification_type, row.usn) for row in advertisements(GATEWAY)]


def test_rootdevice_matches_the_root_alone() -> None:
    assert matching("upnp:rootdevice") == [("upnp:rootdevice", f"uuid:{ROOT_UUID}::upnp:rootdevice")]


@pytest.mark.parametrize("udn", [f"uuid:{ROOT_UUID}", WAN_UDN, CONNECTION_UDN])
def test_a_udn_matches_its_device_root_or_embedded(udn: str) -> None:
    assert matching(udn) == [(udn, udn)]


def test_a_udn_matches_in_any_case_and_st_is_repeated_as_searched_while_the_usn_stays_ours() -> None:
    assert matching(WAN_UDN.upper()) == [(WAN_UDN.upper(), WAN_UDN)]


def test_a_lower_version_is_answered_in_the_version_that_was_searched() -> None:
    target = "urn:schemas-upnp-org:service:WANIPConnection:1"
    assert matching(target) == [(target, f"{CONNECTION_UDN}::{target}")]


@pytest.mark.parametrize(
    "target",
    [
        "urn:schemas-upnp-org:service:WANIPConnection:3",
        "urn:schemas-upnp-org:device:Basic:1",
        "urn:schemas-upnp-org:service:WANIPConnection",
        "urn:schemas-upnp-org:service:WANIPConnection:",
        "urn:schemas-upnp-org:service:WANIPConnection:0",  # UDA's versions start at 1
        "urn:schemas-upnp-org:service:WANIPConnection:00",
        "urn:schemas-upnp-org:service:WANIPConnection:-1",
        "urn:schemas-upnp-org:service:WANIPConnection:99999999999999999999",
        "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c009",
        "uuid:",
        "root",
        "upnp:",
        "ssdp:al",
    ],
)
def test_a_target_that_is_not_served_matches_nothing(target: str) -> None:
    assert matching(target) == []


def test_a_type_in_the_wrong_case_matches_and_is_repeated_letter_for_letter() -> None:
    target = "urn:schemas-upnp-org:device:BASIC:1"
    assert matching(target, BASIC) == [(target, f"uuid:{ROOT_UUID}::urn:schemas-upnp-org:device:Basic:1")]


def test_a_type_matches_each_device_that_has_it_in_that_version_or_a_higher_one() -> None:
    base = "urn:schemas-upnp-org:device:Basic"
    found = Index(single_rows(*(f"{base}:{version}" for version in (1, 3, 2)))).matches(f"{base}:2")
    assert sorted(match.usn for match in found.rows) == [f"uuid:2::{base}:2", f"uuid:3::{base}:2"]


def test_an_alias_matches_another_target_s_rows_under_its_own_name() -> None:
    index = Index([advertised(BASIC)], aliases={"pnp:rootdevice": "upnp:rootdevice"})
    assert pairs(index.matches("PNP:rootdevice").rows) == [("PNP:rootdevice", f"uuid:{ROOT_UUID}::pnp:rootdevice")]


@given(st.text(max_size=40))
def test_any_target_may_be_looked_up(target: str) -> None:
    index = Index([advertised(GATEWAY)])
    assert pairs(index.matches(target).rows) == pairs(index.matches(target).rows)
    index.is_sweep(canonical(target))


def test_devices_that_come_and_go_are_matched_from_then_on_and_no_more() -> None:
    basic, gateway = advertised(BASIC), advertised(GATEWAY)
    index = Index([basic])
    target = "urn:schemas-upnp-org:service:WANIPConnection:1"
    for _ in range(2):  # also after the answers of before were cached
        assert not index.matches(target).rows
        index.add(gateway)
        assert len(index.matches(target).rows) == 1
        assert len(index.matches("ssdp:all").rows) == 3 + 11
        index.remove(gateway)
        assert len(index.matches("ssdp:all").rows) == 3
    index.remove(basic)
    assert not index.matches("ssdp:all").rows
    with pytest.raises(KeyError):
        index.remove(basic)


# --- sweeps ---


def test_a_target_with_many_rows_is_a_sweep_and_so_is_ssdp_all() -> None:
    shared = "urn:schemas-upnp-org:device:Basic"
    few, many = (Index(single_rows(*[f"{shared}:1"] * number)) for number in (MAX_EXACT_ROWS, MAX_EXACT_ROWS + 1))
    assert not few.is_sweep(canonical(f"{shared}:1"))
    assert many.is_sweep(canonical(f"{shared.upper()}:7"))
    assert few.is_sweep("ssdp:all")
    assert not many.is_sweep("uuid:1")
    aliases = {"pnp:rootdevice": "upnp:rootdevice"}
    assert Index(single_rows(*["upnp:rootdevice"] * 5), aliases=aliases).is_sweep("pnp:rootdevice")


def test_what_is_taken_in_turn_is_everything_in_the_end() -> None:
    index = Index(single_rows(*["upnp:rootdevice"] * 10))
    matches = index.matches("upnp:rootdevice")
    taken = [match.usn for _ in range(5) for match in index.take(matches, 4)]
    assert taken == [match.usn for match in matches.rows] * 2
    # spelling gives no more turns
    assert index.take(index.matches("UPNP:rootdevice"), 4)[0].usn == matches.rows[0].usn
    assert index.take(matches, 4)[0].usn == matches.rows[4].usn


# --- bounds ---


def spelled(number: int) -> str:
    """upnp:rootdevice in one of 2^14 spellings."""
    letters = iter(range(14))
    return "".join(
        letter.upper() if letter.isalpha() and number >> next(letters) & 1 else letter for letter in "upnp:rootdevice"
    )


def test_made_up_spellings_and_names_are_cached_within_bounds() -> None:
    index = Index(single_rows("upnp:rootdevice"))
    for number in range(3 * MAX_CACHED_ABSENT):
        assert len(index.matches(spelled(number)).rows) == 1
        assert not index.matches(f"urn:x:device:{number}:1").rows
    for number in range(3 * MAX_CACHED_MATCHES):
        index.matches(spelled(number % 2**14))
    assert len(index._cached) <= MAX_CACHED_MATCHES
    assert len(index._absent) <= MAX_CACHED_ABSENT


def test_the_cost_of_a_search_does_not_grow_with_rows_that_do_not_match() -> None:
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
            found = index.matches("uuid:1")
        finally:
            sys.settrace(before)
        assert len(found.rows) == 1
        return taken

    few, many = (Index(single_rows(*(f"uuid:{number}" for number in range(count)))) for count in (2, 2000))
    assert steps(few) == steps(many) > 0


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80),
    st.none() | st.integers(1, 65535),
    st.booleans(),
    st.integers(0, 2**31 - 1),
    st.sampled_from([BASIC, GATEWAY]),
)
def test_no_answer_has_more_bytes_than_counted_and_few_less(
    host: str, search_port: int | None, adds_nls: bool, boot_id: int, root: RootDevice
) -> None:
    origin = Origin(base_url=f"http://{host}", host="", search_port=search_port, adds_nls=adds_nls)
    index = Index([advertised(root)])
    end = search_response_end("Mon, 23 Nov 2026 12:00:00 GMT")
    for target in ("ssdp:all", "upnp:rootdevice", f"uuid:{ROOT_UUID}"):
        matches = index.matches(target)
        longest = max(len(search_response_head(match, origin, boot_id) + end) for match in matches.rows)
        counted = matches.most_bytes + origin.most_bytes
        assert longest <= counted <= longest + 2 * (len(str(2**31 - 1)) - len(str(boot_id))) + 1


# --- rows beside those that UDA wants ---


def odd(*rows: AdvertisedRow, root: RootDevice = GATEWAY) -> RootDevice:
    return attrs.evolve(root, advertising=Advertising(rows=rows))


ROOT_UDN = f"uuid:{ROOT_UUID}"
ROKU = AdvertisedRow("roku:ecp", "uuid:roku:ecp:P0A070000007")
BELKIN = AdvertisedRow("urn:Belkin:device:**")
DIAL = AdvertisedRow("urn:dial-multiscreen-org:service:dial:2")


@pytest.mark.parametrize(
    ("target", "usn"),
    [
        ("roku:ecp", ROKU.usn),
        ("Roku:ECP", ROKU.usn),
        ("urn:Belkin:device:**", f"{ROOT_UDN}::urn:Belkin:device:**"),
        ("urn:belkin:device:**", f"{ROOT_UDN}::urn:Belkin:device:**"),
        ("urn:dial-multiscreen-org:service:dial:2", f"{ROOT_UDN}::urn:dial-multiscreen-org:service:dial:2"),
    ],
)
def test_a_row_of_its_own_is_found_by_its_type_in_the_searcher_s_spelling(target: str, usn: str) -> None:
    assert matching(target, odd(ROKU, BELKIN, DIAL)) == [(target, usn)]


@pytest.mark.parametrize(
    "target",
    [
        *("roku", "roku:", "roku:ecp:1", "urn:Belkin:device:*", "urn:Belkin:device:", "urn:Belkin:device:basic:1"),
        *(f"urn:dial-multiscreen-org:service:dial{end}" for end in ("", ":1", ":3", ":0", ":**")),
        "uuid:roku:ecp:P0A070000007",
    ],
)
def test_a_row_of_its_own_is_found_by_nothing_else(target: str) -> None:
    assert matching(target, odd(ROKU, BELKIN, DIAL)) == []


def test_a_search_for_everything_finds_the_rows_of_its_own_after_the_others() -> None:
    assert matching("ssdp:all", odd(ROKU, BELKIN)) == [
        *matching("ssdp:all"),
        ("roku:ecp", ROKU.usn),
        ("urn:Belkin:device:**", f"{ROOT_UDN}::urn:Belkin:device:**"),
    ]


def test_a_row_that_the_device_has_anyway_is_advertised_once() -> None:
    rows = [
        AdvertisedRow("upnp:rootdevice"),
        AdvertisedRow(ROOT_UDN),
        AdvertisedRow(ROOT_UDN, ROOT_UDN),
        AdvertisedRow("urn:schemas-upnp-org:device:basic:1", ROOT_UDN.upper()),
    ]
    assert [(row.notification_type, row.usn) for row in advertisements(odd(*rows, root=BASIC))] == [
        *((row.notification_type, row.usn) for row in advertisements(BASIC)),
        ("urn:schemas-upnp-org:device:basic:1", ROOT_UDN.upper()),
    ]


def test_rows_that_turn_out_the_same_are_advertised_once() -> None:
    again = AdvertisedRow(BELKIN.notification_type.upper(), f"{ROOT_UDN}::{BELKIN.notification_type}")
    rows = [BELKIN, again, ROKU]
    assert [row.notification_type for row in advertisements(odd(*rows, root=BASIC))[3:]] == [
        BELKIN.notification_type,
        ROKU.notification_type,
    ]


def test_a_type_of_the_device_with_another_usn_is_a_second_answer() -> None:
    hue = odd(AdvertisedRow("urn:schemas-upnp-org:device:basic:1", ROOT_UDN), root=BASIC)
    target = "urn:schemas-upnp-org:device:basic:1"
    assert matching(target, hue) == [(target, f"{ROOT_UDN}::urn:schemas-upnp-org:device:Basic:1"), (target, ROOT_UDN)]


def test_rows_of_its_own_go_with_their_device_and_make_a_sweep_of_many() -> None:
    roots = [advertised(attrs.evolve(odd(BELKIN), udn=f"uuid:{number}")) for number in range(6)]
    index = Index(roots)
    target = canonical("urn:Belkin:device:**")
    assert index.is_sweep(target)
    assert len(index.matches("urn:Belkin:device:**").rows) == 6
    for root in roots[:2]:
        index.remove(root)
    assert not index.is_sweep(target)
    assert len(index.matches("urn:Belkin:device:**").rows) == 4
    for root in roots[2:]:
        index.remove(root)
    assert not index.matches("urn:Belkin:device:**").rows


def test_placeholders_count_as_the_longest_host() -> None:
    origin = Origin(base_url=f"http://{LONGEST_HOST}:65535", host="")
    root = attrs.evolve(
        advertised(BASIC), headers=(("WAKEUP", "MAC=1;Timeout=10"), ("X-Here", "{{http://{host}:{port}/}}"))
    )
    matches = Index([root]).matches("ssdp:all")
    end = search_response_end("Mon, 23 Nov 2026 12:00:00 GMT")
    longest = max(len(search_response_head(match, origin, 2**31 - 1) + end) for match in matches.rows)
    assert longest <= matches.most_bytes + origin.most_bytes <= longest + 1
