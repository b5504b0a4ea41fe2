"""What people report: rough, late, graded, and sometimes passed on as if it were news."""

from __future__ import annotations

import numpy as np

from tocsin.contract import NS, ReportKind, Reports
from tocsin.simulate.draws import stream
from tocsin.simulate.radar import Echoes
from tocsin.simulate.schema_base import Place
from tocsin.simulate.schema_sensors import People, Relay, Sighting
from tocsin.simulate.sky import Sky
from tocsin.simulate.terrain import moved, offset_m
from tocsin.simulate.ways import resolved


def noticed(
    people: People,
    place: Place,
    number: int,
    sky_: Sky,
    after: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> list[Echoes]:
    """Return the reports that one person's sighting leads to, none when nothing is near.

    Args:
        people: the sensor.
        place: where the scenario plays.
        number: which of its sightings.
        sky_: objects over the tick.
        after: their latitudes and longitudes at its end.
        seed: of the scenario.
    """
    sighting = people.sighting[number]
    if sky_.tick * sky_.tick_s < sighting.from_s:
        return []
    of = sky_.fleet.group[sky_.row] == sighting.of
    latitude, longitude = resolved(place, sighting.where)
    east, north = offset_m(np.array(latitude), np.array(longitude), *after)
    distance = np.where(of, np.hypot(east, north), np.inf)
    if not len(distance) or distance.min() > sighting.range_m:
        return []
    near = int(distance.argmin())
    true = (float(east[near]), float(north[near]), float(sky_.to_height_m[near]))
    report = _report(people, number, (latitude, longitude), true, sky_, seed)
    told = [report, *(_relayed(report, relay) for relay in sighting.relay)]
    return [Echoes(each, sky_.row[[near]]) for each in told]


def _report(
    people: People,
    number: int,
    where: tuple[float, float],
    true: tuple[float, float, float],
    sky_: Sky,
    seed: int,
) -> Reports:
    """Return a first-hand report: a bearing and a guessed distance, seen and told later."""
    sighting = people.sighting[number]
    rng = stream(seed, "sighting", number, sighting.observer)
    distance = np.hypot(true[0], true[1])
    across = np.radians(people.bearing_std_deg) * distance
    along = people.distance_std * distance
    bearing = np.arctan2(true[0], true[1])
    a, b = rng.normal(0.0, along), rng.normal(0.0, across)
    east = true[0] + a * np.sin(bearing) + b * np.cos(bearing)
    north = true[1] + a * np.cos(bearing) - b * np.sin(bearing)
    latitude, longitude = moved(np.array(where[0]), np.array(where[1]), east, north)
    seen_ns = sky_.start_ns + round(sky_.tick_s * NS)
    return Reports.build(
        1,
        measured_at_ns=[seen_ns],
        received_at_ns=[seen_ns + round(sighting.delay_s * NS)],
        sensor_id=people.sensor_id,
        kind=int(ReportKind.SIGHTING),
        latitude_deg=[float(latitude)],
        longitude_deg=[float(longitude)],
        height_wgs84_m=[max(0.0, true[2] + rng.normal(0.0, people.vertical_std_m))],
        horizontal_std_m=[float(np.hypot(across, along) / np.sqrt(2.0))],
        vertical_std_m=[people.vertical_std_m],
        origin_id=_slug(sighting),
        grade=sighting.grade,
    )


def _relayed(report: Reports, relay: Relay) -> Reports:
    """Return the same report passed on: it arrives later, under the same origin."""
    received = report.received_at_ns + round(relay.delay_s * NS)
    return report.replace(received_at_ns=received, relayed_from=[relay.by], grade=[relay.grade])


def _slug(sighting: Sighting) -> str:
    return sighting.observer.lower().replace(" ", "-")
