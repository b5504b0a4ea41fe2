"""Kernels that say what of a sector, and what of the sky, a sensor sees.

Each has its NumPy twin in `reference`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tocsin.contract import F64, I64
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_detection import detection_probability

if TYPE_CHECKING:
    from tocsin.track.detection import DetectionTable

EDGE_SIGMAS = 6.0
DEEP = 5.0
"""Margins from a sector's edges: further inside makes no difference."""
_SQRT_HALF = math.sqrt(0.5)
_TWO_PI = 2.0 * math.pi


@lean()
def edges(from_rad: float, width_rad: float) -> tuple[float, float, float, float]:
    """Return sine and cosine of a sector's first and last azimuth."""
    last = from_rad + width_rad
    return math.sin(from_rad), math.cos(from_rad), math.sin(last), math.cos(last)


@lean(inline=True)
def from_sensor(state: F64, i: int, m: int, dt: float, place: F64) -> tuple[float, float, float]:
    """Return where a state is some seconds later: east, north and up of a sensor."""
    px = state[i, m, 0] + dt * state[i, m, 3] - place[0]
    py = state[i, m, 1] + dt * state[i, m, 4] - place[1]
    pz = state[i, m, 2] + dt * state[i, m, 5] - place[2]
    east = place[3] * px + place[4] * py + place[5] * pz
    north = place[6] * px + place[7] * py + place[8] * pz
    return east, north, place[9] * px + place[10] * py + place[11] * pz


@lean(inline=True)
def far_off(
    state: F64,
    cov: F64,
    i: int,
    m: int,
    dt: float,
    place: F64,
    first_sin: float,
    first_cos: float,
    last_sin: float,
    last_cos: float,
) -> bool:
    """Say whether a state is surely outside of a sector narrower than half a turn: cheap.

    Twice the sum of variances bounds the variance across the line of sight at the later time.
    """
    east, north, _ = from_sensor(state, i, m, dt, place)
    spread = 2.0 * (cov[i, m, 0] + cov[i, m, 6] + dt * dt * (cov[i, m, 15] + cov[i, m, 18]))
    noise = place[18] * place[18] * (east * east + north * north)
    margin2 = EDGE_SIGMAS * EDGE_SIGMAS * (spread + noise)
    first = east * first_cos - north * first_sin
    last = north * last_sin - east * last_cos
    outside = first < 0.0 and first * first > margin2
    return bool(outside or (last < 0.0 and last * last > margin2))


@lean(inline=True)
def view(
    state: F64,
    cov: F64,
    i: int,
    m: int,
    dt: float,
    place: F64,
    from_rad: float,
    width_rad: float,
    hit: float,
    sensor: int,
    detection: DetectionTable,
) -> tuple[float, float, float, float]:
    """Return where a state lies in a sector, and how probably it does.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        i: row.
        m: model.
        dt: seconds by which it is advanced.
        place: the sensor: position (3), rotation to its ENU by rows (9), range, lowest and
            highest elevation, height, effective earth radius (2 k R), mean radius, azimuth
            standard deviation.
        from_rad: where the sector begins, clockwise.
        width_rad: its width; 2 pi or more: a whole revolution.
        hit: probability to be detected, in sight.
        sensor: which.
        detection: the same by range, azimuth and height, where it says more.

    Returns:
        Part of the sector that was swept when the beam passed it; how far inside the sector's
        margins it is, in margins up to `DEEP`, negative: it gave no plot there; probability of
        lying in the sector, 0 outside of the coverage; probability to be detected there.
    """
    east, north, up = from_sensor(state, i, m, dt, place)
    flat2, half = east * east + north * north, width_rad / 2.0
    flat = math.sqrt(flat2) + 1e-9
    azimuth = math.atan2(east, north)
    offset = azimuth - (from_rad + half)
    offset -= _TWO_PI * math.floor(offset / _TWO_PI + 0.5)
    part, inside = 1.0, math.inf
    if width_rad < _TWO_PI - 1e-9:
        first, last = (offset + half) * flat, (half - offset) * flat
        inside = _inside(cov, i, m, dt, place, east, north, flat, first, last)
        if inside < 0.0:
            return 0.0, inside, 0.0, hit
        if inside < 2.0:
            reach = _SQRT_HALF / math.sqrt(_across2(cov, i, m, dt, place, east, north, flat))
            part = 0.5 * (math.erf(first * reach) + math.erf(last * reach))
            part = min(max(part, 0.0), 1.0)
    distance, radius = math.sqrt(flat2 + up * up), place[17]
    seen = distance <= place[12] and _in_beam(place, flat, up, distance)
    seen = seen and _above_horizon(place, flat2, up, distance)
    passed = min(max((offset + half) / width_rad, 0.0), 1.0)
    if detection.per_m[sensor] > 0.0:
        height = math.sqrt((radius + place[15] + up) ** 2 + flat2) - radius
        unsure = math.sqrt(
            max(cov[i, m, 11] + dt * (2.0 * cov[i, m, 14] + dt * cov[i, m, 20]), 0.0)
        )
        hit = detection_probability(
            detection.per_m, detection.chance, detection.lowest_m, detection.highest_m, sensor,
            distance, azimuth, height, unsure,
        )  # fmt: skip
    return passed, inside, part if seen else 0.0, hit


