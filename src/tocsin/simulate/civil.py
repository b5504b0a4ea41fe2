"""Plans of everyday traffic, of birds and of balloons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.contract import ObjectClass
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import End, Leg, Plan
from tocsin.simulate.limits import LIMITS
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_objects import Balloons, Birds, Traffic
from tocsin.simulate.terrain import Ground
from tocsin.simulate.ways import beside, legs_of, log_uniform, resolved, waypoints_of

ENDS = {"leave": End.LEAVE, "land": End.LAND, "impact": End.IMPACT, "hover": End.STAY}


def traffic_plans(file: ScenarioFile, traffic: Traffic, ground: Ground) -> list[Plan]:
    """Return the aircraft of one route."""
    return [_aircraft(file, traffic, ground, number) for number in range(traffic.count)]


def _aircraft(file: ScenarioFile, traffic: Traffic, ground: Ground, number: int) -> Plan:
    name = f"{traffic.name}-{number + 1:02d}"
    rng = stream(file.seed, "traffic", name)
    kind = traffic.kind()
    cruise = rng.uniform(*traffic.speed_mps)
    delay = rng.uniform(-0.2, 0.2) * traffic.interval_s
    sideways = rng.normal(0.0, traffic.offset_m, 2)
    waypoints = waypoints_of(file, traffic)
    legs, numbers = legs_of(file.place, waypoints, kind, cruise)
    fixed = {n for n, waypoint in zip(numbers, waypoints, strict=True) if waypoint.at is not None}
    if traffic.end == "land":
        fixed.add(numbers[-1])
    legs = [leg if k in fixed else _aside(leg, sideways) for k, leg in enumerate(legs)]
    if traffic.begin == "take_off":
        legs[0] = _on_ground(replace(legs[0], speed_mps=LIMITS[kind].speed_mps[0]), ground)
    if traffic.end == "land":
        legs[-1] = _on_ground(legs[-1], ground)
    if traffic.end == "hover":
        legs[-1] = replace(legs[-1], hover_s=np.inf)
    return Plan(
        name,
        traffic.name,
        kind,
        traffic.first_s + number * traffic.interval_s + delay,
        log_uniform(rng, traffic.rcs_range_m2()),
        tuple(legs),
        ENDS[traffic.end],
        callsign=f"{traffic.callsign}{101 + number}" if traffic.callsign else None,
    )


def _aside(leg: Leg, sideways: np.ndarray) -> Leg:
    latitude, longitude = beside((leg.latitude_deg, leg.longitude_deg), *sideways)
    return replace(leg, latitude_deg=latitude, longitude_deg=longitude)


def _on_ground(leg: Leg, ground: Ground) -> Leg:
    """Return a leg that is not under the ground."""
    under = float(ground.under_m(np.array(leg.latitude_deg), np.array(leg.longitude_deg)))
    return replace(leg, height_m=max(leg.height_m, under))


def bird_plans(file: ScenarioFile, birds: Birds) -> list[Plan]:
    """Return the birds, or flocks, of one home."""
    return [_bird(file, birds, number) for number in range(birds.count)]


def _bird(file: ScenarioFile, birds: Birds, number: int) -> Plan:
    name = f"{birds.name}-{number + 1:02d}"
    rng = stream(file.seed, "birds", name)
    home = resolved(file.place, birds.home)
    away, bearing = birds.radius_m * np.sqrt(rng.random()), rng.uniform(0.0, 2.0 * np.pi)
    latitude, longitude = beside(home, away * np.sin(bearing), away * np.cos(bearing))
    height, speed = rng.uniform(*birds.height_m), rng.uniform(*birds.speed_mps)
    return Plan(
        name,
        birds.name,
        ObjectClass.BIRD,
        -60.0,
        log_uniform(rng, birds.rcs_range_m2()),
        (Leg(latitude, longitude, height, speed), Leg(*home, height, speed)),
        End.STAY,
        home_m=birds.radius_m,
        course_rad=rng.uniform(0.0, 2.0 * np.pi),
    )


def balloon_plans(file: ScenarioFile, balloons: Balloons, ground: Ground) -> list[Plan]:
    """Return the balloons of one place."""
    return [_balloon(file, balloons, ground, number) for number in range(balloons.count)]


def _balloon(file: ScenarioFile, balloons: Balloons, ground: Ground, number: int) -> Plan:
    name = f"{balloons.name}-{number + 1:02d}"
    rng = stream(file.seed, "balloons", name)
    away, bearing = balloons.spread_m * np.sqrt(rng.random()), rng.uniform(0.0, 2.0 * np.pi)
    start = resolved(file.place, balloons.start)
    start = beside(start, away * np.sin(bearing), away * np.cos(bearing))
    climb, height = rng.uniform(*balloons.speed_mps), rng.uniform(*balloons.height_m)
    first = _on_ground(Leg(*start, 0.0, climb), ground)
    return Plan(
        name,
        balloons.name,
        ObjectClass.BALLOON,
        balloons.first_s + number * balloons.interval_s,
        log_uniform(rng, balloons.rcs_range_m2()),
        (first, replace(first, height_m=max(height, first.height_m))),
        End.FALL if balloons.end == "burst" else End.STAY,
    )
