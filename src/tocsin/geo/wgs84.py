"""WGS-84 geodetic coordinates to earth-centred earth-fixed ones and back.

Source: NIMA TR8350.2, 3rd ed., table 3.1 (defining parameters); H. Vermeille, "Direct
transformation from geocentric coordinates to geodetic coordinates", J. Geodesy 76 (2002) 451-454.
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
ECCENTRICITY2 = FLATTENING * (2.0 - FLATTENING)
MEAN_RADIUS_M = 6_371_008.8


def geodetic_to_ecef(latitude_deg: F64, longitude_deg: F64, height_wgs84_m: F64) -> F64:
    """Return earth-centred earth-fixed positions.

    Args:
        latitude_deg: (n,) WGS-84 latitude.
        longitude_deg: (n,) WGS-84 longitude.
        height_wgs84_m: (n,) height above the ellipsoid.

    Returns:
        (n, 3) positions in metres.

    >>> geodetic_to_ecef(np.zeros(1), np.zeros(1), np.zeros(1))
    array([[6378137.,       0.,       0.]])
    """
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    prime_vertical = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY2 * sine * sine)
    across = (prime_vertical + height_wgs84_m) * cosine
    polar = (prime_vertical * (1.0 - ECCENTRICITY2) + height_wgs84_m) * sine
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), polar], axis=-1)


def ecef_to_geodetic(ecef_m: F64) -> tuple[F64, F64, F64]:
    """Return WGS-84 latitude and longitude in degrees and height in metres.

    Valid for points more than 45 km from the earth's centre.

    Args:
        ecef_m: (n, 3) earth-centred earth-fixed positions.
    """
    x, y, z = np.moveaxis(np.asarray(ecef_m, float), -1, 0)
    e4 = ECCENTRICITY2 * ECCENTRICITY2
    across2 = x * x + y * y
    p = across2 / SEMI_MAJOR_M**2
    q = (1.0 - ECCENTRICITY2) * (z / SEMI_MAJOR_M) ** 2
    r = (p + q - e4) / 6.0
    s = e4 * p * q / (4.0 * r**3)
    t = np.cbrt(1.0 + s + np.sqrt(s * (2.0 + s)))
    u = r * (1.0 + t + 1.0 / t)
    v = np.sqrt(u * u + e4 * q)
    w = ECCENTRICITY2 * (u + v - q) / (2.0 * v)
    k = np.sqrt(u + v + w * w) - w
    across = k * np.sqrt(across2) / (k + ECCENTRICITY2)
    radius = np.hypot(across, z)
    height = (k + ECCENTRICITY2 - 1.0) / k * radius
    latitude = 2.0 * np.arctan2(z, across + radius)
    return np.degrees(latitude), np.degrees(np.arctan2(y, x)), height


def enu_rotation(latitude_deg: float | F64, longitude_deg: float | F64) -> F64:
    """Return rotations that take ECEF vectors to local east, north, up.

    Args:
        latitude_deg: scalar or (n,) WGS-84 latitude.
        longitude_deg: scalar or (n,) WGS-84 longitude.

    Returns:
        (3, 3) or (n, 3, 3); rows are the east, north and up unit vectors.
    """
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    sp, cp, sl, cl = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    rows = [[-sl, cl, np.zeros_like(sl)], [-sp * cl, -sp * sl, cp], [cp * cl, cp * sl, sp]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
