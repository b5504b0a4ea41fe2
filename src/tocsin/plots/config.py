"""What the plots room is told once: the region, the sensors, its limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.contract import Sensor
from tocsin.geo import Region

Four = tuple[float, float, float, float]
"""A value for each `BiasComponent`: range in m, azimuth and elevation in rad, time in s."""


@dataclass(frozen=True)
class RegistrationConfig:
    """Say what biases are believed possible, and when they are believed.

    Args:
        enabled: whether biases are learned at all.
        prior_std: biases of a radar before anything is known; wide enough for one set up in haste.
        reference_time_std_s: of a receiver of positions that aircraft themselves state; the
            standards allow 0.6 s of delay that is not compensated (RTCA DO-260B, 2.2.5).
        walk_std: how far biases wander in an hour, so that what was learned long ago fades.
        time_accuracy_s: stated for no sensor; what multi-radar tracking asks for.
        significance: standard deviations by which a bias must differ from nothing, and then from
            what is applied, to be applied.
        least_change: of the sensor's accuracy; smaller changes of the correction are not worth it.
        alarm_factor: of the sensor's accuracy; a larger bias, or change of one, is a notice.
        window_s: plots of a track in such a time are worked together.
        settle_s: how long late plots are waited for before that.
        least_probability: of an association that is learned from.
        noise_m2ps3: density of the acceleration of targets, horizontal and vertical; wide, since
            common targets are compared within seconds, where even hard turns are small.
        reference_vertical_std_m: a stated height less sure than this is a pressure altitude,
            whose error is the same for all aircraft: only its horizontal position is a reference.
        worst_fit: mean squared normalised residual above which a window of a track is not used.
        max_rows: of a window; of more, a part of the tracks is used, in turn.
    """

    enabled: bool = True
    prior_std: Four = (200.0, 0.01, 0.01, 0.5)
    reference_time_std_s: float = 0.1
    walk_std: Four = (10.0, 0.0005, 0.0005, 0.1)
    time_accuracy_s: float = 0.1
    significance: float = 3.0
    least_change: float = 0.1
    alarm_factor: float = 1.5
    window_s: float = 20.0
    settle_s: float = 10.0
    least_probability: float = 0.9
    noise_m2ps3: tuple[float, float] = (20.0, 4.0)
    reference_vertical_std_m: float = 100.0
    worst_fit: float = 3.0
    max_rows: int = 20_000


@dataclass(frozen=True)
class ClutterConfig:
    """Say how fast the radars' clutter maps are learned.

    Args:
        enabled: whether they are.
        prior_looks: looks that the site's figure is worth: after as many, what was seen counts as
            much.
        memory_s: what was seen fades in that time: weather moves, ground clutter stays.
        window_s: at least so long is waited for the tracker's word on a plot.
        patience_s: a radar that does not tell what it sweeps is taken to turn for so long after
            its last plot.
    """

    enabled: bool = True
    prior_looks: float = 30.0
    memory_s: float = 1800.0
    window_s: float = 30.0
    patience_s: float = 300.0


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
        registration: of the sensors.
        clutter: maps of the radars' false plots.
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
    registration: RegistrationConfig = field(default_factory=RegistrationConfig)
    clutter: ClutterConfig = field(default_factory=ClutterConfig)
