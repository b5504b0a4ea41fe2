"""What a radar sees at a height over terrain, as areas on the map: sectors of rays, joined."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from tocsin.contract import F64, I64, Bool, Sensor
from tocsin.geo import Mask
from tocsin.geo.masking import along_rays

RING_M = 500.0
"""Areas are made of pieces of rays this long; the mask looks at the ground more often."""
OVERLAP_RAD = 1e-5
"""Neighbouring pieces overlap by so much, a metre or two: else rounding leaves slivers between."""
CHORD_M = 10_000.0
"""No edge is longer: a straight one in degrees is bent on the ground, by 2 m at this length."""


def sight(sensor: Sensor, mask: Mask, height_m: float) -> tuple[Any, Any]:
    """Return the areas over which the ground lets a height be seen, and where that is unknown.

    Range, beam and horizon of the sensor are another matter. Longitudes are about the sensor's.

    Args:
        sensor: whose rays.
        mask: its lowest visible heights.
        height_m: above the ellipsoid.
    """
    every = max(round(RING_M / mask.step_m), 1)
    lowest = mask.lowest_m[:, every - 1 :: every]
    length_m = every * mask.step_m
    seen = _sectors(sensor, lowest <= height_m, length_m)
    return seen, _sectors(sensor, np.isnan(lowest), length_m)


def _sectors(sensor: Sensor, cells: Bool, length_m: float) -> Any:
    """Return the union of the cells of a polar grid; runs along a ray are one piece each."""
    rays = len(cells)
    padded = np.pad(cells, ((0, 0), (1, 1))).astype(np.int8)
    ray, first = np.nonzero(np.diff(padded, axis=1) == 1)
    after = np.nonzero(np.diff(padded, axis=1) == -1)[1]
    if len(ray) == 0:
        return shapely.Polygon()
    left, right = _edge(ray, rays) - OVERLAP_RAD, _edge(ray + 1, rays) + OVERLAP_RAD
    near, far = _bound(first, length_m), _bound(after, length_m)
    corners = [(left, near), (left, far), (right, far), (right, near)]
    plane = [np.stack([r * np.sin(a), r * np.cos(a)], axis=1) for a, r in corners]
    pieces = shapely.polygons(np.stack(plane, axis=1))
    # In the plane, where rays are straight; the steps of the overlap go again.
    joined = shapely.simplify(shapely.union_all(pieces), 10.0)
    return shapely.make_valid(_on_map(sensor, shapely.segmentize(joined, CHORD_M)))


def _edge(ray: I64, rays: int) -> F64:
    """Return the azimuth between a ray and the one before."""
    return np.asarray((ray - 0.5) * (2.0 * np.pi / rays))


def _bound(ring: I64, length_m: float) -> F64:
    """Return where a piece of a ray begins: half a step before it, or at the sensor."""
    return np.asarray(np.where(ring > 0, (ring + 0.5) * length_m, 1.0))


def _on_map(sensor: Sensor, area: Any) -> Any:
    """Return an area of the sensor's plane in longitudes and latitudes."""

    def turn(plane_m: F64) -> F64:
        azimuth, along = np.arctan2(plane_m[:, 0], plane_m[:, 1]), np.hypot(*plane_m.T)
        latitude, longitude = along_rays(sensor, azimuth, along)
        turned = (longitude - sensor.longitude_deg + 180.0) % 360.0 - 180.0
        return np.stack([sensor.longitude_deg + turned, latitude], axis=1)

    return shapely.transform(area, turn)
