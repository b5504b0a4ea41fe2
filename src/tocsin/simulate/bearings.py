"""Nodes that say from which direction they hear something: radio emissions, or engines.

A node listens at its own beat. What it hears of an object falls with range: surely close by, half
of the time at the range of the object's class, and never beyond twice that or the node's own
range. Sound is late: what leaves an object now arrives after range / speed of sound, from where
the object was.

Source: ISO 9613-1 (speed of sound in air at 15 degrees Celsius).
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, NS, ObjectClass, ReportKind, Reports, SensorKind
from tocsin.simulate.draws import Purpose, instants, normals, stream, uniforms
from tocsin.simulate.radar import Echoes, Rows
from tocsin.simulate.schema_sensors import BearingNode
from tocsin.simulate.sky import Site, Sky

SOUND_MPS = 340.3
TURN = 2.0 * np.pi
RF_RANGE_M = {
    ObjectClass.AIRLINER: 30_000.0,
    ObjectClass.LIGHT_AIRCRAFT: 20_000.0,
    ObjectClass.HELICOPTER: 20_000.0,
    ObjectClass.MULTIROTOR: 5_000.0,
    ObjectClass.ONE_WAY_DRONE: 2_000.0,
    ObjectClass.BALLOON: 3_000.0,
}
"""Up to where a class's emissions are heard half of the time; what is not named sends nothing."""
ACOUSTIC_RANGE_M = {
    ObjectClass.AIRLINER: 6_000.0,
    ObjectClass.LIGHT_AIRCRAFT: 4_000.0,
    ObjectClass.HELICOPTER: 7_000.0,
    ObjectClass.MULTIROTOR: 500.0,
    ObjectClass.ONE_WAY_DRONE: 4_000.0,
    ObjectClass.FAST_LOW_FLYER: 5_000.0,
}
"""Up to where a class's engines are heard half of the time."""
_EDGE = 6.0
"""How sharply hearing falls: the chance is 1 / (1 + (range / class range) ** 6)."""


def class_ranges_m(node: BearingNode, kind: SensorKind) -> F64:
    """Return by class up to where a node hears half of the time, 0: never."""
    table = ACOUSTIC_RANGE_M if kind is SensorKind.ACOUSTIC else RF_RANGE_M
    said = {ObjectClass[name.upper()]: value for name, value in node.class_range_m.items()}
    both = {**table, **said}
    return np.array([both.get(kind, 0.0) for kind in ObjectClass])


def heard(node: BearingNode, site: Site, sky_: Sky, seed: int) -> Echoes:
    """Return the bearings that a node takes of what is sent out in one tick.

    Sound that leaves an object in this tick is measured when it arrives, and so are its reports.
    """
    parts = [_at(node, site, sky_, beat) for beat in _beats(node, sky_)]
    parts.append(_false(node, site, sky_, seed))
    reports = Reports.concat([part.reports for part in parts])
    source = np.concatenate([part.source for part in parts])
    order = np.argsort(reports.measured_at_ns, kind="stable")
    return Echoes(reports.take(order), source[order])


def _beats(node: BearingNode, sky_: Sky) -> range:
    """Return the numbers of the node's beats in a tick."""
    first = int(np.ceil(sky_.begin_s / node.period_s - 1e-9))
    return range(first, int(np.ceil((sky_.begin_s + sky_.tick_s) / node.period_s - 1e-9)))


def _at(node: BearingNode, site: Site, sky_: Sky, beat: int) -> Echoes:
    every = np.arange(len(sky_.row))
    after_s = np.full(len(every), max(beat * node.period_s - sky_.begin_s, 0.0))
    position, height = sky_.position_m(every, after_s), sky_.height_m(every, after_s)
    range_m, azimuth, elevation = site.polar(position)
    key = sky_.fleet.key[sky_.row]
    chance = _chance(node, site, sky_, every, range_m)
    luck = uniforms(key, Purpose.HEARING, beat, site.word)[:, 0]
    hit = np.flatnonzero((luck < chance) & site.sees(position, height))
    delay_s = range_m[hit] / SOUND_MPS if _by_ear(site) else np.zeros(len(hit))
    noise = normals(key[hit], Purpose.BEARING_NOISE, instants(beat, len(hit)), site.word)
    std = (site.sensor.azimuth_std_rad, site.sensor.elevation_std_rad)
    measured_ns = sky_.instant_ns(after_s[hit] + delay_s)
    seen = azimuth[hit] + std[0] * noise[:, 0], elevation[hit] + std[1] * noise[:, 1]
    return Echoes(_rows(site, sky_, measured_ns, *seen), sky_.row[hit])


def _by_ear(site: Site) -> bool:
    return site.sensor.kind is SensorKind.ACOUSTIC


def _chance(node: BearingNode, site: Site, sky_: Sky, which: Rows, range_m: F64) -> F64:
    half_m = class_ranges_m(node, site.sensor.kind)[sky_.fleet.object_class[sky_.row[which]]]
    near = range_m / np.maximum(half_m, 1e-9)
    falls = 1.0 / (1.0 + np.minimum(near, 10.0) ** _EDGE)
    heard_at_all = (near <= 2.0) & (half_m > 0.0)
    return np.asarray(node.detection_probability * falls * heard_at_all)


def _false(node: BearingNode, site: Site, sky_: Sky, seed: int) -> Echoes:
    rng = stream(seed, "false bearings", node.sensor_id, sky_.tick)
    beats = np.array(list(_beats(node, sky_)), float)
    count = rng.poisson(node.false_bearings_per_look, len(beats))
    after_s = np.repeat(np.maximum(beats * node.period_s - sky_.begin_s, 0.0), count)
    azimuth, share = rng.uniform(0.0, TURN, len(after_s)), rng.random(len(after_s))
    low, high = site.sensor.elevation_min_rad, site.sensor.elevation_max_rad
    elevation = low + share * (high - low) + 0.0 * site.sensor.elevation_std_rad
    rows = _rows(site, sky_, sky_.instant_ns(after_s), azimuth, elevation)
    return Echoes(rows, np.full(len(after_s), -1))


def _rows(
    site: Site, sky_: Sky, measured_ns: Rows, azimuth_rad: F64, elevation_rad: F64
) -> Reports:
    """Return bearings; one that is measured after the tick is received when it is measured."""
    end_ns = sky_.start_ns + round(sky_.tick_s * NS)
    return Reports.build(
        len(measured_ns),
        measured_at_ns=measured_ns,
        received_at_ns=np.where(measured_ns > end_ns, measured_ns, 0),
        sensor_id=site.sensor.sensor_id,
        kind=int(ReportKind.BEARING),
        azimuth_rad=np.mod(azimuth_rad, TURN),
        elevation_rad=elevation_rad,
        azimuth_std_rad=site.sensor.azimuth_std_rad,
        elevation_std_rad=site.sensor.elevation_std_rad,
    )
