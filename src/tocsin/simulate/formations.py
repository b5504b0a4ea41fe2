"""Plans of formations: a point that flies the route, and the members about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.contract import F64
from tocsin.simulate.civil import ENDS
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import End, Leg, Plan, Station
from tocsin.simulate.kernels_motion import TURN_SHARE
from tocsin.simulate.limits import GRAVITY_MPS2, LIMITS
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_objects import Formation, Split
from tocsin.simulate.terrain import offset_m
from tocsin.simulate.ways import beside, legs_of, log_uniform, waypoints_of

RUN_OUT_M = 3000.0
"""A formation that leaves does so this far beyond its last waypoint."""
SLACK = 0.8
"""Share of what a class can fly faster or slower that a formation's turns may use."""
SLOWEST_TURN_RADPS = float(np.radians(0.25))


def shape_m(formation: Formation) -> F64:
    """Return (n, 2) each member's place right and ahead of the formation's point."""
    k, spacing = np.arange(formation.count), formation.spacing_m
    aslant = spacing / np.sqrt(2.0)
    if formation.shape == "line":
        return np.stack([(k - (len(k) - 1) / 2.0) * spacing, 0.0 * k], axis=1)
    if formation.shape == "column":
        return np.stack([0.0 * k, -k * spacing], axis=1)
    if formation.shape == "echelon":
        return np.stack([k * aslant, -k * aslant], axis=1)
    if formation.shape == "wedge":
        rank, side = (k + 1) // 2, np.where(k % 2 == 1, 1.0, -1.0)
        return np.stack([side * rank * aslant, -rank * aslant], axis=1)
    wide = int(np.ceil(np.sqrt(len(k))))
    return np.stack([(k % wide - (wide - 1) / 2.0) * spacing, -(k // wide) * spacing], axis=1)


def turn_radps(formation: Formation) -> float:
    """Return how fast a formation turns: no faster than its outermost members can follow."""
    limits = LIMITS[formation.kind()]
    low, high = limits.speed_mps
    slowest, fastest = formation.speed_mps
    room = SLACK * max(min(high - fastest, slowest - low), 0.0)
    wide = float(np.abs(shape_m(formation)[:, 0]).max())
    lateral = limits.turn_g * GRAVITY_MPS2 / max(high, 1.0)
    own = 0.7 * TURN_SHARE * min(limits.turn_radps, lateral)
    return min(own, room / max(wide, 1.0))


def formation_plans(file: ScenarioFile, formation: Formation) -> list[Plan]:
    """Return a formation's point, then its members."""
    rng = stream(file.seed, "formation", formation.name)
    kind, waypoints = formation.kind(), waypoints_of(file, formation)
    speed = rng.uniform(*formation.speed_mps)
    legs, numbers = legs_of(file.place, waypoints, kind, speed)
    ghost = Plan(
        f"{formation.name}~",
        f"{formation.name}~",
        kind,
        formation.first_s,
        1.0,
        tuple(legs),
        End.LEAVE,
        ghost=True,
        turn_radps=turn_radps(formation) / TURN_SHARE,
    )
    places = shape_m(formation)
    splits = {member: split for split in formation.split for member in split.members}
    return [ghost] + [
        _member(file, formation, ghost, (k, places[k]), splits.get(k + 1), numbers)
        for k in range(formation.count)
    ]


def _member(
    file: ScenarioFile,
    formation: Formation,
    ghost: Plan,
    place: tuple[int, F64],
    split: Split | None,
    numbers: list[int],
) -> Plan:
    number, (right, ahead) = place
    name = f"{formation.name}-{number + 1:02d}"
    rng = stream(file.seed, "formation", name)
    legs, cruise = ghost.legs, ghost.legs[0].speed_mps
    start = _station(legs[0], _course(legs[0], legs[1]), right, ahead)
    last = _course(legs[-2], legs[-1])
    if split is not None:
        route = next(route.waypoints for route in file.route if route.name == split.route)
        own = legs_of(file.place, route, formation.kind(), cruise)[0]
        own = [_station(leg, last, right, ahead) for leg in own]
        leaves, end = numbers[split.waypoint] + 1, ENDS[split.end]
    else:
        out = RUN_OUT_M if formation.end == "leave" else 0.0
        own = [_station(legs[-1], last, right, ahead + out)]
        leaves, end = len(legs) - (formation.end != "leave"), ENDS[formation.end]
    return Plan(
        name,
        formation.name,
        formation.kind(),
        formation.first_s,
        log_uniform(rng, formation.rcs_range_m2()),
        (start, *own),
        end,
        callsign=f"{formation.callsign}{101 + number}" if formation.callsign else None,
        course_rad=_course(legs[0], legs[1]),
        station=Station(ghost.target_id, float(right), float(ahead), leaves),
    )


def _course(a: Leg, b: Leg) -> float:
    here = np.array(a.latitude_deg), np.array(a.longitude_deg)
    east, north = offset_m(*here, np.array(b.latitude_deg), np.array(b.longitude_deg))
    return float(np.arctan2(east, north))


def _station(leg: Leg, course_rad: float, right_m: float, ahead_m: float) -> Leg:
    sine, cosine = np.sin(course_rad), np.cos(course_rad)
    east, north = right_m * cosine + ahead_m * sine, ahead_m * cosine - right_m * sine
    latitude, longitude = beside((leg.latitude_deg, leg.longitude_deg), east, north)
    return replace(leg, latitude_deg=latitude, longitude_deg=longitude)
