"""Kernels that write rows of the bank: what took a plot, what misses one, what begins.

Each has its NumPy twin in `reference`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, U32, Bool
from tocsin.motion import Arrays
from tocsin.motion.kernels_jit import lean
from tocsin.motion.kernels_models import predict_cv, update_range_rate
from tocsin.track.kernels_contest import CLUSTER, FRESH, PLOT, POISSON, SOURCE, TIME
from tocsin.track.kernels_filter import (
    blend,
    clear,
    copy_row,
    correct_row,
    has_rate,
    on_arc,
    pour,
    settle,
)

if TYPE_CHECKING:
    from tocsin.track.kernels_contest import Mixture
    from tocsin.track.state import Bank, Picture

_LEARN = 0.2
"""Share of a new interval between plots that a track takes over."""
_CREDIT = 0.5
_IDENTITY = 0.8
SURE, PLOTS, RECYCLE, END = range(4)
"""Columns of what confirms a row, see `judge`."""


@lean(inline=True)
def note_plot(bank: Bank, i: int, plots: Picture, j: int, sensor: int, sure: bool) -> None:
    """Note in place what plot a row took: when, from whom, and with what identity if sure."""
    at_ns = plots.time_ns[j]
    gap_s = (at_ns - bank.last_plot_at_ns[i]) * 1e-9
    if gap_s > 0.0 and bank.plots[i] > 0:
        bank.interval_s[i] += _LEARN * (gap_s - bank.interval_s[i])
    bank.plots[i] += 1
    bank.last_plot_at_ns[i] = max(bank.last_plot_at_ns[i], at_ns)
    bank.heard_ns[i, sensor] = max(bank.heard_ns[i, sensor], at_ns)
    if sure and bank.address[i] < 0:
        bank.address[i] = plots.address[j]
    if sure and plots.callsign[j] != 0:
        bank.callsign[i] = plots.callsign[j]


@lean(inline=True)
def judge(bank: Bank, i: int, rules: F64) -> None:
    """Mark a row that contests nothing: confirmed once it is sure, undetected once it is not.

    Args:
        bank: the rows.
        i: row.
        rules: existence and number of plots that confirm a track; existence below which a row goes
            back to the undetected; existence below which a confirmed track has ended.
    """
    sure = bank.existence[i] * bank.weight[i] >= rules[SURE]
    if sure and not bank.poisson[i] and bank.plots[i] >= rules[PLOTS]:
        bank.confirmed[i] = True
    if bank.existence[i] < rules[RECYCLE]:
        bank.poisson[i] = True


@lean()
def _mixed(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    mass: float,
    at_ns: int,
    edge_plot: I64,
    edge_weight: F64,
    first: int,
    last: int,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    dimension: I8,
    rate: F64,
    sensor_m: F64,
    noise: F64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
    sum_: F64,
    sum_cov: F64,
    sum_mode: F64,
) -> float:
    """Replace row i by the moments of its mixture over several plots; return its existence."""
    clear(sum_, sum_cov, sum_mode, 0)
    pour(state, cov, mode, i, mass, sum_, sum_cov, sum_mode, 0)
    for e in range(first, last):
        j, w = edge_plot[e], edge_weight[e]
        dt = (plot_ns[j] - at_ns) * 1e-9
        correct_row(
            state, cov, mode, i, plot_m, plot_cov, j, dt, dimension[j], rate, sensor_m, noise,
            one, one_cov, one_mode, 0,
        )  # fmt: skip
        pour(one, one_cov, one_mode, 0, w, sum_, sum_cov, sum_mode, 0)
        mass += w
    if settle(sum_mode, 0) > 0.0:
        copy_row(sum_, sum_cov, sum_mode, 0, state, cov, mode, i)
    return min(mass, 1.0)


@lean()
def _update_rows(
    bank: Bank,
    rows: I64,
    chances: F64,
    start: I64,
    edge_plot: I64,
    edge_weight: F64,
    none_weight: F64,
    alone: I8,
    plots: Picture,
    sensor: int,
    noise: F64,
    rules: F64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
    sum_: F64,
    sum_cov: F64,
    sum_mode: F64,
) -> None:
    """Do what `update` does with tracks."""
    state, cov, mode, existence = bank.state, bank.cov, bank.mode, bank.existence
    for k in range(rows.size):
        if not alone[k]:
            continue
        i, miss = rows[k], chances[k, 1]
        r = existence[i]
        mass = none_weight[k] * r * (1.0 - miss) / (1.0 - r * miss)
        if start[k] == start[k + 1]:
            existence[i] = min(mass, 1.0)
            judge(bank, i, rules)
            continue
        best = start[k]
        for e in range(start[k], start[k + 1]):
            if edge_weight[e] > edge_weight[best]:
                best = e
        if start[k] + 1 == start[k + 1]:
            j, w = edge_plot[best], edge_weight[best]
            dt = (plots.time_ns[j] - bank.time_ns[i]) * 1e-9
            correct_row(
                state, cov, mode, i, plots.position_m, plots.cov, j, dt, plots.dimension[j],
                plots.rate, plots.sensor_m, noise, one, one_cov, one_mode, 0,
            )  # fmt: skip
            blend(state, cov, mode, i, mass, one, one_cov, one_mode, 0, w)
            existence[i] = min(mass + w, 1.0)
        else:
            existence[i] = _mixed(
                state, cov, mode, i, mass, bank.time_ns[i], edge_plot, edge_weight, start[k],
                start[k + 1], plots.position_m, plots.cov, plots.time_ns, plots.dimension,
                plots.rate, plots.sensor_m, noise, one, one_cov, one_mode, sum_, sum_cov, sum_mode,
            )  # fmt: skip
        if none_weight[k] < 1.0 - _CREDIT:
            note_plot(bank, i, plots, edge_plot[best], sensor, edge_weight[best] > _IDENTITY)
            chances[k, 2] = 1.0
        judge(bank, i, rules)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def update(
    bank: Bank,
    rows: I64,
    chances: F64,
    start: I64,
    edge_plot: I64,
    edge_weight: F64,
    none_weight: F64,
    alone: I8,
    plots: Picture,
    sensor: int,
    model: Arrays,
    rules: F64,
    dark: I64,
    dark_chances: F64,
) -> None:
    """Replace rows in place by the moments of their association mixtures.

    Args:
        bank: the rows.
        rows: (k,) the tracks of this look.
        chances: (k, 4) see `kernels_sweep.sweep`; of those that took a plot, the chance of having
            been looked for becomes 1.
        start: (k + 1,) first pair of each.
        edge_plot: plot of each pair.
        edge_weight: probability that the row gave that plot.
        none_weight: (k,) probability that it gave none.
        alone: (k,) 1: to be updated here.
        plots: the look's plots.
        sensor: whose they are.
        model: the models.
        rules: see `judge`.
        dark: (h,) rows of undetected objects: those that were missed remain.
        dark_chances: (h, 4) see `kernels_sweep.sweep`.
    """
    M = bank.mode.shape[1]
    for k in range(dark.size):
        bank.existence[dark[k]] *= 1.0 - dark_chances[k, 1]
    _update_rows(
        bank, rows, chances, start, edge_plot, edge_weight, none_weight, alone, plots, sensor,
        model.noise, rules, np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M)),
        np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M)),
    )  # fmt: skip


OPEN_HEIGHT_M, OPEN_SPEED, OPEN_CLIMB, TOLD_SPEED, FAST_SPEED = range(5)
"""Columns of what is known of a new object, see `new_objects`."""


@lean(inline=True)
def _with_rate(x: F64, P: F64, plots: Picture, j: int, noise: F64) -> None:
    """Let a new object have its plot's range rate, and of all such velocities the likeliest."""
    s = plots.sensor_m
    r2 = along = have = 0.0
    for a, c in ((0, 15), (1, 18), (2, 20)):
        line = x[a] - s[a]
        r2 += line * line
        along += P[c] * line * line
        have += x[a + 3] * line
    off = (plots.rate[j, 0] * math.sqrt(r2) - have) / along
    for a, c in ((0, 15), (1, 18), (2, 20)):
        x[a + 3] += P[c] * (x[a] - s[a]) * off
    # The mean stays: it has this rate. The rate is linearised there for the covariance.
    rate, variance = plots.rate[j, 0], plots.rate[j, 1]
    update_range_rate(x, P, s, rate, variance, 0.0, noise, x, P)


