"""Truth and tracks at instants for the second scorer: pyproj does the geodesy, nothing of ours."""

from types import SimpleNamespace

import numpy as np
from pyproj import Transformer

TO_ECEF = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
BACK = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)


def at_instants(rows, instants, dimension, hold=0):
    """{t: {name: state}} of rows (t, name, lat_deg, lon_deg, height_m, velocity, class[, 6x6]).

    At each instant the rows of the latest time at or before it, propagated, `hold` at most.
    """
    times = sorted({row[0] for row in rows})
    latest = {t: max((u for u in times if t - hold <= u <= t), default=None) for t in instants}
    return {
        t: {row[1]: state(row, t - row[0], dimension) for row in rows if row[0] == latest[t]}
        for t in instants
    }


def state(row, age, dimension):
    """What is known of one object or track at one instant."""
    _, _, lat, lon, height_m, velocity, kind, *cov = row
    turn = axes(lat, lon)
    position = np.array(TO_ECEF.transform(lon, lat, height_m)) + turn.T @ velocity * age
    lon, lat, height_m = BACK.transform(*position)
    place = position if dimension == 3 else np.array(TO_ECEF.transform(lon, lat, 0.0))
    motion = np.eye(6) + age * np.eye(6, k=3)
    return SimpleNamespace(
        place=place,
        position=position,
        velocity=np.array(velocity),
        height_m=height_m,
        kind=kind,
        axes=turn,
        cov=motion @ cov[0] @ motion.T if cov else None,
    )


def axes(latitude_deg, longitude_deg):
    """The unit vectors east, north and up, as rows."""
    phi, lam = np.radians([latitude_deg, longitude_deg])
    east = np.array([-np.sin(lam), np.cos(lam), 0.0])
    up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    return np.array([east, np.cross(up, east), up])
