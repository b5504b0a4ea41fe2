"""What a site's radars can see, and which targets they tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, Bool, Sensor, SensorKind
from tocsin.geo import Mask, Region, sensor_polar, within_coverage, within_sight
from tocsin.run.coverage import site_masks
from tocsin.run.detection import MIDDLE_RCS_M2, law
from tocsin.run.site import Site

RAYS = 2_880
"""Rays of the terrain masks: 330 m apart at 150 km."""


class Sight(NamedTuple):
    """Hold a site's radars and what hides things from them.

    Args:
        region: frame of positions.
        radars: the site's.
        masks: lowest visible heights over terrain, by sensor id; without: the earth is smooth.
    """

    region: Region
    radars: tuple[Sensor, ...]
    masks: Mapping[str, Mask]

    @classmethod
    def of(cls, site: Site) -> Sight:
        """Return what a site's radars see, over its terrain where it names some.

        Raises:
            InputError: the terrain cannot be read, or lies elsewhere.
        """
        radars = tuple(s for s in site.sensors if s.kind is SensorKind.RADAR)
        return cls(Region.at(site.origin), radars, site_masks(site, RAYS))

    def sees(self, radar: Sensor, position_m: F64) -> Bool:
        """Return which of (n, 3) region positions one radar can see."""
        mask = self.masks.get(radar.sensor_id)
        if mask is None:
            return within_coverage(radar, self.region, position_m)
        return within_sight(radar, mask, self.region, position_m)

    def coverage(self, position_m: F64) -> Bool:
        """Return which positions any radar can see: range, beam, horizon and terrain."""
        seen = [self.sees(radar, position_m) for radar in self.radars]
        return np.any(seen, axis=0) if seen else np.zeros(len(position_m), bool)

    def chance(self, radar: Sensor, position_m: F64, kind: I8) -> F64:
        """Return the chance that a look of a radar detects objects; 0 where it does not see them.

        By the fourth power of range where the radar's clear range is known, for the middle of the
        class's cross-sections; else, and for what has no class, the radar's own constant.

        Args:
            radar: one of the site's.
            position_m: (n, 3) region positions.
            kind: (n,) object classes.
        """
        chance = np.full(len(kind), radar.detection_probability)
        rcs_m2 = MIDDLE_RCS_M2[kind]
        known = np.isfinite(rcs_m2) & np.isfinite(radar.clear_range_m)
        if known.any():
            range_m = sensor_polar(radar, self.region, position_m[known])[0]
            chance[known] = law(radar, range_m, rcs_m2[known])
        return np.where(self.sees(radar, position_m), chance, 0.0)

    def resolution(self, position_m: F64, other_m: F64) -> Bool:
        """Return which positions some radar tells from another one, by its resolution cell.

        A radar that sees the first and not the second tells them apart.
        """
        apart = np.zeros(len(position_m), bool)
        for radar in self.radars:
            alone = ~self.sees(radar, other_m)
            parted = alone | _parted(radar, self.region, position_m, other_m)
            apart |= self.sees(radar, position_m) & parted
        return apart


def _parted(radar: Sensor, region: Region, position_m: F64, other_m: F64) -> Bool:
    """Return which pairs do not share one cell of a radar."""
    if np.isnan(radar.range_cell_m):
        return np.ones(len(position_m), bool)
    one, other = (sensor_polar(radar, region, place) for place in (position_m, other_m))
    turn = np.abs(np.mod(one[1] - other[1] + np.pi, 2.0 * np.pi) - np.pi)
    parted = (np.abs(one[0] - other[0]) > radar.range_cell_m) | (turn > radar.azimuth_cell_rad)
    if radar.elevation_cell_rad > 0.0:
        parted |= np.abs(one[2] - other[2]) > radar.elevation_cell_rad
    return parted
