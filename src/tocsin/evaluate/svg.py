"""Small charts as SVG text: told apart by dash and lightness, so that grey paper shows them too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10

import numpy as np

from tocsin.contract import F64

WIDTH = 960
LEFT, RIGHT, TOP, BOTTOM = 64, 112, 14, 34
MAX_POINTS = 800


@dataclass(frozen=True)
class Axis:
    """Map values to pixels, linearly."""

    low: float
    high: float
    from_px: float
    to_px: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.from_px + share * (self.to_px - self.from_px)

    def ticks(self, count: int = 5) -> list[float]:
        """Return round values along the axis.

        >>> Axis(0.0, 9.3, 0, 100).ticks()
        [0.0, 2.0, 4.0, 6.0, 8.0]
        """
        span = (self.high - self.low) or 1.0
        power = 10.0 ** floor(log10(span / count))
        step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= count)
        first, last = ceil(self.low / step), floor(self.high / step)
        return [k * step for k in range(first, last + 1)]


@dataclass(frozen=True)
class Line:
    """Hold one line of a chart: its label and how it looks."""

    label: str
    values: Sequence[float]
    style: str


def line_chart(x_s: Sequence[float], lines: Sequence[Line], unit: str, height: int = 240) -> str:
    """Return lines over time, labelled at their ends.

    Args:
        x_s: time of each value in seconds since the start.
        lines: values and labels.
        unit: of the values, written above the axis.
        height: of the drawing in pixels.
    """
    finite = [v for line in lines for v in line.values if isfinite(v)]
    across = Axis(min(x_s, default=0.0), max(x_s, default=1.0), LEFT, WIDTH - RIGHT)
    up = Axis(0.0, max(finite, default=1.0) * 1.05 or 1.0, height - BOTTOM, TOP)
    parts = [_grid(across, up, height), _text(LEFT - 8, TOP - 3, unit, "end small")]
    labels = _label_places([up(line.values[-1]) if line.values else TOP for line in lines])
    step = max(len(x_s) // MAX_POINTS, 1)
    for line, place in zip(lines, labels, strict=True):
        points = zip(x_s[::step], line.values[::step], strict=True)
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="line {line.style}" points="{path}"/>')
        parts.append(_text(WIDTH - RIGHT + 8, place + 4, line.label, f"label {line.style}"))
    return drawing(parts, WIDTH, height)


def bar_rows(
    rows: Sequence[tuple[str, Sequence[tuple[float, float, str]]]], end_s: float, row_px: int = 20
) -> str:
    """Return one row of bars over time for each name.

    Args:
        rows: name and bars (start in seconds, end in seconds, style).
        end_s: right end of the time axis.
        row_px: height of a row.
    """
    height = TOP + row_px * len(rows) + BOTTOM
    across = Axis(0.0, end_s, 190, WIDTH - 16)
    parts = [_time_axis(across, height)]
    for k, (name, bars) in enumerate(rows):
        top = TOP + k * row_px
        parts.append(_text(182, top + row_px * 0.7, name, "end"))
        parts += [_bar(across, bar, top, row_px) for bar in bars]
    return drawing(parts, WIDTH, height)


def _bar(across: Axis, bar: tuple[float, float, str], top: float, row_px: int) -> str:
    start, end, style = bar
    inset = {"needed": 0.1, "effect": 0.1}.get(style, 0.28)
    width = max(across(end) - across(start), 2.0)
    return (
        f'<rect class="{style}" x="{across(start):.1f}" y="{top + inset * row_px:.1f}" '
        f'width="{width:.1f}" height="{row_px * (1 - 2 * inset):.1f}"/>'
    )


def path_of(points_px: F64, most: int = MAX_POINTS) -> str:
    """Return an SVG path through (n, 2) pixels, thinned where it is long."""
    step = max(len(points_px) // most, 1)
    thin = np.concatenate([points_px[:-1:step], points_px[-1:]])
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in thin)


def drawing(parts: Sequence[str], width: float, height: float) -> str:
    """Return parts as one drawing that scales with the page."""
    body = "\n".join(parts)
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img">\n{body}\n</svg>'


def clock(seconds: float) -> str:
    """Return a duration as hours, minutes and, where there are any, seconds.

    >>> clock(3720.0), clock(61.0)
    ('1:02', '0:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def _grid(across: Axis, up: Axis, height: int) -> str:
    parts = [_time_axis(across, height)]
    for value in up.ticks(4):
        y = f"{up(value):.1f}"
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, up(value) + 4, f"{value:g}", "end"))
    return "\n".join(parts)


def _time_axis(across: Axis, height: int) -> str:
    parts = []
    whole_min = Axis(across.low / 60.0, across.high / 60.0, across.from_px, across.to_px)
    for minute in whole_min.ticks(8):
        x = whole_min(minute)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{height - BOTTOM}"/>')
        parts.append(_text(x, height - BOTTOM + 18, clock(minute * 60.0), "middle"))
    return "\n".join(parts)


def _label_places(wanted: Sequence[float]) -> list[float]:
    """Return label heights at least a line apart, pushed upwards, in the order given."""
    places = [0.0] * len(wanted)
    free = float("inf")
    for k in sorted(range(len(wanted)), key=lambda k: -wanted[k]):
        free = places[k] = min(wanted[k], free - 15.0)
    return places


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
