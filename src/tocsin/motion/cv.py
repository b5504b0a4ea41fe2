"""Constant velocity disturbed by white-noise acceleration.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation (2001), section 6.2.2 (continuous white noise acceleration model).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64


@dataclass(frozen=True)
class CvNoise:
    """Say how strongly the velocity wanders.

    Args:
        horizontal_m2ps3: power spectral density of each horizontal acceleration, m2/s3.
        vertical_m2ps3: likewise upwards.
    """

    horizontal_m2ps3: float
    vertical_m2ps3: float

    def density(self) -> F64:
        """Return the (3,) densities of east, north and up."""
        return np.array([self.horizontal_m2ps3, self.horizontal_m2ps3, self.vertical_m2ps3])


def transition(dt_s: F64) -> F64:
    """Return (n, 6, 6) matrices that advance position and velocity by (n,) seconds.

    >>> transition(np.array([2.0]))[0, 0].tolist()
    [1.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    """
    F = np.zeros((len(dt_s), 6, 6))
    F[:] = np.eye(6)
    for axis in range(3):
        F[:, axis, axis + 3] = dt_s
    return F


def process_noise(dt_s: F64, noise: CvNoise) -> F64:
    """Return (n, 6, 6) covariances that (n,) seconds of white-noise acceleration add.

    Args:
        dt_s: (n,) seconds, not negative.
        noise: power spectral densities.
    """
    Q = np.zeros((len(dt_s), 6, 6))
    for axis, density in enumerate(noise.density()):
        Q[:, axis, axis] = density * dt_s**3 / 3.0
        Q[:, axis, axis + 3] = Q[:, axis + 3, axis] = density * dt_s**2 / 2.0
        Q[:, axis + 3, axis + 3] = density * dt_s
    return Q


def predict(state: F64, cov: F64, dt_s: F64, noise: CvNoise) -> tuple[F64, F64]:
    """Return states and covariances (n,) seconds later.

    Args:
        state: (n, 6) position then velocity.
        cov: (n, 6, 6) their covariances.
        dt_s: (n,) seconds, not negative.
        noise: power spectral densities.
    """
    F = transition(dt_s)
    later = (F @ state[:, :, None])[:, :, 0]
    return later, F @ cov @ np.swapaxes(F, -1, -2) + process_noise(dt_s, noise)
