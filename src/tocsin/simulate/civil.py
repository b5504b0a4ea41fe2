"""Plans of everyday traffic and of birds."""

from __future__ import annotations

import numpy as np

from tocsin.contract import ObjectClass
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import End, Leg, Plan
from tocsin.simulate.limits import FLOCK_RCS_M2, LIMITS
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_base import Place, Point, named_places
from tocsin.simulate.schema_objects import Birds, Traffic
from tocsin.simulate.terrain import moved


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
    east, north = distance_m * np.sin(bearing), distance_m * np.cos(bearing)
    centre = np.array(place.latitude_deg), np.array(place.longitude_deg)
    latitude, longitude = moved(*centre, east, north)
    return float(latitude), float(longitude)


def log_uniform(rng: np.random.Generator, low_high: tuple[float, float]) -> float:
    """Return a number between two positive ones, every factor as likely as another."""
    return float(np.exp(rng.uniform(*np.log(low_high))))


def traffic_plans(file: ScenarioFile, traffic: Traffic) -> list[Plan]:
    """Return the aircraft of one route."""
    return [_aircraft(file, traffic, number) for number in range(traffic.count)]


def _aircraft(file: ScenarioFile, traffic: Traffic, number: int) -> Plan:
    name = f"{traffic.name}-{number + 1:02d}"
    rng = stream(file.seed, "traffic", name)
    kind = traffic.kind()
    cruise = rng.uniform(*traffic.speed_mps)
    delay = rng.uniform(-0.2, 0.2) * traffic.interval_s
    sideways = rng.normal(0.0, traffic.offset_m, 2)
    last = len(traffic.waypoints) - 1
    legs = []
    for k, waypoint in enumerate(traffic.waypoints):
        latitude, longitude = resolved(file.place, waypoint)
        if waypoint.at is None and not (k == last and traffic.end == "land"):
            latitude, longitude = map(
                float, moved(np.array(latitude), np.array(longitude), *sideways)
            )
        legs.append(Leg(latitude, longitude, waypoint.height_m, waypoint.speed_mps or cruise))
    return Plan(
        name,
        traffic.name,
        kind,
        traffic.first_s + number * traffic.interval_s + delay,
        log_uniform(rng, LIMITS[kind].rcs_m2),
        tuple(legs),
        End[traffic.end.upper()],
        callsign=f"{traffic.callsign}{101 + number}" if traffic.callsign else None,
    )


def bird_plans(file: ScenarioFile, birds: Birds) -> list[Plan]:
    """Return the birds, or flocks, of one home."""
    return [_bird(file, birds, number) for number in range(birds.count)]


def _bird(file: ScenarioFile, birds: Birds, number: int) -> Plan:
    name = f"{birds.name}-{number + 1:02d}"
    rng = stream(file.seed, "birds", name)
    home = resolved(file.place, birds.home)
    away, bearing = birds.radius_m * np.sqrt(rng.random()), rng.uniform(0.0, 2.0 * np.pi)
    east, north = away * np.sin(bearing), away * np.cos(bearing)
    latitude, longitude = map(float, moved(np.array(home[0]), np.array(home[1]), east, north))
    height, speed = rng.uniform(*birds.height_m), rng.uniform(*birds.speed_mps)
    rcs = FLOCK_RCS_M2 if birds.flock else LIMITS[ObjectClass.BIRD].rcs_m2
    return Plan(
        name,
        birds.name,
        ObjectClass.BIRD,
        -60.0,
        log_uniform(rng, rcs),
        (Leg(latitude, longitude, height, speed), Leg(*home, height, speed)),
        End.STAY,
        home_m=birds.radius_m,
        course_rad=rng.uniform(0.0, 2.0 * np.pi),
    )
