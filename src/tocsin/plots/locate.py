"""From what a sensor measured to a position with covariance in the region frame."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, ReportKind, Reports, Sensor
from tocsin.geo import (
    bending_rad,
    elevation_at_height,
    polar_covariance,
    polar_to_enu,
    rotate_covariance,
)
from tocsin.plots.config import PlotsConfig
from tocsin.plots.density import polar_density
from tocsin.plots.state import Located

_LEVELS = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])
_WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0
_COARSE_ELEVATION_STD_RAD = 0.005
_STEEPEST_STD_RAD = 0.5
_WIDEST_STD = 1e6
_OVERHEAD = 0.98
_LEAST_VARIANCE_M2 = 1.0
_FASTEST_MPS = 1e4


def or_default(values: F64, default: float | F64) -> F64:
    """Return standard deviations, with a default where they are absent or cannot be."""
    return np.where((values > 0.0) & (values < _WIDEST_STD), values, default)


def locate_polar(reports: Reports, sensor: Sensor, config: PlotsConfig) -> Located:
    """Return where the polar reports of one sensor lie.

    With elevation: converted measurement in three dimensions. Without, but with a pressure
    altitude: the elevation at which the range reaches it. With neither: the ground position
    averaged over the heights that it may have, and their spread in its covariance.
    """
    r, azimuth, k = reports.range_m, reports.azimuth_rad, sensor.earth_factor
    # What people say of a height is no measurement of it.
    trusted = reports.kind != ReportKind.SIGHTING
    height = np.where(trusted, reports.altitude_baro_m, np.nan)
    reached = elevation_at_height(r, height, sensor.height_wgs84_m, k)
    measured = trusted & np.isfinite(reports.elevation_rad)
    # A pressure altitude beyond the slant range is no height of this target.
    full = measured | (height - sensor.height_wgs84_m < _OVERHEAD * r)
    elevation = np.where(measured, reports.elevation_rad, np.where(full, reached, 0.0))
    straight = elevation - bending_rad(r, k)
    own_std = or_default(reports.elevation_std_rad, sensor.elevation_std_rad)
    flat = np.maximum(r * np.cos(straight), 1.0)
    baro_std = np.minimum(config.baro_height_std_m / flat, _STEEPEST_STD_RAD)
    elevation_std = np.where(measured, or_default(own_std, _COARSE_ELEVATION_STD_RAD), baro_std)
    range_std = or_default(reports.range_std_m, sensor.range_std_m)
    azimuth_std = or_default(reports.azimuth_std_rad, sensor.azimuth_std_rad)
    enu = polar_to_enu(r, azimuth, elevation, k)
    cov = polar_covariance(r, azimuth, straight, range_std, azimuth_std, elevation_std)
    if not full.all():
        rows = ~full
        enu[rows], cov[rows] = _anywhere_above(
            r[rows], azimuth[rows], range_std[rows], azimuth_std[rows], sensor, config
        )
    # Straight overhead an azimuth says nothing; no covariance may become singular by it.
    cov += np.eye(3) * _LEAST_VARIANCE_M2
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = config.region.from_geodetic(*(np.array([value]) for value in place))[0]
    back = config.region.local_rotation(sensor.latitude_deg, sensor.longitude_deg).T
    density = polar_density(r, straight, full, sensor)
    return Located(own + enu @ back.T, rotate_covariance(cov, back), full, density)


def _anywhere_above(
    range_m: F64,
    azimuth_rad: F64,
    range_std_m: F64,
    azimuth_std_rad: F64,
    sensor: Sensor,
    config: PlotsConfig,
) -> tuple[F64, F64]:
    """Return mean and covariance over the heights a target may have, by three sigma points.

    Source: S. J. Julier, J. K. Uhlmann, Proc. IEEE 92 (2004) 401-422, section III.
    """
    heights = config.assumed_height_m + _LEVELS * config.assumed_height_std_m
    points = []
    for height in np.maximum(heights, 0.0):
        reached = elevation_at_height(
            range_m, np.full(len(range_m), height), sensor.height_wgs84_m, sensor.earth_factor
        )
        seen = np.clip(reached, sensor.elevation_min_rad, sensor.elevation_max_rad)
        points.append(polar_to_enu(range_m, azimuth_rad, seen, sensor.earth_factor))
    mean = np.einsum("k,kni->ni", _WEIGHTS, np.array(points))
    off = np.array(points) - mean
    cov = np.einsum("k,kni,knj->nij", _WEIGHTS, off, off)
    flat = np.arctan2(mean[:, 2], np.hypot(mean[:, 0], mean[:, 1]))
    nothing = np.zeros(len(range_m))
    cov += polar_covariance(range_m, azimuth_rad, flat, range_std_m, azimuth_std_rad, nothing)
    return mean, cov


def locate_geographic(
    reports: Reports, horizontal_std_m: F64, vertical_std_m: F64, config: PlotsConfig
) -> tuple[F64, F64, np.ndarray]:
    """Return positions, covariances and whether the height was measured.

    A missing height is taken from the pressure altitude; with neither, the position is one of
    two dimensions at the height of the ground.

    Args:
        reports: geographic reports.
        horizontal_std_m: (n,) standard deviation per horizontal axis.
        vertical_std_m: (n,) standard deviation of a stated height.
        config: the site and the limits.
    """
    stated, baro = np.isfinite(reports.height_wgs84_m), np.isfinite(reports.altitude_baro_m)
    full = stated | baro
    height = np.where(baro, reports.altitude_baro_m, config.ground_height_m)
    height = np.where(stated, reports.height_wgs84_m, height)
    vertical = np.where(baro, config.baro_height_std_m, config.assumed_height_std_m)
    vertical = np.where(stated, vertical_std_m, vertical)
    position = config.region.from_geodetic(reports.latitude_deg, reports.longitude_deg, height)
    back = _to_region(reports, config)
    variance = np.stack([horizontal_std_m**2, horizontal_std_m**2, vertical**2], axis=-1)
    return position, (back * variance[:, None, :]) @ np.swapaxes(back, -1, -2), full


def reported_rate(reports: Reports, default: F64) -> tuple[F64, F64]:
    """Return (n,) range rates, NaN where they cannot be, and their standard deviations."""
    rate = reports.range_rate_mps
    credible = np.where(np.abs(rate) < _FASTEST_MPS, rate, np.nan)
    return credible, or_default(reports.range_rate_std_mps, default)


def reported_velocity(reports: Reports, config: PlotsConfig) -> F64:
    """Return (n, 3) reported velocities in the region frame; NaN where there is none."""
    up = np.where(np.isnan(reports.velocity_up_mps), 0.0, reports.velocity_up_mps)
    own = np.stack([reports.velocity_east_mps, reports.velocity_north_mps, up], axis=-1)
    known = (np.abs(own) < _FASTEST_MPS).all(axis=1) & np.isfinite(reports.latitude_deg)
    velocity = np.full((len(reports), 3), np.nan)
    if known.any():
        back = _to_region(reports.take(known), config)
        velocity[known] = (back @ own[known][:, :, None])[:, :, 0]
    return velocity


def _to_region(reports: Reports, config: PlotsConfig) -> F64:
    local = config.region.local_rotation(reports.latitude_deg, reports.longitude_deg)
    return np.swapaxes(local, -1, -2)
