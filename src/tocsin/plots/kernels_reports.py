"""Judge, recognise and locate reports, each in one pass over a batch.

The plain NumPy twins stand in `reference_reports`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I32, I64, U64, Bool, ReportKind
from tocsin.geo import MEAN_RADIUS_M

LOWEST_M, HIGHEST_M, HIGHEST_PRESSURE_M = -1_000.0, 2_000_000.0, 60_000.0
NEAREST_M, FARTHEST_M = 1.0, 5_000_000.0
MOST_AZIMUTH_RAD = 4.0 * math.pi
"""An azimuth beyond two turns is one in degrees."""
LEVELS = (-math.sqrt(3.0), 0.0, math.sqrt(3.0))
WEIGHTS = (1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0)
COARSE_ELEVATION_STD_RAD, STEEPEST_STD_RAD, WIDEST_STD = 0.005, 0.5, 1e6
OVERHEAD = 0.98
LEAST_VARIANCE_M2 = 1.0
SPARSE_FROM_M, LEAST_COSINE = 500.0, 0.1
HEIGHT, BEND, RANGE_STD, AZIMUTH_STD, ELEVATION_STD, LOWEST, HIGHEST, FALSE, SPAN = range(12, 21)
"""Columns of `locate.sites`; before them stand the position and the rotation to the region."""

_TWO_PI = 2.0 * math.pi
_NAN_BITS = np.uint64(0x7FF8000000000000)
_INFINITY_BITS, _SIGN_BITS = np.uint64(0x7FF0000000000000), np.uint64(0x7FFFFFFFFFFFFFFF)
_IDENTITY, _SERVICE, _BEARING = (
    int(kind) for kind in (ReportKind.IDENTITY, ReportKind.SERVICE, ReportKind.BEARING)
)
_EXTERNAL = int(ReportKind.EXTERNAL_TRACK)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def judge(
    position: F64,
    whole: I64,
    sensor: I32,
    placed: Bool,
    now_ns: int,
    ahead_ns: float,
    oldest_ns: float,
) -> I8:
    """Return (n,) why a report cannot be used, as an index of `faults.FAULTS`; 0: it can.

    Args:
        position: (7, n) range, azimuth, elevation, latitude, longitude, height, pressure altitude.
        whole: (6, n) measured and received time, kind, whether it ended, address, track number.
        sensor: (n,) index of each one's sensor; -1: the site names none.
        placed: (sensors,) which have a position.
        now_ns: present time; a report without a receive time is judged by it.
        ahead_ns: a report measured later than this after its receipt is a fault.
        oldest_ns: a report measured earlier than this before its receipt is a fault.
    """
    fault = np.zeros(sensor.size, np.int8)
    for i in range(sensor.size):
        r, azimuth, elevation = position[0, i], position[1, i], position[2, i]
        latitude, longitude = position[3, i], position[4, i]
        height, pressure = position[5, i], position[6, i]
        polar = math.isfinite(r) and math.isfinite(azimuth)
        geographic = math.isfinite(latitude) and math.isfinite(longitude)
        wrong = height < LOWEST_M or height > HIGHEST_M
        wrong |= pressure < LOWEST_M or pressure > HIGHEST_PRESSURE_M
        if polar:
            wrong |= r < NEAREST_M or r > FARTHEST_M
            wrong |= abs(elevation) > math.pi / 2.0 or abs(azimuth) > MOST_AZIMUTH_RAD
        if geographic:
            wrong |= abs(latitude) > 90.0 or abs(longitude) > 180.0
        for k in range(7):
            wrong |= math.isinf(position[k, i])
        kind = whole[2, i]
        needs = kind not in (_IDENTITY, _SERVICE, _BEARING)
        needs &= kind != _EXTERNAL or whole[3, i] == 0
        received = whole[1, i] if whole[1, i] > 0 else now_ns
        age_ns = received - whole[0, i]
        if sensor[i] < 0:
            fault[i] = 1
        elif age_ns < -ahead_ns or age_ns > oldest_ns:
            fault[i] = 2
        elif wrong:
            fault[i] = 3
        elif needs and not polar and not geographic:
            fault[i] = 4
        elif polar and not geographic and not placed[sensor[i]]:
            fault[i] = 5
    return fault


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _mix(word: np.uint64) -> np.uint64:
    """Return a word scrambled. Source: S. Vigna, splitmix64 (public domain, 2015)."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def fingerprints(position: U64, whole: U64, sensor: I32, observer: U64) -> U64:
    """Return (n,) 64-bit digests of sensor, time, measurement, identity and observer.

    Args:
        position: (7, n) bits of what `judge` takes.
        whole: (6, n) bits of what `judge` takes.
        sensor: (n,).
        observer: (n,) checksum of who saw and who relayed it.
    """
    digest = np.empty(sensor.size, np.uint64)
    for i in range(sensor.size):
        word = _mix(np.uint64(sensor[i]))
        word = _mix(word ^ whole[0, i])
        for k in range(7):
            bits = position[k, i]
            word = _mix(word ^ (_NAN_BITS if (bits & _SIGN_BITS) > _INFINITY_BITS else bits))
        word = _mix(_mix(word ^ whole[4, i]) ^ whole[5, i])
        digest[i] = _mix(word ^ observer[i])
    return digest


