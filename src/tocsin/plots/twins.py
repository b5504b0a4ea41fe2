"""Tracks that are one target twice, because a bias keeps its sensor's plots out of the gate.

A bias of several standard deviations splits every target in two: one track of the biased sensor's
plots, one of the others'. Just then the bias is to be learned, so two such tracks are taken as one
where no third could be meant. The tracker keeps them apart until the correction joins them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from tocsin.contract import F64, I64, NS, U64, Associations, Bool
from tocsin.plots.biased import Biased

_GATE = 11.3
"""Chi-square of two dimensions, 0.9965."""
_SPEED_MPS, _SPEED_STD_MPS = 40.0, 10.0
_WIDEST_M = 10e3
_APART_M = 1e8


class _Middles(NamedTuple):
    """Hold each segment at the mean of its plots, on the ground.

    Args:
        window: (g,) number of its window.
        at_s: (g,) time.
        position_m: (g, 2) less the biases that are believed.
        velocity_mps: (g, 2).
        effect: (g, 2, 4 sensors) of independent unit errors of the biases on the position.
        noise_m2: (g, 2, 2) what else is wrong with the position.
        sensors: (g,) a bit for each.
    """

    window: I64
    at_s: F64
    position_m: F64
    velocity_mps: F64
    effect: F64
    noise_m2: F64
    sensors: U64


def twins(
    rows: Associations, window_ns: int, segment: I64, plots: Biased, left_s: F64, factor: F64
) -> I64:
    """Return (g,) the segment that each is to be part of: its earlier twin, or itself.

    Args:
        rows: one or more, by segment.
        window_ns: length of windows.
        segment: (n,) number of each row's.
        plots: the rows' dependence on biases.
        left_s: (sensors,) time biases that are believed and not yet corrected.
        factor: (4 sensors, 4 sensors) a root of the covariance of all biases.
    """
    middle = _middles(rows, window_ns, segment, plots, left_s, factor)
    count = len(middle.at_s)
    a, b = _near(middle)
    fits = _agree(middle, a, b)
    a, b = a[fits], b[fits]
    partners = np.bincount(a, minlength=count) + np.bincount(b, minlength=count)
    alone = (partners[a] == 1) & (partners[b] == 1)
    target = np.arange(count)
    target[b[alone]] = a[alone]
    return target


def _middles(
    rows: Associations, window_ns: int, segment: I64, plots: Biased, left_s: F64, factor: F64
) -> _Middles:
    size, first = len(factor), np.flatnonzero(np.diff(segment, prepend=-1))
    plain = plots.position_m - plots.columns[:, :, 3] * left_s[rows.sensor][:, None]
    share = 1.0 / np.bincount(segment)[segment]
    at_s = (rows.measured_at_ns - rows.measured_at_ns[:1]) / NS
    flat = [at_s[:, None], plain[:, :2], rows.velocity_mps[:, :2]]
    mean = np.add.reduceat(np.column_stack(flat) * share[:, None], first)
    bits = np.left_shift(np.uint64(1), rows.sensor.astype(np.uint64))
    # What cannot be placed is no twin: as if it had been seen by all.
    bits[plots.dims == 0] = np.iinfo(np.uint64).max
    return _Middles(
        rows.measured_at_ns[first] // window_ns,
        mean[:, 0],
        mean[:, 1:3],
        mean[:, 3:5],
        _effects(rows.sensor, segment, plots.columns * share[:, None, None], size) @ factor,
        np.add.reduceat(plots.cov_m2[:, :2, :2] * (share**2)[:, None, None], first),
        np.bitwise_or.reduceat(bits, first),
    )


def _effects(sensor: np.ndarray, segment: I64, columns: F64, size: int) -> F64:
    """Return (g, 2, size) sums of each segment's columns, each sensor's at its own place."""
    key = segment * size + 4 * sensor
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    sums = np.add.reduceat(columns[order, :2], first)
    effects = np.zeros((int(segment[-1]) + 1, 2, size // 4, 4))
    own = order[first]
    effects[segment[own], :, sensor[own]] = sums
    return effects.reshape(len(effects), 2, size)


def _near(middle: _Middles) -> tuple[I64, I64]:
    """Return pairs of segments of one window without a common sensor that might be twins."""
    reach_m = 2.0 * np.sqrt(_GATE * np.einsum("gak,gak->g", middle.effect, middle.effect))
    noise_m = 2.0 * np.sqrt(_GATE * np.einsum("gaa->g", middle.noise_m2))
    radius_m = min(float(np.max(reach_m + noise_m, initial=0.0)), _WIDEST_M)
    window = middle.window - middle.window[0]
    place = np.column_stack([middle.position_m, window * _APART_M])
    pairs = KDTree(place).query_pairs(radius_m, output_type="ndarray")
    a, b = np.sort(pairs, axis=1).T
    apart = (middle.sensors[a] & middle.sensors[b]) == 0
    order = np.lexsort((b[apart], a[apart]))
    return a[apart][order], b[apart][order]


def _agree(middle: _Middles, a: I64, b: I64) -> Bool:
    """Return which pairs are as far apart as the biases' uncertainty explains, and as fast."""
    faster = middle.velocity_mps[b] - middle.velocity_mps[a]
    later_s = middle.at_s[b] - middle.at_s[a]
    mean = (middle.velocity_mps[a] + middle.velocity_mps[b]) / 2.0
    off = middle.position_m[b] - middle.position_m[a] - mean * later_s[:, None]
    effect = middle.effect[b] - middle.effect[a]
    cov = effect @ np.swapaxes(effect, 1, 2) + middle.noise_m2[a] + middle.noise_m2[b]
    cov += np.eye(2) * (_SPEED_STD_MPS * later_s[:, None, None]) ** 2
    distance2 = np.einsum("pa,pa->p", off, np.linalg.solve(cov, off[:, :, None])[:, :, 0])
    agree: Bool = (distance2 < _GATE) & (np.hypot(*faster.T) < _SPEED_MPS)
    return agree
