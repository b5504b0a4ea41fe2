"""Plain NumPy twins of the kernels: slow, short, and the oracles of their tests."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, Bool, Sensor
from tocsin.geo import Region, enu_to_polar
from tocsin.plots.biased import Biased
from tocsin.plots.clutter import AZIMUTHS, RANGES, Clutter, rates
from tocsin.plots.config import PlotsConfig
from tocsin.plots.kernels import POSITION_VARIANCE_M2, VELOCITY_VARIANCE_M2PS2


def wander(at_s: F64) -> F64:
    """Return (n, n) covariances of positions that white acceleration of density one makes."""
    early = np.minimum.outer(at_s, at_s) - at_s[0]
    return np.asarray(early**3 / 3.0 + early**2 * np.abs(np.subtract.outer(at_s, at_s)) / 2.0)


def eliminate(
    at_s: F64, slot: I64, plots: Biased, velocity_mps: F64, noise: F64, slots: int
) -> tuple[F64, F64, float]:
    """Return information, score and energy of one segment by generalised least squares.

    Args:
        at_s: (n,) times.
        slot: (n,) number of each plot's sensor.
        plots: what the sensors measured.
        velocity_mps: (3,) of the target, roughly.
        noise: (3,) densities of its acceleration.
        slots: how many sensors there are.
    """
    n, since = len(at_s), at_s - at_s[0]
    spread, design = np.zeros((n, 3, n, 3)), np.zeros((n, 3, slots, 4))
    prior = POSITION_VARIANCE_M2 + VELOCITY_VARIANCE_M2PS2 * np.outer(since, since)
    for axis in range(3):
        spread[:, axis, :, axis] = prior + noise[axis] * wander(at_s)
    for j in range(n):
        spread[j, :, j, :] += plots.cov_m2[j]
        design[j, :, slot[j], :] = plots.columns[j]
    keep = (np.arange(3) < plots.dims[:, None]).ravel()
    weight = np.linalg.inv(spread.reshape(3 * n, 3 * n)[np.ix_(keep, keep)])
    A = design.reshape(3 * n, 4 * slots)[keep]
    y = (plots.position_m - since[:, None] * velocity_mps).ravel()[keep]
    return A.T @ weight @ A, A.T @ weight @ y, float(y @ weight @ y)


def look_up(
    state: Clutter, position_m: F64, full: Bool, sensor: Sensor, config: PlotsConfig
) -> tuple[I64, F64]:
    """Return the cells of one radar's plots, and how many times as many are false there as usual.

    Args:
        state: the maps.
        position_m: (n, 3) region frame.
        full: (n,) whether the height was measured.
        sensor: the radar.
        config: the site.
    """
    k = state.cells.sensor_id.index(sensor.sensor_id)
    enu = _enu_m(sensor, config.region, position_m)
    range_m, azimuth, elevation = enu_to_polar(enu)
    above = np.searchsorted(state.cells.bounds[k], np.sin(elevation), "right")
    band = np.where(full, 1 + above, 0)
    ray = np.minimum((azimuth / (2.0 * np.pi) * AZIMUTHS).astype(int), AZIMUTHS - 1)
    ring = np.minimum((range_m * state.cells.place[k, 12]).astype(int), RANGES - 1)
    mean = state.cells.usual[k, band]
    cell = np.ravel_multi_index((np.full(len(ray), k), band, ray, ring), state.settled.plots.shape)
    with np.errstate(invalid="ignore"):
        factor = rates(state, config)[0][k, band, ray, ring] / mean
    return cell, np.where(mean > 0.0, factor, 1.0)


def _enu_m(sensor: Sensor, region: Region, position_m: F64) -> F64:
    point = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in point))[0]
    return np.asarray((position_m - own) @ region.local_rotation(*point[:2]).T)
