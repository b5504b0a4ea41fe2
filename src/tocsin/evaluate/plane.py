"""Longitudes and latitudes to pixels, and what a map stands on: land, sensors, a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import Any

import numpy as np

from tocsin.contract import F64, Sensor, SensorKind
from tocsin.evaluate.svg import path_of, text

M_PER_DEGREE = 111_195.0
BARS_M = (100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5)
RING_POINTS = 72
SENSOR = ("sensor edge", "sensor")


class Plane:
    """Map degrees to pixels, equirectangular about the middle of what is shown."""

    def __init__(self, low_deg: F64, high_deg: F64, width_px: float, height_px: float) -> None:
        """Fit two corners (longitude, latitude) into a drawing, with what else fits around them."""
        self.width_px, self.height_px = width_px, height_px
        self._middle = (low_deg + high_deg) / 2.0
        self._shrink = cos(radians(float(self._middle[1])))
        wide = max(float(high_deg[0] - low_deg[0]) * self._shrink, 1e-6)
        tall = max(float(high_deg[1] - low_deg[1]), 1e-6)
        self._scale = min(width_px / wide, height_px / tall)

    def __call__(self, places_deg: F64) -> F64:
        """Return (n, 2) pixels of (n, 2) longitudes and latitudes."""
        stretch = np.array([self._shrink * self._scale, -self._scale])
        middle_px = np.array([self.width_px, self.height_px]) / 2.0
        return np.asarray((places_deg - self._middle) * stretch + middle_px)

    def pixels(self, metres: float) -> float:
        """Return a length on the map."""
        return metres / M_PER_DEGREE * self._scale

    def around(self, latitude_deg: float, longitude_deg: float, radius_m: float) -> F64:
        """Return a circle in pixels."""
        turn = np.linspace(0.0, 2.0 * np.pi, RING_POINTS)
        centre = self(np.array([[longitude_deg, latitude_deg]]))
        return centre + self.pixels(radius_m) * np.stack([np.cos(turn), np.sin(turn)], axis=-1)


def land(geometry: Mapping[str, Any], plane: Plane) -> str:
    """Return the land of a GeoJSON polygon or multipolygon."""
    coordinates = geometry.get("coordinates", ())
    polygons = [coordinates] if geometry.get("type") == "Polygon" else coordinates
    rings = [np.asarray(ring, float)[:, :2] for polygon in polygons for ring in polygon]
    shape = "".join(path_of(plane(ring)) + "Z" for ring in rings)
    return f'<path class="land" d="{shape}"/>' if shape else ""


def reaches(sensors: Sequence[Sensor], plane: Plane) -> list[str]:
    """Return where radars stand and how far they reach at most."""
    parts = []
    for sensor in sensors:
        if sensor.kind is not SensorKind.RADAR or np.isnan(sensor.latitude_deg):
            continue
        place = (sensor.latitude_deg, sensor.longitude_deg)
        if np.isfinite(sensor.range_m):
            ring = plane.around(*place, sensor.range_m)
            parts.append(f'<path class="reach" d="{path_of(ring)}"/>')
        x, y = plane(np.array([place[::-1]]))[0]
        # Strokes keep their width when the map is zoomed; shapes would grow.
        parts += [f'<path class="{style}" d="M{x:.1f} {y:.1f}h0"/>' for style in SENSOR]
    return parts


def scale_bar(plane: Plane, share: float = 0.22) -> list[str]:
    """Return a bar of a round length at the lower left."""
    fits = [metres for metres in BARS_M if plane.pixels(metres) <= share * plane.width_px]
    length_m = fits[-1] if fits else BARS_M[0]
    x, y = 12.0, plane.height_px - 12.0
    label = f"{length_m / 1000.0:g} km" if length_m >= 1000.0 else f"{length_m:g} m"
    bar = f'<path class="scale" d="M{x:.1f} {y - 4:.1f}v4h{plane.pixels(length_m):.1f}v-4"/>'
    return [bar, text(x + plane.pixels(length_m) + 6, y, label, "scale-words")]
