"""Plans of swarms: many along one way, loosely."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from tocsin.simulate.civil import ENDS
from tocsin.simulate.draws import stream
from tocsin.simulate.fleet import Leg, Plan
from tocsin.simulate.raids import choose, point_in, zone_shape
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_objects import Swarm
from tocsin.simulate.ways import Slot, beside, legs_of, log_uniform, slots, waypoints_of


def swarm_plans(scenario: Scenario, swarm: Swarm) -> list[Plan]:
    """Return the objects of one swarm."""
    shapes = [zone_shape(scenario.zones, target.zone) for target in swarm.target]
    waypoints = waypoints_of(scenario.file, swarm)
    way = legs_of(scenario.file.place, waypoints, swarm.kind(), swarm.speed_mps[0])[0]
    own = [waypoint.speed_mps is not None for waypoint in waypoints]
    kept = len(own) == len(way) and any(own)
    return [_one(scenario.file, swarm, (way, own if kept else []), shapes, s) for s in slots(swarm)]


def _one(
    file: ScenarioFile,
    swarm: Swarm,
    way: tuple[list[Leg], list[bool]],
    shapes: list[shapely.Geometry],
    slot: Slot,
) -> Plan:
    rng = stream(file.seed, "swarm", slot.name)
    away, bearing = swarm.width_m / 2.0 * np.sqrt(rng.random()), rng.uniform(0.0, 2.0 * np.pi)
    height, speed = rng.uniform(*swarm.height_m), rng.uniform(*swarm.speed_mps)
    begins = slot.first_s + slot.spread_s * rng.random()
    legs = []
    for k, leg in enumerate(way[0]):
        place = beside(
            (leg.latitude_deg, leg.longitude_deg), away * np.sin(bearing), away * np.cos(bearing)
        )
        pace = leg.speed_mps if way[1] and way[1][k] else speed
        legs.append(Leg(*place, height, pace, leg.hover_s))
    if swarm.target:
        zone = choose(rng, [target.weight for target in swarm.target])
        latitude, longitude = point_in(rng, shapes[zone])
        legs[-1] = replace(legs[-1], latitude_deg=float(latitude), longitude_deg=float(longitude))
    if swarm.end == "land":
        legs[-1] = replace(legs[-1], height_m=way[0][-1].height_m)
    if swarm.end == "hover":
        legs[-1] = replace(legs[-1], hover_s=np.inf)
    rcs = log_uniform(rng, swarm.rcs_range_m2())
    return Plan(slot.name, swarm.name, swarm.kind(), begins, rcs, tuple(legs), ENDS[swarm.end])
