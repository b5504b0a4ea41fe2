"""Run a scenario: one tick moves every object, then every sensor says what it met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import Looks, Origins, Reports, Truth
from tocsin.geo import Region
from tocsin.simulate import adsb, people, radar
from tocsin.simulate.fleet import Fleet
from tocsin.simulate.flight import flown, plans_of, shown, under_way
from tocsin.simulate.motions import Motion
from tocsin.simulate.people import Told
from tocsin.simulate.radar import Echoes, RadarSet, radar_set
from tocsin.simulate.radar_beam import looks as radar_looks
from tocsin.simulate.radar_beam import sweeps
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.sky import Site, Sky, sky
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
    """Hold the state between two ticks."""

    tick: int
    motion: Motion
    told: tuple[Told, ...]
    waiting: tuple[int, ...]
    sequence: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Stage:
    """Hold what does not change: the objects' plans, the ground, the sensors' places."""

    scenario: Scenario
    fleet: Fleet
    ground: Ground
    region: Region
    sites: dict[str, Site]
    radars: tuple[RadarSet, ...]


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
    sites = {
        s.sensor_id: Site.of(s, region, ground)
        for s in scenario.sensors
        if s.latitude_deg == s.latitude_deg
    }
    where, file = (scenario.file.place, region, ground), scenario.file
    sets = tuple(radar_set(unit, sites[unit.sensor_id], where, file.seed) for unit in file.radar)
    stage = Stage(scenario, objects, ground, region, sites, sets)
    people_ = scenario.file.people
    waiting = tuple(range(len(people_.sighting))) if people_ else ()
    motion = under_way(objects, ground, scenario.file.tick_s)
    return stage, World(0, motion, (), waiting, (0,) * len(scenario.sensors))


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
    heard, looks = _sensed(stage, air)
    told, waiting = _noticed(stage, world, air, after)
    heard += people.arrived(told, now_ns)
    told = [item for item in told if item.arrives_ns > now_ns]
    sequence, reports, source = _ordered(stage, world, heard, now_ns)
    later = replace(
        world,
        tick=world.tick + 1,
        motion=motion,
        told=tuple(told),
        waiting=waiting,
        sequence=sequence,
    )
    origins = _origins(stage, source)
    return later, SimStep(now_ns, reports, looks, origins, _truth(stage, after, now_ns))


def _sensed(stage: Stage, air: Sky) -> tuple[list[Echoes], Looks]:
    """Return what radars and receivers that work report, and what the radars swept."""
    scenario, silent = stage.scenario, _silent(stage, air)
    seed = scenario.file.seed
    heard, looks = [], []
    for unit in stage.radars:
        if unit.radar.sensor_id in silent:
            continue
        swept = sweeps(unit.radar, air.begin_s, air.tick_s)
        heard.append(radar.plots(unit, air, swept, seed))
        looks.append(radar_looks(unit.radar, air, swept))
    sent = adsb.messages(stage.region, air)
    for receiver in scenario.file.adsb_receiver:
        if receiver.sensor_id not in silent:
            heard.append(adsb.heard(stage.sites[receiver.sensor_id], air, sent))
    return heard, Looks.concat(looks)


def _silent(stage: Stage, air: Sky) -> list[str]:
    now_s = air.tick * air.tick_s
    faults = stage.scenario.file.fault
    return [fault.sensor for fault in faults if fault.outage and fault.holds(now_s)]


def _noticed(
    stage: Stage, world: World, air: Sky, after: Motion
) -> tuple[list[Told], tuple[int, ...]]:
    """Return all reports on their way, and which people have not seen anything yet."""
    told, waiting = list(world.told), []
    file = stage.scenario.file
    for number in world.waiting:
        assert file.people is not None
        place = (after.latitude_deg, after.longitude_deg)
        fresh = people.noticed(file.people, file.place, number, air, place, file.seed)
        told += fresh
        if not fresh:
            waiting.append(number)
    return told, tuple(waiting)


def _ordered(
    stage: Stage, world: World, heard: list[Echoes], now_ns: int
) -> tuple[tuple[int, ...], Reports, NDArray[np.int64]]:
    """Return all reports in order, numbered per sensor, received by now, and their objects."""
    heard = [echoes for echoes in heard if len(echoes.reports)]
    names = [sensor.sensor_id for sensor in stage.scenario.sensors]
    ranks = [names.index(echoes.reports.sensor_id[0]) for echoes in heard]
    rank = np.repeat(np.array(ranks, np.int64), [len(echoes.reports) for echoes in heard])
    source = np.concatenate([np.zeros(0, np.int64), *(echoes.source for echoes in heard)])
    reports = Reports.concat([echoes.reports for echoes in heard])
    order = np.lexsort((rank, reports.measured_at_ns))
    reports, rank = reports.take(order), rank[order]
    sequence, counts = np.empty(len(rank), np.int64), list(world.sequence)
    for sensor in range(len(names)):
        own = np.flatnonzero(rank == sensor)
        sequence[own] = counts[sensor] + np.arange(len(own))
        counts[sensor] += len(own)
    received = np.where(reports.received_at_ns == 0, now_ns, reports.received_at_ns)
    numbered = reports.replace(received_at_ns=received, sequence=sequence)
    return tuple(counts), numbered, source[order]


def _origins(stage: Stage, source: np.ndarray) -> Origins:
    names = np.full(len(stage.fleet) + 1, None, object)
    names[:-1] = stage.fleet.target_id
    return Origins.build(len(source), target_id=names[source])


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
