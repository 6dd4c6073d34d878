"""What a connection waits for, and how long: its phase, and the deadline of that phase."""

from __future__ import annotations

import enum
import math

import attrs
import trio

__all__ = [
    "BODY_SECONDS",
    "GRACE_SECONDS",
    "HEAD_SECONDS",
    "IDLE_SECONDS",
    "LINGER_SECONDS",
    "STALLED_WRITE_SECONDS",
    "Phase",
    "PhaseTimer",
]

# A head fits into a few packets. A peer that takes longer holds the connection open on purpose (slowloris).
HEAD_SECONDS = 5.0
# A body of the longest kind needs a few round trips. A peer that takes longer holds the connection open on purpose.
BODY_SECONDS = 10.0
# The time between two requests. Windows fetches description, SCPDs and icons within a second. GUPnP keeps a connection
# longer.
IDLE_SECONDS = 15.0
# A deadline that is too late by no more than this is not moved, as moving it costs as much as a read.
IDLE_SLACK_SECONDS = 1.0
# A peer that takes nothing for this long has stopped reading.
STALLED_WRITE_SECONDS = 10.0
# A request in flight when the device stops may take this long. Most take milliseconds, and the user is waiting.
GRACE_SECONDS = 2.0
# After an error, what the peer still sends is read and dropped. Otherwise the kernel would answer it with a reset that
# overtakes our response (RFC 9112 §9.6). A peer notices the end within this time.
LINGER_SECONDS = 1.0


class Phase(enum.Enum):
    """What a connection waits for, and so what happens when its deadline passes."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    RESPONDING = "response"
    WRITING = "write"
    LINGERING = "linger"


# Whatever makes a response has a deadline of its own.
_SECONDS = {
    Phase.IDLE: IDLE_SECONDS,
    Phase.HEAD: HEAD_SECONDS,
    Phase.BODY: BODY_SECONDS,
    Phase.RESPONDING: math.inf,
    Phase.WRITING: STALLED_WRITE_SECONDS,
    Phase.LINGERING: LINGER_SECONDS,
}


@attrs.define(eq=False, repr=False)
class PhaseTimer:
    """The phase of a connection, and the scope of its task, whose deadline moves from phase to phase."""

    #: when the connection last began to wait for its peer: for a request, or for room to send
    waiting_since: float = attrs.field(factory=trio.current_time)
    phase: Phase = Phase.IDLE
    #: shielded, so that stopping the device does not cut off a response
    scope: trio.CancelScope = attrs.field(factory=lambda: trio.CancelScope(shield=True))
    _last_moment: float = math.inf
    _gives_way: bool = False

    @property
    def is_stopping(self) -> bool:
        """Whether the device is about to end."""
        return self._last_moment < math.inf

    @property
    def timed_out(self) -> bool:
        """Whether the scope ended because its peer was too slow, or the device stopped."""
        return self.scope.cancelled_caught and not self._gives_way

    def begin(self) -> None:
        """Give the peer its time for the first request."""
        self.scope.deadline = self.waiting_since + IDLE_SECONDS

    def enter(self, phase: Phase) -> None:
        """Wait for something else from now on."""
        self.phase = phase
        now = trio.current_time()
        if phase is Phase.WRITING:
            self.waiting_since = now
        elif phase is Phase.RESPONDING:
            # no slot is free before its response: among the waiting connections, this one gives way last
            self.waiting_since = math.inf
        self.scope.deadline = min(now + _SECONDS[phase], self._last_moment)

    def ensure(self, phase: Phase) -> None:
        """Enter *phase* if it is not the present one, whose deadline stays."""
        if self.phase is not phase:
            self.enter(phase)

    def wait_for_request(self) -> None:
        """Enter the phase between two requests."""
        self.phase = Phase.IDLE
        self.waiting_since = trio.current_time()
        left = self.scope.deadline - self.waiting_since
        if not IDLE_SECONDS - IDLE_SLACK_SECONDS <= left <= IDLE_SECONDS:
            self.enter(Phase.IDLE)

    def stop(self, *, is_busy: bool) -> None:
        """The device stops: end now if idle, else within `GRACE_SECONDS`."""
        self._last_moment = trio.current_time() + GRACE_SECONDS
        if self.phase is Phase.IDLE and not is_busy:
            self.scope.cancel(reason="the device stops")
        else:
            self.scope.deadline = min(self.scope.deadline, self._last_moment)

    def give_way(self) -> None:
        """End now, because another connection needs the slot."""
        self._gives_way = True
        self.scope.cancel(reason="another connection needs the slot")
