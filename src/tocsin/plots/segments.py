"""What the plots of common targets say of the biases of the sensors that saw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Associations, Bool, Dimension, SensorKind
from tocsin.plots.biased import Biased, biased
from tocsin.plots.config import PlotsConfig
from tocsin.plots.kernels import eliminate
from tocsin.plots.twins import twins

SENSORS_PER_SEGMENT = 8
_ROUNDING = 1e-9
_LEAST_SURPLUS = 3
_MOST_SENSORS = 1 << 16


@dataclass(frozen=True, eq=False)
class Segments:
    """Hold what segments say of biases, each bias in units of its prior standard deviation.

    A segment is what a track was given in one window. Its log-likelihood is, but for a constant,
    -(energy - 2 score' b + b' info b) / 2.

    Args:
        index: (g, 4 slots) place of each local bias among all; beyond a segment's sensors 0.
        info: (g, 4 slots, 4 slots) information.
        score: (g, 4 slots) information times bias.
        energy: (g,) squared normalised innovations if there were no biases.
        surplus: (g,) measurements beyond those that the target's own motion takes.
        rows: how many plots they hold.
    """

    index: I64
    info: F64
    score: F64
    energy: F64
    surplus: I64
    rows: int


class Known(NamedTuple):
    """Hold what is known of biases.

    Args:
        mean: (4 sensors,) in units of the prior's standard deviations.
        cov: (4 sensors, 4 sensors) likewise.
        applied: (sensors, 4) by what plots were corrected, m, rad, rad, s.
    """

    mean: F64
    cov: F64
    applied: F64


def priors(config: PlotsConfig) -> F64:
    """Return (sensors, 4) standard deviations of biases; 0: known to be none, or not estimated.

    Positions that aircraft state themselves are the reference; only their time may be wrong.
    """
    prior = np.zeros((len(config.sensors), 4))
    for k, sensor in enumerate(config.sensors):
        if sensor.kind == SensorKind.ADSB_RECEIVER:
            prior[k, 3] = config.registration.reference_time_std_s
        elif sensor.kind == SensorKind.RADAR and np.isfinite(sensor.latitude_deg):
            prior[k] = config.registration.prior_std
    return prior


def usable(rows: Associations, config: PlotsConfig, since_ns: I64) -> Associations:
    """Return the rows that tell of biases.

    Args:
        rows: from the tracker.
        config: the site.
        since_ns: (sensors,) plots before may have had another correction than they have now.
    """
    if len(rows) == 0:
        return rows
    estimated = priors(config)[:, 3] > 0.0
    radar = np.array([sensor.kind == SensorKind.RADAR for sensor in config.sensors])
    kept = estimated[rows.sensor] & (rows.measured_at_ns >= since_ns[rows.sensor])
    kept &= radar[rows.sensor] == np.isfinite(rows.range_m)
    kept &= rows.probability >= config.registration.least_probability
    return rows.take(kept & np.isfinite(rows.velocity_mps).all(axis=1))


def segments(rows: Associations, known: Known, config: PlotsConfig) -> Segments:
    """Return what rows say of the biases in all, corrected though their plots are.

    Args:
        rows: one or more usable ones, in any order.
        known: what is known of biases; about it they are linear.
        config: the site.
    """
    prior = priors(config)
    left = known.mean.reshape(-1, 4) * prior - known.applied
    rows, segment, plots = _grouped(rows, left, config)
    # The covariance may be singular to rounding, where a reference has no bias.
    root = np.linalg.cholesky(known.cov + _ROUNDING * np.eye(len(known.cov)))
    window_ns = round(config.registration.window_s * NS)
    target = twins(rows, window_ns, segment, plots, left[:, 3], prior.reshape(-1, 1) * root)
    if np.any(target != np.arange(len(target))):
        number = rows.number[np.searchsorted(segment, target)][segment]
        rows, segment, plots = _grouped(rows.replace(number=number), left, config)
    kept = _common(segment, rows.sensor, plots.dims)
    rows, segment, plots = rows.take(kept), segment[kept], plots.take(kept)
    segment = np.unique(segment, return_inverse=True)[1]
    # To first order a plot so placed is the reported one less its columns times these biases.
    taken = known.applied + left * (1.0, 1.0, 1.0, 0.0)
    moved = np.einsum("nak,nk->na", plots.columns, taken[rows.sensor])
    columns = plots.columns * prior[rows.sensor][:, None, :]
    plots = plots._replace(position_m=plots.position_m + moved, columns=columns)
    return _eliminated(rows, segment, plots, config)


def _grouped(
    rows: Associations, left: F64, config: PlotsConfig
) -> tuple[Associations, I64, Biased]:
    rows, segment = _by_segment(rows, config)
    rows = rows.replace(velocity_mps=_fitted(rows, segment))
    return rows, segment, biased(rows, segment, left, config)


def _by_segment(rows: Associations, config: PlotsConfig) -> tuple[Associations, I64]:
    """Return rows by window, track and time, and the number of each one's segment."""
    window = rows.measured_at_ns // round(config.registration.window_s * NS)
    order = np.lexsort((rows.sensor, rows.measured_at_ns, rows.number, window))
    rows, window = rows.take(order), window[order]
    first = np.zeros(len(rows), np.int64)
    first[1:] = (window[1:] != window[:-1]) | (rows.number[1:] != rows.number[:-1])
    return rows, np.cumsum(first)


