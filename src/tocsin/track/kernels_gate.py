"""Kernels that find what a look could see and which plots could be whose.

Each has its NumPy twin in `reference`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.motion import Arrays
from tocsin.motion.kernels_models import predict_cv
from tocsin.track.kernels_filter import correct_row, density, pour, settle

_IX = np.zeros((6, 6), np.int64)
_IX[np.triu_indices(6)] = np.arange(21)
_IX = np.maximum(_IX, _IX.T)
_EDGE_SIGMAS = 6.0
_SQRT_HALF = math.sqrt(0.5)
_TWO_PI = 2.0 * math.pi


@nb.njit(cache=True, nogil=True, error_model="numpy")
def view(
    state: F64,
    cov: F64,
    time_ns: I64,
    place: F64,
    azimuth_from_rad: float,
    width_rad: float,
    start_ns: int,
    end_ns: int,
    near: Bool,
    chance: F64,
    beam_ns: I64,
) -> None:
    """Say which tracks a sector may have seen, how probably, and when.

    Args:
        state: (n, 6) at `time_ns`; advanced here, not changed.
        cov: (n, 21).
        time_ns: (n,).
        place: the sensor: position (3), rotation to its ENU by rows (9), range, lowest and
            highest elevation, height, effective earth radius (2 k R), mean radius, azimuth
            standard deviation.
        azimuth_from_rad: where the sector begins, clockwise.
        width_rad: its width; 2 pi or more: a whole revolution.
        start_ns: beam at the sector's beginning.
        end_ns: beam at its end.
        near: (n,) out: may have given a plot in the sector.
        chance: (n,) out: probability of lying in the sector, 0 outside the coverage.
        beam_ns: (n,) out: when the beam passed it.
    """
    half, middle_ns = width_rad / 2.0, start_ns + (end_ns - start_ns) // 2
    centre = azimuth_from_rad + half
    for i in range(time_ns.size):
        dt = (middle_ns - time_ns[i]) * 1e-9
        x = state[i, 0] + dt * state[i, 3] - place[0]
        y = state[i, 1] + dt * state[i, 4] - place[1]
        z = state[i, 2] + dt * state[i, 5] - place[2]
        east = place[3] * x + place[4] * y + place[5] * z
        north = place[6] * x + place[7] * y + place[8] * z
        up = place[9] * x + place[10] * y + place[11] * z
        flat2 = east * east + north * north
        flat = math.sqrt(flat2) + 1e-9
        offset = math.atan2(east, north) - centre
        offset -= _TWO_PI * math.floor(offset / _TWO_PI + 0.5)
        part = 1.0
        near[i] = True
        if width_rad < _TWO_PI - 1e-9:
            # Standard deviation across the line of sight, in the horizontal.
            cx = (place[3] * north - place[6] * east) / flat
            cy = (place[4] * north - place[7] * east) / flat
            early = cov[i, 0] * cx * cx + 2.0 * cov[i, 1] * cx * cy + cov[i, 6] * cy * cy
            later = cov[i, 15] * cx * cx + 2.0 * cov[i, 16] * cx * cy + cov[i, 18] * cy * cy
            mixed = cov[i, 3] * cx * cx + (cov[i, 4] + cov[i, 8]) * cx * cy
            mixed += cov[i, 9] * cy * cy
            across = max(early + dt * (2.0 * mixed + dt * later), 1e-6)
            noise = place[18] * flat
            margin = _EDGE_SIGMAS * math.sqrt(across + noise * noise)
            first, last = (offset + half) * flat, (half - offset) * flat
            near[i] = first > -margin and last > -margin
            if not near[i]:
                chance[i] = 0.0
                continue
            reach = _SQRT_HALF / math.sqrt(across)
            part = 0.5 * (math.erf(first * reach) + math.erf(last * reach))
            part = min(max(part, 0.0), 1.0)
        passed = min(max((offset + half) / width_rad, 0.0), 1.0)
        beam_ns[i] = start_ns + np.int64(passed * (end_ns - start_ns))
        distance = math.sqrt(flat2 + up * up)
        radius = place[17]
        base = radius + place[15]
        height = math.sqrt((base + up) ** 2 + flat2) - radius
        horizon = math.sqrt(place[16] * max(place[15], 0.0))
        horizon += math.sqrt(place[16] * max(height, 0.0))
        bend = (1.0 / radius - 2.0 / place[16]) * distance / 2.0
        elevation = math.atan2(up, flat) + bend
        seen = distance <= min(place[12], horizon)
        seen = seen and place[13] <= elevation <= place[14]
        chance[i] = part if seen else 0.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sort_cells(
    plot_m: F64, west_m: float, south_m: float, cell_m: float, nx: int, ny: int
) -> tuple[I64, I64]:
    """Return plots in order of their grid cells, and where each cell begins.

    Args:
        plot_m: (m, 3).
        west_m: the grid's edge.
        south_m: likewise.
        cell_m: side of a cell.
        nx: cells from west to east; the cells of a row are contiguous.
        ny: cells from south to north.
    """
    start = np.zeros(nx * ny + 1, np.int64)
    cell = np.empty(len(plot_m), np.int64)
    order = np.empty(len(plot_m), np.int64)
    for j in range(len(plot_m)):
        cx = min(max(int((plot_m[j, 0] - west_m) / cell_m), 0), nx - 1)
        cy = min(max(int((plot_m[j, 1] - south_m) / cell_m), 0), ny - 1)
        cell[j] = cy * nx + cx
        start[cell[j] + 1] += 1
    for c in range(nx * ny):
        start[c + 1] += start[c]
    fill = np.empty(nx * ny, np.int64)
    for c in range(nx * ny):
        fill[c] = start[c]
    for j in range(len(plot_m)):
        order[fill[cell[j]]] = j
        fill[cell[j]] += 1
    return order, start


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _cells(low_m: float, high_m: float, cell_m: float, count: int) -> tuple[int, int]:
    """Return the first and last cell that an interval touches, within the grid."""
    first = min(max(int(low_m / cell_m), 0), count - 1)
    return first, min(max(int(high_m / cell_m), 0), count - 1)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _half_width(
    state: F64, cov: F64, i: int, axis: int, lag: float, reach: F64, model: Arrays, gate: float
) -> float:
    """Bound how far from a row's mean, by axis, a plot of the look may lie inside its gate."""
    place, speed, widest = _IX[axis, axis], _IX[axis + 3, axis + 3], 0.0
    for m in range(state.shape[1]):
        own = math.sqrt(cov[i, m, place]) + lag * math.sqrt(cov[i, m, speed])
        q = model.noise[m]
        speed2 = state[i, m, 3] ** 2 + state[i, m, 4] ** 2
        density_ = q[0] + (q[1] + q[2]) * speed2
        noise = reach[axis] * reach[axis] + density_ * lag * lag * lag / 3.0
        width = math.sqrt(gate * (own * own + noise)) + lag * abs(state[i, m, axis + 3])
        widest = max(widest, width + abs(state[i, m, axis] - state[i, 0, axis]))
    return widest


