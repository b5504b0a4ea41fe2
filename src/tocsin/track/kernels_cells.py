"""Kernels for targets that a radar does not tell apart: how probably, and the plots they share.

Each has its NumPy twin in `reference_cells`.

Source: W. Koch, G. van Keuk, IEEE Trans. AES 33 (1997) 883-892; D. Svensson, M. Ulmke, L.
Hammarstrand, "Multitarget sensor resolution model and joint probabilistic data association", IEEE
Trans. AES 48 (2012).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.motion.kernels_imm import moments
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_filter import (
    ARC_M,
    correct_row,
    density,
    has_rate,
    on_arc,
    place_on_arc,
)
from tocsin.track.kernels_gate import longer

if TYPE_CHECKING:
    from tocsin.track.kernels_contest import Mixture, Scan
    from tocsin.track.state import Bank, Picture

LEAST = 0.02
"""Two that are less probably in one cell are told apart."""
GATE2 = 21.0
"""Squared distance from the middle of two beyond which a plot is not theirs."""
_NEVER = -1e300
_ROOT_HALF = math.sqrt(0.5)
_PLACE = ((0, 1, 2), (1, 6, 7), (2, 7, 11))
"""Where the covariance of a place stands in the packed one of a state."""


class Crowd(NamedTuple):
    """Say which locals of a cluster may share plots; of a radar without a cell, all is empty.

    Args:
        near: (L, L) probability that two which some hypothesis holds are in one cell.
        lead: (L, P + 1) logarithm of the ratio of "has the plot, together with another" to "no
            plot", but for the other's part; last, of "is there, as another is, and neither gave a
            plot".
        follow: (L,) that part: logarithm of the ratio of "was detected" to "no plot"; the
            probability of being in one cell comes to it.
    """

    near: F64
    lead: F64
    follow: F64


class Spot(NamedTuple):
    """Hold the work space for one plot and one pair of rows.

    Args:
        plot_m: (1, 3).
        plot_cov: (1, 6).
        rate: (1, 9).
        work: (6, 21).
    """

    plot_m: F64
    plot_cov: F64
    rate: F64
    work: F64


class Cells(NamedTuple):
    """Hold the work space for plots that several rows share.

    Args:
        crowd: of the cluster at hand.
        mean: (S, 6) of its rows, over their models.
        total: (S, 21) likewise.
        spot: see there.
    """

    crowd: Crowd
    mean: F64
    total: F64
    spot: Spot


@nb.njit(cache=True, nogil=True, error_model="numpy")
def room_for_cells(S: int, P: int) -> Cells:
    """Return room for clusters of S rows and P plots at most."""
    return Cells(
        Crowd(np.empty((S, S)), np.empty((S, P + 1)), np.empty(S)), np.empty((S, 6)),
        np.empty((S, 21)),
        Spot(np.empty((1, 3)), np.empty((1, 6)), np.empty((1, 9)), np.empty((6, 21))),
    )  # fmt: skip


@lean()
def cell_axes(mean: F64, a: int, b: int, site: F64, cell: F64, axis: F64) -> None:
    """Fill in how large a cell is midway between two rows, and which way it lies.

    Args:
        mean: (n, 6).
        a: row.
        b: row.
        site: the radar, see `kernels_view.view`.
        cell: (3,) of resolution in range (m), azimuth and elevation (rad); NaN: not resolved in it.
        axis: (3, 4 or more) out: of range, azimuth and elevation: largest difference in metres, and
            the unit vector.
    """
    px = 0.5 * (mean[a, 0] + mean[b, 0]) - site[0]
    py = 0.5 * (mean[a, 1] + mean[b, 1]) - site[1]
    pz = 0.5 * (mean[a, 2] + mean[b, 2]) - site[2]
    east = site[3] * px + site[4] * py + site[5] * pz
    north = site[6] * px + site[7] * py + site[8] * pz
    up = site[9] * px + site[10] * py + site[11] * pz
    flat = math.sqrt(east * east + north * north) + 1e-9
    away = math.sqrt(flat * flat + up * up)
    for k in range(3):
        if k == 0:
            e, n, u, axis[k, 0] = east / away, north / away, up / away, cell[0]
        elif k == 1:
            e, n, u, axis[k, 0] = north / flat, -east / flat, 0.0, cell[1] * flat
        else:
            e, n = -east * up / (flat * away), -north * up / (flat * away)
            u, axis[k, 0] = flat / away, cell[2] * away
        for c in range(3):
            axis[k, c + 1] = e * site[3 + c] + n * site[6 + c] + u * site[9 + c]


@lean()
def _along(axis: F64, P: F64) -> float:
    """Return the variance of a place along an axis, see `cell_axes`."""
    total = 0.0
    for i in range(3):
        for j in range(3):
            total += axis[i + 1] * axis[j + 1] * P[_PLACE[i][j]]
    return total


@lean()
def unresolved(mean: F64, cov: F64, a: int, b: int, axis: F64) -> float:
    """Return the probability that two rows are within all cells of a radar.

    Args:
        mean: (n, 6).
        cov: (n, 21).
        a: row.
        b: row.
        axis: see `cell_axes`.
    """
    p = 1.0
    for k in range(3):
        if math.isnan(axis[k, 0]):
            continue
        off, variance = 0.0, _along(axis[k], cov[a]) + _along(axis[k], cov[b])
        for i in range(3):
            off += axis[k, i + 1] * (mean[a, i] - mean[b, i])
        scale = _ROOT_HALF / math.sqrt(max(variance, 1e-6))
        within = math.erf((axis[k, 0] - off) * scale) + math.erf((axis[k, 0] + off) * scale)
        p *= 0.5 * within
    return p


@lean()
def midway(mean: F64, cov: F64, a: int, b: int, x: F64, P: F64) -> int:
    """Fill in the state of what two rows look like together.

    What both have in common is known as well as the better known of them. Half the mean covariance,
    as if their errors were independent, would hold before they shared plots, and not after.

    Args:
        mean: (n, 6).
        cov: (n, 21).
        a: row.
        b: row.
        x: (6,) out.
        P: (21,) out.

    Returns:
        The better known.
    """
    for i in range(6):
        x[i] = 0.5 * (mean[a, i] + mean[b, i])
    best = a if cov[a, 0] + cov[a, 6] < cov[b, 0] + cov[b, 6] else b
    for c in range(21):
        P[c] = cov[best, c]
    return best


@lean()
def widen(axis: F64, P: F64) -> None:
    """Add in place to a covariance that a place is anywhere within a cell, see `cell_axes`."""
    for k in range(3):
        if not math.isnan(axis[k, 0]):
            for i in range(3):
                for j in range(i, 3):
                    both = axis[k, i + 1] * axis[k, j + 1]
                    P[_PLACE[i][j]] += axis[k, 0] * axis[k, 0] / 3.0 * both


@lean()
def _placed(
    x: F64,
    P: F64,
    dt: float,
    plot_m: F64,
    plot_cov: F64,
    j: int,
    d: int,
    rate: F64,
    sensor_m: F64,
    z: F64,
    R: F64,
) -> bool:
    """Write where a plot is for a state; say whether that is on an arc, then in space."""
    if on_arc(d, rate, j):
        place_on_arc(x, P, dt, plot_m, j, rate, sensor_m, z, R)
        return True
    for a in range(3):
        z[a] = plot_m[j, a]
    for c in range(6):
        R[c] = plot_cov[j, c]
    return False


@lean()
def _likelihood(
    base: Mixture,
    mean: F64,
    i: int,
    x: F64,
    scan: Scan,
    j: int,
    dt: float,
    arc: bool,
    noise: F64,
    one: Mixture,
    spot: Spot,
) -> float:
    """Return the log density of a plot under a row's models, were the row elsewhere.

    Args:
        base: the locals' Gaussians.
        mean: (L, 6) over their models.
        i: local.
        x: (6,) where its mean is to be.
        scan: the plots.
        j: plot.
        dt: its time less the locals', s.
        arc: see `_placed`.
        noise: (M, 4) of the models.
        one: work space.
        spot: likewise; has where the plot is for that place.
    """
    for a in range(3):
        spot.plot_m[0, a] += mean[i, a] - x[a]
    spot.rate[0, 0], spot.rate[0, 1], spot.rate[0, 2] = scan.rate[j, 0], scan.rate[j, 1], math.nan
    like = correct_row(
        base.state, base.cov, base.mode, i, spot.plot_m, spot.plot_cov, 0, dt,
        3 if arc else scan.dimension[j], spot.rate, scan.sensor_m, noise, one.state, one.cov,
        one.mode, 0,
    )  # fmt: skip
    like += math.log(ARC_M) if arc else 0.0
    return float(like - math.log(scan.false_rate_density) if has_rate(scan.rate, j) else like)


@lean()
def gather_crowd(
    count: int,
    parents: int,
    hyp: I64,
    size: I64,
    mean: F64,
    cov: F64,
    missed: F64,
    to_ns: int,
    plots: I64,
    many: int,
    scan: Scan,
    base: Mixture,
    noise: F64,
    crowd: Crowd,
    one: Mixture,
    spot: Spot,
) -> None:
    """Find which locals of a cluster may share a plot, and which.

    Args:
        count: L, number of locals.
        parents: number of parent hypotheses.
        hyp: (H, T) locals of each.
        size: (H,).
        mean: (L, 6) of the locals, at one time.
        cov: (L, 21) likewise.
        missed: (L,) existence of each if it gave no plot.
        to_ns: that time.
        plots: the cluster's plots.
        many: how many.
        scan: the look's plots.
        base: the locals' Gaussians.
        noise: (M, 4) of the models.
        crowd: `follow` is given; out: the rest.
        one: work space, one row of Gaussians.
        spot: likewise.
    """
    work, near, lead = spot.work, crowd.near, crowd.lead
    x, P, still, axis = work[0], work[1], work[2], work[3:6]
    for c in range(4):
        still[c] = 0.0
    for a in range(count):
        for b in range(count):
            near[a, b] = 0.0
        for k in range(many + 1):
            lead[a, k] = _NEVER
    for h in range(parents):
        for s in range(size[h]):
            for t in range(s):
                a, b = hyp[h, s], hyp[h, t]
                if near[a, b] > 0.0:
                    continue
                cell_axes(mean, a, b, scan.site, scan.cell, axis)
                near[a, b] = near[b, a] = unresolved(mean, cov, a, b, axis)
                if near[a, b] < LEAST:
                    continue
                lead[a, many], lead[b, many] = math.log(missed[a]), math.log(missed[b])
                best = midway(mean, cov, a, b, x, P)
                for k in range(many):
                    j = plots[k]
                    dt, d = (scan.time_ns[j] - to_ns) * 1e-9, scan.dimension[j]
                    z, R = spot.plot_m[0], spot.plot_cov[0]
                    arc = _placed(
                        x, P, dt, scan.position_m, scan.cov, j, d, scan.rate, scan.sensor_m, z, R
                    )
                    if density(x, P, z, R, dt, 3 if arc else d, still, GATE2) > 0.0:
                        value = _likelihood(base, mean, best, x, scan, j, dt, arc, noise, one, spot)
                        value -= math.log(scan.rest[j])
                        lead[a, k] = max(lead[a, k], crowd.follow[a] + value)
                        lead[b, k] = max(lead[b, k], crowd.follow[b] + value)
    for a in range(count):
        for b in range(count):
            near[a, b] = near[a, b] if near[a, b] >= LEAST else 0.0


@lean()
def _first_beyond(value: F64, least: float) -> int:
    """Return the first of ascending numbers that is not below another."""
    low, high = 0, value.size
    while low < high:
        middle = (low + high) // 2
        if value[middle] < least:
            low = middle + 1
        else:
            high = middle
    return low


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _with_more(
    start: I64, plot: I64, ratio: F64, head: I64, after: I64, more: I64, value: F64
) -> tuple[I64, I64, F64]:
    """Return pairs, with those further ones that are not among them, each with its largest ratio.

    Args:
        start: (k + 1,) first pair of each row.
        plot: plot of each pair.
        ratio: its likelihood ratio.
        head: (k,) first further pair of each row, -1: none.
        after: next of each further pair, -1: none.
        more: plot of each further pair.
        value: its ratio.
    """
    begin, done = np.zeros(head.size + 1, np.int64), 0
    plots, best = np.empty(plot.size + more.size, np.int64), np.empty(plot.size + more.size)
    for row in range(head.size):
        for e in range(start[row], start[row + 1]):
            plots[done], best[done] = plot[e], ratio[e]
            done += 1
        e, known = head[row], done
        while e >= 0:
            place = begin[row]
            while place < done and plots[place] != more[e]:
                place += 1
            if place == done:
                plots[done], best[done] = more[e], value[e]
                done += 1
            elif place >= known:
                best[place] = max(best[place], value[e])
            e = after[e]
        begin[row + 1] = done
    return begin, plots[:done], best[:done]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def share(
    bank: Bank,
    rows: I64,
    chances: F64,
    order: I64,
    range_m: F64,
    plots: Picture,
    plot_order: I64,
    plot_range_m: F64,
    site: F64,
    cell: F64,
    start: I64,
    plot: I64,
    ratio: F64,
    rest: F64,
) -> tuple[I64, I64, I64, F64]:
    """Find rows that may be in one cell, and pair both with the plots in and about it.

    Where either is in the cell is not known: it may have a plot that lies outside of its gate.

    Args:
        bank: the rows, advanced to the look.
        rows: (k,) tracks.
        chances: (k, 4) see `kernels_sweep.sweep`.
        order: (k,) of the rows by range.
        range_m: (k,) of each from the radar.
        plots: the look's plots.
        plot_order: (m,) of the plots by range.
        plot_range_m: (m,) of each, ascending.
        site: see `cell_axes`.
        cell: likewise.
        start: (k + 1,) first pair of each row.
        plot: plot of each pair.
        ratio: its likelihood ratio.
        rest: (m,) density of all that is no track's.

    Returns:
        The rows, (n, 2) places in `rows`; and the last three but one with the further pairs.
    """
    k, count, met, state, still = rows.size, 0, 0, bank.state, np.zeros(4)
    mean, cov, known = np.empty((k, 6)), np.empty((k, 21)), np.zeros(k, np.bool_)
    head, after, more = np.full(k, -1), np.empty(64, np.int64), np.empty(64, np.int64)
    value, pair, work = np.empty(64), np.empty(64, np.int64), np.empty((5, 21))
    z, R = np.empty(3), np.empty(6)
    x, P, axis = work[0], work[1], work[2:5]
    for first in range(k):
        a = order[first]
        for second in range(first + 1, k):
            b = order[second]
            if range_m[b] - range_m[a] > 2.0 * cell[0]:
                break
            reach = 2.0 * (cell[0] + cell[1] * range_m[b])
            far = abs(state[rows[a], 0, 0] - state[rows[b], 0, 0]) > reach
            far = far or abs(state[rows[a], 0, 1] - state[rows[b], 0, 1]) > reach
            if far or chances[a, 0] <= 0.0 or chances[b, 0] <= 0.0:
                continue
            for c in (a, b):
                if not known[c]:
                    known[c], i = True, rows[c]
                    moments(state[i], bank.cov[i], bank.mode[i], mean[c], cov[c])
            cell_axes(mean, a, b, site, cell, axis)
            if unresolved(mean, cov, a, b, axis) < LEAST:
                continue
            if 2 * met == pair.size:
                pair = longer(pair)
            pair[2 * met], pair[2 * met + 1] = a, b
            met += 1
            midway(mean, cov, a, b, x, P)
            widen(axis, P)
            wide = cell[0] + math.sqrt(GATE2 * _along(axis[0], P))
            for place in range(_first_beyond(plot_range_m, range_m[a] - wide), plot_order.size):
                if plot_range_m[place] > range_m[b] + wide:
                    break
                j = plot_order[place]
                dt = (plots.time_ns[j] - bank.time_ns[rows[a]]) * 1e-9
                d = plots.dimension[j]
                arc = _placed(
                    x, P, dt, plots.position_m, plots.cov, j, d, plots.rate, plots.sensor_m, z, R
                )
                like = density(x, P, z, R, dt, 3 if arc else d, still, GATE2)
                if like == 0.0:
                    continue
                like *= ARC_M if arc else 1.0
                if count + 2 > more.size:
                    more, after, value = longer(more), longer(after), longer(value)
                for c in (a, b):
                    r = bank.existence[rows[c]]
                    odds = chances[c, 0] * r / (1.0 - chances[c, 1] * r)
                    more[count], value[count] = j, odds * like / rest[j]
                    after[count], head[c] = head[c], count
                    count += 1
    begin, plot, ratio = _with_more(start, plot, ratio, head, after, more[:count], value)
    return pair[: 2 * met].reshape(met, 2), begin, plot, ratio
