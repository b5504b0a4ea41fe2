"""Run a scenario: one tick moves every object, then every sensor says what it met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tocsin.contract import I64, Looks, Origins, Reports, Truth
from tocsin.geo import Region
from tocsin.simulate import people
from tocsin.simulate.delivery import Arrived, Waiting, delivered
from tocsin.simulate.faults import Memory, Moment
from tocsin.simulate.fleet import Fleet
from tocsin.simulate.flight import flown, plans_of, shown, under_way
from tocsin.simulate.motions import Motion
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.sensing import Said, Sensors, memories, sensed, sensors_at, with_faults
from tocsin.simulate.sky import Sky, sky
from tocsin.simulate.terrain import Ground


@dataclass(frozen=True)
class SimStep:
    """Hold what happened in one tick, up to `now_ns`.

    Args:
        now_ns: end of the tick, ns UTC.
        reports: what the sensors reported, in order of time, sensor, sequence.
        looks: what the radars swept.
        origins: the object behind each report.
        truth: where every object is at `now_ns`; one that ends has its last row.
    """

    now_ns: int
    reports: Reports
    looks: Looks
    origins: Origins
    truth: Truth


@dataclass(frozen=True, eq=False)
class World:
    """Hold the state between two ticks.

    Args:
        tick: how many have passed.
        motion: the objects in the air.
        waiting: what sensors said and the centre has not received.
        unseen: sightings that people have not had yet.
        sequence: (s,) how many reports each sensor has sent.
        memory: what sensors that freeze said before, by number of the fault.
    """

    tick: int
    motion: Motion
    waiting: Waiting
    unseen: tuple[int, ...]
    sequence: I64
    memory: dict[int, Memory]


@dataclass(frozen=True, eq=False)
class Stage:
    """Hold what does not change: the objects' plans, the ground, the sensors."""

    scenario: Scenario
    fleet: Fleet
    ground: Ground
    region: Region
    sensors: Sensors


def steps(scenario: Scenario) -> Iterator[SimStep]:
    """Yield a scenario tick by tick, from the first to the last."""
    stage, world = start(scenario)
    for _ in range(scenario.ticks):
        world, out = step(stage, world)
        yield out


def start(scenario: Scenario) -> tuple[Stage, World]:
    """Return the stage, and the world at the scenario's start with traffic already under way."""
    objects, region = plans_of(scenario), scenario.region
    ground = scenario.ground
    stage = Stage(scenario, objects, ground, region, sensors_at(scenario, region, ground))
    people_ = scenario.file.people
    unseen = tuple(range(len(people_.sighting))) if people_ else ()
    motion = under_way(objects, ground, scenario.file.tick_s)
    counts = np.zeros(len(scenario.sensors), np.int64)
    return stage, World(0, motion, Waiting(), unseen, counts, memories(scenario))


def step(stage: Stage, world: World) -> tuple[World, SimStep]:
    """Return the world one tick later, and what happened."""
    scenario = stage.scenario
    start_ns = scenario.start_ns + world.tick * scenario.tick_ns
    now_ns = start_ns + scenario.tick_ns
    tick_s = scenario.file.tick_s
    before, motion = flown(stage.fleet, stage.ground, world.motion, world.tick, tick_s)
    before, after = shown(stage.fleet, before), shown(stage.fleet, motion)
    at = (start_ns, scenario.file.tick_s)
    air = sky(stage.fleet, stage.region, before, after, world.tick, at)
    said, swept = sensed(scenario, stage.region, stage.sensors, air)
    fresh, unseen = _noticed(stage, world, air, after)
    moment = Moment(world.tick, air.begin_s, start_ns, now_ns, scenario.file.seed)
    heard, looks, memory = with_faults(scenario, world.memory, said + fresh, swept, moment)
    waiting, arrived = delivered(
        world.waiting, heard, looks, stage.sensors.names, world.sequence, now_ns
    )
    later = World(world.tick + 1, motion, waiting, unseen, arrived.sequence, memory)
    origins, truth = _origins(stage, arrived), _truth(stage, after, now_ns)
    return later, SimStep(now_ns, arrived.reports, arrived.looks, origins, truth)


def _noticed(stage: Stage, world: World, air: Sky, after: Motion) -> tuple[Said, tuple[int, ...]]:
    """Return what people tell of this tick, and which of them have not seen anything yet."""
    told, unseen = [], []
    file = stage.scenario.file
    for number in world.unseen:
        assert file.people is not None
        place = (after.latitude_deg, after.longitude_deg)
        fresh = people.noticed(file.people, file.place, number, air, place, file.seed)
        told += [(file.people.sensor_id, echoes) for echoes in fresh]
        if not fresh:
            unseen.append(number)
    return told, tuple(unseen)


def _origins(stage: Stage, arrived: Arrived) -> Origins:
    names = np.full(len(stage.fleet) + 1, None, object)
    names[:-1] = stage.fleet.target_id
    merged = {}
    if arrived.others is not None:
        ids = stage.fleet.target_id
        merged["merged_ids"] = [[ids[row] for row in rows or ()] for rows in arrived.others]
    return Origins.build(len(arrived.source), target_id=names[arrived.source], **merged)


def _truth(stage: Stage, motion: Motion, now_ns: int) -> Truth:
    velocity = motion.velocity_mps
    return Truth.build(
        len(motion),
        measured_at_ns=now_ns,
        target_id=stage.fleet.target_id[motion.row],
        object_class=stage.fleet.object_class[motion.row],
        latitude_deg=motion.latitude_deg,
        longitude_deg=motion.longitude_deg,
        height_wgs84_m=motion.height_m,
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
    )
