"""Assertions about what was recorded. Each says at once what is wrong, with what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from upnp_trio.testing.patterns import Pattern, require_pattern
from upnp_trio.testing.recording import (
    ASSERTIONS_ALONE,
    Recorded,
    RecordedDatagram,
    addresses_of,
    in_seconds,
    link_name,
    source_of,
)
from upnp_trio.testing.showing import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.links import Link

__all__ = ["Expectation", "UnmetExpectation", "expected", "expected_no"]

__tracebackhide__ = ASSERTIONS_ALONE

# A failure is read by a person: the beginning and the end of what was recorded say most.
MAX_SHOWN = 40
# Times are sums of seconds, and each sum is rounded.
ROUNDING_SECONDS = 1e-6


class UnmetExpectation(AssertionError):
    """What was recorded is not what was expected."""

    def __init__(self, words: str, *, shows_recording: bool) -> None:
        super().__init__(words)
        #: whether the message has what was recorded, so that nothing else needs to show it
        self.shows_recording = shows_recording


@attrs.frozen(eq=False, repr=False)
class Expectation:
    """What `Recording.expect` found. Each method asserts more, and gives what is left of it.

    Methods that choose (``sent_from``, ``before``, ...) assert that enough is left: one, or as many as `at_least` or
    `exactly` asked for, so ``at_least(2).before(...)`` and ``before(...).at_least(2)`` mean the same. `at_most` and
    `exactly` count what is left at their place. All raise `AssertionError`.
    """

    #: what the sentence is about, in order
    entries: tuple[Recorded, ...]
    _all: Sequence[Recorded]
    #: which part of the whole recording that is, as in " since 60"
    _part_of: str
    _words: str
    _least: int = 1

    @property
    def times(self) -> list[float]:
        """When each was sent, in seconds of the test's clock."""
        return [entry.time for entry in self.entries]

    @property
    def datagrams(self) -> list[RecordedDatagram]:
        """The datagrams among `entries`."""
        return [entry for entry in self.entries if isinstance(entry, RecordedDatagram)]

    # --- which --------------------------------------------------------------------------------------------------------

    def sent_from(self, source: str | Host) -> Expectation:
        """Sent from an address, or from a host: from any address that it has or has had."""
        name, addresses = addresses_of(source)
        return self._left(f", sent from {name}", lambda entry: source_of(entry) in addresses)

    def sent_to(self, destination: str | Host) -> Expectation:
        """Sent to an address, such as the group's, ``239.255.255.250``, or to any address of a host."""
        name, addresses = addresses_of(destination)
        return self._left(f", sent to {name}", lambda entry: entry.destination[0] in addresses)

    def on(self, link: str | Link) -> Expectation:
        """Sent on a link, or on the one with this name."""
        name = link_name(link)
        return self._left(f", on {name}", lambda entry: entry.link == name)

    def before(self, what: float | Pattern) -> Expectation:
        """Sent before a time, or before the first of what a pattern describes, which must be there."""
        words = f", before {_said(what)}"
        if isinstance(what, Pattern):
            first, places = self._first(words, what), self._places()
            return self._left(words, lambda entry: places[id(entry)] < places[id(first)])
        return self._left(words, lambda entry: entry.time < what)

    def after(self, what: float | Pattern) -> Expectation:
        """Sent after a time, or after the first of what a pattern describes, which must be there."""
        words = f", after {_said(what)}"
        if isinstance(what, Pattern):
            first, places = self._first(words, what), self._places()
            return self._left(words, lambda entry: places[id(entry)] > places[id(first)])
        return self._left(words, lambda entry: entry.time > what)

    def within(self, seconds: float, *, of: float | Pattern) -> Expectation:
        """Sent at most so many seconds after a time, or after the first of what a pattern describes."""
        words = f", within {seconds:g} s of {_said(of)}"
        time = self._first(words, of).time if isinstance(of, Pattern) else of
        return self._left(words, lambda entry: time <= entry.time <= time + seconds + ROUNDING_SECONDS)

    # --- how many -----------------------------------------------------------------------------------------------------

    def at_least(self, number: int) -> Expectation:
        """Assert that there are at least *number*, also after further methods have narrowed them."""
        return self._counted(f", at least {_times(number)}", least=max(number, self._least))

    def at_most(self, number: int) -> Expectation:
        """Assert that there are at most *number*."""
        return self._counted(f", at most {_times(number)}", most=number)

    def exactly(self, number: int) -> Expectation:
        """Assert that there are *number*, and that further methods leave all of them."""
        return self._counted(f", exactly {_times(number)}", least=max(number, self._least), most=number)

    def once(self) -> Expectation:
        """Assert that there is exactly one."""
        return self.exactly(1)

    def twice(self) -> Expectation:
        """Assert that there are exactly two."""
        return self.exactly(2)

    def at_least_every(self, seconds: float) -> Expectation:
        """Assert that no more than *seconds* pass from one to the next."""
        words = f"{self._words}, at least every {seconds:g} s"
        times = self.times
        gaps = [(later - earlier, earlier) for earlier, later in pairwise(times)]
        longest, since = max(gaps, default=(0.0, 0.0))
        if longest > seconds + ROUNDING_SECONDS:
            raise self._failure(f"{words}: there is none for {longest:g} s after {in_seconds(since)}")
        return attrs.evolve(self, words=words)

    # --- how it is done -----------------------------------------------------------------------------------------------

    def _left(self, words: str, belongs: Callable[[Recorded], bool]) -> Expectation:
        left = tuple(entry for entry in self.entries if belongs(entry))
        said = self._words + words
        if len(left) < self._least:
            raise self._failure(f"{said}: there {_are(len(left))}")
        return attrs.evolve(self, entries=left, words=said)

    def _counted(self, words: str, *, least: int = 0, most: float = math.inf) -> Expectation:
        said = self._words + words
        if not least <= len(self.entries) <= most:
            raise self._failure(f"{said}: there {_are(len(self.entries))}")
        return attrs.evolve(self, words=said, least=max(least, self._least))

    def _first(self, words: str, pattern: Pattern) -> Recorded:
        found = next((entry for entry in self._all if pattern.matches(entry)), None)
        if found is None:
            raise self._failure(f"{self._words}{words}: there is no {pattern}")
        return found

    def _places(self) -> dict[int, int]:
        """The place of each in the recording, which orders even those that were sent at the same moment."""
        return {id(entry): number for number, entry in enumerate(self._all)}

    def _failure(self, words: str) -> UnmetExpectation:
        return _unmet(words, self._all, self._part_of, self.entries)


