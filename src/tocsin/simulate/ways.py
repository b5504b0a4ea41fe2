"""Points of a scenario as latitude and longitude, and ways as legs: routes, holds, hovering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, ObjectClass
from tocsin.simulate.fleet import Leg
from tocsin.simulate.kernels_motion import TURN_SHARE
from tocsin.simulate.limits import Trait, traits
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_base import Place, Point, Waypoint, named_places
from tocsin.simulate.schema_objects import Ballistic, Formation, Raid, Swarm, Traffic
from tocsin.simulate.terrain import moved

HOLD_WIDTH = 2.2
"""Width of a holding pattern in turning radii: two turns of 90 degrees fit in it."""


@dataclass(frozen=True)
class Slot:
    """Hold one place in time: an object's name, and the span in which it begins."""

    name: str
    first_s: float
    spread_s: float


def slots(table: Swarm | Raid | Ballistic) -> list[Slot]:
    """Return when each object of a group comes: in one span, or wave by wave."""
    if not table.waves:
        first, spread = table.first_s or 0.0, table.spread_s or 0.0
        return [Slot(f"{table.name}-{k + 1:02d}", first, spread) for k in range(table.count or 0)]
    starts = [
        (wave.start_s + again * (wave.every_s or 0.0), wave)
        for wave in table.waves
        for again in range(wave.repeat)
    ]
    return [
        Slot(f"{table.name}-{number + 1:02d}-{k + 1:03d}", start_s + k * step, step)
        for number, (start_s, wave) in enumerate(starts)
        for step in [60.0 / wave.per_minute]
        for k in range(wave.count)
    ]


def resolved(place: Place, point: Point) -> tuple[float, float]:
    """Return a point's latitude and longitude in degrees."""
    if point.at is not None:
        named = next(p for p in named_places(place) if p.name == point.at)
        return named.latitude_deg, named.longitude_deg
    if point.latitude_deg is not None and point.longitude_deg is not None:
        return point.latitude_deg, point.longitude_deg
    assert point.bearing_deg is not None
    assert point.distance_m is not None
    return from_centre(place, point.bearing_deg, point.distance_m)


def from_centre(place: Place, bearing_deg: float, distance_m: float) -> tuple[float, float]:
    """Return the latitude and longitude at a bearing and a distance from the place's centre."""
    bearing = np.radians(bearing_deg)
    centre = place.latitude_deg, place.longitude_deg
    return beside(centre, distance_m * np.sin(bearing), distance_m * np.cos(bearing))


def beside(point: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    """Return the point that lies metres east and north of another."""
    latitude, longitude = moved(*(np.array(v) for v in (*point, east_m, north_m)))
    return float(latitude), float(longitude)


def log_uniform(rng: np.random.Generator, low_high: tuple[float, float]) -> float:
    """Return a number between two positive ones, every factor as likely as another."""
    return float(np.exp(rng.uniform(*np.log(low_high))))


def waypoints_of(file: ScenarioFile, group: Traffic | Formation | Swarm) -> Sequence[Waypoint]:
    """Return a group's own waypoints, or those of the route that it names."""
    if group.route is None:
        return group.waypoints
    return next(route.waypoints for route in file.route if route.name == group.route)


def legs_of(
    place: Place, waypoints: Sequence[Waypoint], kind: ObjectClass, cruise_mps: float
) -> tuple[list[Leg], list[int]]:
    """Return the legs of a way, and the leg that leads to each of its waypoints.

    Args:
        place: gives names and bearings a place.
        waypoints: what the file says.
        kind: the class that flies, whose turns make the holding patterns.
        cruise_mps: speed where a waypoint gives none.
    """
    legs: list[Leg] = []
    numbers = []
    for waypoint in waypoints:
        latitude, longitude = resolved(place, waypoint)
        speed = waypoint.speed_mps or cruise_mps
        leg = Leg(latitude, longitude, waypoint.height_m, speed, waypoint.hover_s)
        numbers.append(len(legs))
        legs += [leg, *_racetrack(leg, waypoint, kind)]
    return legs, numbers


def _racetrack(fix: Leg, waypoint: Waypoint, kind: ObjectClass) -> list[Leg]:
    """Return the corners of a holding pattern; they are flown round as fly-by waypoints."""
    hold = waypoint.hold
    if hold is None:
        return []
    inbound = np.radians(hold.inbound_bearing_deg)
    ahead = np.array([np.sin(inbound), np.cos(inbound)])
    across = np.array([ahead[1], -ahead[0]]) * (1.0 if hold.side == "right" else -1.0)
    radius = fix.speed_mps / (TURN_SHARE * traits(kind, 1.0, 0.0)[Trait.TURN])
    wide, long = HOLD_WIDTH * radius * across, hold.leg_s * fix.speed_mps * ahead
    here = (fix.latitude_deg, fix.longitude_deg)
    ring: list[F64] = [wide, wide - long, -long, 0.0 * long]
    corners = [beside(here, *corner) for corner in ring]
    return [Leg(a, b, fix.height_m, fix.speed_mps) for a, b in corners] * hold.rounds
