"""How much one searcher is sent: enough for any control point, too little to be worth forging its address for.

A searcher's address is written into its datagram by whoever sends it. What we would answer in its name is therefore
bounded for each address, whoever asks: at the price of a clock, each datagram that leaves for a source puts the time
at which all that it got is paid off further into the future.
"""

from __future__ import annotations

from itertools import islice

import attrs

__all__ = ["DEFAULT_REPLY_BUDGET", "Budget"]

# Answers a second to one address, in the long run. The busiest real control points ask some ten searches at a time
# for a device with some ten rows, and do so once in minutes.
DEFAULT_REPLY_BUDGET = 64
# What an answer may weigh on average: with 64 a second, 32 KiB a second. Real ones have 300 to 500 bytes.
ANSWER_BYTES = 512
# So many seconds' worth may leave at once, before the rate counts: 2,048 answers with 64 a second, which is eight
# sweeps (`ssdp:all`) of a host with as many devices as a search is answered for.
BURST_SECONDS = 32.0
# Sources that are remembered; more than a home or an office has on one link, and 1 MiB.
MAX_SOURCES = 4096


@attrs.define(eq=False, repr=False)
class Budget:
    """Remembers, within bounds, what each source was sent; times are on trio's clock, in seconds."""

    answers_per_second: int = DEFAULT_REPLY_BUDGET
    #: by source, when what it was sent is paid off; the source that was served last stands last
    _paid_at: dict[str, float] = attrs.field(factory=dict)

    def is_spent(self, source: str, now: float) -> bool:
        """Whether *source* gets nothing for the time being."""
        return self._paid_at.get(source, now) > now + BURST_SECONDS

    def charge(self, source: str, now: float, answers: int, octets: int) -> None:
        """Note that *source* is sent so many answers, which have so many bytes together."""
        seconds = max(answers, octets / ANSWER_BYTES) / self.answers_per_second
        # taken out and put in again: what stands first has been quiet for longest
        paid_at = max(self._paid_at.pop(source, now), now)
        if len(self._paid_at) >= MAX_SOURCES:
            self._forget(now)
        self._paid_at[source] = paid_at + seconds

    def _forget(self, now: float) -> None:
        """Make room: whoever has paid goes, or else the half that was quiet for longest; who floods is never quiet."""
        self._paid_at = {source: paid_at for source, paid_at in self._paid_at.items() if paid_at > now}
        if len(self._paid_at) >= MAX_SOURCES:
            for source in list(islice(self._paid_at, MAX_SOURCES // 2)):
                del self._paid_at[source]
