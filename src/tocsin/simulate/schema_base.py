"""Parts of the scenario file that several tables share: numbers with bounds, places, points."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    terrain: str | None = None
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


class Hold(Part):
    """Fly rounds of a racetrack before going on: the waypoint is its fix, at the end of inbound."""

    inbound_bearing_deg: Bearing
    leg_s: Annotated[float, Field(ge=10.0, le=600.0)] = 60.0
    rounds: Annotated[int, Field(ge=1, le=500)] = 1
    side: Literal["right", "left"] = "right"


class Waypoint(Point):
    """Give a place, a height and, where it differs from the cruise, a speed."""

    height_m: NotNegative
    speed_mps: Positive | None = None
    hover_s: NotNegative = 0.0
    hold: Hold | None = None


Range = tuple[float, float]


def named_places(place: Place) -> tuple[Airport, ...]:
    """Return all places that a point may name."""
    return (*place.town, *place.airport)
