"""The latency plot: cumulative distributions as an SVG, written by hand so that nothing needs to be installed.

Shares are of the searches sent: a curve that ends below 100 % is a device that left searches unanswered.
"""

import math
from collections.abc import Callable, Sequence
from html import escape

import attrs

# Okabe and Ito's palette, told apart with any colour vision; ours first, the floor in grey.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c8c8c")
INK, MUTED, GRID = "#222222", "#666666", "#e4e4e4"

WIDTH, HEIGHT = 960, 430
PANEL_WIDTH, PANEL_HEIGHT = 400, 290
PANEL_TOP, PANEL_LEFTS = 58, (56, 526)
MAX_CURVE_POINTS = 400


@attrs.frozen(kw_only=True)
class Curve:
    """One device's sorted delays, in ms, out of `sent` searches."""

    label: str
    delays_ms: Sequence[float]
    sent: int


@attrs.frozen(kw_only=True)
class Panel:
    """One distribution plot; its x axis runs over `ticks_ms`, `mark_ms` is an upright line with a word."""

    title: str
    curves: Sequence[Curve]
    ticks_ms: Sequence[float]
    logarithmic: bool = False
    mark_ms: float | None = None
    mark: str = ""


def latency_ticks(delays_ms: Sequence[float]) -> list[float]:
    """Ticks 1, 2, 5, 10, ... from below the least to above the 99.9th percentile of the sorted `delays_ms`."""
    if not delays_ms:
        return [0.1, 1.0]
    low, high = delays_ms[0], delays_ms[min(len(delays_ms) - 1, int(len(delays_ms) * 0.999))]
    steps = [base * 10.0**power for power in range(-3, 5) for base in (1, 2, 5)]
    first = max(index for index, step in enumerate(steps) if step <= max(low, steps[0]))
    last = min(index for index, step in enumerate(steps) if step >= min(high, steps[-1]))
    return steps[first : max(last, first + 1) + 1]


def render_plot(panels: tuple[Panel, Panel], caption: str) -> str:
    """The SVG document with two panels side by side and one legend below; all curves in both in the same order."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12">',
        f"<title>{escape(caption)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for left, panel in zip(PANEL_LEFTS, panels, strict=True):
        parts += _panel(panel, left)
    parts += _legend([curve.label for curve in panels[0].curves])
    parts.append(_text(WIDTH / 2, HEIGHT - 10, caption, fill=MUTED, anchor="middle", size=11))
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, left: float) -> list[str]:
    bottom = PANEL_TOP + PANEL_HEIGHT
    x = _scale(panel, left)
    parts = [_text(left, PANEL_TOP - 28, panel.title, size=14, weight=600)]
    parts.append(_text(left, PANEL_TOP - 10, "answered, of all searches sent", fill=MUTED, size=11))
    for percent in (0, 25, 50, 75, 100):
        y = bottom - PANEL_HEIGHT * percent / 100
        parts.append(_line(left, y, left + PANEL_WIDTH, y, GRID if percent else INK))
        parts.append(_text(left - 8, y + 4, f"{percent} %", fill=MUTED, anchor="end"))
    for tick in panel.ticks_ms:
        parts.append(_line(x(tick), bottom, x(tick), bottom + 5, INK))
        parts.append(_text(x(tick), bottom + 19, _milliseconds(tick), fill=MUTED, anchor="middle"))
    if panel.mark_ms is not None:
        parts.append(_line(x(panel.mark_ms), PANEL_TOP, x(panel.mark_ms), bottom, INK, dashes="2 3"))
        parts.append(_text(x(panel.mark_ms) - 5, bottom - 8, panel.mark, anchor="end"))
    # Ours is drawn last, over the others.
    for index in reversed(range(len(panel.curves))):
        parts += _curve(panel.curves[index], index, x, panel.ticks_ms[-1])
    return parts


def _scale(panel: Panel, left: float) -> Callable[[float], float]:
    first, last = panel.ticks_ms[0], panel.ticks_ms[-1]

    def logarithmic(value: float) -> float:
        share = math.log(max(value, first) / first) / math.log(last / first)
        return left + PANEL_WIDTH * min(1.0, share)

    def linear(value: float) -> float:
        return left + PANEL_WIDTH * min(1.0, (value - first) / (last - first))

    return logarithmic if panel.logarithmic else linear


def _curve(curve: Curve, index: int, x: Callable[[float], float], last_ms: float) -> list[str]:
    """Steps up at each delay; a curve that ends inside the panel is drawn on to its right edge at its height."""
    count = len(curve.delays_ms)
    if not count:
        return []
    picked = sorted({round(step * (count - 1) / MAX_CURVE_POINTS) for step in range(MAX_CURVE_POINTS + 1)})

    def y(answered: int) -> float:
        return PANEL_TOP + PANEL_HEIGHT * (1 - answered / curve.sent)

    points = [f"{x(curve.delays_ms[0]):.1f},{y(0):.1f}"]
    points += [f"{x(curve.delays_ms[at]):.1f},{y(at + 1):.1f}" for at in picked if curve.delays_ms[at] <= last_ms]
    visible = sum(delay <= last_ms for delay in curve.delays_ms)
    points.append(f"{x(last_ms):.1f},{y(visible):.1f}")
    return [f'<polyline points="{" ".join(points)}" fill="none" stroke-linejoin="round" {_stroke(index)}/>']


def _stroke(index: int) -> str:
    width = 2.6 if index == 0 else 1.6
    dashes = ' stroke-dasharray="5 3"' if index == len(COLOURS) - 1 else ""
    return f'stroke="{COLOURS[index % len(COLOURS)]}" stroke-width="{width}"{dashes}'


def _legend(labels: Sequence[str]) -> list[str]:
    y, swatch, gap, letter = HEIGHT - 36, 24, 26, 6.6  # a letter's mean width at this size, picked by eye
    widths = [swatch + 6 + len(label) * letter for label in labels]
    left = (WIDTH - sum(widths) - gap * (len(labels) - 1)) / 2
    parts = []
    for index, (label, width) in enumerate(zip(labels, widths, strict=True)):
        parts.append(f'<line x1="{left:.1f}" y1="{y - 4}" x2="{left + swatch:.1f}" y2="{y - 4}" {_stroke(index)}/>')
        parts.append(_text(left + swatch + 6, y, label))
        left += width + gap
    return parts


def _milliseconds(value: float) -> str:
    return f"{value * 1000:.0f} µs" if 0 < value < 1 else f"{value:.0f} ms"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def _text(
    x: float, y: float, text: str, *, fill: str = INK, anchor: str = "start", size: int = 12, weight: int = 400
) -> str:
    style = f'fill="{fill}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
