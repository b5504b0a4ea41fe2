"""Kernels that find which plots could be whose.

Each has its NumPy twin in `reference`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.motion import Arrays
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_filter import (
    ARC_M,
    correct_row,
    density,
    has_rate,
    on_arc,
    place_on_arc,
)

if TYPE_CHECKING:
    from tocsin.track.state import Bank, Picture

_LEAST_RATED = 1e-3
"""A range rate with a smaller likelihood ratio to a false plot's puts its plot out of the gate."""


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sort_cells(plot_m: F64, taken: Bool, grid: F64) -> tuple[I64, I64]:
    """Return plots in order of their grid cells, and where each cell begins.

    Args:
        plot_m: (m, 3).
        taken: (m,) plots to leave out.
        grid: see `_grid`; the cells from west to east are contiguous.
    """
    nx, ny, count = int(grid[3]), int(grid[4]), 0
    start = np.zeros(nx * ny + 2, np.int64)
    cell, order = np.empty(len(plot_m), np.int64), np.empty(len(plot_m), np.int64)
    for j in range(len(plot_m)):
        if not taken[j]:
            cx = min(max(int((plot_m[j, 0] - grid[0]) / grid[2]), 0), nx - 1)
            cy = min(max(int((plot_m[j, 1] - grid[1]) / grid[2]), 0), ny - 1)
            cell[j] = cy * nx + cx
            start[cell[j] + 2] += 1
            count += 1
    for c in range(nx * ny):
        start[c + 2] += start[c + 1]
    # Each cell's beginning moves to its end, which is where the next one begins.
    for j in range(len(plot_m)):
        if not taken[j]:
            order[start[cell[j] + 1]] = j
            start[cell[j] + 1] += 1
    return order[:count], start[: nx * ny + 1]


class Near(NamedTuple):
    """Hold plots by the cells of a grid.

    Args:
        plot: (p,) each plot, cell by cell.
        start: (cells + 1,) first of each cell.
        grid: see `_grid`.
        reach: likewise.
    """

    plot: I64
    start: I64
    grid: F64
    reach: F64


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _near(plots: Picture, taken: Bool, grid: F64, reach: F64) -> Near:
    """Return the plots by cells, but for those taken."""
    plot, start = sort_cells(plots.position_m, taken, grid)
    return Near(plot, start, grid, reach)


@lean(inline=True)
def _cells(low_m: float, high_m: float, cell_m: float, count: int) -> tuple[int, int]:
    """Return the first and last cell that an interval touches, within the grid."""
    first = min(max(int(low_m / cell_m), 0), count - 1)
    return first, min(max(int(high_m / cell_m), 0), count - 1)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _grid(plots: Picture) -> tuple[F64, F64]:
    """Return the grid over a group's plots, about one plot to a cell, and how far plots reach.

    The grid: west and south edge, cell side, nx, ny. The reach: largest plot standard deviation
    east and north, earliest and latest plot time relative to the first plot (s).
    """
    grid, reach = np.zeros(5), np.zeros(4)
    low_x, low_y, high_x, high_y = math.inf, math.inf, -math.inf, -math.inf
    for j in range(plots.time_ns.size):
        low_x, high_x = min(low_x, plots.position_m[j, 0]), max(high_x, plots.position_m[j, 0])
        low_y, high_y = min(low_y, plots.position_m[j, 1]), max(high_y, plots.position_m[j, 1])
        reach[0], reach[1] = max(reach[0], plots.cov[j, 0]), max(reach[1], plots.cov[j, 3])
        off = (plots.time_ns[j] - plots.time_ns[0]) * 1e-9
        reach[2], reach[3] = min(reach[2], off), max(reach[3], off)
    reach[0], reach[1] = math.sqrt(reach[0]), math.sqrt(reach[1])
    wide, tall = max(high_x - low_x, 1.0), max(high_y - low_y, 1.0)
    side = max(math.sqrt(wide * tall / plots.time_ns.size), max(wide, tall) / 1024.0, 500.0)
    grid[0], grid[1], grid[2] = low_x, low_y, side
    grid[3], grid[4] = int(wide / side) + 1, int(tall / side) + 1
    return grid, reach


