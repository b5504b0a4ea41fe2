"""Measure the simulator on one core, in CPU time and in wall time, beside Stone Soup's sensors.

python bench/simulate.py [--quick]

Three cases: one radar scan over many targets with terrain, from the objects' true states to
reports in order of time; a thousand objects before ten sensors; seventy-two hours of mixed
traffic. The peer measures the same targets one by one, as its sensors do.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tocsin import simulate
from tocsin.contract import ObjectClass
from tocsin.simulate import radar
from tocsin.simulate.fleet import End, Leg, Plan, fleet
from tocsin.simulate.flight import flown, under_way
from tocsin.simulate.radar_beam import sweeps
from tocsin.simulate.sensing import sensors_at
from tocsin.simulate.sky import Sky, sky

SCAN_TARGETS = 10_000
SCANS = 50
OBJECTS = 1_000
HOURS = 72
PLACE = """
name = "bench"
start = 2031-01-01T00:00:00Z
duration_s = {duration_s}
tick_s = {tick_s}
seed = 1
[place]
name = "Nowhere"
latitude_deg = -31.6
longitude_deg = -20.4
coastline = "island.geojson"
zones = "zones.geojson"
[[place.town]]
name = "Vessar Haven"
latitude_deg = -31.7533
longitude_deg = -20.4738
population = 1
[[place.hill]]
latitude_deg = -31.5
longitude_deg = -20.5
height_m = 400
radius_m = 16000
[[place.hill]]
latitude_deg = -31.8
longitude_deg = -20.1
height_m = 300
radius_m = 12000
"""
RADAR = """
[[radar]]
sensor_id = "radar-{number}"
latitude_deg = {latitude_deg}
longitude_deg = {longitude_deg}
height_m = 450
range_m = 150000
period_s = {period_s}
clear_range_m = 120000
false_plots_per_look = 20
range_std_m = 50
azimuth_std_deg = 0.12
elevation_std_deg = 0.25
{more}
"""
RECEIVER = """
[[adsb_receiver]]
sensor_id = "adsb-{number}"
latitude_deg = {latitude_deg}
longitude_deg = -20.4
height_m = 450
range_m = 250000
"""
TRAFFIC = """
[[traffic]]
name = "way-{number}"
object_class = "airliner"
callsign = "VSN"
count = {count}
first_s = -1500
interval_s = {interval_s}
speed_mps = [180, 240]
offset_m = 9000
end = "leave"
waypoints = [
  {{ bearing_deg = {bearing_deg}, distance_m = 170000, height_m = 9000 }},
  {{ bearing_deg = {turn_deg}, distance_m = 20000, height_m = 9000 }},
  {{ bearing_deg = {out_deg}, distance_m = 170000, height_m = 9000 }},
]
"""
BIRDS = """
[[birds]]
name = "birds-{number}"
count = {count}
home = {{ bearing_deg = {bearing_deg}, distance_m = 40000 }}
radius_m = 20000
speed_mps = [9, 14]
height_m = [60, 900]
"""


def scenario_of(text: str) -> simulate.Scenario:
    """Return a scenario whose map is the demo's."""
    files = simulate.demo_scenario().parent
    with tempfile.TemporaryDirectory() as folder:
        for name in ("island.geojson", "zones.geojson"):
            (Path(folder) / name).write_text((files / name).read_text("utf-8"), "utf-8")
        path = Path(folder) / "bench.toml"
        path.write_text(text, "utf-8")
        return simulate.read_scenario(path)


def timed(work: Callable[[], Any], times: int) -> tuple[float, float, float]:
    """Return the least and the median CPU time and the least wall time of some runs, in seconds."""
    work()
    cpu, wall = [], []
    for _ in range(times):
        began = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
    return min(cpu), median(cpu), min(wall)


