"""What the command shows while it serves: who we are, where, and what happens.

On a terminal the events scroll above one line of counters; elsewhere they are plain lines. However many events
come, at most `LINES_PER_ROUND` are shown in each round, and the rest is counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

import attrs
import click
import trio

from upnp_trio.server.events import Announced, Event, NetworkChanged, RequestAnswered, SearchAnswered

if TYPE_CHECKING:
    from upnp_trio.model.device import RootDevice
    from upnp_trio.network.interfaces import Choice
    from upnp_trio.server.serve import Location
    from upnp_trio.server.stats import Stats

__all__ = ["View", "counters", "describe", "interface_table", "introduce"]

ROUND_SECONDS = 0.2
USUAL_REASONS = frozenset({"up", "asked for"})
LINES_PER_ROUND = 20


@attrs.define(eq=False)
class View:
    """Collects events and shows them through *show*; *status*, where given, shows the counters."""

    show: Callable[[str], None]
    status: Callable[[str], None] | None = None
    _events: deque[Event] = attrs.field(factory=lambda: deque(maxlen=LINES_PER_ROUND))
    _left_out: int = 0
    _news: trio.Event = attrs.field(factory=trio.Event)

    def on_event(self, event: Event) -> None:
        """Take note of *event*; cheap, and bounded."""
        if len(self._events) == LINES_PER_ROUND:
            self._left_out += 1
        else:
            self._events.append(event)
        self._news.set()

    async def run(self, stats: Stats) -> NoReturn:
        """Show what comes, until cancelled."""
        while True:
            await self._news.wait()
            self.flush(stats)
            await trio.sleep(ROUND_SECONDS)

    def flush(self, stats: Stats) -> None:
        """Show what has come."""
        self._news = trio.Event()
        now = time.strftime("%H:%M:%S")
        while self._events:
            self.show(f"{now}  {describe(self._events.popleft())}")
        if self._left_out:
            self.show(f"{now}  … and {self._left_out} more")
            self._left_out = 0
        if self.status is not None:
            self.status(counters(stats))


def introduce(devices: Sequence[RootDevice], where: Sequence[Location], choices: Sequence[Choice]) -> str:
    """Who is served where: the friendly name and UDN of each device, one line for each LOCATION.

    An interface that is served for want of a better one is pointed out.
    """
    blocks = []
    width = max((len(f"{location.interface} {location.address}") for location in where), default=0)
    for device in devices:
        lines = [f"{click.style(_printable(device.friendly_name), bold=True)}", f"  {device.udn}"]
        for location in where:
            if location.udn == device.udn:
                place = f"{location.interface} {location.address}"
                lines.append(f"  {place:<{width}}  {click.style(location.url, fg='cyan')}")
        blocks.append("\n".join(lines))
    for choice in choices:
        if choice.served and choice.reason not in USUAL_REASONS:
            blocks.append(f"  {choice.interface.name}: {choice.reason}")
    if not where:
        blocks.append("  no network yet; waiting for an interface (upnp-trio interfaces shows what there is)")
    return "\n".join(blocks)


def interface_table(choices: Sequence[Choice]) -> str:
    """The interfaces of this host: name, addresses, whether served, and why."""
    rows = [("INTERFACE", "SERVED", "ADDRESSES", "WHY")]
    for choice in choices:
        addresses = ", ".join(str(address) for address in choice.interface.addresses) or "-"
        rows.append((choice.interface.name, "yes" if choice.served else "no", addresses, choice.reason))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def describe(event: Event) -> str:
    """One line for *event*; what a peer wrote is shown without control characters."""
    match event:
        case SearchAnswered():
            answers = f"{event.answers} answer{'s' if event.answers != 1 else ''}"
            line = f"{event.interface}  {event.peer} searched {_printable(event.search_target)}: {answers}"
            return line + _agent(event.user_agent)
        case RequestAnswered():
            request = f"{_printable(event.method)} {_printable(event.target)}"
            return f"http  {event.peer} {request}: {event.status}" + _agent(event.user_agent)
        case Announced(kind="alive"):
            return f"{event.interface}  announced ({event.messages} messages)"
        case Announced():
            return f"{event.interface}  said goodbye ({event.messages} messages)"
        case NetworkChanged(served=()):
            return "no network; waiting for an interface"
        case NetworkChanged():
            return "network changed; served now: " + ", ".join(" ".join(pair) for pair in event.served)


def counters(stats: Stats) -> str:
    """All that was counted, in one line."""
    parts = [
        f"searches {stats.searches}",
        f"answers {stats.answers}",
        f"announcements {stats.announcements}",
        f"HTTP requests {sum(stats.requests.values())}",
    ]
    strangers = sum(count for reason, count in stats.dropped.items() if reason in ("malformed", "off link"))
    if strangers:
        parts.append(f"bad datagrams {strangers}")
    return ", ".join(parts)


def _agent(user_agent: str | None) -> str:
    return f"  ({_printable(user_agent)})" if user_agent else ""


def _printable(text: str, limit: int = 120) -> str:
    """*text* without anything that could steer a terminal, cut to *limit* characters."""
    clean = "".join(character if character.isprintable() else "?" for character in text[: limit + 1])
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"
