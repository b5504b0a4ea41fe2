"""The picture of a scenario: land, sensors, every true path, and how many fly when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import cos, radians
from typing import Any

import numpy as np

from tocsin.contract import F64, I64, NS, ObjectClass, Sensor, SensorKind, Truth
from tocsin.evaluate.svg import Axis, clock, path_of

WIDTH, MAP_PX, STRIP_PX, KEY_PX, EDGE_PX = 960, 640, 120, 34, 44
SURROUNDINGS, NEAR = 0.3, 0.35
POINTS = 9_000
"""Points of all paths together, so that a picture of thousands stays small."""
LEAST_POINTS = 3
M_PER_DEGREE = 111_195.0
BARS_M = (1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5)
SAMPLES = 400

LOOKS: dict[ObjectClass, tuple[str, float, str]] = {
    ObjectClass.AIRLINER: ("#8b98a6", 1.1, ""),
    ObjectClass.LIGHT_AIRCRAFT: ("#5d7a99", 1.3, "6 3"),
    ObjectClass.HELICOPTER: ("#5d7a99", 1.3, "2 3"),
    ObjectClass.BIRD: ("#7a8f5a", 0.9, "1 2"),
    ObjectClass.BALLOON: ("#3f8f8a", 1.6, "1 4"),
    ObjectClass.MULTIROTOR: ("#16202b", 1.3, "4 2 1 2"),
    ObjectClass.ONE_WAY_DRONE: ("#16202b", 0.8, ""),
    ObjectClass.FAST_LOW_FLYER: ("#b3301f", 2.0, ""),
    ObjectClass.BALLISTIC: ("#7b3fa0", 2.0, "10 4"),
    ObjectClass.UNKNOWN: ("#b08900", 1.1, "8 3"),
}
"""Stroke, width and dashes of each class: lightness and dash tell them apart on grey paper."""
MARKS = {
    SensorKind.RADAR: "M0-6L6 5H-6Z",
    SensorKind.ADSB_RECEIVER: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z",
    SensorKind.RF_DETECTOR: "M-5-5H5V5H-5Z",
    SensorKind.ACOUSTIC: "M0-6L6 0L0 6L-6 0Z",
}
SENSOR_NAMES = {
    SensorKind.RADAR: "radar",
    SensorKind.ADSB_RECEIVER: "ADS-B",
    SensorKind.RF_DETECTOR: "RF detector",
    SensorKind.ACOUSTIC: "acoustic",
}
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #16202b; paint-order: stroke; stroke: #fff;
  stroke-width: 2.5px; }
.title { font-size: 17px; font-weight: 600; stroke: none; } .key, .axis { stroke: none; }
.axis { fill: #5d6b7a; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.sea { fill: #eef2f5; } .land { fill: #fbfaf5; stroke: #9aa7b4; stroke-width: 1; }
.reach { fill: none; stroke: #1d5fa8; stroke-width: .8; stroke-dasharray: 2 5; }
.mark { fill: #1d5fa8; stroke: #fff; stroke-width: 1.2; } .grid { stroke: #d4dbe2; fill: none; }
.scale { stroke: #16202b; fill: none; }
"""


@dataclass(frozen=True, eq=False)
class Setting:
    """Hold what stands still in a scenario.

    Args:
        title: written above the map.
        coastline: GeoJSON geometry of the land, longitude and latitude in degrees.
        towns: name, latitude_deg and longitude_deg of each.
        sensors: drawn where they have a place, radars with their range.
    """

    title: str
    coastline: Mapping[str, Any] = field(default_factory=dict)
    towns: Sequence[Mapping[str, Any]] = ()
    sensors: Sequence[Sensor] = ()


class _Map:
    """Map degrees to pixels, equirectangular about the middle."""

    def __init__(self, low_deg: F64, high_deg: F64) -> None:
        self._low, self._high = low_deg, high_deg
        self._shrink = cos(radians(float(low_deg[1] + high_deg[1]) / 2.0))
        wide = max(float(high_deg[0] - low_deg[0]) * self._shrink, 1e-6)
        tall = max(float(high_deg[1] - low_deg[1]), 1e-6)
        self._scale = min(WIDTH / wide, MAP_PX / tall)
        self._aside = (WIDTH - wide * self._scale) / 2.0
        self._below = EDGE_PX + (MAP_PX - tall * self._scale) / 2.0

    def __call__(self, places_deg: F64) -> F64:
        """Return (n, 2) pixels of (n, 2) longitudes and latitudes."""
        east = (places_deg[:, 0] - self._low[0]) * self._shrink * self._scale + self._aside
        south = (self._high[1] - places_deg[:, 1]) * self._scale + self._below
        return np.stack([east, south], axis=-1)

    def pixels(self, metres: float) -> float:
        """Return a length on the map."""
        return metres / M_PER_DEGREE * self._scale


