"""Sensors, people and faults, as the scenario file says them."""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from tocsin.contract import ObjectClass
from tocsin.simulate.schema_base import (
    STRICT,
    Bearing,
    Grade,
    Latitude,
    Longitude,
    Name,
    NotNegative,
    Part,
    Point,
    Positive,
    Share,
    Waypoint,
)


class Station(BaseModel):
    """Hold what every sensor with a place has."""

    model_config = STRICT

    sensor_id: Name
    latitude_deg: Latitude
    longitude_deg: Longitude
    height_m: NotNegative
    range_m: Positive
    earth_factor: Annotated[float, Field(ge=0.5, le=10.0)] = 4.0 / 3.0
    """Effective-earth factor k of its horizon."""


class Equation(Part):
    """Give what the radar equation needs: the fields of `tocsin.radar.equation.RadarEquation`."""

    power_w: Positive
    gain_db: Annotated[float, Field(ge=0.0, le=80.0)]
    frequency_hz: Annotated[float, Field(ge=1e8, le=54e9)]
    bandwidth_hz: Positive
    noise_figure_db: Annotated[float, Field(ge=0.0, le=30.0)] = 3.0
    losses_db: Annotated[float, Field(ge=0.0, le=60.0)] = 8.0
    compression: Annotated[float, Field(ge=1.0)] = 1.0
    antenna_temperature_k: Positive = 290.0
    vertical: bool = False
    rain_mm_per_h: Annotated[float, Field(ge=0.0, le=200.0)] = 0.0


class Clutter(Point):
    """Spread false plots over a disc: random ones, and points that come back again and again."""

    radius_m: NotNegative
    height_m: NotNegative = 0.0
    plots_per_look: NotNegative = 0.0
    points: Annotated[int, Field(ge=0, le=10_000)] = 0
    point_probability: Share = 0.5


class Radar(Station):
    """Describe a radar; without `elevation_std_deg` it measures no elevation."""

    scan: Literal["rotating", "sector", "staring"] = "rotating"
    period_s: Annotated[float, Field(ge=0.02, le=3600.0)]
    phase_deg: float = 0.0
    azimuth_from_deg: Bearing = 0.0
    azimuth_to_deg: Bearing = 360.0
    flyback: bool = False
    clear_range_m: Positive | None = None
    """Range at which a fluctuating target of 1 m2 is seen nine times in ten."""
    equation: Equation | None = None
    swerling: Annotated[int, Field(ge=0, le=4)] = 1
    pulses: Annotated[int, Field(ge=1, le=1000)] = 1
    false_alarm_probability: Annotated[float, Field(gt=0.0, lt=0.1)] = 1e-6
    false_plots_per_look: NotNegative
    clutter: tuple[Clutter, ...] = ()
    detection_probability: Share = 0.9
    range_std_m: Positive
    azimuth_std_deg: Positive
    elevation_std_deg: Positive | None = None
    range_rate_std_mps: Positive | None = None
    noise: Literal["stated", "by_snr"] = "stated"
    range_cell_m: Positive | None = None
    azimuth_cell_deg: Annotated[float, Field(gt=0.0, le=90.0)] | None = None
    elevation_cell_deg: Annotated[float, Field(gt=0.0, le=90.0)] | None = None
    elevation_min_deg: float = -1.0
    elevation_max_deg: float = 40.0

    @property
    def width_deg(self) -> float:
        """Return how much of the horizon it covers."""
        if self.scan == "rotating":
            return 360.0
        return (self.azimuth_to_deg - self.azimuth_from_deg) % 360.0 or 360.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.clear_range_m is None) == (self.equation is None):
            raise ValueError("give clear_range_m or [radar.equation], and not both")
        if (self.range_cell_m is None) != (self.azimuth_cell_deg is None):
            raise ValueError("give range_cell_m and azimuth_cell_deg together, or neither")
        if self.elevation_cell_deg is not None and self.range_cell_m is None:
            raise ValueError("elevation_cell_deg needs range_cell_m and azimuth_cell_deg")
        if self.scan == "rotating" and (self.flyback or self.width_deg != 360.0):
            raise ValueError("a rotating radar has no flyback")
        return self


class AdsbReceiver(Station):
    """Describe a receiver of transponders; half of all messages are lost at `range_m`."""


