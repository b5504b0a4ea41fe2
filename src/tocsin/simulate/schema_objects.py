"""What flies, as the scenario file says it: traffic, formations, swarms, raids, balloons, birds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from tocsin.contract import ObjectClass
from tocsin.simulate.limits import FLOCK_RCS_M2, LIMITS
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

Count = Annotated[int, Field(ge=1, le=100_000)]
Steered = Literal[
    "airliner",
    "light_aircraft",
    "helicopter",
    "multirotor",
    "bird",
    "one_way_drone",
    "fast_low_flyer",
]
HAZARDOUS = ("one_way_drone", "fast_low_flyer", "ballistic")


def within(name: str, given: Range, low_high: Range) -> None:
    """Refuse a range that does not rise or leaves its bounds."""
    low, high = low_high
    if not low <= given[0] <= given[1] <= high:
        raise ValueError(f"{name} must rise and lie within the class's {low:g} to {high:g}")


class Mover(BaseModel):
    """Hold what all groups of objects have: a name, a class, a number, speeds."""

    model_config = STRICT

    name: Name
    speed_mps: Range
    rcs_m2: Range | None = None

    def kind(self) -> ObjectClass:
        """Return the class of the group."""
        return ObjectClass[str(getattr(self, "object_class", "bird")).upper()]

    @property
    def hazardous(self) -> bool:
        """Return whether these can hurt people below."""
        return getattr(self, "object_class", "") in HAZARDOUS

    def rcs_range_m2(self) -> Range:
        """Return between which cross-sections the objects lie."""
        whole = FLOCK_RCS_M2 if getattr(self, "flock", False) else LIMITS[self.kind()].rcs_m2
        return self.rcs_m2 or whole

    @model_validator(mode="after")
    def _within_class(self) -> Self:
        limits = LIMITS[self.kind()]
        within("speed_mps", self.speed_mps, limits.speed_mps)
        if self.rcs_m2 is not None:
            flock = getattr(self, "flock", False)
            within("rcs_m2", self.rcs_m2, FLOCK_RCS_M2 if flock else limits.rcs_m2)
        height = getattr(self, "height_m", None)
        if height is not None:
            within("height_m", height, limits.height_m)
        if hasattr(self, "waypoints"):
            _one_way(self.waypoints, getattr(self, "route", None))
            within_class(self.waypoints, self.kind())
        return self


def _one_way(waypoints: Sequence[Waypoint], route: str | None) -> None:
    if (route is None) == (not waypoints):
        raise ValueError("give waypoints, or the name of a route")
    if route is None and len(waypoints) < 2:
        raise ValueError("waypoints must be two or more")


def within_class(waypoints: Sequence[Waypoint], kind: ObjectClass) -> None:
    """Refuse waypoints that a class cannot fly to.

    Raises:
        ValueError: a speed, a height, hovering or holding that the class does not do.
    """
    limits, who = LIMITS[kind], kind.name.lower()
    for number, point in enumerate(waypoints):
        at = f"waypoint {number}:"
        low, high = limits.speed_mps
        if point.speed_mps is not None and not low <= point.speed_mps <= high:
            raise ValueError(
                f"{at} speed_mps {point.speed_mps:g} is not {low:g} to {high:g} ({who})"
            )
        bottom, top = limits.height_m
        if point.height_m > top:
            raise ValueError(
                f"{at} height_m {point.height_m:g} is not {bottom:g} to {top:g} ({who})"
            )
        if point.hover_s and low > 0.0:
            raise ValueError(f"{at} {who} cannot hover")
        if point.hold and point.hover_s:
            raise ValueError(f"{at} give hold or hover_s, not both")


class Route(Part):
    """Name a way, for several groups to fly."""

    name: Name
    waypoints: Annotated[tuple[Waypoint, ...], Field(min_length=2)]


class Traffic(Mover):
    """Fly a route again and again.

    `first_s` may be negative: the aircraft is under way when the scenario starts.
    """

    object_class: Literal["airliner", "light_aircraft", "helicopter", "multirotor"]
    count: Count
    callsign: Annotated[str, Field(pattern=r"^[A-Z]{1,4}$")] | None = None
    first_s: float
    interval_s: Positive
    offset_m: NotNegative = 0.0
    begin: Literal["flying", "take_off"] = "flying"
    end: Literal["leave", "land", "hover"]
    route: Name | None = None
    waypoints: tuple[Waypoint, ...] = ()

    @model_validator(mode="after")
    def _can_hover(self) -> Self:
        if self.end == "hover" and LIMITS[self.kind()].speed_mps[0] > 0.0:
            raise ValueError(f"{self.object_class} cannot hover")
        return self


class Birds(Mover):
    """Keep birds about a place, one by one or as flocks."""

    count: Count
    flock: bool = False
    home: Point
    radius_m: Positive
    height_m: Range


class Balloons(Mover):
    """Let balloons rise from a place and drift with the wind; `speed_mps` is their climb."""

    object_class: Literal["balloon"] = "balloon"
    count: Count
    start: Point
    spread_m: NotNegative = 0.0
    first_s: float
    interval_s: Positive = 60.0
    height_m: Range
    end: Literal["float", "burst"] = "float"

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        most = LIMITS[ObjectClass.BALLOON].climb_mps
        if not 0.0 < self.speed_mps[0] <= self.speed_mps[1] <= most:
            raise ValueError(
                f"speed_mps, a balloon's climb, must rise and lie within 0 to {most:g}"
            )
        return self


class Wind(Part):
    """Say how the air moves at a height; between heights it changes evenly."""

    height_m: NotNegative
    from_bearing_deg: Bearing
    speed_mps: Annotated[float, Field(ge=0.0, le=100.0)]


class Split(Part):
    """Send members of a formation another way from one of its waypoints on."""

    waypoint: Annotated[int, Field(ge=1)]
    members: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    route: Name
    end: Literal["leave", "land", "impact"] = "leave"


class Formation(Mover):
    """Fly several objects in a fixed shape."""

    object_class: Steered
    count: Count
    callsign: Annotated[str, Field(pattern=r"^[A-Z]{1,4}$")] | None = None
    shape: Literal["line", "column", "wedge", "echelon", "box"]
    spacing_m: Annotated[float, Field(ge=5.0, le=20_000.0)]
    first_s: float
    end: Literal["leave", "land", "impact"] = "leave"
    route: Name | None = None
    waypoints: tuple[Waypoint, ...] = ()
    split: tuple[Split, ...] = ()

    @model_validator(mode="after")
    def _splits(self) -> Self:
        told: list[int] = []
        for split in self.split:
            told += split.members
            if max(split.members) > self.count:
                raise ValueError(f"split: there is no member {max(split.members)}")
        if len(set(told)) < len(told):
            raise ValueError("split: a member can leave only once")
        impact = [self.end, *(split.end for split in self.split)].count("impact")
        if impact and not self.hazardous:
            raise ValueError(f"{self.object_class} does not end in an impact")
        return self


class Wave(Part):
    """Write one wave: how many, from when on, at what rate, and how often it comes again."""

    start_s: float
    count: Count
    per_minute: Positive
    repeat: Annotated[int, Field(ge=1, le=1000)] = 1
    every_s: Positive | None = None

    @model_validator(mode="after")
    def _repeats(self) -> Self:
        if self.repeat > 1 and self.every_s is None:
            raise ValueError("repeat needs every_s")
        return self


def _once_or_waves(table: Swarm | Raid | Ballistic) -> None:
    single = [table.count, table.first_s, table.spread_s]
    if table.waves and any(value is not None for value in single):
        raise ValueError("give waves, or count, first_s and spread_s, and not both")
    if not table.waves and any(value is None for value in single):
        raise ValueError("give waves, or count, first_s and spread_s")


class Target(Part):
    """Send part of a raid to a zone."""

    zone: str
    weight: Positive = 1.0


class Swarm(Mover):
    """Send many along one way, loosely: each beside it, at its own height and speed."""

    object_class: Literal["bird", "multirotor", "one_way_drone"]
    count: Count | None = None
    first_s: float | None = None
    spread_s: NotNegative | None = None
    waves: tuple[Wave, ...] = ()
    height_m: Range
    width_m: NotNegative
    route: Name | None = None
    waypoints: tuple[Waypoint, ...] = ()
    end: Literal["leave", "land", "hover", "impact"] = "leave"
    target: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _ends(self) -> Self:
        _once_or_waves(self)
        if self.end == "impact" and not self.hazardous:
            raise ValueError(f"{self.object_class} does not end in an impact")
        if self.target and self.end != "impact":
            raise ValueError('target needs end = "impact"')
        if self.end == "hover" and LIMITS[self.kind()].speed_mps[0] > 0.0:
            raise ValueError(f"{self.object_class} cannot hover")
        return self


class Entry(Part):
    """Let part of a raid come from a sector of bearings about the place's centre."""

    bearing_deg: Bearing
    width_deg: Annotated[float, Field(ge=0.0, le=360.0)]
    distance_m: Positive
    share: Positive = 1.0


