"""Whether errors are as large as the tracker says: NEES, NIS and their chi-square bounds.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation, Wiley 2001, section 5.4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from tocsin.contract import F64, Innovations
from tocsin.evaluate.summary import share

TAILS = (0.025, 0.975)
SURE = 0.9
"""Associations at least this probable are taken for what they say."""


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


def innovation_scores(innovations: Innovations) -> dict[str, Any]:
    """Return the normalised innovations squared, over all and by sensor, with their bounds.

    Only sure associations count: what is shared between tracks is no draw of one of them.

    Args:
        innovations: of a tracker, or of the oracle.
    """
    sure = innovations.take(innovations.probability >= SURE)
    by_sensor = {
        sensor: _nis(sure.take(sure.sensor_id == sensor))
        for sensor in sorted(dict.fromkeys(innovations.sensor_id.tolist()))
    }
    return {**_nis(sure), "nis_by_sensor": by_sensor}


def _nis(innovations: Innovations) -> dict[str, Any]:
    """Return the mean with its bounds; measurements of several dimensions add up."""
    value, freedom = innovations.distance2, innovations.dimension.astype(float)
    count, total = len(value), float(freedom.sum())
    low, high = (chi2.ppf(tail, freedom) for tail in TAILS)
    bounds = [float(chi2.ppf(tail, total)) / count if count else None for tail in TAILS]
    return {
        "nis_mean": share(value),
        "nis_mean_low": bounds[0],
        "nis_mean_high": bounds[1],
        "nis_dimension": share(freedom),
        "nis_plots": count,
        "nis_share_in_95": share((value >= low) & (value <= high)),
    }
