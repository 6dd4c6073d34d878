"""What ``upnp-trio serve`` shows: the devices, where they are served, and what happens.

On a terminal, events scroll above a line of counters; elsewhere they are plain lines. At most `LINES_PER_ROUND` events
wait for the next round, and the others are only counted.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.printable import printable
from upnp_trio.cli.table import table
from upnp_trio.monitoring.events import (
    ActionCalled,
    Announced,
    Event,
    NetworkChanged,
    RequestAnswered,
    SearchAnswered,
    VariablesChanged,
)
from upnp_trio.ssdp.drops import NOT_A_SEARCH, NOTHING_MATCHES, RECEIVED_ELSEWHERE, REPEATED

if TYPE_CHECKING:
    from upnp_trio.model.device import RootDevice
    from upnp_trio.model.names import Udn
    from upnp_trio.monitoring.stats import Counted, Stats
    from upnp_trio.network.interfaces import Choice
    from upnp_trio.server.running import Location

__all__ = [
    "LINES_PER_ROUND",
    "View",
    "counter_table",
    "counters",
    "describe",
    "interface_table",
    "introduce",
    "refusals",
    "summary",
]

ROUND_SECONDS = 0.2
USUAL_REASONS = frozenset({"up", "asked for"})
# Every network has these datagrams: other devices' announcements, and searches for other devices.
USUAL_DROPS = frozenset({NOT_A_SEARCH, NOTHING_MATCHES, RECEIVED_ELSEWHERE, REPEATED})
LINES_PER_ROUND = 20
# Select Graphic Rendition of ECMA-48.
BOLD, CYAN, PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"


@attrs.define(eq=False, repr=False)
class View:
    """Where lines go: *show* takes events, *report* what belongs to standard error, *status* the line of counters."""

    show: Callable[[str], None]
    report: Callable[[str], None]
    status: Callable[[str], None] | None = None
    _missed: int = 0

    async def run(self, events: trio.MemoryReceiveChannel[Event], stats: Stats) -> None:
        """Show events in rounds until the channel is closed."""
        async for event in events:
            self._show_round([event, *_waiting(events)], stats)
            await trio.sleep(ROUND_SECONDS)

    def flush(self, events: trio.MemoryReceiveChannel[Event], stats: Stats) -> None:
        """Show the events that wait in the channel."""
        self._show_round(_waiting(events), stats)

    def _show_round(self, events: Sequence[Event], stats: Stats) -> None:
        now = time.strftime("%H:%M:%S")
        for event in events:
            self.show(f"{now}  {describe(event)}")
        if missed := stats.events_dropped - self._missed:
            self.show(f"{now}  … and {missed} more")
            self._missed += missed
        if self.status is not None:
            self.status(counters(stats))


def _waiting(events: trio.MemoryReceiveChannel[Event]) -> list[Event]:
    found: list[Event] = []
    with suppress(trio.WouldBlock, trio.EndOfChannel):
        while True:
            found.append(events.receive_nowait())
    return found


def introduce(
    devices: Sequence[RootDevice], where: Sequence[Location], choices: Sequence[Choice], *, styled: bool = False
) -> str:
    """The name and UDN of each device and its LOCATIONs, one on each line; *styled* adds a terminal's colours.

    It also names each interface that is served only because there is no better one.
    """

    def style(text: str, code: str) -> str:
        return f"{code}{text}{PLAIN}" if styled else text

    blocks = []
    width = max((len(f"{location.interface} {location.address}") for location in where), default=0)
    lines_of: defaultdict[Udn | None, list[str]] = defaultdict(list)
    for location in where:
        place = f"{location.interface} {location.address}"
        lines_of[location.udn].append(f"  {place:<{width}}  {style(location.url, CYAN)}")
    for device in devices:
        name = style(printable(device.friendly_name), BOLD)
        blocks.append("\n".join([name, f"  {device.udn}", *lines_of[device.udn]]))
    for choice in choices:
        if choice.served and choice.reason not in USUAL_REASONS:
            blocks.append(f"  {choice.interface.name}: {choice.reason}")
    if not where:
        blocks.append("  no network yet; waiting for an interface (upnp-trio interfaces shows what there is)")
    return "\n".join(blocks)


def interface_table(choices: Sequence[Choice]) -> str:
    """The name and addresses of each interface, whether it is served, and why."""
    rows = [("INTERFACE", "SERVED", "ADDRESSES", "WHY")]
    for choice in choices:
        addresses = ", ".join(str(address) for address in choice.interface.addresses) or "-"
        rows.append((choice.interface.name, "yes" if choice.served else "no", addresses, choice.reason))
    return table(rows)


def describe(event: Event) -> str:
    """*event* on one line; control characters in a peer's text become question marks."""
    match event:
        case SearchAnswered():
            answers = f"{event.answers} answer{'s' if event.answers != 1 else ''}"
            line = f"{event.interface}  {event.peer} searched {printable(event.search_target)}: {answers}"
            return line + _agent(event.user_agent)
        case RequestAnswered():
            request = f"{printable(event.method)} {printable(event.target)}"
            return f"http  {event.peer} {request}: {event.status}" + _agent(event.user_agent)
        case ActionCalled():
            outcome = "done" if event.error is None else f"UPnP error {event.error}"
            action = f"{_short(event.service_id)} {printable(event.action)}"
            return f"call  {event.peer} {action}: {outcome}" + _agent(event.user_agent)
        case VariablesChanged():
            subscribers = f"{event.subscribers} subscriber{'s' if event.subscribers != 1 else ''}"
            variables = ", ".join(map(printable, event.variables))
            return f"event  {_short(event.service_id)} {variables}: {subscribers}"
        case Announced(kind="alive"):
            return f"{event.interface}  announced ({event.messages} messages)"
        case Announced():
            return f"{event.interface}  sent byebye ({event.messages} messages)"
        case NetworkChanged(served=()):
            return "no network; waiting for an interface"
        case NetworkChanged():
            return "network changed; served now: " + ", ".join(" ".join(pair) for pair in event.served)


