"""The map of a report: true paths, where they were followed and where not, tracks of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.chart_scenario import Setting
from tocsin.evaluate.moments import Moments
from tocsin.evaluate.plane import Plane, land, reaches, scale_bar
from tocsin.evaluate.scene import Scene
from tocsin.evaluate.spans import length_ns
from tocsin.evaluate.svg import drawing, path_of, pieces
from tocsin.evaluate.warning_records import ZoneRecord
from tocsin.geo import ecef_to_geodetic

POINTS = 60_000
"""Points of all true paths, and of all tracks, of all the maps of a report together."""
PLOTS = 24_000
SURROUNDINGS = 0.06
SHARE = 0.004
"""Share of places on each side that may lie outside the map: a few far ones shrink the rest."""
STATES = ("beyond", "followed", "missed")


@dataclass(frozen=True, eq=False)
class Ground:
    """Hold what every map of a report shows.

    Args:
        low_deg: (2,) longitude and latitude of the lower left corner.
        high_deg: (2,) of the upper right one.
        setting: land and sensors.
        plots_deg: (n, 2) places of plots.
        plots_at_ns: (n,) their times.
        records: zones and what happened in them.
    """

    low_deg: F64
    high_deg: F64
    setting: Setting
    plots_deg: F64
    plots_at_ns: I64
    records: Sequence[ZoneRecord] = ()


def ground(
    worlds: Sequence[Scene],
    setting: Setting,
    plots_deg: F64,
    plots_at_ns: I64,
    records: Sequence[ZoneRecord],
) -> Ground | None:
    """Return what maps show: where nearly all true paths are; None where there is no place."""
    rings = [np.array(r, float) for rec in records for p in rec.zone.polygons for r in p[:1]]
    paths = [degrees(world.true) for world in worlds[:1]] or [np.zeros((0, 2))]
    if len(paths[0]) == 0:
        paths = [degrees(world.seen) for world in worlds]
    places = np.concatenate([*paths, *rings])
    if len(places) == 0:
        return None
    low, high = np.quantile(places, (SHARE, 1.0 - SHARE), axis=0)
    margin = np.maximum((high - low) * SURROUNDINGS, 1e-3)
    return Ground(low - margin, high + margin, setting, plots_deg, plots_at_ns, records)


def degrees(moments: Moments, rows: Index | slice | None = None) -> F64:
    """Return (n, 2) longitudes and latitudes of moments."""
    ecef = moments.ecef_m if rows is None else moments.ecef_m[rows]
    if len(ecef) == 0:
        return np.zeros((0, 2))
    latitude, longitude, _ = ecef_to_geodetic(ecef)
    return np.stack([longitude, latitude], axis=-1)


def chart_map(world: Scene, base: Ground, width_px: float, height_px: float, maps: int = 1) -> str:
    """Return one of several maps: paths and tracks, told apart by how they were followed."""
    most = POINTS // maps
    plane = Plane(base.low_deg, base.high_deg, width_px, height_px)
    parts = [
        f'<rect class="sea" width="{width_px:.0f}" height="{height_px:.0f}"/>',
        land(base.setting.coastline, plane),
        *(_zone(r, plane) for r in sorted(base.records, key=lambda record: bool(record.effects))),
        *reaches(base.setting.sensors, plane),
        _plots(base, plane, PLOTS // maps),
        *_true_paths(world, plane, most),
        *_tracks(world, plane, most),
        *scale_bar(plane),
    ]
    return drawing([part for part in parts if part], width_px, height_px, "map")


def _zone(record: ZoneRecord, plane: Plane) -> str:
    rings = [ring for polygon in record.zone.polygons for ring in polygon]
    shape = "".join(path_of(plane(np.array(ring, float))) + "Z" for ring in rings)
    alarm_h = length_ns(record.alarm) / 3.6e12
    style = f"zone {'alarmed' if alarm_h else ''} {'struck' if record.effects else ''}"
    words = f"{record.zone.name}: {alarm_h * 60.0:.0f} min in alarm, {len(record.effects)} effects"
    return f'<path class="{style}" d="{shape}"><title>{escape(words)}</title></path>'


def _plots(base: Ground, plane: Plane, most: int) -> str:
    if len(base.plots_deg) == 0:
        return ""
    chosen = base.plots_deg[:: -(-len(base.plots_deg) // most)]
    inside = ((chosen >= base.low_deg) & (chosen <= base.high_deg)).all(axis=1)
    dots = pieces(plane(chosen[inside]), np.zeros(int(inside.sum()), bool))
    return f'<g transform="scale(.1)"><path class="plot" d="{dots}"/></g>'


def _true_paths(world: Scene, plane: Plane, most: int) -> list[str]:
    state = np.where(world.matched, 1, np.where(world.asked, 2, 0))
    return _ways(world.true, state, plane, most, [f"truth {name}" for name in STATES])


def _tracks(world: Scene, plane: Plane, most: int) -> list[str]:
    state = np.where(world.matches.near, 0, 1)
    return _ways(world.seen, state, plane, most, ["track", "track false"])


def _ways(
    moments: Moments, state: Index, plane: Plane, most: int, styles: Sequence[str]
) -> list[str]:
    """Return the ways of all objects, cut where their state changes, one path for each state."""
    order = np.lexsort((moments.instant, moments.who))
    kept = _thin(moments.who[order], state[order], most)
    rows = order[kept]
    who, now = moments.who[rows], state[rows]
    gap = np.diff(moments.instant[rows], prepend=0)
    # A step over more instants than were left out is a gap in the path.
    skipped = np.diff(np.flatnonzero(kept), prepend=0)
    joined = np.append(False, who[1:] == who[:-1])[: len(rows)] & (gap <= skipped)
    points = plane(degrees(moments, rows))
    return [
        f'<g transform="scale(.1)"><path class="{style}" d="{way}"/></g>'
        for number, style in enumerate(styles)
        if (way := _way(points, joined, now, number))
    ]


def _thin(who: Index, state: Index, most: int) -> Bool:
    """Return which rows to keep: every k-th, the ends, and where the state changes."""
    step = max(-(-len(who) // most), 1)
    new = np.ones(len(who), bool)
    new[1:] = who[1:] != who[:-1]
    first = np.flatnonzero(new)
    rank = np.arange(len(who)) - np.repeat(first, np.diff(np.append(first, len(who))))
    change = new.copy()
    change[1:] |= state[1:] != state[:-1]
    kept: Bool = (rank % step == 0) | change | np.append(new[1:], True)
    return kept


def _way(points: F64, joined: Bool, now: Index, state: int) -> str:
    """Return the path of one state; it reaches to the first point of the next state."""
    mine = now == state
    end = np.append(False, mine[:-1])[: len(mine)] & joined & ~mine
    rows = np.flatnonzero(mine | end)
    if len(rows) == 0 or not mine.any():
        return ""
    adjacent = np.diff(rows, prepend=-2) == 1
    led = joined[rows] & adjacent & np.append(False, mine[rows[:-1]])
    return pieces(points[rows], led)