def expected(pattern: Pattern, entries: Sequence[Recorded], part_of: str) -> Expectation:
    """The expectation that *entries*, a part of a recording, have something that *pattern* describes."""
    words = f"expected {require_pattern(pattern)}{part_of}"
    found = tuple(entry for entry in entries if pattern.matches(entry))
    if not found:
        raise _unmet(f"{words}: there are none", entries, part_of)
    return Expectation(found, entries, part_of, words)


def expected_no(pattern: Pattern, entries: Sequence[Recorded], part_of: str) -> None:
    """Assert that *entries*, a part of a recording, have nothing that *pattern* describes."""
    words = f"expected no {require_pattern(pattern)}{part_of}"
    found = [entry for entry in entries if pattern.matches(entry)]
    if found:
        raise _unmet(f"{words}: there {_are(len(found))}", entries, part_of, found)


def _unmet(words: str, entries: Sequence[Recorded], part_of: str, marked: Sequence[Recorded] = ()) -> UnmetExpectation:
    """A failure: *words*, and what was recorded, with a sign before what is *marked*."""
    if not entries:
        return UnmetExpectation(f"{words}; nothing was recorded{part_of}", shows_recording=False)
    signs = f", > is before the {len(marked)} in question" if marked else ""
    lines = shown(entries, marked={id(entry) for entry in marked}, most=MAX_SHOWN)
    return UnmetExpectation(f"{words}\n{len(entries)} recorded{part_of}{signs}:\n{lines}", shows_recording=True)


def _are(number: int) -> str:
    return "is 1" if number == 1 else f"are {number or 'none'}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _said(what: float | Pattern) -> str:
    return str(what) if isinstance(what, Pattern) else in_seconds(_time(what))


def _time(what: float) -> float:
    if not isinstance(what, int | float):
        raise TypeError(f"{what!r} is neither a time in seconds nor a pattern, such as alive() or byebye(of=lamp)")
    return what