def spread(count: int) -> list[Plan]:
    """Return objects spread over a disc, airliners that fly straight on."""
    rng = np.random.default_rng(1)
    latitude, longitude = rng.uniform(-32.6, -30.6, count), rng.uniform(-21.5, -19.3, count)
    height, speed = rng.uniform(300.0, 11_000.0, count), rng.uniform(100.0, 240.0, count)
    return [
        Plan(
            f"t-{k}",
            "t",
            ObjectClass.AIRLINER,
            -1.0,
            20.0,
            (
                Leg(latitude[k], longitude[k], height[k], speed[k]),
                Leg(latitude[k] + rng.normal(), longitude[k] + rng.normal(), height[k], speed[k]),
            ),
            End.LEAVE,
        )
        for k in range(count)
    ]


def scan(targets: int) -> dict[str, Any]:
    """Measure one whole revolution over many targets, terrain and resolution cells included."""
    cells = "range_cell_m = 150\nazimuth_cell_deg = 1.3"
    radar_text = RADAR.format(
        number=1, latitude_deg=-31.2, longitude_deg=-20.9, period_s=4, more=cells
    )
    scenario = scenario_of(PLACE.format(duration_s=8, tick_s=4) + radar_text)
    region, ground = scenario.region, scenario.ground
    unit = sensors_at(scenario, region, ground).radars[0]
    objects = fleet(spread(targets), 1)
    motion = under_way(objects, ground, 4.0)
    before, after = flown(objects, ground, motion, 0, 4.0)

    def air() -> Sky:
        return sky(objects, region, before, after, 0, (scenario.start_ns, 4.0))

    above = air()
    swept = sweeps(unit.radar, 0.0, 4.0)
    met = len(radar.met(unit, above, swept)[0])
    plots = len(radar.plots(unit, above, swept, 1).source)
    state = timed(air, SCANS)
    work = timed(lambda: radar.plots(unit, above, swept, 1), SCANS)
    both = timed(lambda: radar.plots(unit, air(), swept, 1), SCANS)
    return {
        "targets": targets,
        "within_sight": met,
        "plots": plots,
        "terrain": list(unit.site.lowest_m.shape),
        "scan_cpu_ms": round(1e3 * work[0], 3),
        "scan_cpu_median_ms": round(1e3 * work[1], 3),
        "scan_wall_ms": round(1e3 * work[2], 3),
        "ns_per_target": round(1e9 * work[0] / targets, 1),
        "true_states_cpu_ms": round(1e3 * state[0], 3),
        "true_states_cpu_median_ms": round(1e3 * state[1], 3),
        "both_cpu_ms": round(1e3 * both[0], 3),
        "both_cpu_median_ms": round(1e3 * both[1], 3),
    }


def busy(steps: int) -> dict[str, Any]:
    """Measure a thousand objects before ten sensors: seven radars, three receivers."""
    text = PLACE.format(duration_s=steps, tick_s=1)
    for number in range(7):
        where = {"latitude_deg": -31.3 - 0.1 * number, "longitude_deg": -20.8 + 0.12 * number}
        text += RADAR.format(number=number, period_s=4 + number % 3, more="", **where)
    for number in range(3):
        text += RECEIVER.format(number=number, latitude_deg=-31.4 - 0.2 * number)
    for number in range(10):
        angles = {"bearing_deg": 36 * number, "turn_deg": (36 * number + 90) % 360}
        out = {"out_deg": (36 * number + 170) % 360, "count": 70, "interval_s": 20}
        text += TRAFFIC.format(number=number, **angles, **out)
        text += BIRDS.format(number=number, count=30, bearing_deg=36 * number)
    return run_on(scenario_of(text), steps)


def run_on(scenario: simulate.Scenario, steps: int) -> dict[str, Any]:
    """Return how fast the steps of a scenario follow, and how much they hold."""
    run = simulate.steps(scenario)
    first = next(run)
    reports, objects = 0, [len(first.truth)]
    began = time.process_time(), time.perf_counter()
    for step in limited(run, steps):
        reports += len(step.reports)
        objects.append(len(step.truth))
    cpu, wall = time.process_time() - began[0], time.perf_counter() - began[1]
    count = len(objects) - 1
    simulated_s = count * scenario.tick_s
    return {
        "sensors": len(scenario.sensors),
        "objects_mean": round(float(np.mean(objects))),
        "simulated_s": simulated_s,
        "reports": reports,
        "cpu_s": round(cpu, 2),
        "wall_s": round(wall, 2),
        "times_real_time": round(simulated_s / cpu, 1),
        "step_cpu_ms": round(1e3 * cpu / count, 3),
    }