@lean(inline=True)
def _in_the_open(
    plots: Picture,
    j: int,
    velocity: F64,
    spread: F64,
    state: F64,
    cov: F64,
    mode: F64,
    o: int,
    model: Arrays,
) -> None:
    """Write the Gaussians of an object of which nothing else is known than one plot to row o."""
    told = np.isfinite(velocity[j, 0] + velocity[j, 1] + velocity[j, 2])
    speed, climb = spread[OPEN_SPEED], spread[OPEN_CLIMB]
    if told or plots.fast[j]:
        speed = climb = spread[TOLD_SPEED if told else FAST_SPEED]
    for m in range(mode.shape[1]):
        mode[o, m] = model.share[m]
        x, P = state[o, m], cov[o, m]
        for a in range(3):
            x[a] = plots.position_m[j, a]
            x[a + 3] = velocity[j, a] if told else 0.0
        for c in range(21):
            P[c] = 0.0
        P[0], P[1], P[6] = plots.cov[j, 0], plots.cov[j, 1], plots.cov[j, 3]
        if plots.dimension[j] == 2 and not on_arc(2, plots.rate, j):
            P[11] = spread[OPEN_HEIGHT_M] ** 2
        else:
            P[2], P[7], P[11] = plots.cov[j, 2], plots.cov[j, 4], plots.cov[j, 5]
        P[15] = P[18] = speed * speed
        P[20] = climb * climb
        if has_rate(plots.rate, j):
            _with_rate(x, P, plots, j, model.noise[m])