@lean(inline=True)
def _half_width(
    state: F64, cov: F64, i: int, m: int, axis: int, lag: float, reach: F64, q: F64, gate: float
) -> float:
    """Bound how far from a model's mean, by axis, a plot of the look may lie inside its gate."""
    place, speed = (0, 15) if axis == 0 else (6, 18)
    speed2 = state[i, m, 3] * state[i, m, 3] + state[i, m, 4] * state[i, m, 4]
    spread = cov[i, m, place] + reach[axis] * reach[axis]
    if lag > 0.0:
        spread += lag * 2.0 * math.sqrt(cov[i, m, place] * cov[i, m, speed])
        spread += lag * lag * cov[i, m, speed]
        spread += (q[m, 0] + (q[m, 1] + q[m, 2]) * speed2) * lag * lag * lag / 3.0
    return float(math.sqrt(gate * spread) + lag * abs(state[i, m, axis + 3]))


@lean()
def _density_on_arc(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    plots: Picture,
    j: int,
    dt: float,
    noise: F64,
    gate: float,
    one: F64,
    one_cov: F64,
) -> float:
    """Return the density of a range and azimuth under one row, over its models."""
    like = 0.0
    for m in range(mode.shape[1]):
        x, P, z, R = state[i, m], cov[i, m], one[0, m], one_cov[0, m]
        place_on_arc(x, P, dt, plots.position_m, j, plots.rate, plots.sensor_m, z, R)
        like += mode[i, m] * ARC_M * density(x, P, z, R, dt, 3, noise[m], gate)
    return like


@lean(inline=True)
def _gate_row(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    at_ns: int,
    address: int,
    plots: Picture,
    near: Near,
    noise: F64,
    gates: F64,
    same_address: float,
    plot: I64,
    value: F64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
) -> int:
    """Find the plots inside one row's gate, and the density of each.

    Returns:
        How many there are, written to the front of `plot` and `value`.
    """
    found, widest, grid, reach = 0, max(gates[0], gates[1]), near.grid, near.reach
    place = plots.position_m
    off = (plots.time_ns[0] - at_ns) * 1e-9
    lag = max(abs(off + reach[2]), abs(off + reach[3]))
    x, y, gx, gy = state[i, 0, 0], state[i, 0, 1], 0.0, 0.0
    for m in range(mode.shape[1]):
        wide = _half_width(state, cov, i, m, 0, lag, reach, noise, widest)
        tall = _half_width(state, cov, i, m, 1, lag, reach, noise, widest)
        gx = max(gx, wide + abs(state[i, m, 0] - x))
        gy = max(gy, tall + abs(state[i, m, 1] - y))
    nx, ny, side = int(grid[3]), int(grid[4]), grid[2]
    x0, x1 = _cells(x - gx - grid[0], x + gx - grid[0], side, nx)
    y0, y1 = _cells(y - gy - grid[1], y + gy - grid[1], side, ny)
    for cy in range(y0, y1 + 1):
        for at in range(near.start[cy * nx + x0], near.start[cy * nx + x1 + 1]):
            j = near.plot[at]
            if abs(place[j, 0] - x) > gx or abs(place[j, 1] - y) > gy:
                continue
            known = address >= 0 and plots.address[j] >= 0
            if known and address != plots.address[j]:
                continue
            dt, d, like = (plots.time_ns[j] - at_ns) * 1e-9, plots.dimension[j], 0.0
            if on_arc(d, plots.rate, j):
                like = _density_on_arc(
                    state, cov, mode, i, plots, j, dt, noise, gates[0], one, one_cov
                )
            else:
                for m in range(mode.shape[1]):
                    like += mode[i, m] * density(
                        state[i, m],
                        cov[i, m],
                        place[j],
                        plots.cov[j],
                        dt,
                        d,
                        noise[m],
                        gates[d - 2],
                    )
            if like > 0.0 and has_rate(plots.rate, j):
                both = correct_row(
                    state, cov, mode, i, plots.position_m, plots.cov, j, dt, d, plots.rate,
                    plots.sensor_m, noise, one, one_cov, one_mode, 0,
                )  # fmt: skip
                rated = math.exp(both) / plots.false_rate_density
                like = rated if rated > _LEAST_RATED * like else 0.0
            if like > 0.0:
                plot[found], value[found] = j, like * (same_address if known else 1.0)
                found += 1
    return found


