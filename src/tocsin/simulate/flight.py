"""Everything that flies in a scenario, planned once and then moved tick by tick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tocsin.contract import F64
from tocsin.simulate.arcs import arc_plans
from tocsin.simulate.civil import balloon_plans, bird_plans, traffic_plans
from tocsin.simulate.draws import stream
from tocsin.simulate.dynamics import Motion, advanced, joined, launched
from tocsin.simulate.fleet import Fleet, Plan, fleet
from tocsin.simulate.formations import formation_plans
from tocsin.simulate.raids import raid_plans
from tocsin.simulate.recorded import recorded_plans
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_objects import Loss
from tocsin.simulate.swarms import swarm_plans
from tocsin.simulate.terrain import Ground


def plans_of(scenario: Scenario) -> Fleet:
    """Return every object of a scenario."""
    file = scenario.file
    plans = _lost(file, list(_planned(scenario)))
    return fleet(plans, file.seed, wind_table(file))


def _planned(scenario: Scenario) -> Iterator[Plan]:
    file, ground = scenario.file, scenario.ground
    for traffic in file.traffic:
        yield from traffic_plans(file, traffic, ground)
    for formation in file.formation:
        yield from formation_plans(file, formation)
    for swarm in file.swarm:
        yield from swarm_plans(scenario, swarm)
    for birds in file.birds:
        yield from bird_plans(file, birds)
    for balloons in file.balloons:
        yield from balloon_plans(file, balloons, ground)
    for raid in file.raid:
        yield from raid_plans(scenario, raid)
    for arcs in file.ballistic:
        yield from arc_plans(scenario, arcs)
    for recording in scenario.recordings:
        yield from recorded_plans(file, recording)


def wind_table(file: ScenarioFile) -> F64:
    """Return (k, 3) heights and where the air goes, east and north, by height; calm: one row."""
    rows = sorted(file.wind, key=lambda wind: wind.height_m)
    if not rows:
        return np.zeros((1, 3))
    speed = np.array([wind.speed_mps for wind in rows])
    towards = np.radians([wind.from_bearing_deg + 180.0 for wind in rows])
    height = np.array([wind.height_m for wind in rows])
    return np.stack([height, speed * np.sin(towards), speed * np.cos(towards)], axis=1)


def _lost(file: ScenarioFile, plans: list[Plan]) -> list[Plan]:
    """Return the plans with the instants at which objects are lost."""
    for loss in file.loss:
        of = [k for k, plan in enumerate(plans) if plan.group == loss.of]
        if loss.number is not None:
            of = of[loss.number - 1 : loss.number]
        for k in of:
            plans[k] = _maybe_lost(file, loss, plans[k])
    return plans


def _maybe_lost(file: ScenarioFile, loss: Loss, plan: Plan) -> Plan:
    rng = stream(file.seed, "loss", plan.target_id)
    chance, share = rng.random(), rng.random()
    if loss.share is not None and chance >= loss.share:
        return plan
    if loss.after_s is not None:
        low, high = loss.after_s
        return replace(plan, lost_s=plan.begins_s + low + share * (high - low))
    assert loss.at_s is not None
    return replace(plan, lost_s=loss.at_s)


def flown(
    objects: Fleet, ground: Ground, motion: Motion, tick: int, tick_s: float
) -> tuple[Motion, Motion]:
    """Return the objects at the start of a tick, new ones included, and at its end."""
    new = objects.beginning(tick * tick_s, (tick + 1) * tick_s)
    before = motion.take(~motion.ended) if motion.ended.any() else motion
    if len(new):
        before = joined([before, launched(objects, ground, new)])
    return before, advanced(objects, ground, before, tick, tick_s)


def under_way(objects: Fleet, ground: Ground, tick_s: float) -> Motion:
    """Return the objects at the scenario's start, those that began before it under way."""
    motion = launched(objects, ground, np.zeros(0, np.int64))
    lead = float(objects.begins_s.min(initial=0.0))
    for tick in range(int(np.floor(lead / tick_s)), 0):
        motion = flown(objects, ground, motion, tick, tick_s)[1]
    return motion


def shown(objects: Fleet, motion: Motion) -> Motion:
    """Return what truly flies: all but the points of formations."""
    if not objects.ghost.any():
        return motion
    return motion.take(~objects.ghost[motion.row])