@lean()
def _pour_dark(
    bank: Bank,
    rows: I64,
    start: I64,
    edge_plot: I64,
    edge_value: F64,
    plots: Picture,
    velocity: F64,
    wanted: Bool,
    spread: F64,
    model: Arrays,
    new: F64,
    new_cov: F64,
    new_mode: F64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
    still: F64,
    touched: Bool,
) -> None:
    """Add the undetected rows near each wanted plot to the Gaussians of a new object there."""
    M = new_mode.shape[1]
    for k in range(rows.size):
        for e in range(start[k], start[k + 1]):
            i, j = rows[k], edge_plot[e]
            if not wanted[j]:
                continue
            if not touched[j]:
                touched[j] = True
                for m in range(M):
                    new_mode[j, m] *= plots.birth[j]
            dt = (plots.time_ns[j] - bank.time_ns[i]) * 1e-9
            correct_row(
                bank.state, bank.cov, bank.mode, i, plots.position_m, plots.cov, j, dt,
                plots.dimension[j], plots.rate, plots.sensor_m, model.noise, one, one_cov, one_mode,
                0,
            )  # fmt: skip
            # The correction is at the row's time, a new object at its plot's.
            for m in range(M):
                predict_cv(one[0, m], one_cov[0, m], dt, still, one[0, m], one_cov[0, m])
            w = bank.existence[i] * edge_value[e]
            pour(one, one_cov, one_mode, 0, w, new, new_cov, new_mode, j)
    for j in range(touched.size):
        if touched[j]:
            settle(new_mode, j)
            _in_the_open(plots, j, velocity, spread, one, one_cov, one_mode, 0, model)
            for m in range(M):
                _keep_surer(new, new_cov, j, m, one, one_cov)


@lean(inline=True)
def _keep_surer(state: F64, cov: F64, j: int, m: int, other: F64, other_cov: F64) -> None:
    """Replace one Gaussian by that of the open, if it knows its velocity no better."""
    P, R = cov[j, m], other_cov[0, m]
    if P[15] + P[18] + P[20] > R[15] + R[18] + R[20]:
        for a in range(6):
            state[j, m, a] = other[0, m, a]
        for c in range(21):
            P[c] = R[c]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def new_objects(
    bank: Bank,
    rows: I64,
    start: I64,
    edge_plot: I64,
    edge_value: F64,
    plots: Picture,
    velocity: F64,
    wanted: Bool,
    spread: F64,
    model: Arrays,
) -> tuple[F64, F64, F64]:
    """Return the Gaussians of a new object at each plot, at the plot's time.

    It may have come up in the open, or be one of the undetected rows near the plot; where those
    together say less of its velocity than the open, it has come up in the open.

    Args:
        bank: the rows.
        rows: (h,) undetected rows of this look.
        start: (h + 1,) first pair of each.
        edge_plot: plot of each pair.
        edge_value: density of the plot, detected.
        plots: the look's plots.
        velocity: (m, 3) as reported; NaN: none.
        wanted: (m,) plots for which they are wanted; the others' stay unwritten.
        spread: standard deviations of a new object's height, speed and climb, of a velocity
            that was reported, and of each component of that of an object that is falling.
        model: the models.

    Returns:
        States (m, M, 6), covariances (m, M, 21) and mode probabilities (m, M).
    """
    M, count = bank.mode.shape[1], plots.time_ns.size
    new, new_cov, new_mode = np.empty((count, M, 6)), np.empty((count, M, 21)), np.empty((count, M))
    for j in range(count):
        if wanted[j]:
            _in_the_open(plots, j, velocity, spread, new, new_cov, new_mode, j, model)
    _pour_dark(
        bank, rows, start, edge_plot, edge_value, plots, velocity, wanted, spread, model, new,
        new_cov, new_mode, np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M)), np.zeros(4),
        np.zeros(count, np.bool_),
    )  # fmt: skip
    return new, new_cov, new_mode


