"""Plain NumPy twin of the kernel: slow, short, and the oracle of its test."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64
from tocsin.plots.biased import Biased
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