class Raid(Mover):
    """Write a raid: what comes, when, from where, to which zones."""

    object_class: Literal["one_way_drone", "fast_low_flyer"]
    count: Count | None = None
    first_s: float | None = None
    spread_s: NotNegative | None = None
    waves: tuple[Wave, ...] = ()
    height_m: Range
    entry: Annotated[tuple[Entry, ...], Field(min_length=1)]
    target: Annotated[tuple[Target, ...], Field(min_length=1)]
    dogleg_m: NotNegative = 0.0
    loiter_share: Share = 0.0
    lost_share: Share = 0.0

    @model_validator(mode="after")
    def _comes(self) -> Self:
        _once_or_waves(self)
        return self


class Ballistic(Part):
    """Write ballistic arcs by where they begin, where they end, and how high or long they are."""

    name: Name
    count: Count | None = None
    first_s: float | None = None
    spread_s: NotNegative | None = None
    waves: tuple[Wave, ...] = ()
    rcs_m2: Range = LIMITS[ObjectClass.BALLISTIC].rcs_m2
    start: Point
    start_spread_m: NotNegative = 0.0
    to: Point | None = None
    to_spread_m: NotNegative = 0.0
    target: tuple[Target, ...] = ()
    apogee_m: Positive | None = None
    flight_s: Positive | None = None
    earth: Literal["round", "flat"] = "round"
    drag_m2_per_kg: NotNegative = 0.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _once_or_waves(self)
        if (self.to is None) == (not self.target):
            raise ValueError("give to, or target, and not both")
        if (self.apogee_m is None) == (self.flight_s is None):
            raise ValueError("give apogee_m, or flight_s, and not both")
        if self.earth == "flat" and self.drag_m2_per_kg:
            raise ValueError('drag_m2_per_kg needs earth = "round"')
        within("rcs_m2", self.rcs_m2, LIMITS[ObjectClass.BALLISTIC].rcs_m2)
        return self


