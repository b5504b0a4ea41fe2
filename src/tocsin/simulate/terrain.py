"""Ground height and distances about the scenario's place.

Terrain is a handful of smooth hills; the sea is at zero, and zero is the ellipsoid.
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64
from tocsin.geo.wgs84 import ECCENTRICITY2, SEMI_MAJOR_M
from tocsin.simulate.schema_base import Hill


def metres_per_degree(latitude_deg: F64) -> tuple[F64, F64]:
    """Return metres per degree of longitude and of latitude on the ellipsoid."""
    latitude = np.radians(latitude_deg)
    w2 = 1.0 - ECCENTRICITY2 * np.sin(latitude) ** 2
    prime_vertical = SEMI_MAJOR_M / np.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
    return np.radians(prime_vertical * np.cos(latitude)), np.radians(meridian)


def offset_m(
    latitude_deg: F64, longitude_deg: F64, to_latitude_deg: F64, to_longitude_deg: F64
) -> tuple[F64, F64]:
    """Return metres east and north between points, good to 0.1 % within 200 km."""
    east, north = metres_per_degree((latitude_deg + to_latitude_deg) / 2.0)
    return (to_longitude_deg - longitude_deg) * east, (to_latitude_deg - latitude_deg) * north


def moved(latitude_deg: F64, longitude_deg: F64, east_m: F64, north_m: F64) -> tuple[F64, F64]:
    """Return the points that lie metres east and north of others."""
    half = latitude_deg + north_m / metres_per_degree(latitude_deg)[1] / 2.0
    east, north = metres_per_degree(half)
    return latitude_deg + north_m / north, longitude_deg + east_m / east


def hills_table(hills: tuple[Hill, ...]) -> F64:
    """Return (k, 4) latitude, longitude, height and radius of hills."""
    rows = [(h.latitude_deg, h.longitude_deg, h.height_m, h.radius_m) for h in hills]
    return np.array(rows, float).reshape(-1, 4)


def ground_height_m(hills: F64, latitude_deg: F64, longitude_deg: F64) -> F64:
    """Return the height of the ground under points.

    Args:
        hills: (k, 4) from `hills_table`.
        latitude_deg: (n,) WGS-84.
        longitude_deg: (n,) WGS-84.
    """
    shape = np.shape(latitude_deg)
    latitude, longitude = np.reshape(latitude_deg, (-1, 1)), np.reshape(longitude_deg, (-1, 1))
    east, north = offset_m(hills[:, 0], hills[:, 1], latitude, longitude)
    share = np.clip(1.0 - (east**2 + north**2) / hills[:, 3] ** 2, 0.0, None)
    return np.asarray((hills[:, 2] * share**2).sum(axis=1).reshape(shape))
