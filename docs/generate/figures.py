"""The drawn figures: the rooms of the package, made from its folders, and the paths of requests and events.

They are SVG within the page, so that they take the page's colours, light or dark.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

import attrs

from docs.generate.tables import PACKAGE, first_sentence, modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FIGURES", "PATHS", "Step", "rooms"]

WIDTH = 740
MARGIN = 12
LINE = 17
# what a character of 12.5 pixels takes on average, in wide fonts
CHARACTER = 6.9

#: the rooms from the roof down; a room imports from its own level's left and from the levels below
LEVELS: tuple[tuple[str, ...], ...] = (
    ("demo", "cli", "testing"),
    ("asgi", "wsgi"),
    ("mounted",),
    ("threads", "asyncio"),
    ("bridging",),
    ("server", "controlpoint"),
    ("http",),
    ("monitoring", "tasks"),
    ("state", "network"),
    ("exchange", "service_calls", "service_requests", "site"),
    ("profiles",),
    ("cloning", "services", "control", "eventing"),
    ("ssdp", "documents"),
    ("model",),
)
#: above this level is trio, the clock, chance and the network
FIRST_PURE = "site"
#: what every room may use, too small for a box
SMALL = ("errors", "dates", "deprecation", "_version")


@attrs.frozen
class Step:
    """One station of a path: the room and what happens in it."""

    room: str
    what: str


#: paths through the rooms; a test knows that the rooms exist
PATHS: dict[str, tuple[Step, ...]] = {
    "A search": (
        Step("network", "A datagram comes in on one interface."),
        Step("ssdp", "It is parsed. The same bytes are parsed once."),
        Step("ssdp", "One policy decides: drop it, with a reason, or answer it."),
        Step("ssdp", "The index gives one row for each answer, with its delay within MX."),
        Step("server/discovery", "The answers wait in one queue. Reading goes on meanwhile."),
        Step("network", "Each answer leaves on the interface the search came in on."),
    ),
    "A GET": (
        Step("network", "A connection is accepted, within its address's share."),
        Step("http", "The head is read within limits of size and time: a plain GET by a pattern, others by h11."),
        Step("http", "The Host header is checked against our own addresses."),
        Step("site", "Method and path give a response, made when the device was published."),
        Step("http", "Date and headers are added, and the body is not copied."),
        Step("network", "Head and body are sent. The connection stays open for the next request."),
    ),
    "A call": (
        Step("http", "Head and body are read within their limits, and Host and Origin are checked."),
        Step("site", "The path gives the service. It has a handler, so the request is a call."),
        Step("control", "Headers and envelope give the action and its arguments as typed values, or an error."),
        Step("server", "The handler's method runs. If it waits, it has a deadline and a place among a bounded number."),
        Step("control", "The result or the UPnP error is rendered as SOAP."),
        Step("http", "It is sent as any response."),
    ),
    "A question of ours": (
        Step("controlpoint", "A search leaves from sockets of its own on each address, with the time of each."),
        Step("network", "An answer comes in, with the time of its arrival and its interface."),
        Step("ssdp", "It is read leniently. What is forgiven is noted. The cache knows which row is new."),
        Step("controlpoint", "Before a LOCATION is fetched, it has to lead to the link that it came from."),
        Step("http", "The client asks in its turn: so much of one address, so much and so long of one answer."),
        Step("documents", "Description and SCPDs become the same values that a device is served from."),
    ),
    "An event": (
        Step("services", "An assignment is checked and stored. It notes the change."),
        Step("eventing", "Moderation decides when the change may leave."),
        Step("server", "When the handler waits or ends, all that may leave becomes one event."),
        Step("eventing", "It is rendered once. Each subscription gives it a number and a place in its queue."),
        Step("server", "Each subscription's own task sends its queue in order over a kept connection."),
        Step("network", "The subscriber replies. A failure loses that message, and the subscription stays."),
    ),
}


def rooms() -> dict[str, str]:
    """Each room of the package and what it does: its folders, and the modules beside them."""
    found = {}
    for path, module in modules():
        relative = path.relative_to(PACKAGE).with_suffix("")
        name = relative.parent if relative.name == "__init__" else relative
        if relative.name == "__init__" or len(relative.parts) == 1:
            found[name.as_posix()] = first_sentence(module.__doc__ or "")
    del found["."]
    return found


def _rooms() -> str:
    sentences = rooms()
    drawn = {name for level in LEVELS for name in level} | set(SMALL)
    if unknown := {name.partition("/")[0] for name in sentences} ^ drawn:
        raise LookupError(f"docs/generate/figures.py and the package differ in the rooms {sorted(unknown)}")
    parts, y = [], MARGIN
    for level in LEVELS:
        if FIRST_PURE in level:
            parts.append(_line(y + 6))
            y += 42
        gap = MARGIN
        width = (WIDTH - 2 * MARGIN - gap * (len(level) - 1)) // len(level)
        tallest = max(30 + LINE * len(_wrapped(sentences[name], width - 2 * MARGIN)) for name in level)
        for place, name in enumerate(level):
            inner = {room: what for room, what in sentences.items() if room.startswith(f"{name}/")}
            box, height = _box(MARGIN + place * (width + gap), y, width, name, sentences[name], inner, tallest)
            parts.append(box)
            tallest = max(tallest, height)
        y += tallest + MARGIN
    title = "The layers of the package, from the command down to the model; imports point downwards"
    return _svg(title, y, parts)


def _box(x: int, y: int, width: int, name: str, what: str, inner: dict[str, str], least: int = 0) -> tuple[str, int]:
    lines = _wrapped(what, width - 2 * MARGIN)
    height = max(30 + LINE * len(lines), least)
    parts = [_text(x + MARGIN, y + 22, name + ("" if (PACKAGE / f"{name}.py").exists() else "/"), "name")]
    parts += [_text(x + MARGIN, y + 22 + LINE * number, line) for number, line in enumerate(lines, 1)]
    if inner:
        each = (width - MARGIN) // len(inner) - MARGIN
        tallest = 0
        for place, (room, sentences) in enumerate(inner.items()):
            box, inner_height = _box(x + MARGIN + place * (each + MARGIN), y + height + 2, each, room, sentences, {})
            parts.append(box)
            tallest = max(tallest, inner_height)
        height += tallest + MARGIN
    frame = f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    return "\n".join([frame, *parts]), height


def _line(y: int) -> str:
    below = _text(
        WIDTH - MARGIN, y + 27, "↓ pure functions over frozen values: no trio, socket, clock or chance", "end"
    )
    above = _text(MARGIN, y + 2, "↑ trio, sockets, the clock and chance")
    return f'<line class="line" x1="{MARGIN}" y1="{y + 9}" x2="{WIDTH - MARGIN}" y2="{y + 9}"/>\n{above}\n{below}'


def _path(name: str, steps: Sequence[Step]) -> str:
    gap = 26
    width = (WIDTH - 2 * MARGIN - gap * (len(steps) // 2 - 1)) // (len(steps) // 2)
    parts, y = [], MARGIN
    for row in (steps[: len(steps) // 2], steps[len(steps) // 2 :]):
        height = max(30 + LINE * len(_wrapped(step.what, width - 2 * MARGIN)) for step in row)
        for place, step in enumerate(row):
            x = MARGIN + place * (width + gap)
            number = steps.index(step) + 1
            parts.append(f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
            parts.append(_text(x + MARGIN, y + 22, f"{number}  {step.room}", "name"))
            for line_number, line in enumerate(_wrapped(step.what, width - 2 * MARGIN), 1):
                parts.append(_text(x + MARGIN, y + 22 + LINE * line_number, line))
            if place:
                parts.append(_arrow(x - gap + 4, y + height // 2, gap - 8))
        y += height + 22
    return _svg(f"{name}: the parts it passes, step by step", y - 10, parts)


def _arrow(x: int, y: int, length: int) -> str:
    return f'<path class="arrow" d="M{x} {y}h{length - 1}m-6 -5l6 5l-6 5"/>'


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text.replace("`", ""), max(int(width / CHARACTER), 12))


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    kinds = f' class="{kind}"' if kind else ""
    return f'<text{kinds} x="{x}" y="{y}">{escape(text)}</text>'


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    begin = f'<svg class="figure" viewBox="0 0 {WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">'
    # no empty line may stand in it: it would end the HTML for Markdown
    return "\n".join(['<div class="drawn">', begin, f"<title>{escape(title)}</title>", *parts, "</svg>", "</div>"])


def _figures() -> Iterator[tuple[str, str]]:
    yield "rooms", _rooms()
    for name, steps in PATHS.items():
        yield name.lower().replace(" ", "-"), _path(name, steps)


#: what each marker in a page stands for: ``<!-- generated: figure-rooms -->``
FIGURES = {f"figure-{name}": drawn for name, drawn in _figures()}