class Recorded(Part):
    """Fly what was recorded: real trajectories, or the truth of another run.

    `from_s` leaves the beginning of the recording out, `at_s` is when the rest begins.
    """

    name: Name
    file: str
    object_class: str | None = None
    rcs_m2: Range | None = None
    at_s: float = 0.0
    from_s: NotNegative = 0.0
    gap_s: Positive = 60.0
    smooth: bool | None = None
    to_place: bool = False
    transponders: bool = True

    @model_validator(mode="after")
    def _class_known(self) -> Self:
        names = [kind.name.lower() for kind in ObjectClass][1:]
        if self.object_class is not None and self.object_class not in names:
            raise ValueError(f"{self.object_class!r} is no class: use one of {', '.join(names)}")
        return self


class Loss(Part):
    """Let objects of a group be lost: they fall where they are."""

    of: Name
    number: Annotated[int, Field(ge=1)] | None = None
    share: Share | None = None
    at_s: float | None = None
    after_s: Range | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.number is None) == (self.share is None):
            raise ValueError("give number, or share, and not both")
        if (self.at_s is None) == (self.after_s is None):
            raise ValueError("give at_s, or after_s, and not both")
        if self.after_s is not None and not 0.0 <= self.after_s[0] <= self.after_s[1]:
            raise ValueError("after_s must rise from 0 or more")
        return self
