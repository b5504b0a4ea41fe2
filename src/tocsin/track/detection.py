"""How probably a look of each sensor detects an object, by range, azimuth and height.

The table is factored: how well an echo is detected depends on its range alone; whether there is one
depends on what hides it, a height for each direction and range. So a few hundred kilobytes know a
radar's sight to the metre of height.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64

F32 = NDArray[np.float32]
MOST = 0.999
"""No look is surer than this: else one miss would end any track."""


class DetectionTable(NamedTuple):
    """Hold what each sensor detects; cells of range begin at the sensor, azimuths at true north.

    All sensors have as many cells. Where a sensor sees everything alike (no radar, or none whose
    place is known) `per_m` is 0, so that its first cell of range holds for all.

    Args:
        per_m: (sensors,) cells of slant range for a metre.
        chance: (sensors, ranges) probability that a look detects an object in sight.
        lowest_m: (sensors, azimuths, ranges) lowest height in sight above the ellipsoid, over
            terrain and in the beam; infinite: none, or it is not known.
        highest_m: (sensors, ranges) upper edge of the beam.
    """

    per_m: F64
    chance: F32
    lowest_m: F32
    highest_m: F32


def everywhere(hit: F64) -> DetectionTable:
    """Return the table of sensors that detect with the same probability everywhere.

    Args:
        hit: (sensors,) those probabilities.
    """
    count = len(hit)
    return DetectionTable(
        np.zeros(count),
        np.minimum(hit, MOST).astype(np.float32)[:, None],
        np.full((count, 1, 1), -np.inf, np.float32),
        np.full((count, 1), np.inf, np.float32),
    )


def joined(known: DetectionTable, more: DetectionTable) -> DetectionTable:
    """Return the table of a table's sensors and of further ones after them.

    Args:
        known: any.
        more: of the same cells, or of one cell.
    """
    cells, ranges = known.lowest_m.shape[1:], known.chance.shape[1:]
    return DetectionTable(
        np.concatenate([known.per_m, more.per_m]),
        _above(known.chance, more.chance, ranges),
        _above(known.lowest_m, more.lowest_m, cells),
        _above(known.highest_m, more.highest_m, ranges),
    )


def _above(known: F32, more: F32, cells: tuple[int, ...]) -> F32:
    return np.concatenate([known, np.broadcast_to(more, (len(more), *cells))])


def detection_probability(
    table: DetectionTable,
    sensor: int,
    range_m: F64,
    azimuth_rad: F64,
    height_m: F64,
    height_std_m: F64,
) -> F64:
    """Return (n,) probabilities that a look detects objects: the twin of the kernel of this name.

    Args:
        table: of all sensors.
        sensor: which.
        range_m: (n,) slant ranges.
        azimuth_rad: (n,) clockwise from true north, any turn.
        height_m: (n,) above the ellipsoid.
        height_std_m: (n,) how unsure that is; the object may be as far off as that makes likely.
    """
    azimuths, ranges = table.lowest_m.shape[1:]
    ring = np.floor(range_m * table.per_m[sensor])
    turn = np.floor(np.mod(azimuth_rad / (2.0 * np.pi), 1.0) * azimuths + 0.5)
    j = np.clip(ring, 0, ranges - 1).astype(int)
    low = table.lowest_m[sensor, turn.astype(int) % azimuths, j].astype(float)
    high = table.highest_m[sensor, j].astype(float)
    half = np.maximum(np.sqrt(3.0) * height_std_m, 1.0)
    inside = np.minimum(height_m + half, high) - np.maximum(height_m - half, low)
    part = np.clip(inside / (2.0 * half), 0.0, 1.0)
    return np.where(ring < ranges, table.chance[sensor, j] * part, 0.0)
