"""What the warning room is told once, at its start."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.contract import Zone
from tocsin.geo import CELL_M, Region
from tocsin.warn.policy import Policy


@dataclass(frozen=True)
class WarnConfig:
    """Describe what to warn, by which policy, and how finely to forecast.

    Args:
        zones: areas that can be warned.
        region: the site's frame.
        policy: what is weighed.
        particles: per track and class; a power of two keeps the point set balanced.
        steps: instants of a forecast, denser at its beginning.
        horizon_s: how far ahead decisions look; no class is forecast further.
        cell_m: edge of a cell of the zone raster.
        ground_height_m: height of the ground above the ellipsoid, taken as level.
        decision_period_s: time between decisions.
    """

    zones: tuple[Zone, ...]
    region: Region
    policy: Policy = field(default_factory=Policy)
    particles: int = 256
    steps: int = 60
    horizon_s: float = 900.0
    cell_m: float = CELL_M
    ground_height_m: float = 0.0
    decision_period_s: float = 2.0