def chart_scenario(setting: Setting, truth: Truth) -> str:
    """Return one SVG file: the map of the place with all true paths, and counts over time."""
    truth = truth.sorted_by("target_id", "measured_at_ns")
    on_map = _Map(*_corners(setting, truth))
    height = EDGE_PX + MAP_PX + STRIP_PX + KEY_PX
    kinds = [kind for kind in LOOKS if (truth.object_class == kind).any()]
    parts = [
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="16" y="28">{escape(setting.title)}</text>',
        f'<clipPath id="map"><rect y="{EDGE_PX}" width="{WIDTH}" height="{MAP_PX}"/></clipPath>',
        f'<g clip-path="url(#map)"><rect class="sea" width="{WIDTH}" height="{height}"/>',
        _land(setting.coastline, on_map),
        *_reaches(setting.sensors, on_map),
        *_paths(truth, kinds, on_map),
        *_towns(setting.towns, on_map),
        *_marks(setting.sensors, on_map),
        f"{_scale_bar(on_map)}</g>",
        *_counts(truth, kinds, EDGE_PX + MAP_PX),
        *_key(truth, kinds, height - 12.0),
        *_sensor_key(setting.sensors),
    ]
    body = "\n".join(parts)
    box = f'viewBox="0 0 {WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">\n{body}\n</svg>\n'


def _corners(setting: Setting, truth: Truth) -> tuple[F64, F64]:
    """Return what the map must hold: the land, its surroundings and arcs; else where most fly.

    What happens in one corner of the land only is shown from near.
    """
    rings = [np.asarray(ring, float) for part in _parts(setting.coastline) for ring in part[:1]]
    places = np.stack([truth.longitude_deg, truth.latitude_deg], axis=-1)
    if not rings and len(truth) == 0:
        return np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    if not rings:
        return _grown(np.quantile(places, (0.02, 0.98), axis=0))
    # An arc begins far beyond the land, and would not be understood without its beginning.
    whole = np.concatenate([*rings, places[truth.object_class == ObjectClass.BALLISTIC]])
    land = np.stack([whole.min(axis=0), whole.max(axis=0)])
    stand = [(s.longitude_deg, s.latitude_deg) for s in setting.sensors]
    busy = np.concatenate([places, np.array(stand, float).reshape(-1, 2)])
    busy = busy[np.isfinite(busy).all(axis=1)]
    if len(truth) and (np.ptp(busy, axis=0) < NEAR * (land[1] - land[0])).all():
        return _grown(np.stack([busy.min(axis=0), busy.max(axis=0)]))
    return _grown(land)


def _grown(box: F64) -> tuple[F64, F64]:
    around = SURROUNDINGS * (box[1] - box[0])
    return box[0] - around, box[1] + around


def _parts(geometry: Mapping[str, Any]) -> Sequence[Any]:
    if geometry.get("type") == "Polygon":
        return [geometry["coordinates"]]
    return list(geometry.get("coordinates", ()))


def _land(geometry: Mapping[str, Any], on_map: _Map) -> str:
    rings = [np.asarray(ring, float) for part in _parts(geometry) for ring in part]
    shape = "".join(path_of(on_map(ring[:, :2])) + "Z" for ring in rings)
    return f'<path class="land" fill-rule="evenodd" d="{shape}"/>'


def _reaches(sensors: Sequence[Sensor], on_map: _Map) -> list[str]:
    radars = [s for s in sensors if s.kind is SensorKind.RADAR and np.isfinite(s.latitude_deg)]
    places = [on_map(np.array([[s.longitude_deg, s.latitude_deg]]))[0] for s in radars]
    return [
        f'<circle class="reach" cx="{x:.1f}" cy="{y:.1f}" r="{on_map.pixels(s.range_m):.1f}"/>'
        for s, (x, y) in zip(radars, places, strict=True)
        if np.isfinite(s.range_m)
    ]


def _paths(truth: Truth, kinds: Sequence[ObjectClass], on_map: _Map) -> list[str]:
    begins = np.ones(len(truth), bool)
    begins[1:] = truth.target_id[1:] != truth.target_id[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(truth))
    pixels = on_map(np.stack([truth.longitude_deg, truth.latitude_deg], axis=-1))
    most = max(POINTS // max(len(first), 1), LEAST_POINTS)
    fade = 0.9 if len(first) < 300 else 0.45
    groups = []
    for kind in kinds:
        own = [
            path_of(pixels[a:b], most)
            for a, b in zip(first, last, strict=True)
            if truth.object_class[a] == kind and b - a > 1
        ]
        stroke, width, dashes = LOOKS[kind]
        style = f'stroke="{stroke}" stroke-width="{width}" stroke-dasharray="{dashes}"'
        groups.append(f'<path fill="none" opacity="{fade}" {style} d="{"".join(own)}"/>')
    return groups


def _towns(towns: Sequence[Mapping[str, Any]], on_map: _Map) -> list[str]:
    out = []
    for town in towns:
        x, y = on_map(np.array([[town["longitude_deg"], town["latitude_deg"]]]))[0]
        name = escape(str(town["name"]))
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="#16202b"/>')
        out.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}">{name}</text>')
    return out