@lean(inline=True)
def _grow(bank: Bank, f: int, i: int) -> None:
    """Write what was known of a row to the row that grew out of it."""
    bank.address[i], bank.number[i] = bank.address[f], bank.number[f]
    bank.first_at_ns[i], bank.last_plot_at_ns[i] = bank.first_at_ns[f], bank.last_plot_at_ns[f]
    bank.plots[i], bank.interval_s[i] = bank.plots[f], bank.interval_s[f]
    bank.confirmed[i], bank.callsign[i] = bank.confirmed[f], bank.callsign[f]
    bank.past_ns[i], bank.twin[i], bank.twin_count[i] = bank.past_ns[f], 0, 0
    for s in range(bank.heard_ns.shape[1]):
        bank.heard_ns[i, s] = bank.heard_ns[f, s]
    for x in range(bank.past_state.shape[1]):
        for a in range(6):
            bank.past_state[i, x, a] = bank.past_state[f, x, a]
        for c in range(21):
            bank.past_cov[i, x, c] = bank.past_cov[f, x, c]


@lean(inline=True)
def _clear(bank: Bank, i: int, at_ns: int, interval_s: float) -> None:
    """Write a row of which nothing is known before a plot."""
    bank.address[i], bank.number[i], bank.first_at_ns[i], bank.last_plot_at_ns[i] = -1, 0, at_ns, 0
    bank.plots[i], bank.interval_s[i], bank.confirmed[i], bank.callsign[i] = 0, interval_s, False, 0
    bank.past_ns[i], bank.twin[i], bank.twin_count[i] = 0, 0, 0
    for s in range(bank.heard_ns.shape[1]):
        bank.heard_ns[i, s] = 0


@lean()
def begin(
    bank: Bank,
    at: I64,
    existence: F64,
    body: Mixture,
    body_at: I64,
    first: I64,
    plots: Picture,
    sensor: int,
    look: int,
    interval_s: float,
    next_number: int,
    rules: F64,
    place: I64,
    again: U32,
    chain: I64,
) -> None:
    """Write rows that begin at plots, under new numbers.

    A row that grew out of undetected objects keeps what was known of them: how many plots, and
    whose; of a confirmed track, its number too, if nobody has that. One that has all but faded
    lends nothing: what comes up there is another object.

    Args:
        bank: the rows.
        at: (k,) plot of each new row.
        existence: (k,) of each.
        body: Gaussians.
        body_at: (k,) row of `body` of each.
        first: (k,) undetected row that it grew out of, -1: none.
        plots: the look's plots.
        sensor: whose they are.
        look: number of the look.
        interval_s: the sensor's.
        next_number: of the first row.
        rules: see `judge`.
        place: (k,) row of the bank of each.
        again: (k,) work space.
        chain: (2, k) likewise.
    """
    state, cov, mode = body
    known = False
    for k in range(at.size):
        i, j, f, b = place[k], at[k], first[k], body_at[k]
        ended = f >= 0 and bank.confirmed[f] and bank.existence[f] < rules[END]
        again[k] = 0
        if f >= 0 and not ended:
            _grow(bank, f, i)
            if bank.confirmed[i]:
                again[k], known = bank.number[i], True
        else:
            _clear(bank, i, plots.time_ns[j], interval_s)
        copy_row(state, cov, mode, b, bank.state, bank.cov, bank.mode, i)
        bank.time_ns[i], bank.existence[i], bank.weight[i] = plots.time_ns[j], existence[k], 1.0
        bank.cluster[i], bank.poisson[i], bank.number[i] = -1, False, next_number + k
        bank.looked[i] = look
        note_plot(bank, i, plots, j, sensor, True)
        bank.poisson[i] = existence[k] < rules[RECYCLE]
        judge(bank, i, rules)
    if known:
        _number_again(bank, place, again, at.size, chain)


