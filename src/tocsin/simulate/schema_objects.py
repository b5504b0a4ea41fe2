"""What flies, as the scenario file says it: traffic, birds, raids."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from tocsin.contract import ObjectClass
from tocsin.simulate.limits import LIMITS
from tocsin.simulate.schema_base import (
    STRICT,
    Bearing,
    Name,
    NotNegative,
    Part,
    Point,
    Positive,
    Range,
    Share,
    Waypoint,
)


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
