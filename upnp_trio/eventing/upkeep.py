"""When a subscriber subscribes, renews and unsubscribes, so that it is subscribed all the time (UDA 2.0 §4.1).

`Upkeep` says what is to be done next and when, and is told how that went. It knows no network and no clock.

A subscription is renewed at half of its time at the latest. If the device does not know it any more, has started anew,
or has lost an event, there is a new one, and the old one is cancelled first, as the device may hold it still. Whatever
a device or a forged announcement causes, it causes it at bounded intervals.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.eventing.requests import DEFAULT_SECONDS

if TYPE_CHECKING:
    from upnp_trio.eventing.messages import Grant

__all__ = ["Step", "Upkeep"]

# At which part of its time a subscription is renewed. A failed renewal leaves time for others.
RENEWAL_PART = (0.4, 0.5)
# A device may grant a second, or nothing; it is not asked more often than this.
MIN_RENEWAL_SECONDS = 5.0
# A device may grant years, in which it may be replaced without a byebye.
MAX_RENEWAL_SECONDS = 1800.0
# A network or a device may be overloaded for some seconds, in which renewals fail. After so many, a new subscription is
# tried, which first looks where the device is now.
MAX_FAILED_RENEWALS = 3
# The pauses after attempts that failed: the first, growing twofold up to the longest. A pause is about as long as the
# device has been away, so a device that is off for a minute is followed again within two.
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
# A subscription that ends before is a short one. The more there were, the longer the next one is kept at least, so that
# there are no more than one in so many seconds. Each that lasts longer makes up for one, and a good one for all.
SHORT_SECONDS = 5.0
GOOD_SECONDS = 60.0
# What an announcement makes us do at the most, as anybody can forge one.
MIN_ATTEMPT_SECONDS = 1.0
# SIDs to cancel. There are several only if a device grants a new one at each renewal (peer-upnp #22).
MAX_STALE_SIDS = 4


@attrs.frozen
class Step:
    """What is to be done, and when, on the clock of whoever asks."""

    action: Literal["subscribe", "renew", "unsubscribe"]
    at: float
    #: the subscription to renew or to cancel
    sid: str = ""


@attrs.define(eq=False, repr=False)
class Upkeep:
    """One subscription at its device, and its successors. All times are of one monotonic clock."""

    rng: Random
    #: the SID of the subscription; ``None`` if there is none
    sid: str | None = None
    #: how many subscriptions there were
    granted: int = 0
    _stale: list[str] = attrs.field(factory=list)
    _subscribe_at: float = -math.inf
    _renew_at: float = math.inf
    _restart_at: float = math.inf
    _expires_at: float = math.inf
    #: of the last attempt to subscribe or to renew, and of the last subscription
    _attempted_at: float = -math.inf
    _granted_at: float = -math.inf
    #: when the subscription may have a successor
    _not_before: float = -math.inf
    #: attempts that failed since one succeeded
    _failures: int = 0
    #: subscriptions that ended early, and were not made up for
    _short_ones: int = 0
    #: whether something was heard of the device since it last answered, so that it may be gone or elsewhere
    _is_in_doubt: bool = False

    @property
    def held(self) -> list[str]:
        """The SIDs that the device may hold, that of the subscription first."""
        return [self.sid, *self._stale] if self.sid is not None else list(self._stale)

    @property
    def next_step(self) -> Step:
        """What is to be done next."""
        if self._stale:
            return Step("unsubscribe", -math.inf, self._stale[0])
        if self.sid is None:
            return Step("subscribe", self._subscribe_at)
        if self._restart_at <= self._renew_at:
            return Step("unsubscribe", self._restart_at, self.sid)
        return Step("renew", self._renew_at, self.sid)

    # --- how a step went ---

    def note_granted(self, grant: Grant, now: float) -> None:
        """A SUBSCRIBE, new or a renewal, has succeeded."""
        self._attempted_at = now
        self._failures = 0
        self._is_in_doubt = False
        if self.sid is None:
            self.sid = grant.sid
            self.granted += 1
            self._granted_at = now
            self._restart_at = math.inf
            # two in a row may end early by chance
            self._not_before = now + self._pause(self._short_ones - 2) if self._short_ones > 1 else now
        elif grant.sid != self.sid:  # it has no URL of ours, so its events go nowhere, and ours may have ended
            self.disown(grant.sid)
            self.restart(now)
        seconds = DEFAULT_SECONDS if grant.seconds is None else grant.seconds
        self._expires_at = now + seconds
        wait = seconds * self.rng.uniform(*RENEWAL_PART)
        self._renew_at = now + min(max(wait, MIN_RENEWAL_SECONDS), MAX_RENEWAL_SECONDS)

    def note_refused(self, status: int | None, now: float) -> None:
        """A SUBSCRIBE, new or a renewal, has failed with this HTTP *status*, or without an answer."""
        self._attempted_at = now
        if self.sid is not None and status is not None and 400 <= status < 500:
            self._lose(now)  # 412: the device does not know it any more
            return
        retry_at = now + self._pause(self._failures)
        self._failures += 1
        has_patience = not self._is_in_doubt and self._failures < MAX_FAILED_RENEWALS
        if self.sid is not None and has_patience and retry_at < self._expires_at:
            self._renew_at = retry_at
            return
        if self.sid is not None:  # the device may be elsewhere, and may hold it still
            self.disown(self.sid)
            self._lose(now)
        self._subscribe_at = max(retry_at, self._not_before)

    def disown(self, sid: str) -> None:
        """The device may hold *sid*, which is of no use; it is to be cancelled."""
        self._stale = [*self._stale, sid][-MAX_STALE_SIDS:]

    def note_unsubscribed(self, sid: str, now: float) -> None:
        """*sid* was cancelled, or nothing more can be done about it."""
        if sid == self.sid:
            self._lose(now)
        elif sid in self._stale:
            self._stale.remove(sid)

    # --- what else happens ---

    def restart(self, now: float) -> None:
        """Have a new subscription in place of the present one: now, or a while after one that was new as well."""
        self._restart_at = min(self._restart_at, max(now, self._not_before))
        self.hurry(now)

    def hurry(self, now: float) -> None:
        """Look whether the device knows the subscription, or try to have one, as something was heard of the device."""
        self._is_in_doubt = True
        if self.sid is not None:
            self._renew_at = min(self._renew_at, max(now, self._attempted_at + MIN_RENEWAL_SECONDS))
        else:
            soon = max(now, self._attempted_at + MIN_ATTEMPT_SECONDS, self._not_before)
            self._subscribe_at = min(self._subscribe_at, soon)

    def _lose(self, now: float) -> None:
        """There is no subscription any more; the next one is due."""
        self.sid = None
        lasted = now - self._granted_at
        if lasted >= GOOD_SECONDS:
            self._short_ones = 0
        else:
            self._short_ones = max(self._short_ones + (1 if lasted < SHORT_SECONDS else -1), 0)
        self._subscribe_at = max(now, self._not_before)

    def _pause(self, failures: int) -> float:
        longest = min(FIRST_RETRY_SECONDS * 2.0 ** min(failures, 30), LONGEST_RETRY_SECONDS)
        return longest * self.rng.uniform(0.5, 1.0)
