"""The lowest height at which a sensor sees over terrain, on a polar grid about it.

Rays bend with the atmosphere: over an effective earth of k times the radius they are straight. In
polar coordinates about its centre a straight line is linear in 1 / r, so with the reduced height
``h / (1 + h / kR)`` the slope of every line of sight is one product, without approximation; the
horizon along a ray is the running maximum of the slopes of the ground.

Between grid points of the terrain the ground is bilinear; along a ray it is looked at every step.

Source: W. R. Franklin and C. Ray, "Higher isn't necessarily better: visibility algorithms and
experiments", SDH 1994, 751-770 (rays to the rim, R2); H. V. Hitney et al., Proc. IEEE 73 (1985)
265-283 (effective earth).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, Bool, Origin, Sensor
from tocsin.geo.horizon import ground_range_m, sensor_polar, within_beam
from tocsin.geo.kernels_masking import horizon, sample
from tocsin.geo.region import Region
from tocsin.geo.terrain import F32, Ground, Terrain
from tocsin.geo.wgs84 import MEAN_RADIUS_M, ecef_to_geodetic

MAX_RANGE_M = 500_000.0
"""Beyond this a mask does not reach, whatever the sensor's range."""
KNOT_M = 10_000.0
"""Rays are straight on the grid between knots this far apart: 2 m off at 45 degrees."""
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Mask:
    """Hold the lowest visible heights about a sensor.

    Args:
        latitude_deg: of the sensor.
        longitude_deg: likewise.
        height_wgs84_m: of its antenna.
        earth_factor: effective-earth factor k.
        step_m: between rings; ring i lies i + 1 steps away, measured on the mean earth.
        lowest_m: (azimuths, rings) heights above the ellipsoid, azimuths clockwise from true north
            and evenly spread; never below the ground; NaN where terrain is missing on the way.
    """

    latitude_deg: float
    longitude_deg: float
    height_wgs84_m: float
    earth_factor: float
    step_m: float
    lowest_m: F32

    def lowest_visible_m(self, ground_range_m: F64, azimuth_rad: F64) -> F64:
        """Return the lowest visible heights; NaN where unknown, infinite beyond the last ring.

        Args:
            ground_range_m: along the ground, any shape.
            azimuth_rad: clockwise from true north; the nearest ray is taken.
        """
        azimuths, rings = self.lowest_m.shape
        ray = np.rint(np.mod(azimuth_rad, 2.0 * np.pi) * (azimuths / (2.0 * np.pi)))
        ray = ray.astype(np.int64) % azimuths
        place = np.asarray(ground_range_m) / self.step_m - 1.0
        ring = np.clip(np.nan_to_num(place), 0, max(rings - 2, 0)).astype(np.int64)
        share = np.clip(place - ring, 0.0, 1.0)
        near, far = self.lowest_m[ray, ring], self.lowest_m[ray, np.minimum(ring + 1, rings - 1)]
        # At a ring itself the next one does not matter, unknown or not.
        level = np.where(share > 0.0, near + share * (far - near), near)
        return np.where(place > rings - 1.0, np.inf, level).astype(float)

    def visible(self, range_m: F64, azimuth_rad: F64, height_wgs84_m: F64) -> Bool:
        """Return whether points are in sight; unknown is not.

        Args:
            range_m: slant ranges, any shape.
            azimuth_rad: clockwise from true north.
            height_wgs84_m: above the ellipsoid.
        """
        along = ground_range_m(range_m, height_wgs84_m, self.height_wgs84_m)
        seen: Bool = self.lowest_visible_m(along, azimuth_rad) <= height_wgs84_m
        return seen


def within_sight(sensor: Sensor, hides: Mask, region: Region, position_m: F64) -> Bool:
    """Return (n,) whether a sensor sees (n, 3) region positions: range, beam and terrain.

    The terrain's horizon stands in place of the smooth earth's; what is unknown is not in sight.

    Args:
        sensor: its range and beam count.
        hides: what terrain hides from it.
        region: frame of the positions.
        position_m: (n, 3) where.
    """
    if len(position_m) == 0:
        return np.zeros(0, bool)
    range_m, azimuth, elevation = sensor_polar(sensor, region, position_m)
    height = region.to_geodetic(position_m)[2]
    seen: Bool = within_beam(sensor, range_m, elevation) & hides.visible(range_m, azimuth, height)
    return seen


