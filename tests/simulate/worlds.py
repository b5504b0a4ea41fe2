"""Scenarios on the demo's island for tests, and their truth without any sensor."""

import numpy as np

from tests.simulate.test_motion import _objects
from tocsin import simulate
from tocsin.contract import Truth
from tocsin.simulate.flight import flown, plans_of, shown, under_way
from tocsin.simulate.terrain import offset_m

HEAD = """
name = "objects"
start = 2031-05-01T06:00:00Z
duration_s = {duration_s}
seed = {seed}
place = "vessarin"
"""


def truth_of(scenario: simulate.Scenario, ticks: int | None = None) -> dict[str, Truth]:
    """The truth alone, which no sensor changes."""
    objects, ground, tick_s = plans_of(scenario), scenario.ground, scenario.tick_s
    motion, rows = under_way(objects, ground, tick_s), []
    for tick in range(ticks or scenario.ticks):
        motion = flown(objects, ground, motion, tick, tick_s)[1]
        seen = shown(objects, motion)
        velocity = seen.velocity_mps
        rows.append(
            Truth.build(
                len(seen),
                measured_at_ns=scenario.start_ns + (tick + 1) * scenario.tick_ns,
                target_id=objects.target_id[seen.row],
                object_class=objects.object_class[seen.row],
                latitude_deg=seen.latitude_deg,
                longitude_deg=seen.longitude_deg,
                height_wgs84_m=seen.height_m,
                velocity_east_mps=velocity[:, 0],
                velocity_north_mps=velocity[:, 1],
                velocity_up_mps=velocity[:, 2],
            )
        )
    return _objects(Truth.concat(rows))


def away_m(track: Truth, latitude: float, longitude: float) -> np.ndarray:
    point = np.array(latitude), np.array(longitude)
    return np.hypot(*offset_m(*point, track.latitude_deg, track.longitude_deg))


def above_m(scenario: simulate.Scenario, track: Truth) -> float:
    """How far above the ground a track ends."""
    last = track.take(slice(-1, None))
    under = scenario.ground.under_m(last.latitude_deg, last.longitude_deg)
    return float((last.height_wgs84_m - under)[0])


ARCS = """
[[ballistic]]
name = "arcs"
count = 3
first_s = 10
spread_s = 20
start = {{ bearing_deg = 280, distance_m = {distance} }}
target = [{{ zone = "VS-13" }}]
{more}
"""