def _fitted(rows: Associations, segment: I64) -> F64:
    """Return (n, 3) velocities that are linear in time within each segment.

    Scattered ones would seem to tell the time bias that all sensors share, of which nothing tells.
    What is linear in time is taken out with the target's own motion.
    """
    at_s = (rows.measured_at_ns - rows.measured_at_ns[:1]) / NS
    count = np.maximum(np.bincount(segment), 1)
    since = at_s - (np.bincount(segment, at_s) / count)[segment]
    spread = np.maximum(np.bincount(segment, since**2), 1.0)
    fitted = np.empty((len(rows), 3))
    for axis in range(3):
        speed = rows.velocity_mps[:, axis]
        mean, slope = np.bincount(segment, speed) / count, np.bincount(segment, speed * since)
        fitted[:, axis] = mean[segment] + (slope / spread)[segment] * since
    return fitted


def _common(segment: I64, sensor: np.ndarray, dims: I64) -> Bool:
    """Return which rows are of segments that more than one sensor saw, often enough."""
    used = dims > 0
    pairs = np.unique(segment[used] * _MOST_SENSORS + sensor[used]) // _MOST_SENSORS
    count = int(segment.max(initial=-1)) + 1
    enough = np.bincount(pairs, minlength=count) > 1
    enough &= np.bincount(segment, dims, minlength=count) >= 6 + _LEAST_SURPLUS
    kept: Bool = used & enough[segment]
    return kept


def _slots(segment: I64, sensor: np.ndarray) -> tuple[I64, I64]:
    """Return (n,) the number of each row's sensor within its segment, and the (g, 4 slots) index.

    Rows of a segment's ninth sensor and further ones have a slot that there is no room for.
    """
    pairs, row = np.unique(segment * _MOST_SENSORS + sensor, return_inverse=True)
    owner = pairs // _MOST_SENSORS
    slot = np.arange(len(pairs)) - np.searchsorted(owner, owner)
    width = min(int(slot.max(initial=0)) + 1, SENSORS_PER_SEGMENT)
    index = np.zeros((int(segment.max(initial=-1)) + 1, width, 4), np.int64)
    fits = slot < width
    index[owner[fits], slot[fits]] = 4 * (pairs[fits] % _MOST_SENSORS)[:, None] + np.arange(4)
    return slot[row], index.reshape(len(index), 4 * width)


def _eliminated(rows: Associations, segment: I64, plots: Biased, config: PlotsConfig) -> Segments:
    """Return segments without their targets' own motion."""
    slot, index = _slots(segment, rows.sensor)
    fits = slot < SENSORS_PER_SEGMENT
    rows, segment, slot, plots = rows.take(fits), segment[fits], slot[fits], plots.take(fits)
    count, width = index.shape
    first = np.searchsorted(segment, np.arange(count + 1))
    begin = first[segment]
    info, score, energy = np.zeros((count, width, width)), np.zeros((count, width)), np.zeros(count)
    across, up = config.registration.noise_m2ps3
    eliminate(
        first,
        (rows.measured_at_ns - rows.measured_at_ns[begin]) / NS,
        plots.dims,
        slot,
        plots.position_m - plots.position_m[begin],
        plots.cov_m2,
        plots.columns,
        rows.velocity_mps,
        np.array([across, across, up]),
        info,
        score,
        energy,
    )
    lower = np.tril_indices(width, -1)
    info[:, lower[0], lower[1]] = info[:, lower[1], lower[0]]
    measured = np.bincount(segment, plots.dims, minlength=count)
    full = np.bincount(segment, plots.dims == Dimension.FULL, minlength=count) > 0
    surplus = measured.astype(np.int64) - np.where(full, 6, 4)
    return Segments(index, info, score, energy, surplus, len(rows))
