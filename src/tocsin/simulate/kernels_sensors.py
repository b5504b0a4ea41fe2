"""Kernels of the radars' geometry; their plain NumPy twins are in `radar_twin`.

A sweep is a row of five: its first and last instant in seconds into the tick, the beam's azimuth
at the first, its signed rate (clockwise positive) and the width that it covers. A rate of zero is
a radar that stares: all of the width at one instant.

An encounter is a row of six: seconds into the tick, range, azimuth, measured elevation, range
rate and signal-to-noise ratio of one pulse, all without noise.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I64, Bool
from tocsin.geo.wgs84 import ECCENTRICITY2, MEAN_RADIUS_M, SEMI_MAJOR_M

F32 = NDArray[np.float32]
TURN_RAD = 2.0 * math.pi
_BIN = 32


@nb.njit(cache=True, nogil=True, error_model="numpy")
def in_region(
    latitude_deg: F64,
    longitude_deg: F64,
    height_m: F64,
    velocity_mps: F64,
    rotation: F64,
    origin_m: F64,
    first: int,
    path: F64,
) -> None:
    """Fill columns of paths with the region positions, velocities and heights of objects.

    Args:
        latitude_deg: (n,).
        longitude_deg: (n,).
        height_m: (n,) above the ellipsoid.
        velocity_mps: (n, 3) in each object's own east, north and up.
        rotation: (3, 3) ECEF to region axes.
        origin_m: (3,) of the region in ECEF.
        first: 0 for the start of the tick, 1 for its end.
        path: (n, 14) out: columns 3 first on, 6 + 3 first on, 12 + first.
    """
    r = rotation
    for i in range(latitude_deg.size):
        p, q = math.radians(latitude_deg[i]), math.radians(longitude_deg[i])
        sp, cp, sl, cl = math.sin(p), math.cos(p), math.sin(q), math.cos(q)
        n = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY2 * sp * sp)
        across = (n + height_m[i]) * cp
        x = across * cl - origin_m[0]
        y = across * sl - origin_m[1]
        z = (n * (1.0 - ECCENTRICITY2) + height_m[i]) * sp - origin_m[2]
        e, m, u = velocity_mps[i, 0], velocity_mps[i, 1], velocity_mps[i, 2]
        vx = -sl * e - sp * cl * m + cp * cl * u
        vy = cl * e - sp * sl * m + cp * sl * u
        vz = cp * m + sp * u
        for k in range(3):
            path[i, 3 * first + k] = r[k, 0] * x + r[k, 1] * y + r[k, 2] * z
            path[i, 6 + 3 * first + k] = r[k, 0] * vx + r[k, 1] * vy + r[k, 2] * vz
        path[i, 12 + first] = height_m[i]


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def wrapped(angle_rad: float) -> float:
    """Return an angle less than half a turn either way."""
    return float(angle_rad - TURN_RAD * np.floor(angle_rad / TURN_RAD + 0.5))


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _lowest_m(lowest_m: F32, step_m: float, ground_m: float, azimuth_rad: float) -> float:
    """Return the lowest visible height: nearest ray, linear along it; NaN: unknown or too far."""
    rays, rings = lowest_m.shape
    ray = math.floor(azimuth_rad * rays / TURN_RAD + 0.5)
    ray += rays if ray < 0 else 0
    ray -= rays if ray >= rays else 0
    where = max(ground_m / step_m - 1.0, 0.0)
    ring = min(int(where), rings - 2)
    share = where - ring
    if share > 1.0 + 1e-9:
        return np.nan
    return float(lowest_m[ray, ring] * (1.0 - share) + lowest_m[ray, ring + 1] * share)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _small_atan(x: float) -> float:
    """Return the angle whose tangent is given; to the last digits by series below 0.1."""
    if abs(x) > 0.1:
        return math.atan(x)
    s = x * x
    tail = s * (
        1.0 / 9.0 - s * (1.0 / 11.0 - s * (1.0 / 13.0 - s * (1.0 / 15.0 - s * (1.0 / 17.0))))
    )
    return x - x * s * (1.0 / 3.0 - s * (1.0 / 5.0 - s * (1.0 / 7.0 - tail)))


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def above(
    flat_m: float, up_m: float, range_m: float, azimuth_rad: float, height_m: float,
    place: F64, lowest_m: F32, step_m: float,
) -> bool:  # fmt: skip
    """Say whether a point is above the terrain's horizon, or the smooth earth's without one."""
    if lowest_m.shape[0] > 0:
        ground = MEAN_RADIUS_M * _small_atan(flat_m / (MEAN_RADIUS_M + place[12] + up_m))
        return height_m >= _lowest_m(lowest_m, step_m, ground, azimuth_rad)
    twice = 2.0 * place[13] * MEAN_RADIUS_M
    return range_m <= math.sqrt(twice * max(place[12], 0.0)) + math.sqrt(twice * max(height_m, 0.0))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def merge(rows: F64, by_power: I64, cell: F64, group: I64, out: F64) -> None:
    """Put together the echoes that lie in one resolution cell about a stronger one.

    The strongest takes all that are nearer to it than the cell in range, azimuth and elevation,
    and in time than half a turn; then the strongest that is left, and so on. Their powers add up;
    time, range, azimuth, elevation and range rate become the means weighted by power.

    Args:
        rows: (n, 6) encounters in order of range.
        by_power: (k,) the order by power, the strongest first, of those that `crowded` found, or
            of all.
        cell: (4,) metres, radians, radians (infinite: not resolved in it), seconds.
        group: (n,) out: the strongest of each one's cell.
        out: (n, 6) out: merged encounters, in the rows of the strongest.
    """
    n = rows.shape[0]
    off = np.empty(5)
    for i in range(n):
        group[i] = -1
        for c in range(6):
            out[i, c] = rows[i, c]
    for j in range(by_power.size):
        strong = by_power[j]
        if group[strong] >= 0:
            continue
        group[strong] = strong
        total = rows[strong, 5]
        off[:] = 0.0
        for side in (-1, 1):
            k = strong + side
            while 0 <= k < n and abs(rows[k, 1] - rows[strong, 1]) < cell[0]:
                if group[k] < 0 and _near(rows, strong, k, cell):
                    group[k] = strong
                    power = rows[k, 5]
                    total += power
                    turn = wrapped(rows[k, 2] - rows[strong, 2])
                    for c in range(5):
                        off[c] += power * (turn if c == 2 else rows[k, c] - rows[strong, c])
                k += side
        for c in range(5):
            out[strong, c] = rows[strong, c] + off[c] / total
        out[strong, 5] = total
    for i in range(n):
        if group[i] < 0:
            group[i] = i
        out[i, 2] = _once_round(out[i, 2])


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _near(rows: F64, i: int, k: int, cell: F64) -> bool:
    """Say whether two encounters lie in one cell, but for range."""
    turn = abs(rows[k, 2] - rows[i, 2])
    if 1.01 * cell[1] < turn < TURN_RAD - 1.01 * cell[1]:  # most are, and this is the cheapest test
        return False
    if abs(rows[k, 0] - rows[i, 0]) >= cell[3] or abs(rows[k, 3] - rows[i, 3]) >= cell[2]:
        return False
    return bool(abs(wrapped(rows[k, 2] - rows[i, 2])) < cell[1])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def spread_order(values: F64, order: I64) -> bool:
    """Fill the order of numbers that are spread about evenly, in time linear in their count.

    Args:
        values: (n,) finite.
        order: (n,) out.

    Returns:
        Whether it is done: not where some are equal, or many lie close together.
    """
    n = values.size
    if n < 2:
        order[:] = 0
        return True
    low, high = values.min(), values.max()
    if low == high:
        return False
    share = (n - 1) / (high - low)
    first = np.zeros(n + 1, np.int64)
    for i in range(n):
        first[int((values[i] - low) * share) + 1] += 1
    for k in range(n):
        if first[k + 1] > _BIN:
            return False
        first[k + 1] += first[k]
    for i in range(n):
        slot = int((values[i] - low) * share)
        order[first[slot]] = i
        first[slot] += 1
    for j in range(1, n):
        one, k = order[j], j
        while k > 0 and values[order[k - 1]] > values[one]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = one
        if k > 0 and values[order[k - 1]] == values[one]:
            return False
    return True


@nb.njit(cache=True, nogil=True, error_model="numpy")
def crowded(rows: F64, cell: F64, out: Bool) -> None:
    """Say which encounters lie in one cell with another, so that `merge` need not ask the rest.

    Args:
        rows: (n, 6) encounters in order of range.
        cell: (4,) as for `merge`.
        out: (n,) out.
    """
    n, least, most = rows.shape[0], 1.01 * cell[1], TURN_RAD - 1.01 * cell[1]
    range_m, azimuth = np.empty(n), np.empty(n)
    for i in range(n):
        range_m[i], azimuth[i], out[i] = rows[i, 1], rows[i, 2], False
    for i in range(n):
        k, here = i + 1, azimuth[i]
        while k < n and range_m[k] - range_m[i] < cell[0]:
            turn = abs(azimuth[k] - here)
            if (turn <= least or turn >= most) and _near(rows, i, k, cell):  # few are
                out[i] = out[k] = True
            k += 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def measured(
    rows: F64, of: I64, noise: F64, factor: F64, std: F64, false: F64, order: I64, out: F64
) -> None:
    """Add noise to what a radar detects and put it in order, false plots included.

    Args:
        rows: (n, 6) encounters.
        of: (k,) rows of those that are detected.
        noise: (k, 4) standard normal numbers.
        factor: (k,) on the stated deviations.
        std: (4,) stated deviations of range, azimuth, elevation, range rate; NaN: not measured.
        false: (f, 5) false plots, as they are measured.
        order: (k + f,) of detections and false plots behind one another.
        out: (5, k + f) out: time, noisy range, azimuth, elevation, range rate.
    """
    for j in range(order.size):
        at = order[j]
        if at < of.size:
            i = of[at]
            out[0, j] = rows[i, 0]
            for c in range(4):
                out[c + 1, j] = rows[i, c + 1] + (std[c] * factor[at]) * noise[at, c]
            out[2, j] = _once_round(out[2, j])
        else:
            out[0, j] = false[at - of.size, 0]
            for c in range(4):  # what the radar does not measure is NaN here too
                out[c + 1, j] = false[at - of.size, c + 1] + 0.0 * std[c]


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _once_round(angle_rad: float) -> float:
    """Return an angle in [0, 2 pi), to the last digit what `np.mod` gives."""
    if 0.0 <= angle_rad < TURN_RAD:
        return angle_rad
    return angle_rad % TURN_RAD


@nb.njit(cache=True, nogil=True, error_model="numpy")
def visible(
    enu_m: F64, height_m: F64, place: F64, lowest_m: F32, lowest_step_m: float, out: Bool
) -> None:
    """Say which points about a sensor are within its range and above its horizon.

    Args:
        enu_m: (n, 3) east, north and up of the sensor.
        height_m: (n,) above the ellipsoid.
        place: (18,) the sensor, as for `meet`.
        lowest_m: (a, r) lowest visible heights; (0, 0): a smooth earth.
        lowest_step_m: distance between its rings.
        out: (n,) out.
    """
    for i in range(out.size):
        east, north, up = enu_m[i, 0], enu_m[i, 1], enu_m[i, 2]
        flat = math.sqrt(east * east + north * north)
        range_m = math.sqrt(flat * flat + up * up)
        azimuth = math.atan2(east, north)
        out[i] = range_m <= place[15] and above(
            flat, up, range_m, azimuth, height_m[i], place, lowest_m, lowest_step_m
        )
