"""What terrain hides from a site's radars and receivers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tocsin.contract import Sensor, SensorKind
from tocsin.geo import Mask, mask
from tocsin.geo.terrain_file import read_terrain
from tocsin.radar.coverage import Grid, Target, grid_about, radars

MARGIN_DEG = 0.05
MASK_STEP_M = 100.0
_ANY = Target(rcs_m2=1e9)
"""A target that is seen to the end of every radar's instrumented range."""


def terrain_masks(
    sensors: Sequence[Sensor], terrain: Path | None, geoid_m: float, rays: int
) -> dict[str, Mask]:
    """Return the masks of radars and receivers whose place is known; none without terrain.

    Args:
        sensors: of a site.
        terrain: file of ground heights.
        geoid_m: added to them.
        rays: of each mask.

    Returns:
        By sensor id.

    Raises:
        InputError: the terrain cannot be read, or lies elsewhere.
    """
    found = radars(sensors)
    if terrain is None or not found:
        return {}
    ground = read_terrain(terrain, bounds(grid_about(found, _ANY, 1000.0)), geoid_m)
    return {s.sensor_id: mask(ground, s, MASK_STEP_M, rays) for s in (*found, *receivers(sensors))}


def receivers(sensors: Sequence[Sensor]) -> tuple[Sensor, ...]:
    """Return those that hear transponders and whose place is known."""
    heard = [s for s in sensors if s.kind == SensorKind.ADSB_RECEIVER]
    return tuple(s for s in heard if np.isfinite(s.latitude_deg))


def bounds(grid: Grid) -> tuple[float, float, float, float]:
    """Return south, west, north and east of a grid, and a little more."""
    low, high = grid.latitude_deg[[0, -1]], grid.longitude_deg[[0, -1]]
    south, north = float(low[0]) - MARGIN_DEG, float(low[1]) + MARGIN_DEG
    return south, float(high[0]) - MARGIN_DEG, north, float(high[1]) + MARGIN_DEG
