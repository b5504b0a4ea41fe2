"""Reports that cannot be used: found, dropped, counted."""

from __future__ import annotations

import numpy as np

from tocsin.contract import I32, NS, Bool, Faults, ReportKind, Reports
from tocsin.plots.config import PlotsConfig

_LOWEST_M, _HIGHEST_M, _HIGHEST_PRESSURE_M = -1_000.0, 2_000_000.0, 60_000.0
_TURNS = 4.0 * np.pi
_POSITION = (
    "range_m",
    "azimuth_rad",
    "elevation_rad",
    "latitude_deg",
    "longitude_deg",
    "height_wgs84_m",
    "altitude_baro_m",
)
_PLACELESS = (ReportKind.IDENTITY, ReportKind.SERVICE, ReportKind.BEARING)


def fault_rows(reports: Reports, rows: np.ndarray, kind: str, detail: str) -> Faults:
    """Return one fault for each chosen report.

    Args:
        reports: the batch.
        rows: mask or indices of the reports that are dropped.
        kind: short name, for counting.
        detail: what was wrong, for people.
    """
    chosen = reports.take(rows)
    return Faults.build(
        len(chosen),
        received_at_ns=chosen.received_at_ns,
        source_id=chosen.sensor_id,
        kind=kind,
        offset_bytes=-1,
        detail=detail,
    )


def is_polar(reports: Reports) -> Bool:
    """Return which reports state range and azimuth about their sensor."""
    return np.isfinite(reports.range_m) & np.isfinite(reports.azimuth_rad)


def is_geographic(reports: Reports) -> Bool:
    """Return which reports state latitude and longitude."""
    return np.isfinite(reports.latitude_deg) & np.isfinite(reports.longitude_deg)


def wrong_time(reports: Reports, config: PlotsConfig, now_ns: int) -> Bool:
    """Return which reports claim a time that their receipt makes impossible.

    A report without a receive time is judged by `now_ns`.
    """
    received = np.where(reports.received_at_ns > 0, reports.received_at_ns, now_ns)
    age_ns = received - reports.measured_at_ns
    return (age_ns < -config.latest_ahead_s * NS) | (age_ns > config.oldest_s * NS)


def wrong_value(reports: Reports) -> Bool:
    """Return which reports state a position that cannot be."""
    polar, geographic = is_polar(reports), is_geographic(reports)
    bearing = reports.kind == ReportKind.BEARING
    off_earth = (np.abs(reports.latitude_deg) > 90.0) | (np.abs(reports.longitude_deg) > 180.0)
    off_air = (reports.height_wgs84_m < _LOWEST_M) | (reports.height_wgs84_m > _HIGHEST_M)
    pressure = reports.altitude_baro_m
    off_air |= (pressure < _LOWEST_M) | (pressure > _HIGHEST_PRESSURE_M)
    behind = (reports.range_m < 1.0) | (reports.range_m > 5_000_000.0)
    # An azimuth beyond two turns is one in degrees.
    over = (np.abs(reports.elevation_rad) > np.pi / 2.0) | (np.abs(reports.azimuth_rad) > _TURNS)
    infinite = np.zeros(len(reports), bool)
    for name in _POSITION:
        infinite |= np.isinf(getattr(reports, name))
    over |= bearing & np.isnan(reports.azimuth_rad)
    wrong = (polar & behind) | ((polar | bearing) & over)
    return np.asarray((geographic & off_earth) | off_air | wrong | infinite)


def no_position(reports: Reports) -> Bool:
    """Return which reports should state a position and do not; an external track's end need not."""
    needs = ~np.isin(reports.kind, _PLACELESS)
    needs &= ~((reports.kind == ReportKind.EXTERNAL_TRACK) & reports.ended)
    return needs & ~is_polar(reports) & ~is_geographic(reports)


def no_sensor_position(reports: Reports, sensor: I32, config: PlotsConfig) -> Bool:
    """Return which polar reports and bearings come from a sensor whose place is unknown."""
    placeless: Bool = np.array([np.isnan(s.latitude_deg) for s in config.sensors] or [True])
    angular = is_polar(reports) | (reports.kind == ReportKind.BEARING)
    return np.asarray(angular & ~is_geographic(reports) & placeless[sensor])