@lean()
def _number_again(bank: Bank, place: I64, again: U32, count: int, chain: I64) -> None:
    """Give rows the numbers of the tracks that they take up again, unless somebody has them.

    Args:
        bank: the rows.
        place: (k,) row of each that begins.
        again: (k,) number that each wants, 0: none; of equal ones only the first gets it.
        count: how many begin.
        chain: (2, k) work space: by remainder of the number the first that wants it; the next.
    """
    head, after = chain[0], chain[1]
    for k in range(count):
        head[k] = -1
    for k in range(count - 1, -1, -1):
        b = again[k] % count
        after[k], head[b] = head[b], k
    for i in range(bank.number.size):
        if not bank.poisson[i]:
            k = head[bank.number[i] % count]
            while k >= 0:
                if again[k] == bank.number[i]:
                    again[k] = 0
                k = after[k]
    for k in range(count):
        if again[k] > 0:
            bank.number[place[k]] = again[k]
            o = after[k]
            while o >= 0:
                if again[o] == again[k]:
                    again[o] = 0
                o = after[o]


@lean()
def carry(
    bank: Bank,
    body: Mixture,
    chance: F64,
    fact: I64,
    place: I64,
    clusters: int,
    number: int,
    plots: Picture,
    sensor: int,
    look: int,
    rules: F64,
    found: Bool,
) -> int:
    """Write what contested rows became to rows of the bank, and judge them.

    Args:
        bank: the rows; those that they were are still there.
        body: see `kernels_contest.Yield`; rows of one new cluster follow one another.
        chance: likewise.
        fact: likewise.
        place: (n,) row of each; of one that was born, what `begin` wrote is there.
        clusters: number of clusters that stay: the new ones are numbered on.
        number: the first of the new numbers.
        plots: the look's plots.
        sensor: whose they are.
        look: number of the look.
        rules: see `judge`.
        found: (n,) out: whether its track took a plot, over all hypotheses.

    Returns:
        How many of the new numbers were given.
    """
    (state, cov, mode), fresh = body, 0
    for k in range(place.size):
        i, source = place[k], fact[k, SOURCE]
        if source >= 0:
            _grow(bank, source, i)
        copy_row(state, cov, mode, k, bank.state, bank.cov, bank.mode, i)
        bank.time_ns[i], bank.existence[i] = fact[k, TIME], chance[k, 0]
        bank.weight[i] = chance[k, 1]
        bank.poisson[i], bank.looked[i] = fact[k, POISSON] > 0, look
        bank.cluster[i] = fact[k, CLUSTER] + clusters if fact[k, CLUSTER] >= 0 else -1
        if fact[k, FRESH] > 0:
            bank.number[i] = number + fact[k, FRESH] - 1
            fresh = max(fresh, fact[k, FRESH])
        if source >= 0 and fact[k, PLOT] >= 0:
            note_plot(bank, i, plots, fact[k, PLOT], sensor, True)
    first = 0
    while first < place.size:
        last, held = first, fact[first, CLUSTER] >= 0
        while last < place.size and fact[last, CLUSTER] == fact[first, CLUSTER]:
            last += 1
        for k in range(first, last):
            _judge_contested(bank, chance, fact, place, k, first, last, held, rules, found)
        first = last
    return int(fresh)


@lean(inline=True)
def _judge_contested(
    bank: Bank,
    chance: F64,
    fact: I64,
    place: I64,
    k: int,
    first: int,
    last: int,
    held: bool,
    rules: F64,
    found: Bool,
) -> None:
    """Judge one row by what all hypotheses of its cluster say of its track."""
    i = place[k]
    sure, took = chance[k, 0] * chance[k, 1], chance[k, 1] * (fact[k, PLOT] >= 0)
    if held:
        sure, took = 0.0, 0.0
        for other in range(first, last):
            if bank.number[place[other]] == bank.number[i]:
                sure += chance[other, 0] * chance[other, 1]
                took += chance[other, 1] * (fact[other, PLOT] >= 0)
    found[k] = took > _CREDIT
    if sure >= rules[SURE] and not bank.poisson[i] and bank.plots[i] >= rules[PLOTS]:
        bank.confirmed[i] = True
    if not held and bank.existence[i] < rules[RECYCLE]:
        bank.poisson[i] = True
