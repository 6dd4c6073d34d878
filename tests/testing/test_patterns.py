"""Which datagrams and connections a pattern describes."""

from __future__ import annotations

import pytest

from tests.testing.lamps import LAMP, UDN
from tests.testing.recordings import OTHER, TO_ALL, an_alive, some_recording
from upnp_trio.testing import (
    Pattern,
    Recording,
    alive,
    anything,
    byebye,
    connection,
    malformed,
    response,
    search,
    update,
)
from upnp_trio.testing.patterns import Subject


@pytest.fixture
def recording() -> Recording:
    return some_recording()


@pytest.mark.parametrize(
    ("pattern", "times"),
    [
        (alive(), [1, 2, 3, 5]),
        (alive(of=LAMP), [1, 2, 3]),
        (alive(of=UDN.upper().replace("UUID", "uuid")), [1, 2, 3]),
        (alive(of=OTHER), [5]),
        (alive(nt="upnp:rootdevice"), [1]),
        (alive(of=LAMP, at="192.0.2.8"), [3]),
        (byebye(of=LAMP), [5]),
        (update(of=LAMP, at="192.0.2.7"), [8]),
        (search(), [4]),
        (search("ssdp:all"), [4]),
        (response(of=LAMP, st=UDN), [4.5]),
        (malformed(), [7]),
        (anything(containing=b"what is"), [7]),
        (anything(), [1, 2, 3, 4, 4.5, 5, 5, 7, 8]),
        (connection(), [6]),
        (connection(to="192.0.2.7", port=80, outcome="refused"), [6]),
    ],
    ids=str,
)
def test_a_pattern_describes_these(recording: Recording, pattern: Pattern, times: list[float]) -> None:
    assert recording.expect(pattern).times == times


@pytest.mark.parametrize(
    "pattern",
    [
        alive(of="uuid:0"),
        byebye(of=OTHER),
        byebye(nt="upnp:rootdevice"),
        update(at="192.0.2.8"),
        search("upnp:rootdevice"),
        response(of=OTHER),
        anything(containing=b"nothing like it"),
        connection(to="192.0.2.8"),
        connection(port=81),
        connection(outcome="accepted"),
    ],
    ids=str,
)
def test_what_is_not_there_is_a_failure(recording: Recording, pattern: Pattern) -> None:
    recording.expect_no(pattern)
    with pytest.raises(AssertionError, match=r"expected .*: there are none"):
        recording.expect(pattern)


@pytest.mark.parametrize("location", ["http://[", "", "nonsense", "http://[::1"])
def test_a_location_that_is_none_is_at_no_address(location: str) -> None:
    recording = Recording()
    recording.add(1.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive(location=location or "-"))
    recording.expect_no(alive(at="192.0.2.7"))
    assert recording.show()


def test_a_device_is_named_by_whatever_has_its_udn(recording: Recording) -> None:
    class Served:
        device = LAMP

    assert LAMP.udn is not None
    subjects: list[Subject] = [UDN, UDN.removeprefix("uuid:"), LAMP.udn, LAMP, Served()]
    for subject in subjects:
        recording.expect(alive(of=subject)).exactly(3)
