"""All sensors of a scenario at once: what they say in one tick, with what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import NS, InputError, Looks
from tocsin.geo import Region
from tocsin.simulate import adsb, bearings, radar, spoof
from tocsin.simulate.faults import Memory, Moment, failed, failed_looks, remembered, repeated
from tocsin.simulate.radar import Echoes, RadarSet, radar_set
from tocsin.simulate.radar_beam import looks as radar_looks
from tocsin.simulate.radar_beam import sweeps
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.schema_sensors import Fault
from tocsin.simulate.sky import Site, Sky
from tocsin.simulate.spoof import Ghost, ghosts
from tocsin.simulate.terrain import Ground

Said = list[tuple[str, Echoes]]
"""What each sensor says."""
Swept = list[tuple[str, int, Looks]]
"""What each radar swept, and when the centre will know."""


@dataclass(frozen=True, eq=False)
class Sensors:
    """Hold what does not change about a scenario's sensors.

    Args:
        names: of all, in the site's order.
        sites: places of those that have one.
        radars: ready to work.
        ghosts: that send false messages.
    """

    names: list[str]
    sites: dict[str, Site]
    radars: tuple[RadarSet, ...]
    ghosts: tuple[Ghost, ...]


def sensors_at(scenario: Scenario, region: Region, ground: Ground) -> Sensors:
    """Return a scenario's sensors, ready to work.

    Raises:
        InputError: one stands under the ground.
    """
    file = scenario.file
    placed = [s for s in scenario.sensors if s.latitude_deg == s.latitude_deg]
    for sensor in placed:
        here = np.array([sensor.latitude_deg]), np.array([sensor.longitude_deg])
        if sensor.height_wgs84_m < (bottom_m := float(ground.under_m(*here)[0])):
            what = f"stands at {sensor.height_wgs84_m:g} m, under the ground at {bottom_m:.1f} m"
            raise InputError(f"scenario, {sensor.sensor_id}", what, "raise height_m")
    sites = {s.sensor_id: Site.of(s, region, ground) for s in placed}
    where = (file.place, region, ground)
    radars = (radar_set(unit, sites[unit.sensor_id], where, file.seed) for unit in file.radar)
    names = [sensor.sensor_id for sensor in scenario.sensors]
    return Sensors(names, sites, tuple(radars), ghosts(file.spoof, file.place, file.seed))


def sensed(scenario: Scenario, region: Region, sensors: Sensors, air: Sky) -> tuple[Said, Swept]:
    """Return what sensors would say of one tick if they worked, and what the radars swept."""
    file, end_ns = scenario.file, air.start_ns + scenario.tick_ns
    said: Said = []
    swept: Swept = []
    for unit in sensors.radars:
        sectors = sweeps(unit.radar, air.begin_s, air.tick_s)
        name = unit.radar.sensor_id
        said.append((name, radar.plots(unit, air, sectors, file.seed)))
        swept.append((name, end_ns, radar_looks(unit.radar, air, sectors)))
    if file.adsb_receiver:
        sent = _sent(scenario, region, sensors, air)
        for receiver in file.adsb_receiver:
            name = receiver.sensor_id
            said.append((name, adsb.heard(sensors.sites[name], sent)))
    for node in (*file.rf_node, *file.acoustic_node):
        site = sensors.sites[node.sensor_id]
        said.append((node.sensor_id, bearings.heard(node, site, air, file.seed)))
    return said, swept


def _sent(scenario: Scenario, region: Region, sensors: Sensors, air: Sky) -> adsb.Sent:
    """Return all transponder messages of a tick, false ones included."""
    sent = adsb.messages(region, air)
    for item in scenario.file.spoof:
        if item.of is not None:
            sent = spoof.beside(item, air.fleet, air, sent)
    return adsb.joined([sent, *(spoof.claimed(ghost, region, air) for ghost in sensors.ghosts)])


def memories(scenario: Scenario) -> dict[int, Memory]:
    """Return an empty memory for each fault that freezes a sensor, by the fault's number."""
    periods = {sensor.sensor_id: sensor.period_s for sensor in scenario.sensors}
    found = {}
    for number, fault in enumerate(scenario.file.fault):
        if fault.frozen:
            length_ns = round(periods[fault.sensor] * NS)
            begin_ns = scenario.start_ns + round(fault.from_s * NS) - length_ns
            found[number] = Memory(begin_ns, length_ns)
    return found


def with_faults(
    scenario: Scenario, memory: dict[int, Memory], said: Said, swept: Swept, moment: Moment
) -> tuple[list[Echoes], list[tuple[int, Looks]], dict[int, Memory]]:
    """Return what sensors say and swept with their faults, and what freezing ones remember.

    Faults of one sensor act one after another, in the order of the file.
    """
    faults = list(enumerate(scenario.file.fault))
    if not faults:
        return [echoes for _, echoes in said], [item[1:] for item in swept], memory
    memory = dict(memory)
    heard = []
    for name, echoes in said:
        for number, fault in faults:
            if fault.sensor == name:
                echoes = _through(memory, echoes, number, fault, moment)
        heard.append(echoes)
    looks = []
    for name, arrives_ns, table in swept:
        now = [f for _, f in faults if f.sensor == name and f.holds(moment.begin_s)]
        if not any(fault.outage for fault in now):
            for fault in now:
                arrives_ns, table = failed_looks(arrives_ns, table, fault, moment)
            looks.append((arrives_ns, table))
    return heard, looks, memory


def _through(
    memory: dict[int, Memory], echoes: Echoes, number: int, fault: Fault, moment: Moment
) -> Echoes:
    """Return what a sensor says through one fault; a fault that freezes it remembers."""
    if number in memory:
        memory[number] = remembered(memory[number], echoes, fault, moment)
    if not fault.holds(moment.begin_s):
        return echoes
    if fault.outage:
        return echoes.take(np.zeros(0, np.int64))
    if fault.frozen:
        echoes = repeated(memory[number], echoes, moment)
    return failed(echoes, fault, number, moment) if len(echoes.source) else echoes
