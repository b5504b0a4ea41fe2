"""Reports that cannot be used: found, dropped, counted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, Bool, Faults, Reports

POSITION = (
    "range_m",
    "azimuth_rad",
    "elevation_rad",
    "latitude_deg",
    "longitude_deg",
    "height_wgs84_m",
    "altitude_baro_m",
)
_WHOLE = ("measured_at_ns", "received_at_ns", "kind", "ended", "mode_s", "track_number")

FAULTS = (
    ("", ""),
    ("unknown sensor", "the site names no such sensor"),
    ("impossible time", "measured after its receipt, or long ago"),
    ("impossible value", "a position that cannot be"),
    ("no position", "neither polar nor geographic"),
    (
        "sensor without position",
        "polar report of a sensor without a position; give it one in the site",
    ),
)
"""Kind and detail by what `kernels_reports.judge` returns."""


class Packed(NamedTuple):
    """Hold columns of reports side by side, as `kernels_reports` takes them.

    Args:
        position: (7, n) the columns of `POSITION`.
        whole: (6, n) times, kind, whether it ended, address, track number.
    """

    position: F64
    whole: I64


def packed(reports: Reports) -> Packed:
    """Return the columns by which reports are judged and recognised."""
    position = np.array([getattr(reports, name) for name in POSITION])
    return Packed(position, np.array([getattr(reports, name) for name in _WHOLE], np.int64))


def fault_rows(reports: Reports, rows: np.ndarray, kind: str, detail: str) -> Faults:
    """Return one fault for each chosen report.

    Args:
        reports: the batch.
        rows: mask or indices of the reports that are dropped.
        kind: short name, for counting.
        detail: what was wrong, for people.
    """
    received_at_ns = reports.received_at_ns[rows]
    return Faults.build(
        len(received_at_ns),
        received_at_ns=received_at_ns,
        source_id=reports.sensor_id[rows],
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
