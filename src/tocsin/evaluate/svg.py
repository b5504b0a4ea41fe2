"""Small charts as SVG text: told apart by dash and lightness, so that grey paper shows them too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Bool

WIDTH = 1080
LEFT, RIGHT, TOP, BOTTOM = 58, 118, 10, 26
MAX_POINTS = 800


@dataclass(frozen=True)
class Axis:
    """Map values to pixels, linearly or by their logarithm."""

    low: float
    high: float
    from_px: float
    to_px: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = (log10(max(v, 1e-12)) for v in (value, low, high))
        share = (value - low) / ((high - low) or 1.0)
        return self.from_px + share * (self.to_px - self.from_px)

    def ticks(self, count: int = 5) -> list[float]:
        """Return round values along the axis.

        >>> Axis(0.0, 9.3, 0, 100).ticks()
        [0.0, 2.0, 4.0, 6.0, 8.0]
        >>> Axis(0.4, 30.0, 0, 100, log=True).ticks()
        [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
        """
        if self.log:
            first, last = floor(log10(self.low)), ceil(log10(self.high))
            steps = (1.0, 2.0, 5.0) if last - first <= 3 else (1.0,)
            every = [m * 10.0**k for k in range(first, last + 1) for m in steps]
            return [value for value in every if self.low <= value <= self.high]
        span = (self.high - self.low) or 1.0
        power = 10.0 ** floor(log10(span / count))
        step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= count)
        first, last = ceil(self.low / step), floor(self.high / step)
        return [k * step for k in range(first, last + 1)]


def bar_rows(
    rows: Sequence[tuple[str, Sequence[tuple[float, float, str]]]], end_s: float, row_px: int = 18
) -> str:
    """Return one row of bars over time for each name.

    Args:
        rows: name and bars (start in seconds, end in seconds, style).
        end_s: right end of the time axis.
        row_px: height of a row.
    """
    height = TOP + row_px * len(rows) + BOTTOM
    across = Axis(0.0, end_s, 190, WIDTH - 16)
    parts = [time_axis(across, height)]
    for k, (name, bars) in enumerate(rows):
        top = TOP + k * row_px
        parts.append(text(182, top + row_px * 0.7, name, "end"))
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


def pieces(points_px: F64, joined: Bool) -> str:
    """Return a path through (n, 2) points in tenths of a pixel, relative, so that it is short.

    Args:
        points_px: (n, 2) points.
        joined: (n,) whether a line leads from the point before; a lone point becomes a dot.
    """
    if len(points_px) == 0:
        return ""
    tenths = np.rint(points_px * 10.0).astype(np.int64)
    steps = np.diff(tenths, axis=0, prepend=tenths[:1])
    alone = ~joined & ~np.append(joined[1:], False)
    moved = joined & (steps != 0).any(axis=1)
    words = []
    for (x, y), (dx, dy), start, dot, line in zip(
        tenths.tolist(),
        steps.tolist(),
        (~joined).tolist(),
        alone.tolist(),
        moved.tolist(),
        strict=True,
    ):
        if start:
            words.append(f"M{x} {y}" + ("h0" if dot else ""))
        elif line:
            words.append(f"l{dx} {dy}" if dy >= 0 else f"l{dx}{dy}")
    return "".join(words)


def thinned(values: NDArray[np.float64], most: int = MAX_POINTS) -> NDArray[np.float64]:
    """Return means over equal stretches, NaN left out, so that at most `most` values are left."""
    size = -(-len(values) // most)
    if size <= 1:
        return values
    padded = np.append(values, np.full(-len(values) % size, np.nan)).reshape(-1, size)
    known = np.isfinite(padded)
    count = known.sum(axis=1)
    sums = np.where(known, padded, 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def drawing(parts: Sequence[str], width: float, height: float, style: str = "") -> str:
    """Return parts as one drawing that scales with the page."""
    body = "\n".join(parts)
    named = f' class="{style}"' if style else ""
    return f'<svg{named} viewBox="0 0 {width:.0f} {height:.0f}" role="img">\n{body}\n</svg>'


def clock(seconds: float) -> str:
    """Return a duration as hours, minutes and, where there are any, seconds.

    >>> clock(3720.0), clock(61.0)
    ('1:02', '0:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def time_axis(across: Axis, height: float, top: float = TOP, labelled: bool = True) -> str:
    """Return lines at round times, labelled below."""
    parts = []
    for at_s in time_ticks(across):
        x = across(at_s)
        parts.append(f'<path class="grid" d="M{x:.1f} {top:.1f}V{height - BOTTOM:.1f}"/>')
        if labelled:
            parts.append(text(x, height - BOTTOM + 16, clock(at_s), "middle"))
    return "\n".join(parts)


def time_ticks(across: Axis) -> list[float]:
    """Return round times along an axis of seconds: as a clock has them, not as tens do."""
    span = max(across.high - across.low, 1.0)
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
    step = next((s for s in steps if span / s <= 9), 86400)
    return [float(k * step) for k in range(ceil(across.low / step), floor(across.high / step) + 1)]


def number(value: float) -> str:
    """Return a number of an axis, short.

    >>> number(20000.0), number(0.25)
    ('20,000', '0.25')
    """
    return f"{value:,.0f}" if abs(value) >= 10.0 else f"{value:g}"


def text(x: float, y: float, words: str, style: str = "") -> str:
    """Return words at a place."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'
