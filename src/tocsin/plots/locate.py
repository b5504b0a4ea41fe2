"""From what a sensor measured to a position with covariance in the region frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I32, Bool, ReportKind, Reports
from tocsin.geo import bending_rad
from tocsin.plots.config import PlotsConfig
from tocsin.plots.density import reach_m
from tocsin.plots.kernels_reports import HEIGHT, WIDEST_STD, locate_polar

_FASTEST_MPS = 1e4
_MEASURED = (
    "range_m",
    "azimuth_rad",
    "elevation_rad",
    "range_std_m",
    "azimuth_std_rad",
    "elevation_std_rad",
    "altitude_baro_m",
)


class Located(NamedTuple):
    """Hold positions that one kind of measurement gave.

    Args:
        position_m: (n, 3) region frame.
        position_cov_m2: (n, 3, 3) region frame.
        full: (n,) whether the height was measured.
        false_density: (n,) false plots per m3, or per m2 where the height was not measured.
    """

    position_m: F64
    position_cov_m2: F64
    full: np.ndarray
    false_density: F64


def or_default(values: F64, default: float | F64) -> F64:
    """Return standard deviations, with a default where they are absent or cannot be."""
    return np.where((values > 0.0) & (values < WIDEST_STD), values, default)


def sites(config: PlotsConfig) -> F64:
    """Return (sensors, 21) what `kernels_reports.locate_polar` must know of each sensor.

    Position in the region frame (3), rotation of the sensor's frame into it by rows (9), height,
    bending per metre, standard deviations of range, azimuth and elevation, lowest and highest
    elevation, false plots per look and metre of a circle about it, radians of elevation.
    """
    rows: F64 = np.empty((len(config.sensors), 21))
    for row, sensor in zip(rows, config.sensors, strict=True):
        place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
        row[:3] = config.region.from_geodetic(*(np.array([value]) for value in place))[0]
        row[3:HEIGHT] = config.region.local_rotation(*place[:2]).T.ravel()
        row[HEIGHT:] = (
            sensor.height_wgs84_m,
            bending_rad(np.ones(1), sensor.earth_factor)[0],
            sensor.range_std_m,
            sensor.azimuth_std_rad,
            sensor.elevation_std_rad,
            sensor.elevation_min_rad,
            sensor.elevation_max_rad,
            sensor.false_plots_per_look / (2.0 * np.pi * reach_m(sensor)),
            max(sensor.elevation_max_rad - sensor.elevation_min_rad, 1e-3),
        )
    return rows


def place_polar(
    reports: Reports, sensor: I32, polar: Bool, known: F64, config: PlotsConfig, out: Located
) -> F64:
    """Write where the polar reports of all sensors lie; return (n,) azimuths in [0, 2 pi).

    Args:
        reports: any.
        sensor: (n,) index of each one's sensor.
        polar: (n,) which are taken at their polar word.
        known: of `sites`.
        config: the site and the limits.
        out: zeros; rows of other reports stay as they are.
    """
    # What people say of a height is no measurement of it.
    trusted = reports.kind != ReportKind.SIGHTING
    measured = np.array([getattr(reports, name) for name in _MEASURED])
    assumed = (config.baro_height_std_m, config.assumed_height_m, config.assumed_height_std_m)
    beam_rad = np.full(len(reports), np.nan)
    locate_polar(measured, polar, trusted, sensor, known, np.array(assumed), beam_rad, *out)
    return beam_rad


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


def reported_rate(reports: Reports, sensor: I32, config: PlotsConfig) -> tuple[F64, F64]:
    """Return (n,) range rates, NaN where they cannot be, and their standard deviations."""
    rate = reports.range_rate_mps
    if np.isnan(rate).all():
        return rate, rate
    own = np.array([s.range_rate_std_mps for s in config.sensors])[sensor]
    credible = np.where(np.abs(rate) < _FASTEST_MPS, rate, np.nan)
    return credible, or_default(reports.range_rate_std_mps, own)


def reported_velocity(reports: Reports, config: PlotsConfig) -> F64:
    """Return (n, 3) reported velocities in the region frame; NaN where there is none."""
    velocity: F64 = np.full((len(reports), 3), np.nan)
    said = np.isfinite(reports.velocity_east_mps) & np.isfinite(reports.latitude_deg)
    if not said.any():
        return velocity
    up = np.where(np.isnan(reports.velocity_up_mps), 0.0, reports.velocity_up_mps)
    own = np.stack([reports.velocity_east_mps, reports.velocity_north_mps, up], axis=-1)
    known = (np.abs(own) < _FASTEST_MPS).all(axis=1) & np.isfinite(reports.latitude_deg)
    if known.any():
        back = _to_region(reports.take(known), config)
        velocity[known] = (back @ own[known][:, :, None])[:, :, 0]
    return velocity


def _to_region(reports: Reports, config: PlotsConfig) -> F64:
    local = config.region.local_rotation(reports.latitude_deg, reports.longitude_deg)
    return np.swapaxes(local, -1, -2)
