"""Assertions about what was recorded: which sentences hold, and what a failure shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.testing.lamps import LAMP, UDN
from tests.testing.recordings import OTHER, TO_ALL, an_alive, some_recording
from upnp_trio.ssdp.messages import GROUP
from upnp_trio.testing import (
    Expectation,
    Link,
    MemoryNetwork,
    Recording,
    alive,
    byebye,
    connection,
    search,
)
from upnp_trio.testing.expectations import MAX_SHOWN


@pytest.fixture
def recording() -> Recording:
    return some_recording()


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