def _marks(sensors: Sequence[Sensor], on_map: _Map) -> list[str]:
    out = []
    for sensor in sensors:
        shape = MARKS.get(sensor.kind)
        if shape is None or np.isnan(sensor.latitude_deg):
            continue
        x, y = on_map(np.array([[sensor.longitude_deg, sensor.latitude_deg]]))[0]
        words = f"<title>{escape(sensor.sensor_id)}</title>"
        place = f"translate({x:.1f} {y:.1f})"
        out.append(f'<path class="mark" transform="{place}" d="{shape}">{words}</path>')
    return out


def _scale_bar(on_map: _Map) -> str:
    metres = max((m for m in BARS_M if on_map.pixels(m) < WIDTH / 5), default=BARS_M[0])
    end, y = WIDTH - 20.0, EDGE_PX + MAP_PX - 14.0
    start = end - on_map.pixels(metres)
    bar = f'<path class="scale" d="M{start:.1f} {y - 5:.1f}v5H{end:.1f}v-5"/>'
    return f'{bar}<text class="end" x="{end:.1f}" y="{y - 8:.1f}">{metres / 1e3:g} km</text>'


def _counts(truth: Truth, kinds: Sequence[ObjectClass], top: float) -> list[str]:
    """Return the strip that shows how many of each class are in the air over time."""
    if len(truth) == 0:
        return []
    start, end = int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max())
    instants = np.unique(truth.measured_at_ns)
    shown = instants[:: max(len(instants) // SAMPLES, 1)]
    rows = np.isin(truth.measured_at_ns, shown)
    lines = [_count(truth, rows, kind, shown) for kind in kinds]
    most = max(int(line.max()) for line in lines)
    # Ticks are round in minutes, in a scenario of days in hours.
    unit_s = 60.0 if end - start < 6 * 3600 * NS else 3600.0
    span = Axis(0.0, (end - start) / NS / unit_s, 56.0, WIDTH - 20.0)
    up = Axis(0.0, float(most), top + STRIP_PX - 26.0, top + 22.0)
    x = np.array([span((at - start) / NS / unit_s) for at in shown.tolist()])
    parts = [f'<text class="axis" x="16" y="{top + 14:.0f}">in the air</text>']
    for tick in span.ticks(8):
        at_px = f"{span(tick):.1f}"
        parts.append(f'<path class="grid" d="M{at_px} {up.to_px:.1f}V{up.from_px:.1f}"/>')
        label = f'x="{at_px}" y="{top + STRIP_PX - 10:.0f}">{clock(tick * unit_s)}</text>'
        parts.append(f'<text class="axis middle" {label}')
    for value in (0, most):
        label = f'x="50" y="{up(value) + 4:.1f}">{value}</text>'
        parts.append(f'<text class="axis end" {label}')
    for kind, line in zip(kinds, lines, strict=True):
        stroke, width, dashes = LOOKS[kind]
        way = path_of(np.stack([x, [up(v) for v in line.tolist()]], axis=-1), SAMPLES)
        style = f'stroke="{stroke}" stroke-width="{width + 0.3}" stroke-dasharray="{dashes}"'
        parts.append(f'<path fill="none" {style} d="{way}"/>')
    return parts


def _count(truth: Truth, rows: np.ndarray, kind: ObjectClass, shown: I64) -> I64:
    own = truth.measured_at_ns[rows & (truth.object_class == kind)]
    return np.bincount(np.searchsorted(shown, own), minlength=len(shown)).astype(np.int64)


def _key(truth: Truth, kinds: Sequence[ObjectClass], y: float) -> list[str]:
    first = np.unique(truth.target_id.astype(str), return_index=True)[1]
    parts, x = [], 16.0
    for kind in kinds:
        stroke, width, dashes = LOOKS[kind]
        style = f'stroke="{stroke}" stroke-width="{width + 0.6}" stroke-dasharray="{dashes}"'
        count = int((truth.object_class[first] == kind).sum())
        words = f"{count} {kind.name.lower().replace('_', ' ')}"
        parts.append(f'<path {style} d="M{x:.0f} {y - 4:.1f}h26"/>')
        parts.append(f'<text class="key" x="{x + 32:.0f}" y="{y:.1f}">{escape(words)}</text>')
        x += 50.0 + 6.6 * len(words)
    return parts


def _sensor_key(sensors: Sequence[Sensor]) -> list[str]:
    """Return what the marks mean, from the right end of the title's line."""
    present = [kind for kind in MARKS if any(s.kind is kind for s in sensors)]
    parts, x = [], WIDTH - 20.0
    for kind in reversed(present):
        x -= 7.0 * len(SENSOR_NAMES[kind])
        parts.append(f'<text class="key" x="{x:.0f}" y="28">{SENSOR_NAMES[kind]}</text>')
        x -= 14.0
        parts.append(f'<path class="mark" transform="translate({x:.0f} 24)" d="{MARKS[kind]}"/>')
        x -= 22.0
    return parts
