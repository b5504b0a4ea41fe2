"""Constant velocity disturbed by white-noise acceleration, as the oracle and the bounds take it.

Written anew here and not taken from `motion`: what is scored may not be scored by its own model.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation (2001), section 6.2.2.
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64


def transition(step_s: F64) -> F64:
    """Return (n, 6, 6) matrices that advance position and velocity by (n,) seconds."""
    F = np.tile(np.eye(6), (len(step_s), 1, 1))
    F[:, :3, 3:] = step_s[:, None, None] * np.eye(3)
    return F


def process_noise(step_s: F64, noise_m2ps3: F64) -> F64:
    """Return (n, 6, 6) covariances that (n,) seconds of disturbance add.

    Args:
        step_s: (n,) seconds.
        noise_m2ps3: (n, 3) or (3,) spectral densities of the acceleration by axis.
    """
    axis = np.arange(3)
    density = np.broadcast_to(noise_m2ps3, (len(step_s), 3))
    t = step_s[:, None]
    Q = np.zeros((len(step_s), 6, 6))
    Q[:, axis, axis] = density * t**3 / 3.0
    Q[:, axis, axis + 3] = Q[:, axis + 3, axis] = density * t**2 / 2.0
    Q[:, axis + 3, axis + 3] = density * t
    return Q


def predicted(state: F64, cov: F64, step_s: F64, noise_m2ps3: F64) -> tuple[F64, F64]:
    """Return (n, 6) states and (n, 6, 6) covariances (n,) seconds later."""
    F = transition(step_s)
    spread = F @ cov @ np.swapaxes(F, -1, -2) + process_noise(step_s, noise_m2ps3)
    return np.einsum("nij,nj->ni", F, state), spread
