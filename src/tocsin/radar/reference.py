"""Detection theory by its definition, term by term: the twin of the compiled sums."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc, gammaln, xlog1py, xlogy

from tocsin.contract import F64


def mixture_reference(snr: F64, pulses: int, limit: float, swerling: int, terms: int) -> F64:
    """Return the probability of detection as the plain sum over its mixture.

    Args:
        snr: (n,) of one pulse, linear.
        pulses: N.
        limit: the threshold T.
        swerling: 0 to 4.
        terms: how many terms are summed; beyond them every tail counts as one.
    """
    j = np.arange(terms, dtype=float)
    weight = np.exp(_log_weight(snr[:, None], pulses, swerling, j))
    beyond = np.clip(1.0 - weight.sum(axis=1), 0.0, 1.0)
    return np.asarray(weight @ gammaincc(pulses + j, limit) + beyond)


def _log_weight(snr: F64, pulses: int, swerling: int, j: F64) -> F64:
    mean = pulses * snr
    if swerling == 0:
        return np.asarray(xlogy(j, mean) - mean - gammaln(j + 1.0))
    shape = {1: 1.0, 2: pulses, 3: 2.0, 4: 2.0 * pulses}[swerling]
    ways = gammaln(shape + j) - gammaln(shape) - gammaln(j + 1.0)
    return np.asarray(ways + xlogy(j, mean / shape) - xlog1py(shape + j, mean / shape))
