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
_Three = tuple[float, float, float]
ROUNDS = 8
CLOSE_RAD = 1e-6
"""From this near one more step puts the beam on an object, to a nanosecond."""
_TURN = 2.0 * math.pi
_LEAST = 0.05
_SLACK = 0.05
"""A first guess may be wrong by this share of the tick, and more where an object turns fast."""
_SAME_S = 1e-6
_BIN = 32
_FASTEST_MPS = 12_000.0


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
def _wrapped(angle_rad: float) -> float:
    return float(angle_rad - _TURN * math.floor(angle_rad / _TURN + 0.5))


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _local(path: F64, i: int, share: float, tick_s: float, place: F64) -> _Three:
    """Return an object's east, north and up of the sensor at a share of the tick."""
    a, b = 1.0 - share, 0.5 * tick_s * share * (share - 1.0)
    x = path[i, 0] * a + path[i, 3] * share + b * (path[i, 9] - path[i, 6]) - place[0]
    y = path[i, 1] * a + path[i, 4] * share + b * (path[i, 10] - path[i, 7]) - place[1]
    z = path[i, 2] * a + path[i, 5] * share + b * (path[i, 11] - path[i, 8]) - place[2]
    return _turned(x, y, z, place)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _turned(x: float, y: float, z: float, place: F64) -> _Three:
    """Return a region vector in the sensor's east, north and up."""
    east = place[3] * x + place[4] * y + place[5] * z
    north = place[6] * x + place[7] * y + place[8] * z
    up = place[9] * x + place[10] * y + place[11] * z
    return east, north, up


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _passed_s(
    guess_s: float, sweeps: F64, g: int, path: F64, i: int, tick_s: float, place: F64,
    step_radps: float,
) -> float:  # fmt: skip
    """Return when the beam is on an object, by secant steps from a guess; NaN: not in the sweep.

    An object right above the sensor may turn as fast as the beam: then no step converges.
    """
    first_s, last_s, begin, rate = sweeps[g, 0], sweeps[g, 1], sweeps[g, 2], sweeps[g, 3]
    least, t, step = _LEAST * abs(rate), guess_s, step_radps
    before_s, before_off = t, 0.0
    for k in range(ROUNDS):
        east, north, _ = _local(path, i, t / tick_s, tick_s, place)
        off = _wrapped(math.atan2(east, north) - begin - rate * (t - first_s))
        if k > 0 and t != before_s:
            slope = (before_off - off) / (t - before_s)
            step = slope if slope * rate > least * abs(rate) else step
        before_s, before_off = t, off
        t += off / step
        if abs(off) < CLOSE_RAD:  # the step just taken leaves far less
            break
    return t if first_s <= t < last_s else np.nan


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _lowest_m(lowest_m: F32, step_m: float, ground_m: float, azimuth_rad: float) -> float:
    """Return the lowest visible height: nearest ray, linear along it; NaN: unknown or too far."""
    rays, rings = lowest_m.shape
    ray = math.floor(azimuth_rad * rays / _TURN + 0.5)
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
    tail = s * (1.0 / 9.0 - s * (1.0 / 11.0 - s * (1.0 / 13.0 - s * (1.0 / 15.0 - s / 17.0))))
    return x - x * s * (1.0 / 3.0 - s * (1.0 / 5.0 - s * (1.0 / 7.0 - tail)))


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _above(
    flat_m: float, up_m: float, range_m: float, azimuth_rad: float, height_m: float,
    place: F64, lowest_m: F32, step_m: float,
) -> bool:  # fmt: skip
    """Say whether a point is above the terrain's horizon, or the smooth earth's without one."""
    if lowest_m.shape[0] > 0:
        ground = MEAN_RADIUS_M * _small_atan(flat_m / (MEAN_RADIUS_M + place[12] + up_m))
        return height_m >= _lowest_m(lowest_m, step_m, ground, azimuth_rad)
    twice = 2.0 * place[13] * MEAN_RADIUS_M
    return range_m <= math.sqrt(twice * max(place[12], 0.0)) + math.sqrt(twice * max(height_m, 0.0))


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _seen(
    path: F64, i: int, after_s: float, tick_s: float, rcs_m2: float, place: F64, gain: F64,
    lowest_m: F32, step_m: float, out: F64, k: int,
) -> bool:  # fmt: skip
    """Fill row k of the encounters; say whether the object is where the radar can see it."""
    share = after_s / tick_s
    east, north, up = _local(path, i, share, tick_s, place)
    flat = math.sqrt(east * east + north * north)
    range_m = math.sqrt(flat * flat + up * up)
    if range_m <= place[14] or range_m > place[15]:
        return False
    elevation = math.atan2(up, flat) + (1.0 - 1.0 / place[13]) * range_m / (2.0 * MEAN_RADIUS_M)
    if elevation < place[16] or elevation > place[17]:
        return False
    azimuth = math.atan2(east, north)
    azimuth += _TURN if azimuth < 0.0 else 0.0
    height = path[i, 12] * (1.0 - share) + path[i, 13] * share
    if not _above(flat, up, range_m, azimuth, height, place, lowest_m, step_m):
        return False
    wx = path[i, 6] * (1.0 - share) + path[i, 9] * share
    wy = path[i, 7] * (1.0 - share) + path[i, 10] * share
    wz = path[i, 8] * (1.0 - share) + path[i, 11] * share
    we, wn, wu = _turned(wx, wy, wz, place)
    at = range_m / place[15] * (gain.size - 1)
    low = min(int(at), gain.size - 2)
    out[k, 0], out[k, 1], out[k, 2], out[k, 3] = after_s, range_m, azimuth, elevation
    out[k, 4] = (we * east + wn * north + wu * up) / range_m
    law = gain[low] + (gain[low + 1] - gain[low]) * (at - low)
    out[k, 5] = law * rcs_m2 / (range_m * range_m * range_m * range_m)
    return True