@nb.njit(cache=True, nogil=True, error_model="numpy")
def longer(values: np.ndarray) -> np.ndarray:
    """Return room for twice as many."""
    more = np.empty(2 * values.size, values.dtype)
    for e in range(values.size):
        more[e] = values[e]
    return more


@lean(inline=True)
def _widen(cov: F64, i: int, std_mps2: float, since_s: float, sign: float) -> None:
    """Add what an unknown constant acceleration adds to the covariances of a row, or take it off.

    Args:
        cov: (n, M, 21).
        i: row.
        std_mps2: its standard deviation on each horizontal axis.
        since_s: how long it has lasted.
        sign: 1 or -1.
    """
    q = sign * std_mps2 * std_mps2 * since_s * since_s
    for m in range(cov.shape[1]):
        for place, mixed, speed in ((0, 3, 15), (6, 9, 18)):
            cov[i, m, place] += 0.25 * q * since_s * since_s
            cov[i, m, mixed] += 0.5 * q * since_s
            cov[i, m, speed] += q


@lean()
def _pair_dark(
    bank: Bank,
    rows: I64,
    chances: F64,
    plots: Picture,
    near: Near,
    noise: F64,
    gates: F64,
    same_address: float,
    first_row: int,
    here: I64,
    like: F64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
    start: I64,
    plot: I64,
    value: F64,
    newborn: F64,
    first: I64,
    top: F64,
) -> int:
    """Pair undetected rows with plots, from one on and while there is room; see `pair_up`.

    Returns:
        How many rows are done.
    """
    state, cov, mode, existence = bank.state, bank.cov, bank.mode, bank.existence
    for k in range(first_row, rows.size):
        i, e = rows[k], start[k]
        if e + here.size > plot.size:
            return k
        found = _gate_row(
            state, cov, mode, i, bank.time_ns[i], bank.address[i], plots, near, noise, gates,
            same_address, here, like, one, one_cov, one_mode,
        )  # fmt: skip
        for a in range(found):
            j, dense = here[a], chances[k, 0] * like[a]
            plot[e], value[e] = j, dense
            newborn[j] += existence[i] * dense
            if existence[i] * dense > top[j]:
                top[j], first[j] = existence[i] * dense, i
            e += 1
        start[k + 1] = e
    return rows.size


@lean()
def _gate_known(
    bank: Bank,
    rows: I64,
    chances: F64,
    plots: Picture,
    near: Near,
    noise: F64,
    gates: F64,
    same_address: float,
    first_row: int,
    here: I64,
    like: F64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
    start: I64,
    plot: I64,
    value: F64,
    taken: Bool,
    wide: Bool,
    sure: float,
    manoeuvre: F64,
) -> int:
    """Gate tracks, from one on and while there is room; try those gone astray again, see `pair_up`.

    The value of a pair is its density times the track's odds to be detected. A plot whose value is
    `sure` times the density of what else could give it is `taken`; a track tried again is `wide`,
    as its covariance is.

    Returns:
        How many rows are done.
    """
    existence = bank.existence
    for k in range(first_row, rows.size):
        i, e, hit, miss = rows[k], start[k], chances[k, 0], chances[k, 1]
        if e + here.size > plot.size:
            return k
        alone = bank.confirmed[i] and bank.cluster[i] < 0
        # A confirmed track that contests nothing, was in sight, and was heard of lately.
        since_s = (bank.time_ns[i] - bank.last_plot_at_ns[i]) * 1e-9
        astray = alone and miss > 0.0 and manoeuvre[1] > 0.0
        astray = astray and since_s < manoeuvre[2] * bank.interval_s[i]
        found, attempts = 0, 0
        while found == 0 and attempts < (2 if astray else 1):
            attempts += 1
            if attempts == 2:
                _widen(bank.cov, i, manoeuvre[0], since_s, 1.0)
                hit *= manoeuvre[1]
            found = _gate_row(
                bank.state, bank.cov, bank.mode, i, bank.time_ns[i], bank.address[i], plots, near,
                noise, gates, same_address, here, like, one, one_cov, one_mode,
            )  # fmt: skip
        odds, wide[k] = hit * existence[i] / (1.0 - existence[i] * miss), attempts == 2
        for a in range(found):
            plot[e], value[e] = here[a], odds * like[a]
            e += 1
        if alone and attempts == 1 and found == 1:
            j = plot[e - 1]
            if value[e - 1] >= sure * (plots.false_density[j] + plots.birth[j]):
                taken[j] = True
        start[k + 1] = e
    return rows.size


