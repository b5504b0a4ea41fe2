"""Which sensors should see or hear an object where it is, over the terrain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tocsin.contract import F64, Bool, Sensor
from tocsin.geo import Region, horizon_range_m, sensor_polar, within_beam

CLEAR_M = 30.0
"""So far above what hides it an object must be before it counts as in sight: hills have trees."""


class Sight(NamedTuple):
    """Hold what hides objects from sensors, in their order; cells as in the tracker's table.

    Args:
        per_m: (sensors,) cells of slant range for a metre; 0: not known.
        lowest_m: (sensors, azimuths, ranges) lowest height in sight above the ellipsoid.
    """

    per_m: F64
    lowest_m: NDArray[np.float32]


def chance_in_sight(
    sensor: Sensor,
    number: int,
    sight: Sight | None,
    region: Region,
    position_m: F64,
    height_std_m: F64,
) -> F64:
    """Return (n,) how probably objects at (n, 3) region positions are in a sensor's sight.

    A sensor without a place (a network feed) covers nothing that could be missed.

    Args:
        sensor: its range and beam count.
        number: its place in the order of the site's sensors.
        sight: what hides objects; None, or where it does not know the sensor: the smooth earth.
        region: frame of the positions.
        position_m: (n, 3) where.
        height_std_m: (n,) how unsure their heights are; counts where the terrain is known.
    """
    if np.isnan(sensor.latitude_deg) or len(position_m) == 0:
        return np.zeros(len(position_m))
    range_m, azimuth_rad, elevation_rad = sensor_polar(sensor, region, position_m)
    height_m = region.to_geodetic(position_m)[2]
    seen: Bool = within_beam(sensor, range_m, elevation_rad)
    if sight is None or number >= len(sight.per_m) or sight.per_m[number] == 0.0:
        horizon_m = horizon_range_m(sensor.height_wgs84_m, height_m, sensor.earth_factor)
        return (seen & (range_m <= horizon_m)).astype(float)
    azimuths, ranges = sight.lowest_m.shape[1:]
    ring = np.minimum((range_m * sight.per_m[number]).astype(np.int64), ranges - 1)
    ray = np.rint(np.mod(azimuth_rad, 2.0 * np.pi) * (azimuths / (2.0 * np.pi))).astype(np.int64)
    above_m = height_m - sight.lowest_m[number, ray % azimuths, ring] - CLEAR_M
    return np.where(seen, ndtr(above_m / np.maximum(height_std_m, 1.0)), 0.0)
