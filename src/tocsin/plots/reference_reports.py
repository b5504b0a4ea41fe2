"""Plain NumPy twins of the kernels that judge, recognise and locate reports."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I8, I32, NS, U64, Bool, ReportKind, Reports, Sensor
from tocsin.geo import (
    bending_rad,
    elevation_at_height,
    polar_covariance,
    polar_to_enu,
    rotate_covariance,
)
from tocsin.plots import kernels_reports as kernels
from tocsin.plots.config import PlotsConfig
from tocsin.plots.density import reach_m
from tocsin.plots.duplicates import observers
from tocsin.plots.faults import POSITION, is_geographic, is_polar
from tocsin.plots.locate import Located

_PLACELESS = (ReportKind.IDENTITY, ReportKind.SERVICE, ReportKind.BEARING)


def judge(reports: Reports, sensor: I32, config: PlotsConfig, now_ns: int) -> I8:
    """Return (n,) why a report cannot be used, as an index of `faults.FAULTS`; 0: it can."""
    placed = np.array([not np.isnan(s.latitude_deg) for s in config.sensors] or [False])
    placeless = is_polar(reports) & ~is_geographic(reports) & ~placed[sensor]
    reasons = [sensor < 0, wrong_time(reports, config, now_ns), wrong_value(reports)]
    reasons += [no_position(reports), placeless]
    return np.select(reasons, range(1, 6), 0).astype(np.int8)


def wrong_time(reports: Reports, config: PlotsConfig, now_ns: int) -> Bool:
    """Return which reports claim a time that their receipt makes impossible."""
    received = np.where(reports.received_at_ns > 0, reports.received_at_ns, now_ns)
    age_ns = received - reports.measured_at_ns
    return (age_ns < -config.latest_ahead_s * NS) | (age_ns > config.oldest_s * NS)


def wrong_value(reports: Reports) -> Bool:
    """Return which reports state a position that cannot be."""
    r, pressure = reports.range_m, reports.altitude_baro_m
    off_earth = (np.abs(reports.latitude_deg) > 90.0) | (np.abs(reports.longitude_deg) > 180.0)
    off_air = reports.height_wgs84_m < kernels.LOWEST_M
    off_air |= reports.height_wgs84_m > kernels.HIGHEST_M
    off_air |= (pressure < kernels.LOWEST_M) | (pressure > kernels.HIGHEST_PRESSURE_M)
    behind = (r < kernels.NEAREST_M) | (r > kernels.FARTHEST_M)
    over = np.abs(reports.elevation_rad) > np.pi / 2.0
    over |= np.abs(reports.azimuth_rad) > kernels.MOST_AZIMUTH_RAD
    infinite = np.isinf([getattr(reports, name) for name in POSITION]).any(axis=0)
    off_earth &= is_geographic(reports)
    return off_earth | off_air | (is_polar(reports) & (behind | over)) | infinite


def no_position(reports: Reports) -> Bool:
    """Return which reports should state a position and do not; an external track's end need not."""
    needs = ~np.isin(reports.kind, _PLACELESS)
    needs &= ~((reports.kind == ReportKind.EXTERNAL_TRACK) & reports.ended)
    return needs & ~is_polar(reports) & ~is_geographic(reports)


def fingerprints(reports: Reports, sensor: I32) -> U64:
    """Return (n,) 64-bit digests of sensor, time, measurement, identity and observer."""
    words = [sensor.astype(np.uint64), reports.measured_at_ns.view(np.uint64)]
    for name in POSITION:
        values = getattr(reports, name)
        words.append(np.where(np.isnan(values), np.nan, values).view(np.uint64))
    words += [reports.mode_s.astype(np.uint64), reports.track_number.astype(np.uint64)]
    digest = np.zeros(len(reports), np.uint64)
    for word in [*words, observers(reports)]:
        digest = _mix(digest ^ word)
    return digest


def _mix(word: U64) -> U64:
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def repeats(digest: U64) -> Bool:
    """Return which digests occurred before in the row of them."""
    again = np.ones(len(digest), bool)
    again[np.unique(digest, return_index=True)[1]] = False
    return again


def _stated(values: F64, default: float) -> F64:
    return np.where((values > 0.0) & (values < kernels.WIDEST_STD), values, default)


def locate_polar(reports: Reports, sensor: Sensor, config: PlotsConfig) -> Located:
    """Return where the polar reports of one sensor lie."""
    r, azimuth, k = reports.range_m, reports.azimuth_rad, sensor.earth_factor
    trusted = reports.kind != ReportKind.SIGHTING
    height = np.where(trusted, reports.altitude_baro_m, np.nan)
    reached = elevation_at_height(r, height, sensor.height_wgs84_m, k)
    measured = trusted & np.isfinite(reports.elevation_rad)
    full = measured | (height - sensor.height_wgs84_m < kernels.OVERHEAD * r)
    elevation = np.where(measured, reports.elevation_rad, np.where(full, reached, 0.0))
    straight = elevation - bending_rad(r, k)
    own_std = _stated(reports.elevation_std_rad, sensor.elevation_std_rad)
    flat = np.maximum(r * np.cos(straight), 1.0)
    baro_std = np.minimum(config.baro_height_std_m / flat, kernels.STEEPEST_STD_RAD)
    fine_std = _stated(own_std, kernels.COARSE_ELEVATION_STD_RAD)
    elevation_std = np.where(measured, fine_std, baro_std)
    range_std = _stated(reports.range_std_m, sensor.range_std_m)
    azimuth_std = _stated(reports.azimuth_std_rad, sensor.azimuth_std_rad)
    enu = polar_to_enu(r, azimuth, elevation, k)
    cov = polar_covariance(r, azimuth, straight, range_std, azimuth_std, elevation_std)
    rows = ~full
    enu[rows], cov[rows] = _anywhere_above(
        r[rows], azimuth[rows], range_std[rows], azimuth_std[rows], sensor, config
    )
    cov += np.eye(3) * kernels.LEAST_VARIANCE_M2
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
    heights = config.assumed_height_m + np.array(kernels.LEVELS) * config.assumed_height_std_m
    points = []
    for height in np.maximum(heights, 0.0):
        reached = elevation_at_height(
            range_m, np.full(len(range_m), height), sensor.height_wgs84_m, sensor.earth_factor
        )
        seen = np.clip(reached, sensor.elevation_min_rad, sensor.elevation_max_rad)
        points.append(polar_to_enu(range_m, azimuth_rad, seen, sensor.earth_factor))
    mean = np.einsum("k,kni->ni", kernels.WEIGHTS, np.array(points))
    off = np.array(points) - mean
    cov = np.einsum("k,kni,knj->nij", kernels.WEIGHTS, off, off)
    flat = np.arctan2(mean[:, 2], np.hypot(mean[:, 0], mean[:, 1]))
    nothing = np.zeros(len(range_m))
    cov += polar_covariance(range_m, azimuth_rad, flat, range_std_m, azimuth_std_rad, nothing)
    return mean, cov


def polar_density(range_m: F64, elevation_rad: F64, full: Bool, sensor: Sensor) -> F64:
    """Return (n,) false plots per m3 (height measured) or per m2 and look."""
    near = np.maximum(range_m, kernels.SPARSE_FROM_M)
    flat = np.maximum(np.cos(elevation_rad), kernels.LEAST_COSINE)
    per_m2 = sensor.false_plots_per_look / (reach_m(sensor) * 2.0 * np.pi * near * flat)
    span = max(sensor.elevation_max_rad - sensor.elevation_min_rad, 1e-3)
    return np.where(full, per_m2 / (span * near), per_m2)
