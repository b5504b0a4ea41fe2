"""The map of a report: zones by alarm, true paths, tracks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import cos, radians

import numpy as np

from tocsin.contract import F64, Objects, Tracks, TrackStatus, Truth
from tocsin.evaluate.spans import length_ns
from tocsin.evaluate.svg import WIDTH, drawing, path_of
from tocsin.evaluate.warning import ZoneRecord

HEIGHT = 640
MARGIN = 16
SURROUNDINGS = 0.35
PATH_POINTS = 150


class Plane:
    """Map degrees to pixels, equirectangular about the middle of what is shown."""

    def __init__(self, corners_deg: F64) -> None:
        """Fit (n, 2) longitudes and latitudes into the drawing."""
        low, high = corners_deg.min(axis=0), corners_deg.max(axis=0)
        self._low, self._high = low, high
        self._shrink = cos(radians((low[1] + high[1]) / 2.0))
        wide = max((high[0] - low[0]) * self._shrink, 1e-6)
        tall = max(high[1] - low[1], 1e-6)
        self._scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / tall)
        self._aside = (WIDTH - wide * self._scale) / 2.0
        self.height_px = tall * self._scale + 2 * MARGIN

    def __call__(self, places_deg: F64) -> F64:
        """Return (n, 2) pixels of (n, 2) longitudes and latitudes."""
        east = (places_deg[:, 0] - self._low[0]) * self._shrink * self._scale + self._aside
        south = (self._high[1] - places_deg[:, 1]) * self._scale + MARGIN
        return np.stack([east, south], axis=-1)

    @property
    def ten_km_px(self) -> float:
        """Return the length of 10 km on the map."""
        return 10.0 / 111.2 * float(self._scale)


def chart_map(records: Sequence[ZoneRecord], truth: Truth, tracks: Tracks) -> str:
    """Return the map; empty where there is nothing to show."""
    shown = tracks.take(np.isin(tracks.status, (TrackStatus.CONFIRMED, TrackStatus.COASTING)))
    true = np.stack([truth.longitude_deg, truth.latitude_deg], axis=-1)
    seen = np.stack([shown.longitude_deg, shown.latitude_deg], axis=-1)
    corners = _corners(records, np.concatenate([true, seen]))
    if len(corners) == 0:
        return ""
    plane = Plane(corners)
    # Those with a strong border last, so that no neighbour covers it.
    ordered = sorted(records, key=lambda record: bool(record.effects))
    parts = [_zone(record, plane) for record in ordered]
    parts += _paths(truth.target_id, truth.measured_at_ns, true, plane, "truth")
    parts += _paths(shown.track_id, shown.measured_at_ns, seen, plane, "track")
    parts.append(_scale_bar(plane))
    return drawing(parts, WIDTH, plane.height_px)


def _corners(records: Sequence[ZoneRecord], elsewhere: F64) -> F64:
    """Return what the map must hold: the zones and their surroundings, else everything."""
    rings = [np.array(r) for rec in records for p in rec.zone.polygons for r in p[:1]]
    if not rings:
        return elsewhere
    low, high = np.concatenate(rings).min(axis=0), np.concatenate(rings).max(axis=0)
    around = SURROUNDINGS * (high - low)
    return np.stack([low - around, high + around])


def _zone(record: ZoneRecord, plane: Plane) -> str:
    rings = [ring for polygon in record.zone.polygons for ring in polygon]
    shape = "".join(path_of(plane(np.array(ring, float))) + "Z" for ring in rings)
    alarm_h = length_ns(record.alarm) / 3.6e12
    style = f"zone {'alarmed' if alarm_h else ''} {'struck' if record.effects else ''}"
    words = f"{record.zone.name}: {alarm_h * 60.0:.0f} min in alarm, {len(record.effects)} effects"
    return f'<path class="{style}" d="{shape}"><title>{escape(words)}</title></path>'


def _paths(ids: Objects, at_ns: np.ndarray, places: F64, plane: Plane, style: str) -> list[str]:
    names, who = np.unique(ids.astype(str), return_inverse=True)
    order = np.lexsort((at_ns, who))
    pieces = np.split(order, np.flatnonzero(np.diff(who[order])) + 1) if len(order) else []
    return [
        f'<path class="{style}" d="{path_of(plane(places[piece]), PATH_POINTS)}">'
        f"<title>{escape(names[who[piece[0]]])}</title></path>"
        for piece in pieces
    ]


def _scale_bar(plane: Plane) -> str:
    y, x = plane.height_px - 10.0, float(MARGIN)
    end = x + plane.ten_km_px
    bar = f'<path class="scale" d="M{x:.1f} {y - 4:.1f}v4H{end:.1f}v-4"/>'
    return f'{bar}<text x="{end + 6:.1f}" y="{y:.1f}">10 km</text>'