def counters(stats: Stats) -> str:
    """The counters that everybody wants to see, on one line."""
    parts = [
        f"searches {stats.searches}",
        f"answers {stats.answers}",
        f"announcements {stats.announcements}",
        f"HTTP requests {sum(stats.requests.values())}",
    ]
    if stats.calls:
        parts.append(f"calls {stats.calls}")
    if stats.notifications:
        parts.append(f"events sent {stats.notifications}")
    strangers = sum(count for reason, count in stats.dropped.items() if reason in ("malformed", "off link"))
    if strangers:
        parts.append(f"bad datagrams {strangers}")
    return ", ".join(parts)


def counter_table(counted: Counted, lines_dropped: int) -> str:
    """Every counter, one on each line, by reason where there are reasons; *lines_dropped* is that of our own output."""
    announced = {"alive": counted.announcements, "byebye": counted.byebyes, "update": counted.updates}
    statuses = {str(status): count for status, count in counted.requests.items()}
    rows = [
        ("datagrams", counted.datagrams),
        *_by_reason("  dropped", counted.dropped),
        ("searches", counted.searches),
        ("answers", counted.answers),
        *_by_reason("announcements", announced),
        *_by_reason("send errors", counted.send_errors),
        ("conflicts", counted.conflicts),
        ("HTTP connections", counted.connections),
        *_by_reason("  timed out", counted.timeouts),
        *_by_reason("  refused", counted.refused),
        *_by_reason("HTTP requests", statuses),
        ("calls", counted.calls),
        *_by_reason("  failed", {f"UPnP error {code}": count for code, count in counted.faults.items()}),
        ("subscriptions", counted.subscriptions),
        ("notifications", counted.notifications),
        *_by_reason("  lost", counted.notifications_lost),
        ("events dropped", counted.events_dropped),
        ("output lines dropped", lines_dropped),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {count:>8}" for name, count in rows)


def summary(stats: Stats, lines_dropped: int) -> str:
    """The last lines: the counters, and what was refused if anything was."""
    dropped = f", lines dropped {lines_dropped}" if lines_dropped else ""
    refused = refusals(stats.snapshot())
    return f"Stopped: {counters(stats)}{dropped}" + (f"\nRefused: {refused}" if refused else "")


def refusals(counted: Counted) -> str:
    """How much was dropped or refused for each reason, on one line; without the reasons that every network has."""
    found = [(reason, count) for reason, count in counted.dropped.items() if reason not in USUAL_DROPS]
    return ", ".join(f"{reason} {count}" for reason, count in [*found, *counted.refused.items()])


def _by_reason(name: str, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(f"{name}: {reason}", count) for reason, count in counts.items()]


def _short(service_id: str) -> str:
    """The end of a serviceId, such as SwitchPower."""
    return printable(service_id.rpartition(":")[2])


def _agent(user_agent: str | None) -> str:
    return f"  ({printable(user_agent)})" if user_agent else ""
