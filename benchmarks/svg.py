"""Line charts as SVG, written without a library so that none needs to be installed."""

import math
from collections.abc import Callable, Sequence
from html import escape

import attrs

# Okabe and Ito's palette, which people with any colour vision can distinguish; ours first, the floor in grey.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#8c8c8c", "#cc79a7")
INK, MUTED, GRID = "#222222", "#666666", "#e4e4e4"

HEIGHT = 430
PANEL_WIDTH, PANEL_HEIGHT = 400, 290
PANEL_TOP, PANEL_LEFT, PANEL_STEP = 58, 62, 476


@attrs.frozen(kw_only=True)
class Axis:
    """An axis from its first to its last tick; `shape` gives the text of a tick."""

    ticks: Sequence[float]
    shape: Callable[[float], str]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """The position of `value` between the first tick (0) and the last one (1), which are also its bounds."""
        first, last = self.ticks[0], self.ticks[-1]
        if self.logarithmic:
            return min(1.0, max(0.0, math.log(max(value, first) / first) / math.log(last / first)))
        return min(1.0, max(0.0, (value - first) / (last - first)))


@attrs.frozen(kw_only=True)
class Curve:
    """One device's points from left to right; `stroke` is its colour's index, `dots` draws a mark at each point."""

    label: str
    points: Sequence[tuple[float, float]]
    stroke: int = 0
    dots: bool = False


@attrs.frozen(kw_only=True)
class Panel:
    """One chart; `mark` is the place and the label of a vertical line."""

    title: str
    ordinate: str
    x: Axis
    y: Axis
    curves: Sequence[Curve]
    mark: tuple[float, str] | None = None


def decades(values: Sequence[float]) -> list[float]:
    """Ticks 1, 2, 5, 10, ... from below the least to above the greatest of `values`, which are positive."""
    steps = [base * 10.0**power for power in range(-4, 7) for base in (1, 2, 5)]
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    first = max((index for index, step in enumerate(steps) if step <= low), default=0)
    last = min((index for index, step in enumerate(steps) if step >= high), default=len(steps) - 1)
    return steps[first : max(last, first + 1) + 1]


def even_ticks(greatest: float) -> list[float]:
    """About five ticks from 0 to above `greatest`, at multiples of 1, 2 or 5 times a power of ten."""
    step = 10.0 ** math.floor(math.log10(max(greatest, 1e-6) / 2))
    step *= next(times for times in (1, 2, 5, 10) if greatest / (step * times) <= 6)
    return [step * number for number in range(math.ceil(greatest / step) + 1)]


def render_panels(panels: Sequence[Panel], caption: str) -> str:
    """The SVG document: the panels side by side, and one legend below them."""
    width = PANEL_STEP * len(panels) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}"'
        ' font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12">',
        f"<title>{escape(caption)}</title>",
        f'<rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for index, panel in enumerate(panels):
        parts += _panel(panel, PANEL_LEFT + PANEL_STEP * index)
    strokes = {curve.stroke: curve.label for panel in panels for curve in panel.curves}
    labels = {strokes[stroke]: stroke for stroke in sorted(strokes)}
    parts += _legend(labels, width)
    parts.append(_text(width / 2, HEIGHT - 10, caption, fill=MUTED, anchor="middle", size=11))
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, left: float) -> list[str]:
    bottom = PANEL_TOP + PANEL_HEIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        return left + PANEL_WIDTH * panel.x.place(x), bottom - PANEL_HEIGHT * panel.y.place(y)

    parts = [
        _text(left, PANEL_TOP - 28, panel.title, size=14, weight=600),
        _text(left, PANEL_TOP - 10, panel.ordinate, fill=MUTED, size=11),
    ]
    for number, tick in enumerate(panel.y.ticks):
        _, y = at(panel.x.ticks[0], tick)
        parts.append(_line(left, y, left + PANEL_WIDTH, y, GRID if number else INK))
        parts.append(_text(left - 8, y + 4, panel.y.shape(tick), fill=MUTED, anchor="end"))
    for tick in panel.x.ticks:
        x, _ = at(tick, panel.y.ticks[0])
        parts.append(_line(x, bottom, x, bottom + 5, INK))
        parts.append(_text(x, bottom + 19, panel.x.shape(tick), fill=MUTED, anchor="middle"))
    if panel.mark is not None:
        x, _ = at(panel.mark[0], panel.y.ticks[0])
        parts.append(_line(x, PANEL_TOP, x, bottom, INK, dashes="2 3"))
        parts.append(_text(x - 5, bottom - 8, panel.mark[1], anchor="end"))
    for curve in reversed(panel.curves):  # ours is drawn last, over the others
        places = [at(x, y) for x, y in curve.points]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{points}" fill="none" stroke-linejoin="round" {_stroke(curve.stroke)}/>')
        if curve.dots:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{COLOURS[curve.stroke]}"/>' for x, y in places]
    return parts


def _stroke(index: int) -> str:
    return f'stroke="{COLOURS[index]}" stroke-width="{2.6 if index == 0 else 1.6}"'


def _legend(labels: dict[str, int], width: float) -> list[str]:
    y, swatch, gap, letter = HEIGHT - 36, 24, 26, 6.6  # a letter's mean width at this size, by eye
    widths = [swatch + 6 + len(label) * letter for label in labels]
    left = (width - sum(widths) - gap * (len(labels) - 1)) / 2
    parts = []
    for (label, stroke), taken in zip(labels.items(), widths, strict=True):
        parts.append(f'<line x1="{left:.1f}" y1="{y - 4}" x2="{left + swatch:.1f}" y2="{y - 4}" {_stroke(stroke)}/>')
        parts.append(_text(left + swatch + 6, y, label))
        left += taken + gap
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(
    x: float, y: float, text: str, *, fill: str = INK, anchor: str = "start", size: int = 12, weight: int = 400
) -> str:
    style = f'fill="{fill}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