@nb.njit(cache=True, nogil=True, error_model="numpy")
def gate(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    address: I64,
    rows: I64,
    hit: F64,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    plot_dimension: I8,
    plot_address: I64,
    order: I64,
    cell_start: I64,
    grid: F64,
    reach: F64,
    model: Arrays,
    gates: F64,
    same_address: float,
    start: I64,
    edge_plot: I64,
    edge_density: F64,
) -> int:
    """Find the plots inside each row's gate and how likely each is.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        time_ns: (n,).
        address: (n,) Mode S address, -1 none.
        rows: (k,) rows of this look.
        hit: (k,) probability to be detected, given that it was there to be seen.
        plot_m: (m, 3).
        plot_cov: (m, 6) packed upper triangles.
        plot_ns: (m,).
        plot_dimension: (m,) 2 or 3.
        plot_address: (m,) -1 none.
        order: (m,) plots by cell.
        cell_start: where each cell begins.
        grid: west and south edge, cell side, nx, ny.
        reach: largest plot standard deviation east and north, earliest and latest plot time
            relative to the first plot (s).
        model: the models.
        gates: (2,) squared distances for two and three dimensions.
        same_address: likelihood ratio of the same address.
        start: (k + 1,) out: first edge of each row.
        edge_plot: (capacity,) out.
        edge_density: (capacity,) out: hit times the plot's density under the row.

    Returns:
        Number of edges found; more than the capacity: the rest were left out.
    """
    west, south, cell_m = grid[0], grid[1], grid[2]
    nx, ny = int(grid[3]), int(grid[4])
    found, capacity, widest = 0, edge_plot.size, max(gates[0], gates[1])
    for k in range(rows.size):
        i = rows[k]
        start[k] = min(found, capacity)
        off = (plot_ns[0] - time_ns[i]) * 1e-9
        lag = max(abs(off + reach[2]), abs(off + reach[3]))
        gx = _half_width(state, cov, i, 0, lag, reach, model, widest)
        gy = _half_width(state, cov, i, 1, lag, reach, model, widest)
        x, y = state[i, 0, 0], state[i, 0, 1]
        x0, x1 = _cells(x - gx - west, x + gx - west, cell_m, nx)
        y0, y1 = _cells(y - gy - south, y + gy - south, cell_m, ny)
        for cy in range(y0, y1 + 1):
            for place in range(cell_start[cy * nx + x0], cell_start[cy * nx + x1 + 1]):
                j = order[place]
                if abs(plot_m[j, 0] - x) > gx or abs(plot_m[j, 1] - y) > gy:
                    continue
                known = address[i] >= 0 and plot_address[j] >= 0
                if known and address[i] != plot_address[j]:
                    continue
                dt, d, like = (plot_ns[j] - time_ns[i]) * 1e-9, plot_dimension[j], 0.0
                for m in range(mode.shape[1]):
                    like += mode[i, m] * density(
                        state, cov, i, m, plot_m, plot_cov, j, dt, d, model, gates[d - 2]
                    )
                if like == 0.0:
                    continue
                if found < capacity:
                    edge_plot[found] = j
                    edge_density[found] = hit[k] * like * (same_address if known else 1.0)
                found += 1
    start[rows.size] = min(found, capacity)
    return found


