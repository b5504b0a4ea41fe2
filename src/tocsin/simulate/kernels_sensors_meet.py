"""Kernel of encounters: when the beam is on an object, and what the radar would then measure.

Candidates are worked on in blocks of literal width in one array, so that the compiler puts them
side by side in vector registers; what needs branches is done between, one by one. The plain NumPy
twin is `radar_twin.meet`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.geo.wgs84 import MEAN_RADIUS_M
from tocsin.simulate.kernels_lanes import angle
from tocsin.simulate.kernels_sensors import F32, TURN_RAD, above, wrapped

_Three = tuple[float, float, float]
ROUNDS = 8
LANE_ROUNDS = 3
CLOSE_RAD = 1e-6
"""From this near one more step puts the beam on an object, to a nanosecond."""
MILD_RAD = 0.1
"""A first guess that is further off than this is followed with care, one by one."""
_LEAST = 0.05
_MOST = 0.8
_SLACK = 0.05
"""A first guess may be wrong by this share of the tick, and more where an object turns fast."""
_SAME_S = 1e-6
_WIDE = 64
_AFTER, _FIRST, _LAST, _BEGIN, _RATE, _STEP, _WHO, _SWEEP = (k * _WIDE for k in range(8))
_PLACE, _MOVE, _BOW, _SPEED = (k * _WIDE for k in (8, 11, 14, 17))
_LOW, _HIGH = 20 * _WIDE, 21 * _WIDE
_ASTRAY, _OFF = 22 * _WIDE, 23 * _WIDE
_RANGE, _AZIMUTH, _ELEVATION, _CLOSING, _HEIGHT, _FLAT, _UP = (k * _WIDE for k in range(24, 31))
_ROWS = 31
_NORTH, _SKYWARD = _WIDE, 2 * _WIDE
"""From the east of a vector in a block to its north and up."""


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _at(block: F64, j: int, axis: int, share: float) -> float:
    """Return where a candidate is along one axis of the sensor at a share of the tick."""
    late = block[_MOVE + axis + j] + share * block[_BOW + axis + j]
    return float(block[_PLACE + axis + j] + share * late)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _ahead(block: F64, j: int, after_s: float, per_tick: float) -> float:
    """Return by how much a candidate is ahead of the beam, less than half a turn either way."""
    share = after_s * per_tick
    azimuth = angle(_at(block, j, 0, share), _at(block, j, _NORTH, share))
    beam = block[_BEGIN + j] + block[_RATE + j] * (after_s - block[_FIRST + j])
    return wrapped(azimuth - beam)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _follow(block: F64, per_tick: float) -> None:
    """Bring the instants of a block's candidates to where the beam is on them, by Newton steps."""
    for j in range(_WIDE):
        after_s, off, astray = block[_AFTER + j], 0.0, 0.0
        for k in range(LANE_ROUNDS):
            off = _ahead(block, j, after_s, per_tick)
            astray = abs(off) if k == 0 else astray
            share = after_s * per_tick
            east, north = _at(block, j, 0, share), _at(block, j, _NORTH, share)
            ve = block[_MOVE + j] + 2.0 * share * block[_BOW + j]
            vn = block[_MOVE + _NORTH + j] + 2.0 * share * block[_BOW + _NORTH + j]
            flat2 = east * east + north * north
            turn = (ve * north - vn * east) * per_tick
            after_s += off * flat2 / (block[_RATE + j] * flat2 - turn)
        block[_AFTER + j], block[_OFF + j], block[_ASTRAY + j] = after_s, abs(off), astray


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _passed_s(block: F64, j: int, guess_s: float, per_tick: float) -> float:
    """Return when the beam is on a candidate, by secant steps from a guess.

    An object right above the sensor may turn as fast as the beam: then no step converges.
    """
    rate, step, t = block[_RATE + j], block[_STEP + j], guess_s
    least, before_s, before_off = _LEAST * abs(rate), guess_s, 0.0
    for k in range(ROUNDS):
        off = _ahead(block, j, t, per_tick)
        if k > 0 and t != before_s:
            slope = (before_off - off) / (t - before_s)
            step = slope if slope * rate > least * abs(rate) else step
        before_s, before_off = t, off
        t += off / step
        if abs(off) < CLOSE_RAD:  # the step just taken leaves far less
            break
    return float(t)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _look(block: F64, per_tick: float, bend: float) -> None:
    """Fill what the radar would measure of a block's candidates at their instants."""
    for j in range(_WIDE):
        share = block[_AFTER + j] * per_tick
        east, north = _at(block, j, 0, share), _at(block, j, _NORTH, share)
        up = _at(block, j, _SKYWARD, share)
        flat = math.sqrt(east * east + north * north)
        range_m = math.sqrt(flat * flat + up * up)
        azimuth = angle(east, north)
        later = 2.0 * share * per_tick
        closing = (block[_SPEED + j] + later * block[_BOW + j]) * east
        closing += (block[_SPEED + _NORTH + j] + later * block[_BOW + _NORTH + j]) * north
        closing += (block[_SPEED + _SKYWARD + j] + later * block[_BOW + _SKYWARD + j]) * up
        block[_RANGE + j], block[_FLAT + j], block[_UP + j] = range_m, flat, up
        block[_AZIMUTH + j] = azimuth + TURN_RAD if azimuth < 0.0 else azimuth
        block[_ELEVATION + j] = angle(up, flat) + bend * range_m
        block[_CLOSING + j] = closing / range_m
        block[_HEIGHT + j] = block[_LOW + j] * (1.0 - share) + block[_HIGH + j] * share


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _turned(x: float, y: float, z: float, place: F64) -> _Three:
    """Return a region vector in the sensor's east, north and up."""
    east = place[3] * x + place[4] * y + place[5] * z
    north = place[6] * x + place[7] * y + place[8] * z
    up = place[9] * x + place[10] * y + place[11] * z
    return east, north, up


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _reachable(path: F64, i: int, tick_s: float, place: F64) -> bool:
    """Say whether an object may come within the sensor's range in the tick."""
    away2, reach = 0.0, place[15]
    for k in range(3):
        away, bow = path[i, k] - place[k], 0.5 * tick_s * (path[i, 9 + k] - path[i, 6 + k])
        away2 += away * away
        reach += abs(path[i, 3 + k] - path[i, k]) + abs(bow)
    return bool(away2 <= reach * reach)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _enter(block: F64, j: int, path: F64, i: int, tick_s: float, place: F64) -> None:
    """Put an object's course over the tick into a block.

    Its position is a quadratic of the share of the tick: place, move and bow are its coefficients.
    """
    half = 0.5 * tick_s
    cx, cy = half * (path[i, 9] - path[i, 6]), half * (path[i, 10] - path[i, 7])
    cz = half * (path[i, 11] - path[i, 8])
    bx, by = path[i, 3] - path[i, 0] - cx, path[i, 4] - path[i, 1] - cy
    bz = path[i, 5] - path[i, 2] - cz
    ax, ay, az = path[i, 0] - place[0], path[i, 1] - place[1], path[i, 2] - place[2]
    a, b = _turned(ax, ay, az, place), _turned(bx, by, bz, place)
    c, v = _turned(cx, cy, cz, place), _turned(path[i, 6], path[i, 7], path[i, 8], place)
    for k in range(3):
        row = k * _WIDE + j
        block[_PLACE + row], block[_MOVE + row] = a[k], b[k]
        block[_BOW + row], block[_SPEED + row] = c[k], v[k]
    block[_LOW + j], block[_HIGH + j], block[_WHO + j] = path[i, 12], path[i, 13], i


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _aim(block: F64, j: int, sweeps: F64, g: int, turn_radps: float, guess_s: float) -> None:
    """Put the sweep that may meet a candidate into a block, and a guess of when."""
    rate = sweeps[g, 3]
    step = rate - turn_radps if abs(turn_radps) < _MOST * abs(rate) else rate
    block[_AFTER + j], block[_FIRST + j], block[_LAST + j] = guess_s, sweeps[g, 0], sweeps[g, 1]
    block[_BEGIN + j], block[_RATE + j], block[_STEP + j] = sweeps[g, 2], rate, step
    block[_SWEEP + j] = g


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _guesses(
    sweeps: F64, g: int, azimuth_rad: float, turn_radps: float, tick_s: float, guess_s: F64
) -> int:
    """Fill guesses of when a sweep meets an object; return how many there are.

    What flies against the beam may be met at both the sweep's ends.
    """
    first, last, begin, rate = sweeps[g, 0], sweeps[g, 1], sweeps[g, 2], sweeps[g, 3]
    ahead = azimuth_rad + turn_radps * first - begin
    ahead = ahead if rate >= 0.0 else -ahead
    ahead -= TURN_RAD * math.floor(ahead / TURN_RAD)
    if rate == 0.0:
        guess_s[0] = first
        return 1 if ahead < sweeps[g, 4] else 0
    step = abs(rate - turn_radps if abs(turn_radps) < _MOST * abs(rate) else rate)
    slack = _SLACK * tick_s + (4.0 * abs(turn_radps) * tick_s) / abs(rate)
    count = 0
    for k in range(-1, 2):
        t = first + (ahead + k * TURN_RAD) / step
        if first - slack <= t <= last + slack:
            guess_s[count] = t
            count += 1
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _keep(
    block: F64, used: int, last: F64, rcs_m2: F64, place: F64, gain: F64, lowest_m: F32,
    step_m: float, which: I64, encounter: I64, out: F64, count: int,
) -> int:  # fmt: skip
    """Append a block's encounters to those found; return how many there are.

    `last` is the object, sweep, instant and number of the encounter before.
    """
    if count + used > which.size:
        return -1
    for j in range(used):
        t, who = block[_AFTER + j], int(block[_WHO + j])
        if block[_RATE + j] != 0.0 and not block[_FIRST + j] <= t < block[_LAST + j]:
            continue
        same = who == last[0] and block[_SWEEP + j] == last[1]
        if same and abs(t - last[2]) < _SAME_S:
            continue
        met = int(last[3]) + 1 if who == last[0] else 0
        last[0], last[1], last[2], last[3] = who, block[_SWEEP + j], t, met
        range_m, azimuth = block[_RANGE + j], block[_AZIMUTH + j]
        if range_m <= place[14] or range_m > place[15]:
            continue
        if block[_ELEVATION + j] < place[16] or block[_ELEVATION + j] > place[17]:
            continue
        flat, up, height = block[_FLAT + j], block[_UP + j], block[_HEIGHT + j]
        if not above(flat, up, range_m, azimuth, height, place, lowest_m, step_m):
            continue
        where = range_m / place[15] * (gain.size - 1)
        low = min(int(where), gain.size - 2)
        law = gain[low] + (gain[low + 1] - gain[low]) * (where - low)
        which[count], encounter[count] = who, met
        out[count, 0], out[count, 1], out[count, 2] = t, range_m, azimuth
        out[count, 3], out[count, 4] = block[_ELEVATION + j], block[_CLOSING + j]
        out[count, 5] = law * rcs_m2[who] / (range_m * range_m * range_m * range_m)
        count += 1
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _work(block: F64, used: int, tick_s: float, earth_factor: float) -> None:
    """Find the instants of a block's candidates and what the radar would measure then."""
    per_tick, guess_s = 1.0 / tick_s, block[:_WIDE].copy()
    _follow(block, per_tick)
    for j in range(used):
        if block[_RATE + j] == 0.0:
            block[_AFTER + j] = guess_s[j]
        elif not (block[_ASTRAY + j] < MILD_RAD and block[_OFF + j] < CLOSE_RAD):
            block[_AFTER + j] = _passed_s(block, j, guess_s[j], per_tick)
    _look(block, per_tick, (1.0 - 1.0 / earth_factor) / (2.0 * MEAN_RADIUS_M))


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
    count, used = 0, 0
    block, before, guess_s = np.ones(_ROWS * _WIDE), np.full(4, -1.0), np.empty(3)
    for i in range(rcs_m2.size):
        if not _reachable(path, i, tick_s, place):
            continue
        x, y, z = path[i, 0] - place[0], path[i, 1] - place[1], path[i, 2] - place[2]
        east, north, _ = _turned(x, y, z, place)
        ve, vn, _ = _turned(path[i, 6], path[i, 7], path[i, 8], place)
        turn = (ve * north - vn * east) / max(east * east + north * north, 1.0)
        azimuth = angle(east, north)
        for g in range(sweeps.shape[0]):
            for k in range(_guesses(sweeps, g, azimuth, turn, tick_s, guess_s)):
                if used == _WIDE:
                    _work(block, used, tick_s, place[13])
                    count = _keep(
                        block, used, before, rcs_m2, place, gain, lowest_m, lowest_step_m,
                        which, encounter, out, count,
                    )  # fmt: skip
                    used = 0
                    if count < 0:
                        return -1
                _enter(block, used, path, i, tick_s, place)
                _aim(block, used, sweeps, g, turn, guess_s[k])
                used += 1
    _work(block, used, tick_s, place[13])
    return _keep(
        block, used, before, rcs_m2, place, gain, lowest_m, lowest_step_m, which, encounter, out,
        count,
    )  # fmt: skip
