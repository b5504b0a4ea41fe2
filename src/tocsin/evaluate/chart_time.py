"""Charts over time: one panel for each tracker, all on the same scales, one below another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from tocsin.contract import F64
from tocsin.evaluate.svg import (
    BOTTOM,
    LEFT,
    MAX_POINTS,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    drawing,
    number,
    text,
    thinned,
    time_axis,
)

PANEL_PX = 150
GAP_PX = 30
USUAL, PEAK = 0.98, 1.4
"""Peaks above this many times this quantile are cut, so that one does not flatten all others."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Hold one line of a panel, labelled at its end; NaN leaves a gap."""

    label: str
    values: F64
    style: str


@dataclass(frozen=True, eq=False)
class Panel:
    """Hold one panel.

    Args:
        title: written at its upper left.
        curves: lines.
        stack: label, values and style of areas laid one upon another from zero.
        band: lower and upper edge of a shaded band.
        marks_s: instants marked at the top, numbered.
    """

    title: str
    curves: Sequence[Curve] = ()
    stack: Sequence[Curve] = ()
    band: tuple[F64, F64] | None = None
    marks_s: Sequence[float] = field(default=())


def panels(
    x_s: F64, rows: Sequence[Panel], unit: str, log: bool = False, panel_px: int = PANEL_PX
) -> str:
    """Return panels over a common time axis, on a common scale.

    Args:
        x_s: (n,) seconds since the start.
        rows: panels, from the top.
        unit: of the values, written above the axis.
        log: whether the scale is logarithmic.
        panel_px: height of a panel.
    """
    across = Axis(float(x_s[0]), float(x_s[-1]), LEFT, WIDTH - RIGHT)
    low, high = _range(rows, log)
    size = -(-len(x_s) // MAX_POINTS)
    short_s = thinned(x_s) if size > 1 else x_s
    parts = []
    for k, row in enumerate(rows):
        top = TOP + 14 + k * (panel_px + GAP_PX)
        up = Axis(low, high, top + panel_px, top, log)
        last = k == len(rows) - 1
        parts.append(time_axis(across, top + panel_px + BOTTOM, top, last))
        parts += _scale(up, unit if k == 0 else "")
        parts += _panel(short_s, row, across, up)
        parts.append(text(WIDTH - RIGHT - 6, top + 14, row.title, "title end"))
    height = TOP + 14 + len(rows) * (panel_px + GAP_PX) - GAP_PX + BOTTOM
    return drawing(parts, WIDTH, height)


def _range(rows: Sequence[Panel], log: bool) -> tuple[float, float]:
    held: list[F64] = []
    for row in rows:
        held += [thinned(curve.values) for curve in row.curves]
        held += [thinned(edge) for edge in row.band or ()]
        if row.stack:
            held.append(thinned(np.sum([curve.values for curve in row.stack], axis=0)))
    values = np.concatenate(held) if held else np.zeros(0)
    values = values[np.isfinite(values)]
    high = float(values.max()) * 1.05 if len(values) and values.max() > 0.0 else 1.0
    if not log:
        usual = float(np.quantile(values, USUAL)) * PEAK if len(values) else high
        return 0.0, min(high, usual) or high
    positive = values[values > 0.0]
    if len(positive) == 0:
        return high / 10.0, high
    low, usual = np.quantile(positive, (0.002, USUAL)).tolist()
    high = min(high, usual * PEAK**3)
    return min(low, high / 10.0), high


def _scale(up: Axis, unit: str) -> list[str]:
    parts = [text(LEFT - 8, up.to_px - 5, unit, "end small")] if unit else []
    for value in up.ticks(4):
        y = up(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(text(LEFT - 8, y + 4, number(value), "end"))
    return parts


def _panel(x_s: F64, row: Panel, across: Axis, up: Axis) -> list[str]:
    x = np.array([across(at_s) for at_s in x_s.tolist()])
    parts, wanted = [], []
    if row.band is not None:
        low, high = (_pixels(thinned(edge), up) for edge in row.band)
        parts.append(_area(x, low, high, "band"))
    below = np.zeros(len(x))
    for layer in row.stack:
        above = below + np.nan_to_num(thinned(layer.values))
        parts.append(_area(x, _pixels(below, up), _pixels(above, up), f"layer {layer.style}"))
        middle = (below[-1] + above[-1]) / 2.0
        wanted.append((up(float(middle)), layer))
        below = above
    for curve in row.curves:
        y = _pixels(thinned(curve.values), up)
        parts.append(f'<path class="line {curve.style}" d="{_line(x, y)}"/>')
        known = y[np.isfinite(y)]
        wanted.append((float(known[-1]) if len(known) else up.from_px, curve))
    places = _apart([place for place, _ in wanted], up)
    edge = WIDTH - RIGHT + 8
    for place, (_, curve) in zip(places, wanted, strict=True):
        parts.append(text(edge, place + 4, curve.label, f"label {curve.style}"))
    return parts + _marks(row.marks_s, across, up.to_px)


def _marks(marks_s: Sequence[float], across: Axis, top: float) -> list[str]:
    """Return numbered triangles at instants; a number goes where there is room for it."""
    parts, free = [], -inf
    for k in np.argsort(marks_s, kind="stable").tolist():
        spot = across(marks_s[k])
        parts.append(f'<path class="mark" d="M{spot:.1f} {top:.1f}l-4-7h8Z"/>')
        if spot >= free:
            parts.append(text(spot, top - 9, str(k + 1), "middle tiny"))
            free = spot + 13.0
    return parts


def _pixels(values: F64, up: Axis) -> F64:
    held = np.array([up(v) if np.isfinite(v) else np.nan for v in values.tolist()])
    return np.asarray(np.clip(held, up.to_px, up.from_px))


def _line(x: F64, y: F64) -> str:
    known = np.isfinite(y)
    start = known & ~np.append(False, known[:-1])
    words = [
        f"{'M' if s else 'L'}{a:.1f} {b:.1f}"
        for a, b, k, s in zip(x.tolist(), y.tolist(), known.tolist(), start.tolist(), strict=True)
        if k
    ]
    return "".join(words)


def _area(x: F64, low: F64, high: F64, style: str) -> str:
    """Return areas between two edges, one for each stretch in which both are known."""
    known = np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(known.astype(int), prepend=0, append=0))
    shapes = []
    for begin, end in edges.reshape(-1, 2).tolist():
        ahead = [f"{a:.1f} {b:.1f}" for a, b in zip(x[begin:end], high[begin:end], strict=True)]
        back = [f"{a:.1f} {b:.1f}" for a, b in zip(x[begin:end], low[begin:end], strict=True)]
        shapes.append("M" + "L".join(ahead + back[::-1]) + "Z")
    return f'<path class="{style}" d="{"".join(shapes)}"/>'


def _apart(wanted: Sequence[float], up: Axis) -> list[float]:
    """Return label heights at least a line apart, within the panel, in the order given."""
    places = [0.0] * len(wanted)
    free = inf
    for k in sorted(range(len(wanted)), key=lambda k: -wanted[k]):
        free = places[k] = min(wanted[k], free - 14.0)
    short = up.to_px - min(places, default=up.to_px)
    return [place + max(short, 0.0) for place in places]