@nb.njit(cache=True, nogil=True, error_model="numpy")
def undetected(
    rows: I64, start: I64, edge_plot: I64, edge_density: F64, weight: F64, density_: F64, first: I64
) -> None:
    """Add the undetected objects near each plot to the density of new ones.

    Args:
        rows: (k,) Poisson rows of this look.
        start: (k + 1,) first edge of each.
        edge_plot: plot of each edge.
        edge_density: hit times density of each edge.
        weight: (n,) expected objects of each row of the bank.
        density_: (m,) in: density of new objects in the open; out: that of the rows added.
        first: (m,) out: the row that adds most, -1: the open.
    """
    most = np.empty(density_.size)
    for j in range(density_.size):
        most[j], first[j] = density_[j], -1
    for k in range(rows.size):
        for e in range(start[k], start[k + 1]):
            j, more = edge_plot[e], weight[rows[k]] * edge_density[e]
            density_[j] += more
            if more > most[j]:
                most[j], first[j] = more, rows[k]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def weigh(
    rows: I64,
    start: I64,
    edge_plot: I64,
    edge_value: F64,
    existence: F64,
    miss: F64,
    rest: F64,
    least: float,
) -> None:
    """Turn densities into likelihood ratios and drop the negligible pairs, in place.

    Args:
        rows: (k,) rows of this look.
        start: (k + 1,) first edge of each; changed.
        edge_plot: plot of each edge; changed.
        edge_value: hit times density; becomes the ratio to "no plot" and "not this row's".
        existence: (n,) of the bank.
        miss: (k,) probability to be detected in this look, for the chance of a miss.
        rest: (m,) density of false plots and new objects.
        least: smaller ratios are dropped.
    """
    kept, first = 0, 0
    for k in range(rows.size):
        last = start[k + 1]
        r = existence[rows[k]]
        for e in range(first, last):
            j = edge_plot[e]
            ratio = r * edge_value[e] / (rest[j] * (1.0 - r * miss[k]))
            if ratio >= least:
                edge_plot[kept], edge_value[kept] = j, ratio
                kept += 1
        first, start[k + 1] = last, kept


@nb.njit(cache=True, nogil=True, error_model="numpy")
def born(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    rows: I64,
    start: I64,
    edge_plot: I64,
    edge_density: F64,
    weight: F64,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    plot_dimension: I8,
    model: Arrays,
    open_: F64,
    new: F64,
    new_cov: F64,
    new_mode: F64,
) -> None:
    """Pour the undetected objects near each plot into the Gaussians of a new object there.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        time_ns: (n,).
        rows: (k,) Poisson rows of this look.
        start: (k + 1,) first edge of each.
        edge_plot: plot of each edge.
        edge_density: hit times density of each edge.
        weight: (n,) expected objects of each row of the bank.
        plot_m: (m, 3).
        plot_cov: (m, 6) packed.
        plot_ns: (m,).
        plot_dimension: (m,).
        model: the models.
        open_: (m,) density of new objects in the open.
        new: (m, M, 6) in: a new object in the open, at the plot's time; out: the whole.
        new_cov: (m, M, 21) likewise.
        new_mode: (m, M) likewise.
    """
    M = mode.shape[1]
    one, one_cov, one_mode = np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M))
    touched, still = np.zeros(plot_ns.size, np.bool_), np.zeros(4)
    for k in range(rows.size):
        for e in range(start[k], start[k + 1]):
            i, j = rows[k], edge_plot[e]
            if not touched[j]:
                touched[j] = True
                for m in range(M):
                    new_mode[j, m] *= open_[j]
            dt = (plot_ns[j] - time_ns[i]) * 1e-9
            correct_row(
                state, cov, mode, i, plot_m, plot_cov, j, dt, plot_dimension[j], model, one,
                one_cov, one_mode, 0,
            )  # fmt: skip
            # The correction is at the row's time, a new object at its plot's.
            for m in range(M):
                predict_cv(one[0, m], one_cov[0, m], dt, still, one[0, m], one_cov[0, m])
            w = weight[i] * edge_density[e]
            pour(one, one_cov, one_mode, 0, w, new, new_cov, new_mode, j)
    for j in range(touched.size):
        if touched[j]:
            settle(new_mode, j)


@nb.njit(cache=True, nogil=True, error_model="numpy")
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
                    or density(state, cov, i, m, plot_m, plot_cov, j, dt, d, model, gates[d - 2])
                    > 0.0
                )
            if inside:
                break
            # Not even the wider gate holds it: another object with the same address.
            factor = scale if attempt == 0 else 1.0 / scale
            for m in range(M):
                for c in range(21):
                    cov[i, m, c] *= factor
