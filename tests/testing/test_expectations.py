"""Assertions about what was recorded: which sentences hold, and what a failure shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.testing.lamps import LAMP, UDN
from upnp_trio.ssdp.messages import GROUP, Alive, ByeBye, Search, SearchResponse, Update
from upnp_trio.ssdp.rendering import (
    render_alive,
    render_byebye,
    render_search,
    render_search_response,
    render_update,
)
from upnp_trio.testing import (
    Expectation,
    Link,
    MemoryNetwork,
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
from upnp_trio.testing.expectations import MAX_SHOWN
from upnp_trio.testing.patterns import Subject

OTHER = "uuid:8e5c1a2e-95cd-4b4b-b4b6-8b7f0c1f9e11"
LOCATION = "http://192.0.2.7:49152/description.xml"
TO_ALL = (GROUP, 1900)


def an_alive(usn: str = UDN, location: str = LOCATION) -> bytes:
    message = Alive(
        notification_type=usn.partition("::")[2] or usn, usn=usn, location=location, server="", max_age=1800
    )
    return render_alive(message)


def a_byebye(usn: str = UDN) -> bytes:
    return render_byebye(ByeBye(notification_type=usn, usn=usn))


@pytest.fixture
def recording() -> Recording:
    """An alive at 1, 2 and 3 from two addresses, a search at 4 with its answer, byebye at 5, an alive at 6."""
    found = Recording()
    found.add(1.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive(f"{UDN}::upnp:rootdevice"))
    found.add(2.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive())
    found.add(3.0, "upstairs", ("192.0.2.8", 1900), TO_ALL, an_alive(location="http://192.0.2.8/"))
    found.add(4.0, "link", ("192.0.2.9", 5000), TO_ALL, render_search(Search(search_target="ssdp:all", mx=1)))
    answer = SearchResponse(search_target=UDN, usn=UDN, location=LOCATION, server="", max_age=1800)
    found.add(4.5, "link", ("192.0.2.7", 1900), ("192.0.2.9", 5000), render_search_response(answer))
    found.add(5.0, "link", ("192.0.2.7", 1900), TO_ALL, a_byebye())
    found.add(5.0, "link", ("192.0.2.7", 1900), TO_ALL, an_alive(OTHER))
    found.add_connection(6.0, "link", "192.0.2.9", ("192.0.2.7", 80)).outcome = "refused"
    found.add(7.0, "link", ("192.0.2.9", 1), TO_ALL, b"\x1b[31mwhat is this?")
    notice = Update(notification_type=UDN, usn=UDN, location=LOCATION, boot_id=1, config_id=1, next_boot_id=2, nls=None)
    found.add(8.0, "link", ("192.0.2.7", 1900), TO_ALL, render_update(notice))
    return found


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


HOLDING: list[tuple[Callable[[Expectation], Expectation], list[float]]] = [
    (lambda lamp: lamp.sent_from("192.0.2.7"), [1, 2]),
    (lambda lamp: lamp.sent_to(GROUP), [1, 2, 3]),
    (lambda lamp: lamp.on("upstairs"), [3]),
    (lambda lamp: lamp.before(byebye(of=LAMP)), [1, 2, 3]),
    (lambda lamp: lamp.before(2.5), [1, 2]),
    (lambda lamp: lamp.after(1), [2, 3]),
    (lambda lamp: lamp.after(alive(of=LAMP)), [2, 3]),
    (lambda lamp: lamp.within(1, of=2), [2, 3]),
    (lambda lamp: lamp.within(1, of=alive(of=LAMP)), [1, 2]),
    (lambda lamp: lamp.at_least(2).at_most(3).exactly(3).at_least_every(1), [1, 2, 3]),
    (lambda lamp: lamp.sent_from("192.0.2.7").twice(), [1, 2]),
    (lambda lamp: lamp.on("upstairs").once(), [3]),
]


@pytest.mark.parametrize(("sentence", "times"), HOLDING)
def test_a_sentence_that_holds_gives_what_is_left(
    recording: Recording, sentence: Callable[[Expectation], Expectation], times: list[float]
) -> None:
    left = sentence(recording.expect(alive(of=LAMP)))
    assert left.times == times
    assert [each.time for each in left.datagrams] == times


FAILING: list[tuple[Callable[[Expectation], Expectation], str]] = [
    (lambda lamp: lamp.sent_from("192.0.2.9"), ", sent from 192.0.2.9: there are none"),
    (lambda lamp: lamp.sent_to("192.0.2.9"), ", sent to 192.0.2.9: there are none"),
    (lambda lamp: lamp.on("downstairs"), ", on downstairs: there are none"),
    (lambda lamp: lamp.before(1), ", before 1: there are none"),
    (lambda lamp: lamp.after(byebye()), ", after byebye: there are none"),
    (lambda lamp: lamp.before(byebye(of=OTHER)), f", before byebye of {OTHER}: there is no byebye of {OTHER}"),
    (lambda lamp: lamp.within(0.5, of=search()), ", within 0.5 s of search: there are none"),
    (lambda lamp: lamp.at_least(4), ", at least 4 times: there are 3"),
    (lambda lamp: lamp.at_most(2), ", at most twice: there are 3"),
    (lambda lamp: lamp.exactly(2), ", exactly twice: there are 3"),
    (lambda lamp: lamp.once(), ", exactly once: there are 3"),
    (lambda lamp: lamp.at_least_every(0.5), ", at least every 0.5 s: there is none for 1 s after 2"),
    # how many were asked for holds for what follows as well
    (lambda lamp: lamp.at_least(3).sent_from("192.0.2.7"), ", sent from 192.0.2.7: there are 2"),
    (lambda lamp: lamp.exactly(3).on("upstairs"), ", on upstairs: there is 1"),
]


@pytest.mark.parametrize(("sentence", "end"), FAILING)
def test_a_sentence_that_does_not_hold_says_where(
    recording: Recording, sentence: Callable[[Expectation], Expectation], end: str
) -> None:
    with pytest.raises(AssertionError) as failure:
        sentence(recording.expect(alive(of=LAMP)))
    first, *_ = str(failure.value).splitlines()
    assert first.startswith(f"expected alive of {UDN} (Lamp)")
    assert first.endswith(end)


def test_of_two_at_one_moment_one_was_first(recording: Recording) -> None:
    recording.expect(alive(of=OTHER)).after(byebye(of=LAMP))
    recording.expect(byebye(of=LAMP)).before(alive(of=OTHER))
    with pytest.raises(AssertionError):
        recording.expect(alive(of=OTHER)).before(byebye(of=LAMP))


def test_a_failure_shows_what_was_seen(recording: Recording) -> None:
    with pytest.raises(AssertionError) as failure:
        recording.expect(alive(of=LAMP)).sent_from("192.0.2.9")
    assert str(failure.value).splitlines()[1:] == [
        "10 recorded, > is before the 3 in question:",
        f">        1.000  link      192.0.2.7:1900 > everyone  alive {UDN}::upnp:rootdevice at http://192.0.2.7:49152",
        f">        2.000  link      192.0.2.7:1900 > everyone  alive {UDN} at http://192.0.2.7:49152",
        f">        3.000  upstairs  192.0.2.8:1900 > everyone  alive {UDN} at http://192.0.2.8",
        "         4.000  link      192.0.2.9:5000 > everyone  search for ssdp:all, MX 1",
        f"         4.500  link      192.0.2.7:1900 > 192.0.2.9:5000  response {UDN} at http://192.0.2.7:49152",
        f"         5.000  link      192.0.2.7:1900 > everyone  byebye {UDN}",
        f"         5.000  link      192.0.2.7:1900 > everyone  alive {OTHER} at http://192.0.2.7:49152",
        "         6.000  link      192.0.2.9 > 192.0.2.7:80  connection refused",
        # nothing that was sent controls the terminal of whoever reads the failure
        "         7.000  link      192.0.2.9:1 > everyone  malformed (the start line is neither 'M-SEARCH * HTTP/1.1' "
        "nor 'NOTIFY * HTTP/1.1'): '?[31mwhat is this?', 18 bytes",
        f"         8.000  link      192.0.2.7:1900 > everyone  update {UDN} at http://192.0.2.7:49152, BOOTID 1 to 2",
    ]


def test_a_failure_about_too_many_marks_them(recording: Recording) -> None:
    with pytest.raises(AssertionError, match="expected no byebye: there is 1") as failure:
        recording.expect_no(byebye())
    assert [line for line in str(failure.value).splitlines() if line.startswith("> ")] == [
        f">        5.000  link      192.0.2.7:1900 > everyone  byebye {UDN}"
    ]


def test_a_failure_is_bounded_whatever_was_sent() -> None:
    recording = Recording()
    for number in range(10_000):
        recording.add(number, "link", ("192.0.2.7", 1900), TO_ALL, an_alive(f"{UDN}::{'x' * 900}"))
    with pytest.raises(AssertionError) as failure:
        recording.expect(byebye())
    lines = str(failure.value).splitlines()
    assert len(lines) == MAX_SHOWN + 3
    assert f"  ... {10_000 - MAX_SHOWN} more ..." in lines
    assert lines[-1].startswith("      9999.000")
    assert max(map(len, lines)) < 250


def test_nothing_recorded_is_said() -> None:
    with pytest.raises(AssertionError, match=r"^expected alive: there are none; nothing was recorded$"):
        Recording().expect(alive())


def test_a_failure_says_which_part_was_looked_at(recording: Recording) -> None:
    later = recording.since(86400.125).on("upstairs")
    with pytest.raises(AssertionError) as failure:
        later.expect(alive())
    part = "since 86400.125, on upstairs"
    assert str(failure.value) == f"expected alive {part}: there are none; nothing was recorded {part}"
    with pytest.raises(AssertionError) as failure:
        recording.until(5).expect_no(search())
    first, second, *_ = str(failure.value).splitlines()
    assert first == "expected no search until 5: there is 1"
    assert second == "5 recorded until 5, > is before the 1 in question:"


def test_what_is_no_pattern_device_or_place_is_said_at_once(recording: Recording) -> None:
    nonsense: Any = alive
    for sentence in (recording.expect, recording.expect_no, recording.matching):
        with pytest.raises(
            TypeError, match=r"<function alive at .*> is no pattern; write alive\(\), or alive\(\.\.\.\)"
        ):
            sentence(nonsense)
    nonsense = "byebye"
    with pytest.raises(TypeError, match=r"'byebye' is neither a time in seconds nor a pattern, such as alive\(\)"):
        recording.expect(alive()).before(nonsense)
    nonsense = MemoryNetwork().host("lamp")
    with pytest.raises(TypeError, match=r"is no device: pass one, or its UDN, or what Host.serve or Host.play gives"):
        alive(of=nonsense)
    nonsense = LAMP
    with pytest.raises(TypeError, match=r"is neither an address, such as '192.0.2.7', nor a host"):
        recording.sent_from(nonsense)


def test_a_part_of_a_recording_is_a_recording(recording: Recording) -> None:
    recording.since(5.5).expect_no(alive())
    recording.until(5).expect_no(byebye())
    recording.on("upstairs").expect(alive(of=LAMP)).once()
    recording.sent_from("192.0.2.9").expect_no(alive())
    recording.sent_to("192.0.2.9").expect(response()).once()
    assert len(recording.matching(alive())) == 4
    assert repr(recording) == "<Recording of 9 datagrams and 1 connections>"
    assert recording.show(most=2).count("\n") == 2
    assert recording.as_bytes().count(b"+++ 6.0 link 192.0.2.9 > ('192.0.2.7', 80) refused\n") == 1
    recording.clear()
    assert (len(recording), recording.connections) == (0, [])


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


def test_a_host_is_known_by_its_former_addresses_too() -> None:
    network = MemoryNetwork()
    lamp = network.host("lamp")

    async def run() -> None:
        lamp.send(an_alive(), TO_ALL)
        lamp.change("192.0.2.77/24")
        lamp.send(an_alive(), TO_ALL)

    network.run(run)
    assert isinstance(network.link, Link)
    network.recording.expect(alive()).sent_from(lamp).twice()
    network.recording.on(network.link).sent_from(lamp).expect(alive()).on(network.link).twice()
    phone = network.host("phone")
    with pytest.raises(AssertionError, match="sent from phone: there are none"):
        network.recording.expect(alive()).sent_from(phone)
    with pytest.raises(AssertionError, match="sent to phone: there are none"):
        network.recording.expect(alive()).sent_to(phone)
    network.recording.sent_to(phone).expect_no(alive())
    with pytest.raises(AssertionError, match="expected alive at lamp: there are none"):
        network.recording.expect(alive(at=lamp))  # its LOCATION is that of another host
    network.recording.expect(alive(at=network.host("other", "192.0.2.7/24"))).twice()
    network.recording.expect_no(connection(to=phone))
