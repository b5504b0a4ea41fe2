"""Take the known biases out of what sensors say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.contract import F64, I32, NS, Looks, Reports
from tocsin.plots.faults import is_polar

_LEAST_RANGE_M = 1.0
_UPRIGHT = np.pi / 2.0


def corrected_reports(reports: Reports, sensor: I32, applied: F64) -> Reports:
    """Return reports less the biases of their sensors.

    Args:
        reports: any; what they do not measure stays absent.
        sensor: (n,) index of each one's sensor.
        applied: (sensors, 4) range, azimuth, elevation and time bias.
    """
    if len(reports) == 0 or not applied.any() or not applied[sensor].any():
        return reports
    bias = np.where(is_polar(reports)[:, None], applied[sensor], 0.0)
    elevation = np.clip(reports.elevation_rad - bias[:, 2], -_UPRIGHT, _UPRIGHT)
    return reports.replace(
        measured_at_ns=reports.measured_at_ns - _ns(applied[sensor, 3]),
        range_m=np.maximum(reports.range_m - bias[:, 0], _LEAST_RANGE_M),
        azimuth_rad=reports.azimuth_rad - bias[:, 1],
        elevation_rad=elevation,
    )


def corrected_looks(looks: Looks, index: Mapping[str, int], applied: F64) -> Looks:
    """Return looks less the biases of their sensors: sector marks are as wrong as plots.

    Args:
        looks: any.
        index: of each sensor by its id.
        applied: (sensors, 4) range, azimuth, elevation and time bias.
    """
    sensor = np.array([index.get(name, -1) for name in looks.sensor_id.tolist()], np.int64)
    bias = np.where((sensor >= 0)[:, None], applied[sensor], 0.0) if len(applied) else None
    if bias is None or not bias.any():
        return looks
    return looks.replace(
        start_ns=looks.start_ns - _ns(bias[:, 3]),
        end_ns=looks.end_ns - _ns(bias[:, 3]),
        azimuth_from_rad=looks.azimuth_from_rad - bias[:, 1],
        azimuth_to_rad=looks.azimuth_to_rad - bias[:, 1],
    )


def _ns(seconds: F64) -> np.ndarray:
    return np.rint(seconds * NS).astype(np.int64)
