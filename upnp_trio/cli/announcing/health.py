"""Whether a page is there, and when to look again: decisions without a clock."""

from __future__ import annotations

import attrs

__all__ = ["DEFAULT_EVERY", "DEFAULT_FAILURES", "MAX_EVERY", "MAX_FAILURES", "Health", "Timetable", "is_alive"]

# A page that is gone stays in people's lists for half a minute more at the most, and one small request in that time
# wakes no server's processor.
DEFAULT_EVERY = 30
# A container that is replaced is away for some seconds, and one answer may be lost. With two seconds of patience more
# at each end, a restart would take a device off and bring it back.
DEFAULT_FAILURES = 3
# A day: longer intervals are mistakes, such as milliseconds.
MAX_EVERY = 86_400
MAX_FAILURES = 1000
# Between a failed check of a page that is announced and the next one.
RETRY_SECONDS = 5.0
# Between checks of a page that is not there. People who have just started it wait for it to appear.
ABSENT_SECONDS = 10.0

_GONE = frozenset({404, 410})


def is_alive(status: int) -> bool:
    """Whether a server that answers with *status* has the page.

    A login page has 401 or 403, and is there. A proxy whose server is gone says 502 to 504, and some say 404.
    """
    return status < 500 and status not in _GONE


@attrs.frozen
class Timetable:
    """How often to look, and how many failures in a row take a page off."""

    every: float = DEFAULT_EVERY
    failures: int = DEFAULT_FAILURES


@attrs.define
class Health:
    """What the checks of one page say so far."""

    timetable: Timetable = attrs.field(factory=Timetable)
    #: whether it counts as there, and is announced
    is_up: bool = False
    #: how many checks in a row have failed
    failures: int = 0

    def note(self, *, is_answered: bool) -> bool:
        """Note a check; whether `is_up` has changed."""
        self.failures = 0 if is_answered else self.failures + 1
        was_up = self.is_up
        if is_answered or self.failures >= self.timetable.failures:
            self.is_up = is_answered
        return self.is_up != was_up

    @property
    def pause(self) -> float:
        """How long to wait between the beginnings of this check and the next one, in seconds."""
        if not self.is_up:
            return min(self.timetable.every, ABSENT_SECONDS)
        return min(self.timetable.every, RETRY_SECONDS) if self.failures else self.timetable.every
