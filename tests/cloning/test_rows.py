"""The rows that a clone has beside those that UDA wants: those of its original, with identities of their own."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloning.observing import LIGHT, answer, clone_of, observed
from upnp_trio.cloning.rows import rows_of
from upnp_trio.model.advertising import MAX_ROWS, AdvertisedRow
from upnp_trio.model.device import RootDevice

UDN = str(LIGHT.udn)
CLONE_UDN = "uuid:00000000-0000-4000-8000-000000000001"
CLONE = attrs.evolve(LIGHT, udn=CLONE_UDN)


def _rows(*pairs: tuple[str, str], seed: str | None = "host") -> tuple[tuple[AdvertisedRow, ...], list[str]]:
    answers = [answer(usn=usn, ST=target) for target, usn in pairs]
    return rows_of(observed(LIGHT, *answers), CLONE, seed)


def test_what_every_such_device_has_is_no_row_of_its_own() -> None:
    kind = LIGHT.device_type.text
    service = LIGHT.services[0].service_type.text
    types = ("upnp:rootdevice", kind, kind.upper(), service)
    assert _rows((UDN, UDN), (UDN.upper(), UDN), *((each, f"{UDN}::{each}") for each in types)) == ((), [])


def test_a_row_has_the_udn_of_the_clone_in_place_of_the_original_s() -> None:
    target = "urn:schemas-upnp-org:device:basic:1"
    rows, notes = _rows(("urn:Belkin:device:**", f"{UDN.upper()}::urn:Belkin:device:**"), (target, UDN))
    assert rows == (
        AdvertisedRow("urn:Belkin:device:**", f"{CLONE_UDN}::urn:Belkin:device:**"),
        AdvertisedRow(target, CLONE_UDN),
    )
    assert notes == []


def test_another_identity_is_another_one_in_the_clone_and_the_same_each_time() -> None:
    pair = ("roku:ecp", "uuid:roku:ecp:P0A070000007")
    ((row,), notes) = _rows(pair, pair, ("ROKU:ecp", pair[1].lower()))
    assert row.notification_type == "roku:ecp"
    assert row.usn is not None
    assert row.usn.startswith("uuid:roku:ecp:P0A070000007-")
    assert notes == []
    assert _rows(pair)[0] == (row,)
    assert _rows(pair, seed="another host")[0] != (row,)
    assert _rows(pair, seed=None)[0] == (AdvertisedRow(*pair),)


def test_an_answer_that_repeats_the_target_of_the_search_is_no_row() -> None:
    assert _rows(("ssdp:all", f"{UDN}::upnp:rootdevice")) == ((), [])


def test_what_cannot_be_repeated_is_said() -> None:
    rows, notes = _rows(("a b", f"{UDN}::a b"), ("a", "::a"))
    assert rows == ()
    assert [note.partition(": ")[0] for note in notes] == ["a row is not repeated"] * 2
    many = [(f"x:{number}", f"{UDN}::x:{number}") for number in range(MAX_ROWS + 5)]
    rows, notes = _rows(*many)
    assert len(rows) == MAX_ROWS
    assert notes == [f"the row 'x:{MAX_ROWS}' is not repeated: there are {MAX_ROWS} others already"]


@pytest.mark.parametrize("seed", [None, "host"])
def test_the_clone_s_device_file_has_them(seed: str | None) -> None:
    clone, device = clone_of(observed(LIGHT, answer(usn="uuid:roku:ecp:1", ST="roku:ecp")), seed=seed)
    (row,) = device.advertising.rows
    assert row.notification_type == "roku:ecp"
    assert (row.usn == "uuid:roku:ecp:1") is (seed is None)
    assert 'notification_type = "roku:ecp"' in clone.files["device.toml"].decode()


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=4), st.sampled_from([None, "host"]))
def test_any_answers_give_rows_or_reasons(pairs: list[tuple[str, str]], seed: str | None) -> None:
    answers = [
        attrs.evolve(
            answer(), payload=f"HTTP/1.1 200 OK\r\nST: {target}\r\nUSN: {usn}\r\n\r\n".encode("utf-8", "replace")
        )
        for target, usn in pairs
    ]
    _, device = clone_of(observed(LIGHT, *answers), seed=seed)
    assert isinstance(device, RootDevice)
