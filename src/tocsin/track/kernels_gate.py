"""Kernels that find what a look could see and which plots could be whose.

Each has its NumPy twin in `reference`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, Bool

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
    fill = start.copy()
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
    state: F64, cov: F64, i: int, axis: int, lag: float, scale: float, reach: F64, model: F64
) -> float:
    """Bound how far from a track, east or north, a plot of the look may lie inside its gate."""
    place, speed = _IX[axis, axis], _IX[axis + 3, axis + 3]
    own = math.sqrt(scale) * (math.sqrt(cov[i, place]) + lag * math.sqrt(cov[i, speed]))
    noise = reach[axis] * reach[axis] + model[0] * lag * lag * lag / 3.0
    width: float = math.sqrt(model[5] * (own * own + noise)) + lag * abs(state[i, axis + 3])
    return width


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _spread(cov: F64, i: int, dt: float, P: F64) -> None:
    """Fill in the packed covariance of a track's position `dt` seconds later."""
    c = 0
    for a in range(3):
        for b in range(a, 3):
            cross = cov[i, _IX[a, b + 3]] + cov[i, _IX[b, a + 3]]
            P[c] = cov[i, _IX[a, b]] + dt * (cross + dt * cov[i, _IX[a + 3, b + 3]])
            c += 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _density(
    P: F64, R: F64, scale: float, dt: float, nu: F64, d: int, model: F64, rule: F64
) -> float:
    """Return the Gaussian density of an innovation; 0 outside the gate.

    S = scale P + R + the noise of the interval is factored as L D L'.
    """
    cube = abs(dt) ** 3 / 3.0
    s00 = scale * P[0] + R[0] + cube * model[0]
    s01 = scale * P[1] + R[1]
    d1 = scale * P[3] + R[3] + cube * model[0] - s01 * s01 / s00
    v1 = nu[1] - s01 / s00 * nu[0]
    distance2 = nu[0] * nu[0] / s00 + v1 * v1 / d1
    volume = _TWO_PI * math.sqrt(s00 * d1)
    if d == 3:
        s02, s12 = scale * P[2] + R[2], scale * P[4] + R[4]
        l20 = s02 / s00
        l21 = (s12 - l20 * s01) / d1
        d2 = scale * P[5] + R[5] + cube * model[1] - l20 * s02 - l21 * l21 * d1
        v2 = nu[2] - l20 * nu[0] - l21 * v1
        distance2 += v2 * v2 / d2
        volume *= math.sqrt(_TWO_PI * d2)
    if distance2 > rule[d - 2]:
        return 0.0
    return math.exp(-0.5 * distance2) / volume


@nb.njit(cache=True, nogil=True, error_model="numpy")
def gate(
    state: F64,
    cov: F64,
    time_ns: I64,
    existence: F64,
    address: I64,
    settled: Bool,
    rows: I64,
    hit: F64,
    miss: F64,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    plot_dimension: I8,
    plot_address: I64,
    plot_rest: F64,
    order: I64,
    cell_start: I64,
    grid: F64,
    reach: F64,
    model: F64,
    rule: F64,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    edge_scale: F64,
) -> int:
    """Find the plots inside each track's gate and their likelihood ratios.

    A settled track is tried twice: as it is, and as if it had manoeuvred, with its covariance
    scaled; the likelier of the two makes the pair.

    Args:
        state: (n, 6).
        cov: (n, 21).
        time_ns: (n,).
        existence: (n,).
        address: (n,) Mode S address, -1 none.
        settled: (n,) whether the covariance is small enough for a manoeuvre to show.
        rows: (k,) tracks of this look.
        hit: (k,) probability to be detected, given that it was there to be seen.
        miss: (k,) probability to be detected in this look, for the chance of a miss.
        plot_m: (m, 3).
        plot_cov: (m, 6) packed upper triangles.
        plot_ns: (m,).
        plot_dimension: (m,) 2 or 3.
        plot_address: (m,) -1 none.
        plot_rest: (m,) density of false plots and new objects.
        order: (m,) plots by cell.
        cell_start: where each cell begins.
        grid: west and south edge, cell side, nx, ny.
        reach: largest plot standard deviation east and north, earliest and latest plot time
            relative to the first plot (s).
        model: as in `kernels_filter.predict`.
        rule: gates for two and three dimensions, covariance scale and probability of a
            manoeuvre, likelihood ratio of the same address.
        start: (k + 1,) out: first edge of each track.
        edge_plot: (capacity,) out.
        edge_ratio: (capacity,) out: likelihood ratio to "no plot" and "not this track's".
        edge_scale: (capacity,) out: factor on the track's covariance.

    Returns:
        Number of edges found; more than the capacity: the rest were left out.
    """
    west, south, cell_m = grid[0], grid[1], grid[2]
    nx, ny = int(grid[3]), int(grid[4])
    found, capacity = 0, edge_plot.size
    P, nu = np.empty(6), np.empty(3)
    for k in range(rows.size):
        i = rows[k]
        start[k] = min(found, capacity)
        widest = rule[2] if settled[i] else 1.0
        off = (plot_ns[0] - time_ns[i]) * 1e-9
        lag = max(abs(off + reach[2]), abs(off + reach[3]))
        gx = _half_width(state, cov, i, 0, lag, widest, reach, model)
        gy = _half_width(state, cov, i, 1, lag, widest, reach, model)
        x0, x1 = _cells(state[i, 0] - gx - west, state[i, 0] + gx - west, cell_m, nx)
        y0, y1 = _cells(state[i, 1] - gy - south, state[i, 1] + gy - south, cell_m, ny)
        for cy in range(y0, y1 + 1):
            for place in range(cell_start[cy * nx + x0], cell_start[cy * nx + x1 + 1]):
                j = order[place]
                dt = (plot_ns[j] - time_ns[i]) * 1e-9
                for a in range(3):
                    nu[a] = plot_m[j, a] - state[i, a] - dt * state[i, a + 3]
                if abs(nu[0]) > gx or abs(nu[1]) > gy:
                    continue
                known = address[i] >= 0 and plot_address[j] >= 0
                if known and address[i] != plot_address[j]:
                    continue
                _spread(cov, i, dt, P)
                d = plot_dimension[j]
                best, scale = _density(P, plot_cov[j], 1.0, dt, nu, d, model, rule), 1.0
                if settled[i]:
                    turned = _density(P, plot_cov[j], rule[2], dt, nu, d, model, rule)
                    if rule[3] * turned > best:
                        best, scale = rule[3] * turned, rule[2]
                if best == 0.0:
                    continue
                ratio = existence[i] * hit[k] * best * (rule[4] if known else 1.0)
                if found < capacity:
                    edge_plot[found] = j
                    edge_ratio[found] = ratio / (plot_rest[j] * (1.0 - existence[i] * miss[k]))
                    edge_scale[found] = scale
                found += 1
    start[rows.size] = min(found, capacity)
    return found
