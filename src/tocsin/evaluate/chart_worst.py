"""The worst moments: a small map of each, with who was missed and what was followed for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from tocsin.contract import F64, NS, Objects
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.chart_map import Ground, degrees
from tocsin.evaluate.matching import NOBODY
from tocsin.evaluate.moments import Moments
from tocsin.evaluate.plane import M_PER_DEGREE, Plane, land, scale_bar
from tocsin.evaluate.scene import Scene
from tocsin.evaluate.svg import clock, drawing, path_of, text

WIDTH_PX, HEIGHT_PX = 300, 210
TRAIL_S = 90.0
TRAIL_POINTS = 8
LEAST_M = 12_000.0
NAMED = 3
LABELLED = 6
MOST = 600
"""Objects drawn in one small map."""


def chart_worst(world: Scene, moments: Sequence[Mapping[str, Any]], base: Ground) -> str:
    """Return the moments as figures in a grid, in the order given."""
    cells = []
    for number, moment in enumerate(moments, 1):
        instant = int(np.searchsorted(world.at_ns, moment["at_ns"]))
        since_s = float(moment["at_ns"] - world.at_ns[0]) / NS
        cells.append(
            f'<figure class="moment"><h4><b>{number}</b> {clock(since_s)}'
            f"<span>GOSPA {moment['gospa_m']:,.0f} m</span></h4>"
            f"{_picture(world, instant, base)}<figcaption>{_words(moment)}</figcaption></figure>"
        )
    return f'<div class="moments">{"".join(cells)}</div>'


def _words(moment: Mapping[str, Any]) -> str:
    parts = [
        _named("missed", moment["missed_count"], moment["missed"]),
        _named("false", moment["false_count"], moment["false"]),
    ]
    if moment["far"]:
        far = moment["far"][0]
        parts.append(f"furthest pair {far['distance_m']:,.0f} m: {escape(str(far['target']))}")
    return "; ".join(part for part in parts if part) + "."


def _named(word: str, count: int, names: Sequence[Any]) -> str:
    if not count:
        return f"none {word}"
    shown = ", ".join(escape(str(name)) for name in names[:NAMED])
    more = f" and {count - NAMED} more" if count > NAMED else ""
    return f"<b>{count} {word}</b>: {shown}{more}"


def _picture(world: Scene, instant: int, base: Ground) -> str:
    true, seen = world.true, world.seen
    rows, others = _rows(true, instant), _rows(seen, instant)
    partner = world.matches.best_row[rows]
    hit = partner != NOBODY
    single = others[~np.isin(others, partner[hit])]
    plane = _framed(np.concatenate([degrees(true, rows[~hit]), degrees(seen, single)]), base)
    parts = [
        f'<rect class="sea" width="{WIDTH_PX}" height="{HEIGHT_PX}"/>',
        land(base.setting.coastline, plane),
        _trails(true, instant, world, plane, "truth followed"),
        _trails(seen, instant, world, plane, "track"),
        *_pairs(plane(degrees(true, rows[hit])), plane(degrees(seen, partner[hit])), plane),
        *_signs(true, rows[~hit], plane, "missed"),
        *_signs(seen, single, plane, "false"),
        *scale_bar(plane),
    ]
    return drawing([part for part in parts if part], WIDTH_PX, HEIGHT_PX, "small")


def _rows(moments: Moments, instant: int) -> Index:
    begin, end = moments.offsets[instant : instant + 2].tolist()
    return np.arange(begin, end)


def _framed(trouble_deg: F64, base: Ground) -> Plane:
    """Return a map that holds what went wrong, and some of what is around it."""
    inside = ((trouble_deg >= base.low_deg) & (trouble_deg <= base.high_deg)).all(axis=1)
    if not inside.any():
        return Plane(base.low_deg, base.high_deg, WIDTH_PX, HEIGHT_PX)
    low, high = trouble_deg[inside].min(axis=0), trouble_deg[inside].max(axis=0)
    middle, half = (low + high) / 2.0, (high - low) / 2.0 * 1.25
    least = LEAST_M / 2.0 / M_PER_DEGREE / np.array([np.cos(np.radians(middle[1])), 1.0])
    half = np.maximum(half, least)
    return Plane(middle - half, middle + half, WIDTH_PX, HEIGHT_PX)


def _trails(moments: Moments, instant: int, world: Scene, plane: Plane, style: str) -> str:
    """Return where objects came from in the last minute and a half."""
    back = max(instant - round(TRAIL_S / world.config.period_s), 0)
    begin, end = int(moments.offsets[back]), int(moments.offsets[instant + 1])
    here = _rows(moments, instant)
    rows = begin + np.flatnonzero(np.isin(moments.who[begin:end], moments.who[here[:MOST]]))
    rows = rows[np.argsort(moments.who[rows], kind="stable")]
    points, who = plane(degrees(moments, rows)), moments.who[rows]
    ways = np.split(points, np.flatnonzero(np.diff(who)) + 1) if len(rows) else []
    shapes = [path_of(way, TRAIL_POINTS) for way in ways if _near(way[-1:])]
    return f'<path class="{style}" d="{"".join(shapes)}"/>' if shapes else ""


def _near(points: F64) -> bool:
    x, y = points[0]
    return bool(-40 < x < WIDTH_PX + 40 and -40 < y < HEIGHT_PX + 40)


def _pairs(true_px: F64, seen_px: F64, plane: Plane) -> list[str]:
    """Return matched pairs: a dot at the truth, a line to the estimate."""
    parts = []
    for (x, y), (a, b) in zip(true_px[:MOST].tolist(), seen_px[:MOST].tolist(), strict=True):
        if -10 < x < plane.width_px + 10 and -10 < y < plane.height_px + 10:
            parts.append(f"M{x:.1f} {y:.1f}L{a:.1f} {b:.1f}")
    dots = "".join(part.split("L")[0] + "h0" for part in parts)
    lines = "".join(parts)
    return [f'<path class="error" d="{lines}"/><path class="hit" d="{dots}"/>'] if parts else []


def _signs(moments: Moments, rows: Index, plane: Plane, style: str) -> list[str]:
    """Return a ring around what was missed, a cross at what is nothing, the first ones named."""
    parts = []
    points = plane(degrees(moments, rows[:MOST]))
    names: Objects = moments.names[moments.who[rows[:MOST]]]
    for k, ((x, y), name) in enumerate(zip(points.tolist(), names.tolist(), strict=True)):
        shape = "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0" if style == "missed" else "m-4-4l8 8m0-8l-8 8"
        parts.append(f'<path class="sign {style}" d="M{x:.1f} {y:.1f}{shape}"/>')
        if k < LABELLED and len(rows) <= LABELLED and x < WIDTH_PX - 60:
            parts.append(text(x + 8, y + 4, str(name)[-14:], "sign-name"))
    return parts
