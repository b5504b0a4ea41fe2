"""Chance that a radar detects an echo of N pulses, exact for Swerling's cases 0 to 4.

A square-law detector sums N pulses in noise of power one and compares with a threshold T. Given
the echo's total power, the sum is a Poisson mixture of gamma variables; averaged over a
fluctuation of gamma shape K (1, N, 2, 2N for cases 1 to 4) it becomes a negative-binomial one::

    Pd = sum over j of w(j) Q(N + j, T),    Q(N, T) = Pfa,    Q the regularised upper gamma

with w Poisson of mean N snr (case 0), or negative-binomial of shape K and mean N snr. All terms
are positive: nothing cancels. Summed by parts, cases 1 and 3 are polynomials in r = m / (1 + m),
m = N snr / K; case 2 is Q(N, T / (1 + snr)).

Source: P. Swerling, "Probability of detection for fluctuating targets", IRE Trans. IT-6 (1960)
269-308; D. A. Shnidman, "The calculation of the probability of detection and the generalized
Marcum Q-function", IEEE Trans. IT 35 (1989) 389-400 (the sum over gamma tails).
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import gammainc, gammaincc, gammainccinv, gammaln, xlog1py, xlogy

from tocsin.contract import F64
from tocsin.radar.kernels_detection import LANES, mixture, polynomial

CASES = (0, 1, 2, 3, 4)
MAX_PULSES = 1000
_SPREADS = 10.0
"""Weights further than this many standard deviations from their mean are negligible (1e-20)."""
_LEAST_SNR, _MOST_SNR = 1e-12, 1e18


def threshold(false_alarm_probability: float | F64, pulses: int | F64 = 1) -> F64:
    """Return the threshold on a sum of pulses, in units of the noise power of one pulse.

    Args:
        false_alarm_probability: per test, in (0, 1).
        pulses: number N of summed pulses.

    >>> round(float(threshold(1e-6, 1)), 6)
    13.815511
    """
    limit = gammainccinv(np.asarray(pulses, float), np.asarray(false_alarm_probability, float))
    return np.asarray(limit, float)


def detection_probability(
    snr: float | F64,
    pulses: int = 1,
    false_alarm_probability: float = 1e-6,
    swerling: int = 1,
) -> F64:
    """Return the probability of detection.

    Args:
        snr: mean signal-to-noise ratio of one pulse, linear, any shape; NaN gives NaN.
        pulses: number N of pulses summed without phase, 1 to 1000.
        false_alarm_probability: per test, in (0, 1).
        swerling: 0 steady; 1, 2 many scatterers; 3, 4 one large and many small; 1 and 3
            change from scan to scan, 2 and 4 from pulse to pulse.

    Raises:
        ValueError: a number of pulses, probability or case that there is not.

    >>> float(detection_probability(10.0, 1, 1e-6, 1).round(6))
    0.284804
    """
    _check(pulses, false_alarm_probability, swerling)
    ratio = np.asarray(snr, float)
    flat = np.maximum(ratio.reshape(-1), 0.0)
    unknown = np.isnan(flat)
    flat = np.where(unknown, 0.0, np.minimum(flat, _MOST_SNR))
    out = _of_case(flat, pulses, float(false_alarm_probability), swerling)
    return np.where(unknown, np.nan, out).reshape(ratio.shape)


def _check(pulses: int, false_alarm_probability: float, swerling: int) -> None:
    if swerling not in CASES:
        raise ValueError(f"Swerling case {swerling!r}: there are 0, 1, 2, 3 and 4")
    if not 1 <= pulses <= MAX_PULSES or pulses != int(pulses):
        raise ValueError(f"{pulses!r} pulses: give a whole number from 1 to {MAX_PULSES}")
    if not 0.0 < false_alarm_probability < 1.0:
        raise ValueError(f"false alarm probability {false_alarm_probability!r} is not in (0, 1)")


def _of_case(snr: F64, pulses: int, false_alarm_probability: float, swerling: int) -> F64:
    detector = _detector(pulses, false_alarm_probability)
    if swerling == 2 or (swerling == 1 and pulses == 1):
        return np.asarray(gammaincc(pulses, detector.threshold / (1.0 + snr)))
    if swerling in {1, 3}:
        return _slow(snr, pulses, detector, slow_shape=swerling)
    return _steady(snr, pulses, detector) if swerling == 0 else _fast(snr, pulses, detector)


class _Detector(NamedTuple):
    """Hold what depends on pulses and threshold alone.

    Args:
        threshold: T.
        false: Pfa.
        tail: (terms,) Q(N + j, T); the last is one.
        step: (terms,) tail j + 1 less tail j: Poisson probabilities of N + j at mean T.
    """

    threshold: float
    false: float
    tail: F64
    step: F64


@lru_cache(maxsize=256)
def _detector(pulses: int, false_alarm_probability: float) -> _Detector:
    limit = float(threshold(false_alarm_probability, pulses))
    terms = max(ceil(limit - pulses + _SPREADS * (sqrt(limit) + 2.0)), 1)
    count = pulses + np.arange(terms, dtype=float)
    # Of known sum: so no large logarithms cancel.
    grown = np.cumsum(np.r_[0.0, np.log(limit / count[1:])])
    share = np.exp(grown - grown.max())
    step = share * (gammainc(pulses, limit) / share.sum())
    tail = np.asarray(gammaincc(count, limit), float)
    return _Detector(limit, false_alarm_probability, tail, step)


def _slow(snr: F64, pulses: int, detector: _Detector, slow_shape: int) -> F64:
    """Return case 1 or 3: a polynomial of r, with its derivative where the shape K is 2."""
    shape = 1.0 if slow_shape == 1 else 2.0
    mean = pulses * snr / shape
    ratio = np.zeros(-(-len(snr) // LANES) * LANES)
    ratio[: len(snr)] = mean / (1.0 + mean)
    value, slope = np.empty_like(ratio), np.empty_like(ratio)
    polynomial(ratio, detector.step, value, slope)
    r, p, d = ratio[: len(snr)], value[: len(snr)], slope[: len(snr)]
    above = r * p if shape == 1.0 else r * p + r * (p + r * d) / (1.0 + mean)
    return np.minimum(detector.false + above, 1.0)


def _steady(snr: F64, pulses: int, detector: _Detector) -> F64:
    """Return case 0: weights are Poisson."""
    mean = pulses * snr
    first = _first(mean, np.sqrt(mean), detector)
    weight = np.exp(xlogy(first, mean) - mean - gammaln(first + 1.0))
    growth = 1.0 / (1.0 + np.arange(len(detector.tail)))
    return mixture(first.astype(np.int64), weight, mean, growth, detector.tail)


def _fast(snr: F64, pulses: int, detector: _Detector) -> F64:
    """Return case 4: weights are negative-binomial of shape 2 N."""
    shape = 2.0 * pulses
    mean = snr / 2.0
    first = _first(shape * mean, np.sqrt(shape * mean * (1.0 + mean)), detector)
    ways = gammaln(shape + first) - gammaln(shape) - gammaln(first + 1.0)
    weight = np.exp(ways + xlogy(first, mean) - xlog1py(shape + first, mean))
    count = np.arange(len(detector.tail))
    ratio = mean / (1.0 + mean)
    growth = (shape + count) / (1.0 + count)
    return mixture(first.astype(np.int64), weight, ratio, growth, detector.tail)


def _first(mean: F64, std: F64, detector: _Detector) -> F64:
    """Return the first term worth adding; the number of terms where there is none."""
    first = np.floor(np.maximum(mean - _SPREADS * std, 0.0))
    return np.minimum(first, len(detector.tail))


def required_snr(
    detection_probability_: float | F64,
    pulses: int = 1,
    false_alarm_probability: float = 1e-6,
    swerling: int = 1,
) -> F64:
    """Return the signal-to-noise ratio of one pulse that gives a probability of detection.

    Args:
        detection_probability_: wanted, any shape. At or below the false-alarm probability
            no echo is needed (0); one needs an infinite one.
        pulses: as in `detection_probability`.
        false_alarm_probability: likewise.
        swerling: likewise.

    Raises:
        ValueError: as `detection_probability`.

    >>> round(10 * np.log10(float(required_snr(0.9, 1, 1e-6, 0))), 2)
    13.18
    """
    _check(pulses, false_alarm_probability, swerling)
    wanted = np.asarray(detection_probability_, float)
    out = np.where(wanted >= 1.0, np.inf, np.where(np.isnan(wanted), np.nan, 0.0))
    inside = (wanted > false_alarm_probability) & (wanted < 1.0)
    if inside.any():
        out[inside] = _inverse(wanted[inside], pulses, false_alarm_probability, swerling)
    return out


def _inverse(wanted: F64, pulses: int, false_alarm_probability: float, swerling: int) -> F64:
    if swerling == 2 or (swerling == 1 and pulses == 1):
        limit = threshold(false_alarm_probability, pulses)
        return np.asarray(limit / gammainccinv(pulses, wanted) - 1.0)

    def excess(log_snr: F64, target: F64) -> F64:
        got = detection_probability(np.exp(log_snr), pulses, false_alarm_probability, swerling)
        return got - target

    bracket = (np.full_like(wanted, np.log(_LEAST_SNR)), np.full_like(wanted, np.log(_MOST_SNR)))
    return np.asarray(np.exp(find_root(excess, bracket, args=(wanted,)).x))
