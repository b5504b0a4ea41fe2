"""What a sensor over a smooth earth can see.

Source: M. I. Skolnik, Introduction to Radar Systems, 3rd ed., section 8.5 (effective earth).
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, Bool, Sensor
from tocsin.geo.polar import enu_to_polar
from tocsin.geo.region import Region
from tocsin.geo.wgs84 import MEAN_RADIUS_M


def horizon_range_m(
    sensor_height_wgs84_m: float | F64, target_height_wgs84_m: float | F64, earth_factor: float
) -> F64:
    """Return the distance at which a target sinks below the smooth-earth horizon.

    Args:
        sensor_height_wgs84_m: height of the antenna.
        target_height_wgs84_m: scalar or (n,) height of the target.
        earth_factor: effective-earth factor k.

    >>> round(float(horizon_range_m(100.0, 100.0, 4 / 3)) / 1000)
    82
    """
    twice_radius = 2.0 * earth_factor * MEAN_RADIUS_M
    sensor = np.maximum(sensor_height_wgs84_m, 0.0)
    target = np.maximum(target_height_wgs84_m, 0.0)
    return np.sqrt(twice_radius * sensor) + np.sqrt(twice_radius * target)


def earth_factor(gradient_per_km: float = -39.0) -> float:
    """Return the effective-earth factor k of a refractivity gradient.

    Args:
        gradient_per_km: change of refractivity N with height, in N-units per km.

    Source: ITU-R P.453, annex 1.

    >>> round(earth_factor(-39.0), 4)
    1.3306
    """
    return 1.0 / (1.0 + MEAN_RADIUS_M * gradient_per_km * 1e-9)


def el2height(
    elevation_rad: float | F64,
    antenna_height_m: float | F64,
    range_m: float | F64,
    earth_factor: float = 4.0 / 3.0,
) -> F64:
    """Return the height that a ray reaches over the effective earth: law of cosines.

    Args:
        elevation_rad: at the antenna.
        antenna_height_m: above the sphere.
        range_m: slant range.
        earth_factor: effective-earth factor k.

    >>> round(float(el2height(np.radians(0.5), 10.0, 300e3, 4 / 3)), 1)
    7921.7
    """
    radius = earth_factor * MEAN_RADIUS_M
    sensor = radius + np.asarray(antenna_height_m, float)
    along = np.asarray(range_m, float)
    # sqrt(s^2 + d) - s = d / (sqrt(s^2 + d) + s): the small height, not a difference of radii.
    more = along * (along + 2.0 * sensor * np.sin(elevation_rad))
    return antenna_height_m + more / (np.sqrt(sensor * sensor + more) + sensor)


def ground_range_m(range_m: F64, height_wgs84_m: F64, sensor_height_wgs84_m: float) -> F64:
    """Return the distance along the mean earth below a slant range.

    Args:
        range_m: slant range; shorter than the difference of heights counts as straight above.
        height_wgs84_m: of the target.
        sensor_height_wgs84_m: of the antenna.
    """
    above = np.asarray(height_wgs84_m) - sensor_height_wgs84_m
    chord2 = np.maximum(np.asarray(range_m) ** 2 - above**2, 0.0)
    radii = (MEAN_RADIUS_M + sensor_height_wgs84_m) * (MEAN_RADIUS_M + np.asarray(height_wgs84_m))
    half = np.sqrt(np.minimum(chord2 / (4.0 * radii), 1.0))
    return np.asarray(2.0 * MEAN_RADIUS_M * np.arcsin(half))


def sensor_polar(sensor: Sensor, region: Region, position_m: F64) -> tuple[F64, F64, F64]:
    """Return range, azimuth and measured elevation of (n, 3) region positions about a sensor."""
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in place))[0]
    rotation = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    return enu_to_polar((position_m - own) @ rotation.T, sensor.earth_factor)


def within_coverage(sensor: Sensor, region: Region, position_m: F64) -> Bool:
    """Return (n,) whether a sensor can see (n, 3) region positions: range, beam and horizon.

    A sensor without a position (a network feed) covers nothing that could be missed.
    """
    if np.isnan(sensor.latitude_deg) or len(position_m) == 0:
        return np.zeros(len(position_m), bool)
    range_m, _, elevation = sensor_polar(sensor, region, position_m)
    height = region.to_geodetic(position_m)[2]
    horizon = horizon_range_m(sensor.height_wgs84_m, height, sensor.earth_factor)
    seen: Bool = within_beam(sensor, range_m, elevation) & (range_m <= horizon)
    return seen


def within_beam(sensor: Sensor, range_m: F64, elevation_rad: F64) -> Bool:
    """Return whether measured ranges and elevations are in a sensor's range and beam.

    Args:
        sensor: whose range and edges of the beam count.
        range_m: slant ranges, any shape.
        elevation_rad: as the sensor would measure them.
    """
    in_beam = (elevation_rad >= sensor.elevation_min_rad) & (
        elevation_rad <= sensor.elevation_max_rad
    )
    seen: Bool = (range_m <= sensor.range_m) & in_beam
    return seen
