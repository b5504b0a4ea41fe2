"""What the warning room is told once, at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tocsin.contract import F64, Zone
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
        particle_budget: of all tracks of a class together; where it does not last, each track gets
            half as many, or a quarter.
        least_particles: fewer than these no track has; objects that fall have as many.
        steps: instants of a forecast, denser at its beginning.
        horizon_s: how far ahead decisions look; no class is forecast further.
        cell_m: edge of a cell of the zone raster.
        ground_height_m: height of the ground above the ellipsoid, where terrain says nothing.
        terrain: ground heights at latitudes and longitudes, NaN where unknown; None: level ground.
        decision_period_s: time between decisions.
    """

    zones: tuple[Zone, ...]
    region: Region
    policy: Policy = field(default_factory=Policy)
    particles: int = 256
    particle_budget: int = 400_000
    least_particles: int = 64
    steps: int = 60
    horizon_s: float = 900.0
    cell_m: float = CELL_M
    ground_height_m: float = 0.0
    terrain: Callable[[F64, F64], F64] | None = field(default=None, compare=False, repr=False)
    decision_period_s: float = 2.0