@lean(inline=True)
def _across2(
    cov: F64, i: int, m: int, dt: float, place: F64, east: float, north: float, flat: float
) -> float:
    """Return the variance across the line of sight, in the horizontal, some seconds later."""
    cx = (place[3] * north - place[6] * east) / flat
    cy = (place[4] * north - place[7] * east) / flat
    early = cov[i, m, 0] * cx * cx + 2.0 * cov[i, m, 1] * cx * cy + cov[i, m, 6] * cy * cy
    later = cov[i, m, 15] * cx * cx + 2.0 * cov[i, m, 16] * cx * cy + cov[i, m, 18] * cy * cy
    mixed = (
        cov[i, m, 3] * cx * cx + (cov[i, m, 4] + cov[i, m, 8]) * cx * cy + cov[i, m, 9] * cy * cy
    )
    return float(max(early + dt * (2.0 * mixed + dt * later), 1e-6))


@lean(inline=True)
def _inside(
    cov: F64,
    i: int,
    m: int,
    dt: float,
    place: F64,
    east: float,
    north: float,
    flat: float,
    first: float,
    last: float,
) -> float:
    """Return how far inside a sector's margins a state is, in margins, at most `DEEP`."""
    least, noise = min(first, last), place[18] * flat
    # Twice the sum of variances bounds the one across the line of sight: most rows lie deep inside.
    spread = 2.0 * (cov[i, m, 0] + cov[i, m, 6] + dt * dt * (cov[i, m, 15] + cov[i, m, 18]))
    wide2 = EDGE_SIGMAS * EDGE_SIGMAS * (spread + 1e-6 + noise * noise)
    if least > 0.0 and least * least >= (DEEP - 1.0) * (DEEP - 1.0) * wide2:
        return DEEP
    across2 = _across2(cov, i, m, dt, place, east, north, flat)
    margin = EDGE_SIGMAS * math.sqrt(across2 + noise * noise)
    return min(least / margin + 1.0, DEEP)


@lean(inline=True)
def _in_beam(place: F64, flat: float, up: float, distance_m: float) -> bool:
    """Say whether a place is within the elevations of a sensor's beam."""
    bend = (1.0 / place[17] - 2.0 / place[16]) * distance_m / 2.0
    elevation = math.atan2(up, flat) + bend
    return bool(place[13] <= elevation <= place[14])


@lean(inline=True)
def _above_horizon(place: F64, flat2: float, up: float, distance_m: float) -> bool:
    """Say whether a place is above the horizon of a sensor."""
    base = place[17] + place[15]
    own = math.sqrt(place[16] * max(place[15], 0.0))
    if distance_m <= own:
        return True
    # A chord lies below the height over the round earth: often high enough to need no root.
    if (distance_m - own) * (distance_m - own) <= place[16] * (place[15] + up):
        return True
    height = math.sqrt((base + up) ** 2 + flat2) - place[17]
    return bool(distance_m <= own + math.sqrt(place[16] * max(height, 0.0)))


@lean()
def undetected(
    density_pm3: F64,
    at_ns: I64,
    from_rad: float,
    width_rad: float,
    end_ns: int,
    hit: float,
    life_s: float,
    balance_pm3: float,
    start_pm3: float,
) -> float:
    """Return the density of undetected objects in a sector, and note in place what a look leaves.

    Args:
        density_pm3: (azimuths,) objects per m3, when the sensor last swept there.
        at_ns: (azimuths,) when that was; 0: never.
        from_rad: where the sector begins, clockwise.
        width_rad: its width.
        end_ns: beam at its end.
        hit: probability to be detected.
        life_s: mean time that an object stays.
        balance_pm3: density at which as many appear as go away.
        start_pm3: density before the first look.
    """
    turn, total = density_pm3.size / _TWO_PI, 0.0
    count = max(1, min(int(width_rad * turn + 0.5), density_pm3.size))
    first = math.floor(from_rad * turn + 0.5)
    for k in range(first, first + count):
        a = k % density_pm3.size
        now = start_pm3
        if at_ns[a] > 0:
            stay = math.exp(-max((end_ns - at_ns[a]) * 1e-9, 0.0) / life_s)
            now = balance_pm3 + stay * (density_pm3[a] - balance_pm3)
        total += now
        density_pm3[a], at_ns[a] = (1.0 - hit) * now, end_ns
    return total / count
