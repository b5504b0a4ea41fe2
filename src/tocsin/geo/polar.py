"""Range, azimuth and elevation about a sensor to its east-north-up frame and back.

Radar rays bend; an effective-earth factor k says how much (k = 1: not at all, 4/3: standard
atmosphere). The bending lowers the true elevation by ``(1 - 1/k) r / (2 R)``, R the mean radius.

Source: M. I. Skolnik, Introduction to Radar Systems, 3rd ed., section 8.5; D. Lerro and
Y. Bar-Shalom, IEEE Trans. AES 29 (1993) 1015-1022 (converted measurements).
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64
from tocsin.geo.wgs84 import MEAN_RADIUS_M


def bending_rad(range_m: F64, earth_factor: float) -> F64:
    """Return by how much a ray's elevation at the sensor exceeds the straight line's."""
    return (1.0 - 1.0 / earth_factor) * range_m / (2.0 * MEAN_RADIUS_M)


def polar_to_enu(
    range_m: F64, azimuth_rad: F64, elevation_rad: F64, earth_factor: float = 1.0
) -> F64:
    """Return (n, 3) positions in the sensor's ENU frame.

    Args:
        range_m: (n,) slant range.
        azimuth_rad: (n,) clockwise from true north.
        elevation_rad: (n,) measured, above the sensor's horizontal.
        earth_factor: effective-earth factor k of the measured elevation.
    """
    straight = elevation_rad - bending_rad(range_m, earth_factor)
    across = range_m * np.cos(straight)
    up = range_m * np.sin(straight)
    return np.stack([across * np.sin(azimuth_rad), across * np.cos(azimuth_rad), up], axis=-1)


def enu_to_polar(enu_m: F64, earth_factor: float = 1.0) -> tuple[F64, F64, F64]:
    """Return range, azimuth in [0, 2 pi) and measured elevation of (n, 3) ENU positions."""
    east, north, up = np.moveaxis(enu_m, -1, 0)
    across = np.hypot(east, north)
    range_m = np.hypot(across, up)
    elevation = np.arctan2(up, across) + bending_rad(range_m, earth_factor)
    return range_m, np.mod(np.arctan2(east, north), 2.0 * np.pi), elevation


def polar_covariance(
    range_m: F64,
    azimuth_rad: F64,
    elevation_rad: F64,
    range_std_m: F64,
    azimuth_std_rad: F64,
    elevation_std_rad: F64,
) -> F64:
    """Return (n, 3, 3) ENU covariances of converted polar measurements, first order.

    The bending's own dependence on range is left out: below 1e-4 of the range error.
    """
    sa, ca = np.sin(azimuth_rad), np.cos(azimuth_rad)
    se, ce = np.sin(elevation_rad), np.cos(elevation_rad)
    zero = np.zeros_like(sa)
    along = np.stack([ce * sa, ce * ca, se], axis=-1) * range_std_m[:, None]
    cross = np.stack([ca, -sa, zero], axis=-1) * (range_m * ce * azimuth_std_rad)[:, None]
    above = np.stack([-se * sa, -se * ca, ce], axis=-1) * (range_m * elevation_std_rad)[:, None]
    axes = np.stack([along, cross, above], axis=-1)
    return axes @ np.swapaxes(axes, -1, -2)


def elevation_at_height(
    range_m: F64, height_wgs84_m: F64, sensor_height_wgs84_m: float, earth_factor: float = 1.0
) -> F64:
    """Return the measured elevation at which a slant range reaches a height, on a sphere.

    Heights that the range cannot reach give straight up or down.
    """
    sensor = MEAN_RADIUS_M + sensor_height_wgs84_m
    target = MEAN_RADIUS_M + height_wgs84_m
    with np.errstate(divide="ignore", invalid="ignore"):
        sine = (target**2 - sensor**2 - range_m**2) / (2.0 * range_m * sensor)
    straight = np.arcsin(np.clip(np.nan_to_num(sine), -1.0, 1.0))
    return straight + bending_rad(range_m, earth_factor)