class BearingNode(Station):
    """Describe a node that says from which direction it hears something, and no more.

    As an `rf_node` it hears what objects send (control links, video, transponders), as an
    `acoustic_node` their engines, as late as sound is slow.

    `range_m` is the greatest range; within it each class is heard up to a range of its own, half
    of the time there and surely close by.
    """

    period_s: Annotated[float, Field(ge=0.1, le=3600.0)] = 1.0
    azimuth_std_deg: Positive
    elevation_std_deg: Positive | None = None
    detection_probability: Share = 0.9
    false_bearings_per_look: NotNegative = 0.0
    class_range_m: dict[str, Positive] = {}

    @field_validator("class_range_m")
    @classmethod
    def _known_classes(cls, value: dict[str, float]) -> dict[str, float]:
        names = [kind.name.lower() for kind in ObjectClass]
        for name in value:
            if name not in names:
                raise ValueError(f"{name!r} is no class: use one of {', '.join(names[1:])}")
        return value


class Spoof(Part):
    """Let someone send false transponder messages.

    With `waypoints` a ghost flies them, claimed by `callsign`; with `of` an aircraft, or a whole
    group, claims places beside its own.
    """

    name: Name
    from_s: float = 0.0
    duration_s: Positive
    of: str | None = None
    bearing_deg: Bearing = 0.0
    offset_m: NotNegative = 0.0
    drift_mps: float = 0.0
    height_offset_m: float = 0.0
    callsign: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}$")] | None = None
    waypoints: tuple[Waypoint, ...] = ()
    speed_mps: Positive | None = None
    sender: Waypoint | None = None
    """Where the ghost's messages are sent from; absent: where it claims to be."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        ghost = len(self.waypoints) >= 2 and self.callsign and self.speed_mps
        beside = self.of is not None and not self.waypoints
        if bool(ghost) == beside or (self.of is not None and self.waypoints):
            raise ValueError(
                "give `of` with an offset, or at least two waypoints with callsign and speed_mps"
            )
        return self


class Relay(Part):
    """Repeat a sighting later, as if it were news."""

    by: str
    delay_s: Positive
    grade: Grade


class Sighting(Part):
    """Let a person report the first object of a raid that comes near."""

    observer: str
    of: str
    where: Point
    range_m: Positive
    from_s: float = 0.0
    delay_s: Positive
    grade: Grade
    relay: tuple[Relay, ...] = ()


class People(Part):
    """Collect sightings under one sensor name."""

    sensor_id: Name = "people"
    bearing_std_deg: Positive = 6.0
    distance_std: Positive = 0.3
    vertical_std_m: Positive = 200.0
    sighting: tuple[Sighting, ...] = ()


class Fault(Part):
    """Let a sensor fail in some way for a while; the keys that are absent are in order.

    A report says nothing of it: wrong numbers carry the stated deviations, wrong times look right.
    """

    sensor: str
    from_s: float = 0.0
    duration_s: Positive | None = None
    """Absent: until the end."""
    outage: bool = False
    range_offset_m: float = 0.0
    range_scale: Annotated[float, Field(ge=-0.2, le=0.2)] = 0.0
    """Added to one: measured range is true range times (1 + scale), plus the offset."""
    azimuth_offset_deg: float = 0.0
    elevation_offset_deg: float = 0.0
    time_offset_s: float = 0.0
    """Of the sensor's clock; positive: it stamps later times."""
    time_drift_ppm: float = 0.0
    """Growth of that offset since `from_s`, parts per million."""
    time_jitter_s: NotNegative = 0.0
    """Standard deviation of each stamp."""
    delay_s: NotNegative = 0.0
    delay_jitter_s: NotNegative = 0.0
    """Mean of a further delay, exponential and different for each report: order is lost."""
    lost_share: Share = 0.0
    duplicate_share: Share = 0.0
    reorder_share: Share = 0.0
    reorder_s: Positive = 2.0
    """How much later a report of `reorder_share` is received than it would be."""
    frozen: bool = False
    """Says again and again what it said in the last period before."""

    @property
    def until_s(self) -> float:
        """Return when it is over."""
        return inf if self.duration_s is None else self.from_s + self.duration_s

    def holds(self, at_s: float) -> bool:
        """Say whether it lasts at a time."""
        return self.from_s <= at_s < self.until_s

    @property
    def biased(self) -> list[str]:
        """Return the keys that only some sensors can have, where they are given."""
        names = ("range_offset_m", "range_scale", "azimuth_offset_deg", "elevation_offset_deg")
        return [name for name in names if getattr(self, name) != 0.0]

    @model_validator(mode="after")
    def _something(self) -> Self:
        given = self.model_fields_set - {"sensor", "from_s", "duration_s", "reorder_s"}
        if not given:
            raise ValueError("says nothing that is wrong")
        return self
