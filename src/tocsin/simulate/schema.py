"""The scenario file: what may stand in it, checked key by key.

Lengths are metres, times seconds, speeds metres per second, angles degrees (a file for people).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tocsin.contract import ObjectClass
from tocsin.simulate.limits import LIMITS

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Latitude = Annotated[float, Field(ge=-90.0, le=90.0)]
Longitude = Annotated[float, Field(ge=-180.0, le=180.0)]
Bearing = Annotated[float, Field(ge=-360.0, le=360.0)]
Grade = Annotated[str, Field(pattern=r"^[A-F][1-6]$")]


STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
"""Refuse keys that no one knows, and values that are no numbers."""


class Part(BaseModel):
    """Be strict: the base of every table of the file that shares nothing with another."""

    model_config = STRICT


class Airport(BaseModel):
    """Name a place where routes begin and end."""

    model_config = STRICT

    name: str
    latitude_deg: Latitude
    longitude_deg: Longitude


class Town(Airport):
    """Name a town; routes may begin and end there too."""

    population: Annotated[int, Field(ge=0)]


class Hill(Part):
    """Raise the ground smoothly: full height at the centre, nothing beyond the radius."""

    latitude_deg: Latitude
    longitude_deg: Longitude
    height_m: Positive
    radius_m: Positive


class Place(Part):
    """Say where the scenario plays."""

    name: str
    latitude_deg: Latitude
    longitude_deg: Longitude
    coastline: str
    zones: str
    town: tuple[Town, ...] = ()
    airport: tuple[Airport, ...] = ()
    hill: tuple[Hill, ...] = ()


class Point(BaseModel):
    """Give a place by name, by latitude and longitude, or by bearing and distance from centre."""

    model_config = STRICT

    at: str | None = None
    latitude_deg: Latitude | None = None
    longitude_deg: Longitude | None = None
    bearing_deg: Bearing | None = None
    distance_m: NotNegative | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        geographic = self.latitude_deg is not None and self.longitude_deg is not None
        polar = self.bearing_deg is not None and self.distance_m is not None
        given = [self.latitude_deg, self.longitude_deg, self.bearing_deg, self.distance_m]
        whole = sum(value is not None for value in given) == (0 if self.at else 2)
        if not whole or (self.at is not None) + geographic + polar != 1:
            raise ValueError(
                "give `at`, or latitude_deg and longitude_deg, or bearing_deg and distance_m"
            )
        return self


class Waypoint(Point):
    """Give a place, a height and, where it differs from the cruise, a speed."""

    height_m: NotNegative
    speed_mps: Positive | None = None


Range = tuple[float, float]


class Mover(BaseModel):
    """Hold what all groups of objects have: a name, a class, a number, speeds."""

    model_config = STRICT

    name: Name
    count: Annotated[int, Field(ge=1, le=100_000)]
    speed_mps: Range

    def kind(self) -> ObjectClass:
        """Return the class of the group."""
        return ObjectClass[str(getattr(self, "object_class", "bird")).upper()]

    @model_validator(mode="after")
    def _within_class(self) -> Self:
        low, high = LIMITS[self.kind()].speed_mps
        if not low <= self.speed_mps[0] <= self.speed_mps[1] <= high:
            raise ValueError(f"speed_mps must rise and lie within the class's {low:g} to {high:g}")
        return self


class Traffic(Mover):
    """Fly a route again and again.

    `first_s` may be negative: the aircraft is under way when the scenario starts.
    """

    object_class: Literal["airliner", "light_aircraft", "helicopter"]
    callsign: Annotated[str, Field(pattern=r"^[A-Z]{1,4}$")] | None = None
    first_s: float
    interval_s: Positive
    offset_m: NotNegative = 0.0
    end: Literal["leave", "land"]
    waypoints: Annotated[tuple[Waypoint, ...], Field(min_length=2)]


class Birds(Mover):
    """Keep birds about a place, one by one or as flocks."""

    flock: bool = False
    home: Point
    radius_m: Positive
    height_m: Range


class Entry(Part):
    """Let part of a raid come from a sector of bearings about the place's centre."""

    bearing_deg: Bearing
    width_deg: Annotated[float, Field(ge=0.0, le=360.0)]
    distance_m: Positive
    share: Positive = 1.0


class Target(Part):
    """Send part of a raid to a zone."""

    zone: str
    weight: Positive = 1.0


class Raid(Mover):
    """Write one wave: what comes, when, from where, to which zones."""

    object_class: Literal["one_way_drone", "fast_low_flyer"]
    first_s: float
    spread_s: NotNegative
    height_m: Range
    entry: Annotated[tuple[Entry, ...], Field(min_length=1)]
    target: Annotated[tuple[Target, ...], Field(min_length=1)]
    dogleg_m: NotNegative = 0.0
    loiter_share: Share = 0.0
    lost_share: Share = 0.0

    @model_validator(mode="after")
    def _height_within_class(self) -> Self:
        low, high = LIMITS[self.kind()].height_m
        if not low <= self.height_m[0] <= self.height_m[1] <= high:
            raise ValueError(f"height_m must rise and lie within the class's {low:g} to {high:g}")
        return self


class Station(BaseModel):
    """Hold what every sensor with a place has."""

    model_config = STRICT

    sensor_id: Name
    latitude_deg: Latitude
    longitude_deg: Longitude
    height_m: NotNegative
    range_m: Positive


class Radar(Station):
    """Describe a rotating radar; without `elevation_std_deg` it measures no elevation."""

    period_s: Annotated[float, Field(ge=1.0)]
    phase_deg: float = 0.0
    clear_range_m: Positive
    """Range at which a fluctuating target of 1 m2 is seen nine times in ten."""
    false_alarm_probability: Annotated[float, Field(gt=0.0, lt=0.1)] = 1e-6
    false_plots_per_look: NotNegative
    detection_probability: Share = 0.9
    range_std_m: Positive
    azimuth_std_deg: Positive
    elevation_std_deg: Positive | None = None
    range_rate_std_mps: Positive | None = None
    elevation_min_deg: float = -1.0
    elevation_max_deg: float = 40.0


class AdsbReceiver(Station):
    """Describe a receiver of transponders; half of all messages are lost at `range_m`."""


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


class Outage(Part):
    """Silence a sensor for a while."""

    sensor: str
    from_s: NotNegative
    duration_s: Positive


class ScenarioFile(Part):
    """Hold a whole scenario."""

    name: Name
    start: datetime
    duration_s: Positive
    tick_s: Annotated[float, Field(gt=0.0, le=5.0)] = 1.0
    seed: Annotated[int, Field(ge=0)]
    place: Place
    radar: tuple[Radar, ...] = ()
    adsb_receiver: tuple[AdsbReceiver, ...] = ()
    people: People | None = None
    traffic: tuple[Traffic, ...] = ()
    birds: tuple[Birds, ...] = ()
    raid: tuple[Raid, ...] = ()
    outage: tuple[Outage, ...] = ()

    @model_validator(mode="after")
    def _in_utc(self) -> Self:
        if self.start.utcoffset() != timedelta(0):
            raise ValueError("start must be UTC: end it with Z")
        return self


def named_places(place: Place) -> tuple[Airport, ...]:
    """Return all places that a point may name."""
    return (*place.town, *place.airport)
