"""Whether errors are as large as the tracker says: NEES, NIS and their chi-square bounds.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation, Wiley 2001, section 5.4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from tocsin.contract import F64, I64, Dimension, Plots, TrackUpdates
from tocsin.geo import unpack_covariance

TAILS = (0.025, 0.975)


def mahalanobis(error: F64, cov: F64) -> F64:
    """Return e' P^-1 e of each row, by P = LDL'; NaN where P is not positive definite.

    Args:
        error: (n, d) errors.
        cov: (n, d, d) their covariances.

    >>> mahalanobis(np.array([[3.0, 1.0]]), np.array([[[9.0, 0.0], [0.0, 1.0]]]))
    array([2.])
    """
    size = error.shape[1]
    lower = np.zeros_like(cov)
    pivot, rest = np.zeros_like(error), error.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        for j in range(size):
            weighted = lower[:, j, :j] * pivot[:, :j]
            pivot[:, j] = cov[:, j, j] - np.sum(weighted * lower[:, j, :j], axis=1)
            for i in range(j + 1, size):
                inner = np.sum(lower[:, i, :j] * weighted, axis=1)
                lower[:, i, j] = (cov[:, i, j] - inner) / pivot[:, j]
                rest[:, i] -= lower[:, i, j] * rest[:, j]
        value: F64 = np.sum(rest**2 / pivot, axis=1)
    value[~np.all(pivot > 0.0, axis=1)] = np.nan
    return value


def chi2_band(count: NDArray[Any] | int, dimension: int) -> tuple[F64, F64]:
    """Return the 95 % interval of the mean of independent chi-square values.

    Args:
        count: how many values.
        dimension: degrees of freedom of each.
    """
    number = np.maximum(np.asarray(count, float), 1.0)
    low, high = (chi2.ppf(tail, number * dimension) / number for tail in TAILS)
    return np.asarray(low), np.asarray(high)


def nis(plots: Plots, predictions: TrackUpdates) -> tuple[F64, I64]:
    """Return the normalised innovation squared of each plot, and its degrees of freedom.

    Args:
        plots: located plots, region frame.
        predictions: row by row the track's state at the plot's time, made without that plot.

    Raises:
        ValueError: not one prediction to each plot.
    """
    if len(plots) != len(predictions):
        raise ValueError(f"{len(plots)} plots but {len(predictions)} predictions")
    innovation = plots.position_m - predictions.state[:, :3]
    cov = plots.position_cov_m2 + unpack_covariance(predictions.state_cov)[:, :3, :3]
    flat = plots.dimension == Dimension.HORIZONTAL
    value = np.where(
        flat,
        mahalanobis(innovation[:, :2], cov[:, :2, :2]),
        mahalanobis(innovation, cov),
    )
    return value, np.where(flat, 2, 3).astype(np.int64)