def limited(run: Iterator[simulate.SimStep], steps: int) -> Iterator[simulate.SimStep]:
    """Yield the next steps of a run."""
    for _ in range(steps):
        step = next(run, None)
        if step is None:
            return
        yield step


def days(hours: float) -> dict[str, Any]:
    """Measure days of the demo's traffic and birds before its sensors, in ticks of 4 s."""
    base = simulate.civil_only(simulate.read_scenario(simulate.demo_scenario()))
    seconds = hours * 3600.0
    more = {
        "tick_s": 4.0,
        "duration_s": seconds,
        "fault": (),
        "traffic": tuple(
            route.model_copy(update={"count": int(seconds / route.interval_s) + route.count})
            for route in base.file.traffic
        ),
    }
    scenario = replace(base, file=base.file.model_copy(update=more))
    return {"hours": hours, **run_on(scenario, scenario.ticks)}


def peer(targets: int) -> dict[str, Any]:
    """Measure Stone Soup's rotating radar and its plain one on states in sight."""
    try:
        from stonesoup.sensor.radar.radar import RadarBearingRange, RadarRotatingBearingRange
        from stonesoup.types.angle import Bearing
        from stonesoup.types.array import CovarianceMatrix, StateVector
        from stonesoup.types.groundtruth import GroundTruthState
    except ImportError:
        return {"skipped": "stonesoup is not installed"}
    start = datetime(2031, 1, 1, tzinfo=UTC)
    rng = np.random.default_rng(1)
    truths = {
        GroundTruthState([x, 100.0, y, 100.0], timestamp=start)
        for x, y in rng.uniform(-100e3, 100e3, (targets, 2))
    }
    common = {
        "ndim_state": 4,
        "position_mapping": (0, 2),
        "noise_covar": CovarianceMatrix(np.diag([np.radians(0.12) ** 2, 50.0**2])),
    }
    place = StateVector([[0.0], [0.0]])
    plain = RadarBearingRange(position=place, **common)
    turning = RadarRotatingBearingRange(
        position=place,
        max_range=150e3,
        rpm=15,
        fov_angle=2.0 * np.pi,
        dwell_centre=StateVector([[Bearing(0.0)]]),
        **common,
    )
    turning.act(start - timedelta(seconds=1))
    turning.act(start)
    result = {}
    for name, sensor in (("RadarBearingRange", plain), ("RadarRotatingBearingRange", turning)):
        seen = len(sensor.measure(truths, noise=True))
        cpu, *_ = timed(partial(sensor.measure, truths, noise=True), 3)
        result[name] = {"measured": seen, "us_per_target": round(1e6 * cpu / targets, 2)}
    return result


def say(what: str) -> None:
    """Tell on the way what is measured next."""
    print(what, file=sys.stderr, flush=True)


def main(quick: bool) -> None:
    """Print all cases as one JSON document."""
    hours = 0.5 if quick else HOURS
    say(f"one scan of {SCAN_TARGETS:,} targets")
    one = scan(SCAN_TARGETS)
    say("a thousand objects before ten sensors")
    two = busy(60 if quick else 300)
    say(f"{hours:g} h of mixed traffic")
    three = days(hours)
    say("Stone Soup's sensors")
    rival = peer(1_000 if quick else SCAN_TARGETS)
    result = {"radar_scan": one, "busy": two, "days": three, "stone_soup": rival}
    rates = [row["us_per_target"] for row in rival.values() if isinstance(row, dict)]
    if rates:
        result["faster_per_target"] = round(1e3 * min(rates) / one["ns_per_target"], 1)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main("--quick" in sys.argv)
