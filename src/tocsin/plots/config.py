"""What the plots room is told once: the region, the sensors, its limits."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.contract import Sensor
from tocsin.geo import Region


@dataclass(frozen=True)
class PlotsConfig:
    """Hold the site and the limits.

    Args:
        region: frame that every plot is located in.
        sensors: the site's sensors; a plot's `sensor` is an index into them.
        latest_ahead_s: a report measured later than this after its receipt is a fault (clocks
            that are set by network time stay within it).
        oldest_s: a report measured earlier than this before its receipt is a fault.
        duplicate_window_s: two networks deliver the same report within this time.
        relay_window_s: one origin's report is relayed within this time.
        baro_height_std_m: geoid, pressure and quantisation between pressure altitude and height.
        assumed_height_m: middle of the heights of a target whose height nobody measured.
        assumed_height_std_m: their spread; the two together cover 0 to 8 km.
        ground_height_m: height shown for geographic reports without one (on or near the ground).
        cooperative_density_pm3: false positions per m3 of sources that decode a target's own
            message; a 24-bit parity lets almost none through.
        people_density_pm2: false sightings per m2 at even odds of being right.
        air_depth_m: depth of the airspace, between densities per m3 and per m2.
    """

    region: Region
    sensors: tuple[Sensor, ...]
    latest_ahead_s: float = 5.0
    oldest_s: float = 3600.0
    duplicate_window_s: float = 10.0
    relay_window_s: float = 300.0
    baro_height_std_m: float = 150.0
    assumed_height_m: float = 3000.0
    assumed_height_std_m: float = 3000.0
    ground_height_m: float = 300.0
    cooperative_density_pm3: float = 1e-19
    people_density_pm2: float = 1e-11
    air_depth_m: float = 12_000.0
