"""What the picture is told once: the site, and what it takes for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.contract import ObjectClass, Sensor, SensorKind, Zone
from tocsin.contract.site import Polygon
from tocsin.geo import Mask, Region
from tocsin.picture.sight import Sight

PRIORS: Mapping[ObjectClass, float] = {
    ObjectClass.UNKNOWN: 0.015,
    ObjectClass.AIRLINER: 0.40,
    ObjectClass.LIGHT_AIRCRAFT: 0.18,
    ObjectClass.HELICOPTER: 0.06,
    ObjectClass.BIRD: 0.25,
    ObjectClass.BALLOON: 0.02,
    ObjectClass.MULTIROTOR: 0.01,
    ObjectClass.ONE_WAY_DRONE: 0.05,
    ObjectClass.FAST_LOW_FLYER: 0.01,
    ObjectClass.BALLISTIC: 0.005,
}
"""How often a track is of a class before anything is known: what a site sees, not what it fears."""

COOPERATIVE: Mapping[ObjectClass, float] = {
    ObjectClass.UNKNOWN: 0.30,
    ObjectClass.AIRLINER: 0.98,
    ObjectClass.LIGHT_AIRCRAFT: 0.70,
    ObjectClass.HELICOPTER: 0.70,
    ObjectClass.BIRD: 0.001,
    ObjectClass.BALLOON: 0.05,
    ObjectClass.MULTIROTOR: 0.001,
    ObjectClass.ONE_WAY_DRONE: 0.01,
    ObjectClass.FAST_LOW_FLYER: 0.01,
    ObjectClass.BALLISTIC: 0.001,
}
"""How often an object of a class identifies itself by transponder."""


@dataclass(frozen=True, eq=False)
class PictureConfig:
    """Hold the site and the thresholds; `docs/reference/picture.md` gives the reasons.

    Args:
        region: frame of the tracker's states.
        sensors: the site's sensors, in the order of the tracker's sensor bits.
        zones: named in notices about lost coverage.
        service_area: what the site promises to watch; None: around zones and radars.
        service_margin_m: how far that reaches beyond them.
        masks: lowest visible heights over terrain, by sensor id; without: the earth is smooth.
        sight: what hides objects from the site's first sensors; None: the smooth earth alone.
        notice_height_m: height at which lost coverage is judged for notices.
        priors: of the classes.
        cooperative: how often a class identifies itself.
        class_memory_s: how long past motion counts.
        identity_wait_s: after so long within a live receiver's hearing a track counts as silent.
        ground_std_m: uncertainty of the ground below, where class limits are above ground.
        hazard_on: probability of the hazardous classes that makes a track hazardous.
        hazard_off: and the one below which it ceases to be.
        corroboration_periods: radar periods within which a radar must confirm a claim.
        late_periods: silence in periods after which a sensor is late.
        silent_periods: and after which it is lost.
        silence_floor_s: no sensor is lost earlier.
        pause_s: when steps are further apart we did not listen; nobody's silence counts then.
        external_periods: silence in periods after which an external track ends.
        names_s: how long a callsign heard by address alone is kept.
        max_external: capacity of external tracks; the oldest go first.
        max_names: capacity of callsigns by address; likewise.
    """

    region: Region
    sensors: tuple[Sensor, ...]
    zones: tuple[Zone, ...] = ()
    service_area: Polygon | None = None
    service_margin_m: float = 40_000.0
    masks: Mapping[str, Mask] = field(default_factory=dict)
    sight: Sight | None = field(default=None, compare=False, repr=False)
    notice_height_m: float = 300.0
    priors: Mapping[ObjectClass, float] = field(default_factory=lambda: PRIORS)
    cooperative: Mapping[ObjectClass, float] = field(default_factory=lambda: COOPERATIVE)
    class_memory_s: float = 30.0
    identity_wait_s: float = 10.0
    ground_std_m: float = 150.0
    hazard_on: float = 0.6
    hazard_off: float = 0.35
    corroboration_periods: float = 3.0
    late_periods: float = 2.5
    silent_periods: float = 5.0
    silence_floor_s: float = 10.0
    pause_s: float = 5.0
    external_periods: float = 3.0
    names_s: float = 600.0
    max_external: int = 20_000
    max_names: int = 50_000

    def of_kind(self, kind: SensorKind) -> tuple[Sensor, ...]:
        """Return the sensors of a kind, in order."""
        return tuple(sensor for sensor in self.sensors if sensor.kind == kind)
