"""How probably a look detects an object: one look-up. The twin is in `detection`."""

from __future__ import annotations

import math

from tocsin.contract import F64
from tocsin.motion.kernels_jit import lean
from tocsin.track.detection import F32

_ROOT_3 = math.sqrt(3.0)
_PER_TURN = 1.0 / (2.0 * math.pi)


@lean(inline=True)
def detection_probability(
    per_m: F64,
    chance: F32,
    lowest_m: F32,
    highest_m: F32,
    sensor: int,
    range_m: float,
    azimuth_rad: float,
    height_m: float,
    height_std_m: float,
) -> float:
    """Return the probability that a look of a sensor detects an object; 0: it cannot.

    The height is taken as uniform over as wide a span as its standard deviation says; what part of
    it lies in the beam and above what hides it is in sight.

    Args:
        per_m: (sensors,), with the three others a `DetectionTable`.
        chance: (sensors, ranges).
        lowest_m: (sensors, azimuths, ranges).
        highest_m: (sensors, ranges).
        sensor: which.
        range_m: slant range.
        azimuth_rad: clockwise from true north, any turn.
        height_m: above the ellipsoid.
        height_std_m: how unsure that is; 0: it is known.
    """
    azimuths, ring = lowest_m.shape[1], range_m * per_m[sensor]
    # Not a number is in no cell.
    if not ring < chance.shape[1]:
        return 0.0
    j = int(ring)
    turn = azimuth_rad * _PER_TURN
    i = int((turn - math.floor(turn)) * azimuths + 0.5)
    i = i if i < azimuths else 0
    half = max(_ROOT_3 * height_std_m, 1.0)
    above = min(height_m + half, highest_m[sensor, j])
    inside = above - max(height_m - half, lowest_m[sensor, i, j])
    part = min(max(inside / (2.0 * half), 0.0), 1.0)
    return float(chance[sensor, j] * part)
