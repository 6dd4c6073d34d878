"""Assertions about what was recorded. Each says at once what is wrong, with what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from upnp_trio.testing.patterns import Pattern
from upnp_trio.testing.recording import Recorded, RecordedDatagram, source_of
from upnp_trio.testing.showing import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.recording import Recording

__all__ = ["Expectation", "explain"]

# A failure is read by a person: the beginning and the end of what was recorded say most.
MAX_SHOWN = 40
# Times are sums of seconds, and each sum is rounded.
ROUNDING_SECONDS = 1e-6


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
    _words: str
    _least: int = 1

    @classmethod
    def of(cls, recording: Recording, pattern: Pattern) -> Expectation:
        """The expectation that there is something that *pattern* describes."""
        found = cls((), recording.entries, f"expected {pattern}")
        return found._left("", pattern.matches, recording.entries)

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
        addresses = {source} if isinstance(source, str) else source.all_addresses
        name = source if isinstance(source, str) else source.name
        return self._left(f", sent from {name}", lambda entry: source_of(entry) in addresses)

    def sent_to(self, destination: str) -> Expectation:
        """Sent to an address, such as the group's, ``239.255.255.250``."""
        return self._left(f", sent to {destination}", lambda entry: entry.destination[0] == destination)

    def on(self, link: str) -> Expectation:
        """Sent on the link with this name."""
        return self._left(f", on {link}", lambda entry: entry.link == link)

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
        """There are so many or more, also of what further methods leave."""
        return self._counted(f", at least {number} times", least=max(number, self._least))

    def at_most(self, number: int) -> Expectation:
        """There are so many or fewer."""
        return self._counted(f", at most {number} times", most=number)

    def exactly(self, number: int) -> Expectation:
        """There are so many, and further methods leave all of them."""
        return self._counted(f", exactly {number} times", least=max(number, self._least), most=number)

    def once(self) -> Expectation:
        """There is one."""
        return self.exactly(1)

    def twice(self) -> Expectation:
        """There are two."""
        return self.exactly(2)

    def at_least_every(self, seconds: float) -> Expectation:
        """From one to the next, no more than so many seconds pass."""
        words = f"{self._words}, at least every {seconds:g} s"
        times = self.times
        gaps = [(later - earlier, earlier) for earlier, later in pairwise(times)]
        longest, since = max(gaps, default=(0.0, 0.0))
        if longest > seconds + ROUNDING_SECONDS:
            raise self._failure(f"{words}: there is none for {longest:g} s after {since:g}")
        return attrs.evolve(self, words=words)

    # --- how it is done -----------------------------------------------------------------------------------------------

    def _left(
        self, words: str, belongs: Callable[[Recorded], bool], among: Sequence[Recorded] | None = None
    ) -> Expectation:
        left = tuple(entry for entry in (self.entries if among is None else among) if belongs(entry))
        said = self._words + words
        if len(left) < self._least:
            raise self._failure(f"{said}: there {_are(len(left))}", self.entries or left)
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
        """Where each is in the recording: of two that were sent at one moment, one was first all the same."""
        return {id(entry): number for number, entry in enumerate(self._all)}

    def _failure(self, words: str, marked: Sequence[Recorded] | None = None) -> AssertionError:
        return AssertionError(explain(words, self._all, self.entries if marked is None else marked))


def explain(words: str, entries: Sequence[Recorded], marked: Sequence[Recorded]) -> str:
    """A failure: *words*, and what was seen, with a sign before what is *marked*."""
    if not entries:
        return f"{words}; nothing was recorded"
    signs = f", > is before the {len(marked)} in question" if marked else ""
    return f"{words}\n{len(entries)} recorded{signs}:\n" + shown(
        entries, marked={id(entry) for entry in marked}, most=MAX_SHOWN
    )


def _are(number: int) -> str:
    return "is 1" if number == 1 else f"are {number or 'none'}"


def _said(what: float | Pattern) -> str:
    return str(what) if isinstance(what, Pattern) else f"{what:g}"