def mask(
    ground: Ground | Terrain, sensor: Sensor, step_m: float = 90.0, azimuths: int | None = None
) -> Mask:
    """Return the lowest visible heights about a sensor.

    Args:
        ground: terrain, or a function that gives its height.
        sensor: its place, antenna, range and effective-earth factor count, not its beam.
        step_m: between rings, and between looks at the ground.
        azimuths: how many rays; without: as many as lie one step apart at the sensor's range.
    """
    reach_m = min(sensor.range_m, MAX_RANGE_M)
    rings = max(int(np.ceil(reach_m / step_m)), 2)
    rays = azimuths or int(np.ceil(2.0 * np.pi * reach_m / step_m))
    lowest: F32 = np.empty((rays, rings), np.float32)
    ring = ring_table(sensor, step_m, rings).astype(np.float32)
    curvature = 1.0 / (sensor.earth_factor * MEAN_RADIUS_M)
    azimuth = np.linspace(0.0, 2.0 * np.pi, rays, endpoint=False)
    write = _sampler(ground, sensor, azimuth, step_m, rings)
    for begin in range(0, rays, _BLOCK):  # small enough to stay in the cache between both
        block = lowest[begin : begin + _BLOCK]
        write(begin, block)
        horizon(ring, block, curvature)
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    return Mask(*place, sensor.earth_factor, step_m, lowest)


def ring_table(sensor: Sensor, step_m: float, rings: int) -> F64:
    """Return (5, rings) secant, cosine, rise, distance and its inverse, as `horizon` takes them."""
    radius = sensor.earth_factor * MEAN_RADIUS_M
    angle = np.arange(1, rings + 1) * (step_m / radius)
    antenna = sensor.height_wgs84_m / (1.0 + sensor.height_wgs84_m / radius)
    # sec - 1 without the loss of digits.
    rise = antenna + radius * 2.0 * np.sin(angle / 2.0) ** 2 / np.cos(angle)
    far = radius * np.tan(angle)
    return np.stack([1.0 / np.cos(angle), np.cos(angle), rise, far, 1.0 / far])


def horizon_reference(ring: F64, ground_m: F64, curvature: float) -> F64:
    """Return lowest visible heights from (rays, rings) ground heights: the twin of `horizon`."""
    secant, cosine, rise, far, _ = ring
    slope = (ground_m / (1.0 + ground_m * curvature) * secant - rise) / far
    level = (np.maximum.accumulate(slope, axis=1) * far + rise) * cosine
    return np.asarray(level / (1.0 - level * curvature))


def along_rays(sensor: Sensor, azimuth_rad: F64, ground_range_m_: F64) -> tuple[F64, F64]:
    """Return latitudes and longitudes of points at distances on the ground in directions.

    Args:
        sensor: from where.
        azimuth_rad: broadcast against the distances.
        ground_range_m_: on a sphere of the mean radius that touches the ellipsoid there; against
            geodesics 2 m off at 150 km.
    """
    angle = np.asarray(ground_range_m_) / MEAN_RADIUS_M
    across, down = MEAN_RADIUS_M * np.sin(angle), MEAN_RADIUS_M * 2.0 * np.sin(angle / 2.0) ** 2
    frame = Region.at(Origin(sensor.latitude_deg, sensor.longitude_deg))
    east, north, up = frame.rotation
    horizontal = np.sin(azimuth_rad)[..., None] * east + np.cos(azimuth_rad)[..., None] * north
    ecef = across[..., None] * horizontal - down[..., None] * up + frame.ecef_m
    latitude, longitude, _ = ecef_to_geodetic(ecef)
    return latitude, longitude


def _sampler(
    ground: Ground | Terrain, sensor: Sensor, azimuth_rad: F64, step_m: float, rings: int
) -> Callable[[int, F32], None]:
    """Return what writes the ground's height at every ring of a block of rays."""
    if not isinstance(ground, Terrain):
        every = step_m * np.arange(1, rings + 1, dtype=float)

        def ask(begin: int, out: F32) -> None:
            azimuth = azimuth_rad[begin : begin + len(out), None]
            out[...] = ground(*along_rays(sensor, azimuth, every))

        return ask
    spacing = max(int(KNOT_M / step_m), 1)
    knots = spacing * step_m * np.arange(-(-rings // spacing) + 1, dtype=float)
    row, column = ground.place(*along_rays(sensor, azimuth_rad[:, None], knots))
    height_m = ground.height_wgs84_m

    def look(begin: int, out: F32) -> None:
        rays = slice(begin, begin + len(out))
        sample(height_m, row[rays], column[rays], spacing, out)

    return look