@lean()
def _weigh_known(
    bank: Bank,
    rows: I64,
    wide: Bool,
    rest: F64,
    least: float,
    manoeuvre: F64,
    start: I64,
    plot: I64,
    value: F64,
) -> None:
    """Turn the densities of `_gate_known` into likelihood ratios, in place; drop what is small.

    A track gone astray keeps its wider covariance if a plot is then probably its own.
    """
    first, e = 0, 0
    for k in range(rows.size):
        i, last, total = rows[k], start[k + 1], 0.0
        for a in range(first, last):
            value[a] /= rest[plot[a]]
            total += value[a]
        if wide[k] and total <= 1.0:
            since_s = (bank.time_ns[i] - bank.last_plot_at_ns[i]) * 1e-9
            _widen(bank.cov, i, manoeuvre[0], since_s, -1.0)
            total = 0.0
        for a in range(first, last):
            if total > 0.0 and value[a] >= least:
                plot[e], value[e] = plot[a], value[a]
                e += 1
        start[k + 1], first = e, last


@nb.njit(cache=True, nogil=True, error_model="numpy")
def pair_up(
    bank: Bank,
    known: I64,
    chances: F64,
    dark: I64,
    dark_chances: F64,
    plots: Picture,
    model: Arrays,
    gates: F64,
    same_address: float,
    least: float,
    floor: float,
    manoeuvre: F64,
    most: int,
) -> tuple[I64, I64, F64, int, I64, I64, F64, int, F64, I64, F64]:
    """Find which plots may be whose, and how likely.

    A row is gated by each of its models. A plot that is surely a confirmed track's, alone in its
    gate, is no undetected row's: nothing would begin at it. What undetected rows and the open may
    have given, and false plots, are the alternatives that a track's plot is weighed against. A
    confirmed track without any plot is tried once more as if it had accelerated since its last one,
    and keeps that covariance if a plot is then probably its own.

    Args:
        bank: the rows, advanced to the look; covariances of tracks gone astray change.
        known: (k,) tracks.
        chances: (k, 4) see `kernels_sweep.sweep`.
        dark: (h,) rows of undetected objects.
        dark_chances: (h, 4) likewise.
        plots: the look's plots.
        model: the models.
        gates: (2,) squared distances for two and three dimensions.
        same_address: likelihood ratio of the same address.
        least: smaller ratios are dropped.
        floor: existence below which nothing begins at a plot.
        manoeuvre: standard deviation of the acceleration of a track gone astray, its probability,
            and the number of its intervals after which a silent track is lost.
        most: room for pairs; rows beyond it get none.

    Returns:
        Of the tracks: first pair of each (k + 1,), plot of each pair, its likelihood ratio to "no
        plot" and "not this row's", and how many rows found no room. Of the undetected rows: the
        same with the plot's density, detected, instead of the ratio. Of the plots (m,): density of
        detected new objects, the undetected row that adds most to it, -1: the open; and density of
        all that is no track's.
    """
    count, noise = plots.time_ns.size, model.noise
    start, dark_start = np.zeros(known.size + 1, np.int64), np.zeros(dark.size + 1, np.int64)
    room = min(4 * count + 64, max(most, count))
    plot, ratio = np.empty(room, np.int64), np.empty(room)
    dark_plot, value = np.empty(room, np.int64), np.empty(room)
    newborn, first, top = np.empty(count), np.empty(count, np.int64), np.empty(count)
    rest, here, like = np.empty(count), np.empty(count, np.int64), np.empty(count)
    taken, wide = np.zeros(count, np.bool_), np.zeros(known.size, np.bool_)
    M = bank.mode.shape[1]
    one, one_cov, one_mode = np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M))
    done = dark_done = 0
    if count > 0:
        for j in range(count):
            newborn[j], top[j], first[j] = plots.birth[j], plots.birth[j], -1
        grid, reach = _grid(plots)
        near = _near(plots, taken, grid, reach)
        while True:
            done = _gate_known(
                bank, known, chances, plots, near, noise, gates, same_address, done, here, like,
                one, one_cov, one_mode, start, plot, ratio, taken, wide, 1.0 / floor, manoeuvre,
            )  # fmt: skip
            if done == known.size or plot.size >= most:
                break
            plot, ratio = longer(plot), longer(ratio)
        near = _near(plots, taken, grid, reach)
        while True:
            dark_done = _pair_dark(
                bank, dark, dark_chances, plots, near, noise, gates, same_address, dark_done, here,
                like, one, one_cov, one_mode, dark_start, dark_plot, value, newborn, first, top,
            )  # fmt: skip
            if dark_done == dark.size or dark_plot.size >= most:
                break
            dark_plot, value = longer(dark_plot), longer(value)
        for j in range(count):
            rest[j] = plots.false_density[j] + newborn[j]
    else:
        done, dark_done = known.size, dark.size
    for k in range(done, known.size):
        start[k + 1] = start[k]
    for k in range(dark_done, dark.size):
        dark_start[k + 1] = dark_start[k]
    _weigh_known(bank, known, wide, rest, least, manoeuvre, start, plot, ratio)
    used, dark_used = start[known.size], dark_start[dark.size]
    return (
        start, plot[:used], ratio[:used], known.size - done, dark_start, dark_plot[:dark_used],
        value[:dark_used], dark.size - dark_done, newborn, first, rest,
    )  # fmt: skip