@nb.njit(cache=True, nogil=True, error_model="numpy")
def meet(
    sweeps: F64,
    tick_s: float,
    path: F64,
    rcs_m2: F64,
    place: F64,
    gain: F64,
    lowest_m: F32,
    lowest_step_m: float,
    which: I64,
    encounter: I64,
    out: F64,
) -> int:
    """Find the objects that the beam meets where the radar can see them.

    Args:
        sweeps: (k, 5) what the beam does in the tick.
        tick_s: length of the tick.
        path: (n, 14) region position at its start and its end, velocity at its start and its end,
            height above the ellipsoid at its start and its end.
        rcs_m2: (n,) cross-sections.
        place: (18,) the sensor: region position, rotation to its east, north, up by rows, height,
            earth factor, least and greatest range, lowest and highest elevation.
        gain: (g,) signal-to-noise ratio of 1 m2 times the fourth power of range, at g ranges that
            are spread evenly from zero to the greatest.
        lowest_m: (a, r) lowest visible heights about the sensor; (0, 0): a smooth earth.
        lowest_step_m: distance between its rings, the first one step away.
        which: (m,) out: the objects met, in order.
        encounter: (m,) out: number of the encounter within the tick.
        out: (m, 6) out: encounters.

    Returns:
        How many encounters there were; -1: more than there is room for.
    """
    count = 0
    reach2 = (place[15] + _FASTEST_MPS * tick_s) ** 2
    for i in range(rcs_m2.size):
        met = 0
        if count + 3 * sweeps.shape[0] > which.size:
            return -1
        east, north, up = _local(path, i, 0.0, tick_s, place)
        flat2 = east * east + north * north
        if flat2 + up * up > reach2:
            continue
        azimuth = math.atan2(east, north)
        ve, vn, _ = _turned(path[i, 6], path[i, 7], path[i, 8], place)
        turn = (ve * north - vn * east) / max(flat2, 1.0)
        for g in range(sweeps.shape[0]):
            first, last, begin = sweeps[g, 0], sweeps[g, 1], sweeps[g, 2]
            rate, width = sweeps[g, 3], sweeps[g, 4]
            if rate == 0.0:
                off = azimuth + turn * first - begin
                if off - _TURN * math.floor(off / _TURN) < width:
                    which[count], encounter[count] = i, met
                    met += 1
                    if _seen(
                        path, i, first, tick_s, rcs_m2[i], place, gain, lowest_m, lowest_step_m,
                        out, count,
                    ):  # fmt: skip
                        count += 1
                continue
            step = rate - turn if abs(turn) < 0.8 * abs(rate) else rate
            ahead = (azimuth + turn * first - begin) * (1.0 if rate > 0.0 else -1.0)
            ahead -= _TURN * math.floor(ahead / _TURN)
            slack = _SLACK * tick_s + (4.0 * abs(turn) * tick_s) / abs(rate)
            done_s = -1.0
            for k in range(-1, 2):  # what flies against the beam may be met at both its ends
                t = first + (ahead + k * _TURN) / abs(step)
                if t < first - slack or t > last + slack:
                    continue
                t = _passed_s(t, sweeps, g, path, i, tick_s, place, step)
                if math.isnan(t) or abs(t - done_s) < _SAME_S:
                    continue
                done_s = t
                which[count], encounter[count] = i, met
                met += 1
                if _seen(
                    path, i, t, tick_s, rcs_m2[i], place, gain, lowest_m, lowest_step_m, out, count
                ):
                    count += 1
    return count


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
    group[:] = -1
    off = np.empty(5)
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
                    turn = _wrapped(rows[k, 2] - rows[strong, 2])
                    for c in range(5):
                        off[c] += power * (turn if c == 2 else rows[k, c] - rows[strong, c])
                k += side
        for c in range(5):
            out[strong, c] = rows[strong, c] + off[c] / total
        out[strong, 5] = total
    for i in range(n):
        if group[i] < 0:
            group[i] = i
            out[i] = rows[i]
        out[i, 2] -= _TURN * math.floor(out[i, 2] / _TURN)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _near(rows: F64, i: int, k: int, cell: F64) -> bool:
    """Say whether two encounters lie in one cell, but for range."""
    turn = abs(rows[k, 2] - rows[i, 2])
    if 1.01 * cell[1] < turn < _TURN - 1.01 * cell[1]:  # most are, and this is the cheapest test
        return False
    if abs(rows[k, 0] - rows[i, 0]) >= cell[3] or abs(rows[k, 3] - rows[i, 3]) >= cell[2]:
        return False
    return bool(abs(_wrapped(rows[k, 2] - rows[i, 2])) < cell[1])


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
    out[:] = False
    for i in range(rows.shape[0]):
        k = i + 1
        while k < rows.shape[0] and rows[k, 1] - rows[i, 1] < cell[0]:
            if _near(rows, i, k, cell):
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
    if 0.0 <= angle_rad < _TURN:
        return angle_rad
    return angle_rad % _TURN


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
        out[i] = range_m <= place[15] and _above(
            flat, up, range_m, azimuth, height_m[i], place, lowest_m, lowest_step_m
        )
