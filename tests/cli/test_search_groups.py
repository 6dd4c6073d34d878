"""Answers are grouped by the root device that they come from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.cli.results import result
from upnp_trio.cli import search_groups
from upnp_trio.cli.search_groups import FoundRoots

V4, V6 = "http://192.0.2.7/", "http://[fe80::7]/"
LIGHT = "urn:schemas-upnp-org:device:Light:1"


def test_a_device_on_two_interfaces_is_one() -> None:
    roots = FoundRoots()
    first = roots.take(result(location=V4, latency=0.3))
    assert first is not None
    assert roots.take(result(udn="UUID:1", location=V6, latency=0.1, interface="eth1", sender="fe80::7")) is None
    assert (len(roots), first.answers, first.latency) == (1, 2, 0.1)
    assert first.locations == {V4: ("eth0", "192.0.2.7"), V6: ("eth1", "fe80::7")}


def test_the_rows_of_a_device_are_one_device_that_the_root_row_names() -> None:
    roots = FoundRoots()
    first = roots.take(result("uuid:embedded", LIGHT))
    assert first is not None
    assert (first.udn, first.is_named) == ("uuid:embedded", False)
    for udn, target in [("uuid:1", "uuid:1"), ("uuid:1", "upnp:rootdevice"), ("uuid:other", LIGHT)]:
        assert roots.take(result(udn, target)) is None
    assert (first.udn, first.is_named, len(roots)) == ("uuid:1", True, 1)


def test_a_device_that_answers_with_another_target_is_named_by_its_usn() -> None:
    odd = result("uuid:1::upnp:rootdevice", "uuid:1::upnp:rootdevice")  # ST is USN
    assert odd.usn == "uuid:1::upnp:rootdevice"
    first = FoundRoots().take(odd)
    assert first is not None
    assert first.is_named


def test_two_root_devices_with_one_location_are_two() -> None:
    roots = FoundRoots()
    assert roots.take(result("uuid:1")) is not None
    assert roots.take(result("uuid:2")) is not None
    assert len(roots) == 2


def test_devices_beyond_the_bound_are_counted() -> None:
    roots = FoundRoots()
    for number in range(search_groups.MAX_ROOTS + 5):
        roots.take(result(f"uuid:{number}", location=f"http://192.0.2.7/{number}"))
    assert (len(roots), roots.left_out) == (search_groups.MAX_ROOTS, 5)
    assert roots.take(result("uuid:0", location="http://192.0.2.7/0")) is None
    assert roots.left_out == 5


def test_the_names_of_one_device_are_bounded() -> None:
    roots = FoundRoots()
    first = roots.take(result("uuid:1", location="http://192.0.2.7/0"))
    for number in range(100):
        roots.take(result("uuid:1", location=f"http://192.0.2.7/{number}"))
    assert first is not None
    assert len(first.locations) == search_groups.MAX_NAMES // search_groups.MAX_ROOTS


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["upnp:rootdevice", LIGHT]), st.sampled_from("xyz"))))
def test_each_answer_belongs_to_one_device(rows: list[tuple[str, str, str]]) -> None:
    roots = FoundRoots()
    found = [roots.take(result(f"uuid:{udn}", target, f"http://{place}/")) for udn, target, place in rows]
    new = [root for root in found if root is not None]
    assert len(new) == len(roots)
    assert sum(root.answers for root in new) == len(rows)
    assert len(new) <= len({udn for udn, _, _ in rows})