@lean()
def take_up(
    state: F64,
    cov: F64,
    time_ns: I64,
    rows: I64,
    own: I64,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    plot_dimension: I8,
    model: Arrays,
    gates: F64,
    scale: float,
) -> None:
    """Widen in place the rows whose own address is heard outside their gate, but not far outside.

    Such an object has manoeuvred as no model expects, or was silent for long.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        time_ns: (n,).
        rows: (k,) rows of this look.
        own: (k,) plot with the row's address, -1: none.
        plot_m: (m, 3).
        plot_cov: (m, 6) packed.
        plot_ns: (m,).
        plot_dimension: (m,).
        model: the models.
        gates: as in `gate`.
        scale: factor on the covariance.
    """
    M = state.shape[1]
    for k in range(rows.size):
        i, j = rows[k], own[k]
        if j < 0:
            continue
        dt, d = (plot_ns[j] - time_ns[i]) * 1e-9, plot_dimension[j]
        for attempt in range(2):
            inside = False
            for m in range(M):
                inside = (
                    inside
                    or density(
                        state[i, m],
                        cov[i, m],
                        plot_m[j],
                        plot_cov[j],
                        dt,
                        d,
                        model.noise[m],
                        gates[d - 2],
                    )
                    > 0.0
                )
            if inside:
                break
            # Not even the wider gate holds it: another object with the same address.
            factor = scale if attempt == 0 else 1.0 / scale
            for m in range(M):
                for c in range(21):
                    cov[i, m, c] *= factor
