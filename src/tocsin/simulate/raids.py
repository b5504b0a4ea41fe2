"""Plans of a written raid: each object's entry, way, target point, and whether it is lost."""

from __future__ import annotations

import numpy as np
import shapely
import shapely.geometry

from tocsin.contract import F64, Zone
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import End, Leg, Plan
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.schema_objects import Raid
from tocsin.simulate.terrain import moved, offset_m
from tocsin.simulate.ways import Slot, from_centre, log_uniform, slots

LOITER_RADIUS_M = 1500.0
LOITER_CORNERS = 8
OFF_SHORE_DEG = 0.02


def raid_plans(scenario: Scenario, raid: Raid) -> list[Plan]:
    """Return the objects of one raid."""
    land = shapely.geometry.shape(scenario.coastline)
    shapely.prepare(land)
    shapes = [zone_shape(scenario.zones, target.zone) for target in raid.target]
    return [_intruder(scenario, raid, (land, shapes), slot) for slot in slots(raid)]


def _intruder(
    scenario: Scenario,
    raid: Raid,
    ground: tuple[shapely.Geometry, list[shapely.Geometry]],
    slot: Slot,
) -> Plan:
    land, shapes = ground
    rng = stream(scenario.file.seed, "raid", slot.name)
    start = _entry(rng, scenario, raid)
    zone = choose(rng, [t.weight for t in raid.target])
    target = point_in(rng, shapes[zone])
    speed, height = rng.uniform(*raid.speed_mps), rng.uniform(*raid.height_m)
    lost, loiters = rng.random() < raid.lost_share, rng.random() < raid.loiter_share
    begins = slot.first_s + slot.spread_s * rng.random()
    if lost:
        target = _at_sea(start, target, rng.uniform(0.3, 0.8), land)
    way = [start, *_doglegs(rng, start, target, raid.dogleg_m)]
    if loiters and not lost:
        way += _loiter(way[-1], target)
    legs = tuple(Leg(float(a), float(b), height, speed) for a, b in (*way, target))
    rcs = log_uniform(rng, raid.rcs_range_m2())
    return Plan(slot.name, raid.name, raid.kind(), begins, rcs, legs, End.IMPACT)


def choose(rng: np.random.Generator, weights: list[float]) -> int:
    """Return one of several by weight."""
    total = np.cumsum(weights)
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def _entry(rng: np.random.Generator, scenario: Scenario, raid: Raid) -> F64:
    entry = raid.entry[choose(rng, [entry.share for entry in raid.entry])]
    bearing = entry.bearing_deg + entry.width_deg * rng.uniform(-0.5, 0.5)
    return np.array(from_centre(scenario.file.place, bearing, entry.distance_m))


def zone_shape(zones: tuple[Zone, ...], zone_id: str) -> shapely.Geometry:
    """Return a zone's area, prepared for many questions."""
    zone = next(zone for zone in zones if zone.zone_id == zone_id)
    area = shapely.MultiPolygon([shapely.Polygon(p[0], p[1:]) for p in zone.polygons])
    shapely.prepare(area)
    return area


def point_in(rng: np.random.Generator, shape: shapely.Geometry) -> F64:
    """Return the latitude and longitude of a random point of an area."""
    west, south, east, north = shapely.bounds(shape)
    while True:
        tries = rng.uniform((west, south), (east, north), (32, 2))
        inside = shapely.contains_xy(shape, tries[:, 0], tries[:, 1])
        if inside.any():
            longitude, latitude = tries[inside.argmax()]
            return np.array([latitude, longitude])


def _at_sea(start: F64, target: F64, share: float, land: shapely.Geometry) -> F64:
    """Return a point on the way, moved back until it lies off the coast."""
    while share > 0.02:
        point = start + share * (target - start)
        if shapely.distance(land, shapely.Point(point[1], point[0])) > OFF_SHORE_DEG:
            return point
        share *= 0.85
    return target  # an entry over land: nothing is lost at sea


def _doglegs(rng: np.random.Generator, start: F64, target: F64, spread_m: float) -> list[F64]:
    """Return two turning points beside the straight way."""
    east, north = offset_m(start[0], start[1], target[0], target[1])
    across = np.array([north, -east]) / np.hypot(east, north)
    out = []
    for share in (0.35, 0.7):
        side = across * rng.normal(0.0, spread_m)
        latitude, longitude = start + share * (target - start)
        out.append(np.array(moved(latitude, longitude, side[0], side[1])))
    return out


def _loiter(before: F64, target: F64) -> list[F64]:
    """Return the corners of one round flown beside the way, 6 km short of the target."""
    east, north = offset_m(target[0], target[1], before[0], before[1])
    away = np.array([east, north]) / np.hypot(east, north)
    centre = np.array(moved(target[0], target[1], *(6000.0 * away)))
    first = np.arctan2(away[0], away[1])
    turns = first + 2.0 * np.pi * np.arange(LOITER_CORNERS) / LOITER_CORNERS
    ring = LOITER_RADIUS_M * np.stack([np.sin(turns), np.cos(turns)], axis=1)
    return [np.array(moved(centre[0], centre[1], a, b)) for a, b in ring]
