"""What a site's radars can see, and which targets they tell apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tocsin.contract import F64, Bool, Sensor, SensorKind
from tocsin.geo import Region, sensor_polar, within_coverage
from tocsin.run.site import Site

Coverage = Callable[[F64], Bool]
Resolution = Callable[[F64, F64], Bool]


def radar_coverage(site: Site) -> Coverage:
    """Return where any of a site's radars can see: range, beam and horizon."""
    region, radars = Region.at(site.origin), _radars(site)

    def coverage(position_m: F64) -> Bool:
        seen = [within_coverage(radar, region, position_m) for radar in radars]
        return np.any(seen, axis=0) if seen else np.zeros(len(position_m), bool)

    return coverage


def radar_resolution(site: Site) -> Resolution:
    """Return which positions some radar tells from another one, by its resolution cell.

    A radar that sees the first and not the second tells them apart.
    """
    region, radars = Region.at(site.origin), _radars(site)

    def resolution(position_m: F64, other_m: F64) -> Bool:
        apart = np.zeros(len(position_m), bool)
        for radar in radars:
            alone = ~within_coverage(radar, region, other_m)
            parted = alone | _parted(radar, region, position_m, other_m)
            apart |= within_coverage(radar, region, position_m) & parted
        return apart

    return resolution


def _radars(site: Site) -> list[Sensor]:
    return [s for s in site.pipeline_config().sensors if s.kind is SensorKind.RADAR]


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