@nb.njit(cache=True, nogil=True, error_model="numpy")
def repeats(digest: U64, slots: I32) -> Bool:
    """Return which digests occurred before in the row of them.

    Args:
        digest: (n,) scrambled: their low bits are as good as chance.
        slots: zeros, a power of two of them and more than n; a hash table with linear probing.
    """
    again = np.zeros(digest.size, np.bool_)
    last = np.uint64(slots.size - 1)
    for i in range(digest.size):
        place = digest[i] & last
        while slots[place] > 0 and digest[slots[place] - 1] != digest[i]:
            place = (place + np.uint64(1)) & last
        again[i] = slots[place] > 0
        if not again[i]:
            slots[place] = i + 1
    return again


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _stated(std: float, default: float) -> float:
    return std if 0.0 < std < WIDEST_STD else default


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _reached(r: float, height: float, site: F64) -> float:
    """Return the straight elevation at which a range reaches a height, on a sphere."""
    sensor, target = MEAN_RADIUS_M + site[HEIGHT], MEAN_RADIUS_M + height
    sine = (target**2 - sensor**2 - r**2) / (2.0 * r * sensor)
    return math.asin(min(max(sine, -1.0), 1.0))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _spread(cov: F64, site: F64, east: float, north: float, up: float) -> None:
    """Add the outer product of a vector of the sensor's frame, turned into the region's."""
    x = site[3] * east + site[4] * north + site[5] * up
    y = site[6] * east + site[7] * north + site[8] * up
    z = site[9] * east + site[10] * north + site[11] * up
    cov[0, 0] += x * x
    cov[0, 1] += x * y
    cov[0, 2] += x * z
    cov[1, 1] += y * y
    cov[1, 2] += y * z
    cov[2, 2] += z * z


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _anywhere_above(
    r: float, sine: float, cosine: float, bent: float, site: F64, assumed: F64, cov: F64
) -> tuple[float, float, float]:
    """Return mean distance and height of three sigma points of height, and the mean's elevation.

    Source: S. J. Julier, J. K. Uhlmann, Proc. IEEE 92 (2004) 401-422, section III.
    """
    across, up = np.empty(3), np.empty(3)
    flat = high = 0.0
    for k in range(3):
        height = max(assumed[1] + LEVELS[k] * assumed[2], 0.0)
        seen = min(max(_reached(r, height, site) + bent, site[LOWEST]), site[HIGHEST])
        across[k], up[k] = r * math.cos(seen - bent), r * math.sin(seen - bent)
        flat += WEIGHTS[k] * across[k]
        high += WEIGHTS[k] * up[k]
    for k in range(3):
        off = math.sqrt(WEIGHTS[k]) * (across[k] - flat)
        _spread(cov, site, off * sine, off * cosine, math.sqrt(WEIGHTS[k]) * (up[k] - high))
    return flat, high, math.atan2(high, abs(flat))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def locate_polar(
    measured: F64,
    polar: Bool,
    trusted: Bool,
    sensor: I32,
    sites: F64,
    assumed: F64,
    beam_rad: F64,
    position: F64,
    cov: F64,
    full: Bool,
    density: F64,
) -> None:
    """Write where the polar reports lie in the region frame, and how sure that is.

    With elevation: converted measurement in three dimensions. Without, but with a pressure
    altitude: the elevation at which the range reaches it. With neither: the ground position
    averaged over the heights that it may have, and their spread in its covariance.

    Args:
        measured: (7, n) range, azimuth, elevation, their standard deviations, pressure altitude.
        polar: (n,) which reports to locate.
        trusted: (n,) whether a stated height is a measurement of it.
        sensor: (n,) index of each one's sensor.
        sites: (sensors, 21) of `locate.sites`.
        assumed: standard deviation of a height by pressure; mean and standard deviation of one
            that nobody measured.
        beam_rad: (n,) out: azimuth in [0, 2 pi).
        position: (n, 3) out.
        cov: (n, 3, 3) out, zeros before.
        full: (n,) out: whether the height was measured.
        density: (n,) out: false plots per m3 (height measured) or per m2 and look.
    """
    for i in range(sensor.size):
        if not polar[i]:
            continue
        site, spread = sites[sensor[i]], cov[i]
        r, azimuth, elevation = measured[0, i], measured[1, i], measured[2, i]
        sine, cosine = math.sin(azimuth), math.cos(azimuth)
        bent = site[BEND] * r
        height = measured[6, i] if trusted[i] else math.nan
        seen = trusted[i] and math.isfinite(elevation)
        # A pressure altitude beyond the slant range is no height of this target.
        full[i] = seen or height - site[HEIGHT] < OVERHEAD * r
        straight = -bent
        if seen:
            straight = elevation - bent
        elif full[i]:
            straight = _reached(r, height, site)
        ce, se = math.cos(straight), math.sin(straight)
        near, level = max(r, SPARSE_FROM_M), max(ce, LEAST_COSINE)
        density[i] = site[FALSE] / (near * level)
        if full[i]:
            density[i] /= site[SPAN] * near
            across, up = r * ce, r * se
            std = min(assumed[0] / max(across, 1.0), STEEPEST_STD_RAD)
            if seen:
                std = _stated(
                    _stated(measured[5, i], site[ELEVATION_STD]), COARSE_ELEVATION_STD_RAD
                )
            tilt = r * std
            _spread(spread, site, -tilt * se * sine, -tilt * se * cosine, tilt * ce)
        else:
            across, up, straight = _anywhere_above(r, sine, cosine, bent, site, assumed, spread)
            ce, se = math.cos(straight), math.sin(straight)
        east, north = across * sine, across * cosine
        along, side = (
            _stated(measured[3, i], site[RANGE_STD]),
            _stated(measured[4, i], site[AZIMUTH_STD]),
        )
        side *= r * ce
        _spread(spread, site, along * ce * sine, along * ce * cosine, along * se)
        _spread(spread, site, side * cosine, -side * sine, 0.0)
        for a in range(3):
            turned = site[3 + 3 * a] * east + site[4 + 3 * a] * north + site[5 + 3 * a] * up
            position[i, a] = site[a] + turned
            # Straight overhead an azimuth says nothing; no covariance may become singular by it.
            spread[a, a] += LEAST_VARIANCE_M2
            for b in range(a):
                spread[a, b] = spread[b, a]
        beam_rad[i] = azimuth if 0.0 <= azimuth < _TWO_PI else azimuth % _TWO_PI
