"""Time the tracker on a site on the round earth: ns per plot over N targets, and a live tick.

python -m bench.track [N]

Prints one JSON document. Times are those of the thread, the first ten revolutions left out.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from bench._calibration import calibration
from tocsin.contract import (
    NS,
    Dimension,
    Looks,
    Origin,
    Plots,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
)
from tocsin.geo import Region
from tocsin.plots import PlotsConfig
from tocsin.plots import start as plots_start
from tocsin.plots import step as plots_step
from tocsin.track import TrackConfig, start, step, warm_up

REGION = Region.at(Origin(10.0, -40.0))
T0_NS = 1_900_000_000 * NS
TWO_PI = 2.0 * np.pi
RANGE_M, PERIOD_S, FALSE_SHARE = 300_000.0, 4.0, 0.2


def radar(name: str, targets: int) -> Sensor:
    """Return a radar whose false plots are a fifth of its targets."""
    return Sensor(
        name,
        SensorKind.RADAR,
        10.0,
        -40.0,
        50.0,
        range_m=RANGE_M,
        period_s=PERIOD_S,
        elevation_std_rad=0.003,
        elevation_min_rad=-0.1,
        elevation_max_rad=1.5,
        false_plots_per_look=max(FALSE_SHARE * targets, 1e-3),
        earth_factor=1e6,
    )


def traffic(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and velocities of straight flyers about the radar."""
    r, course = RANGE_M * np.sqrt(rng.uniform(0.01, 0.8, count)), rng.uniform(0, TWO_PI, count)
    speed, way = rng.uniform(100, 250, count), rng.uniform(0, TWO_PI, count)
    place = np.stack([r * np.sin(course), r * np.cos(course), rng.uniform(6e3, 12e3, count)], 1)
    return place, np.stack([speed * np.sin(way), speed * np.cos(way), 0 * way], axis=1)


def polar_rows(rng: np.random.Generator, place: np.ndarray) -> np.ndarray:
    """Return noisy range, azimuth, elevation of positions and of false plots."""
    seen = place[rng.random(len(place)) < 0.9] - [0.0, 0.0, 50.0]
    flat = np.hypot(seen[:, 0], seen[:, 1])
    azimuth = np.arctan2(seen[:, 0], seen[:, 1])
    true = np.stack([np.hypot(flat, seen[:, 2]), azimuth, np.arctan2(seen[:, 2], flat)], axis=1)
    true += rng.normal(size=true.shape) * [50.0, 0.0015, 0.003]
    count = rng.poisson(FALSE_SHARE * len(place))
    false = rng.uniform([1e3, 0.0, 0.0], [RANGE_M, TWO_PI, 0.3], (count, 3))
    rows = np.concatenate([true, false])
    rows[:, 1] %= TWO_PI
    return rows


def reports(name: str, rows: np.ndarray, begin_s: float) -> Reports:
    """Return one revolution's rows as reports, each at the beam's time."""
    rows = rows[np.argsort(rows[:, 1])]
    at = T0_NS + np.round((begin_s + PERIOD_S * rows[:, 1] / TWO_PI) * NS).astype(np.int64)
    return Reports.build(
        len(rows),
        measured_at_ns=at,
        received_at_ns=at,
        sensor_id=[name] * len(rows),
        sequence=np.arange(len(rows)),
        kind=int(ReportKind.PLOT),
        range_m=rows[:, 0],
        azimuth_rad=rows[:, 1],
        elevation_rad=rows[:, 2],
    )


def looks(name: str, begin_s: float, sectors: int) -> Looks:
    """Return one revolution's sector marks."""
    edge = np.arange(sectors + 1) / sectors
    at = T0_NS + np.round((begin_s + PERIOD_S * edge) * NS).astype(np.int64)
    return Looks.build(
        sectors,
        sensor_id=[name] * sectors,
        start_ns=at[:-1],
        end_ns=at[1:],
        azimuth_from_rad=edge[:-1] * TWO_PI,
        azimuth_to_rad=edge[1:] * TWO_PI,
    )


def scans(targets: int, sectors: int, turns: int) -> dict[str, Any]:
    """Return ns per plot of plots and track over whole revolutions."""
    rng = np.random.default_rng(1)
    sensors = (radar("one", targets),)
    place, velocity = traffic(rng, targets)
    before = plots_start(PlotsConfig(REGION, sensors))
    state = start(TrackConfig(REGION, sensors, output_period_s=PERIOD_S))
    spent = np.zeros(2)
    count, tracks = 0, 0
    for turn in range(turns):
        now = T0_NS + round((turn + 1) * PERIOD_S) * NS
        batch = reports("one", polar_rows(rng, place), turn * PERIOD_S)
        marks = looks("one", turn * PERIOD_S, sectors)
        place = place + velocity * PERIOD_S
        begin = time.thread_time()
        before, out = plots_step(before, batch, now)
        middle = time.thread_time()
        state, updates = step(state, out.plots, marks, now)
        if turn >= 10:
            spent += [middle - begin, time.thread_time() - middle]
            count += len(batch)
        tracks = int((updates.status[updates.measured_at_ns == now] > 0).sum())
    located, tracked = spent / count * 1e9
    return {
        "targets": targets,
        "sectors": sectors,
        "plots_per_turn": count // (turns - 10),
        "plots_ns_per_plot": float(located),
        "track_ns_per_plot": float(tracked),
        "plots_per_s": float(1e9 / (located + tracked)),
        "confirmed": tracks,
        "live": len(state.bank),
    }


def ticks(targets: int = 150, seconds: int = 120) -> dict[str, Any]:
    """Return the time of one-second ticks with three radars and an ADS-B receiver."""
    rng = np.random.default_rng(2)
    names = ("one", "two", "three")
    listener = Sensor("adsb", SensorKind.ADSB_RECEIVER)
    sensors = (*(radar(name, 30) for name in names), listener)
    place, velocity = traffic(rng, targets)
    before = plots_start(PlotsConfig(REGION, sensors))
    state = start(TrackConfig(REGION, sensors))
    spent, sizes = [], []
    for turn in range(int(seconds / PERIOD_S)):
        begin_s = turn * PERIOD_S
        share = rng.random(targets) < 0.35
        batches = [reports(name, polar_rows(rng, place[share]), begin_s) for name in names]
        marks = Looks.concat([looks(name, begin_s, 32) for name in names])
        batches.append(_positions(rng, place, velocity, begin_s))
        batch = Reports.concat(batches)
        place = place + velocity * PERIOD_S
        for part in range(int(PERIOD_S)):
            now = T0_NS + round(begin_s + part + 1) * NS
            fresh = (batch.measured_at_ns <= now) & (batch.measured_at_ns > now - NS)
            swept = (marks.end_ns <= now) & (marks.end_ns > now - NS)
            mine, rows = batch.take(fresh), marks.take(swept)
            begin = time.thread_time()
            before, out = plots_step(before, mine, now)
            middle = time.thread_time()
            state, updates = step(state, out.plots, rows, now)
            end = time.thread_time()
            spent.append((middle - begin, end - middle))
            sizes.append((len(mine), len(updates)))
    cost = np.array(spent[20:]) * 1e3
    size = np.mean(sizes[20:], axis=0)
    return {
        "radars": 3,
        "sectors": 32,
        "plots_mean": float(size[0]),
        "tracks_mean": float(size[1]),
        "plots_p50_ms": float(np.median(cost[:, 0])),
        "track_p50_ms": float(np.median(cost[:, 1])),
        "track_p99_ms": float(np.quantile(cost[:, 1], 0.99)),
    }


def _positions(
    rng: np.random.Generator, place: np.ndarray, velocity: np.ndarray, begin_s: float
) -> Reports:
    """Return four seconds of ADS-B positions of a tenth of the traffic."""
    own = np.repeat(np.arange(0, len(place), 10), int(PERIOD_S))
    lag = np.tile(np.arange(int(PERIOD_S)), len(own) // int(PERIOD_S)) + rng.random(len(own))
    position = place[own] + velocity[own] * lag[:, None] + rng.normal(0, 20, (len(own), 3))
    latitude, longitude, height = REGION.to_geodetic(position)
    at = T0_NS + np.round((begin_s + lag) * NS).astype(np.int64)
    order = np.argsort(at)
    return Reports.build(
        len(own),
        measured_at_ns=at[order],
        received_at_ns=at[order],
        sensor_id=["adsb"] * len(own),
        sequence=np.arange(len(own)),
        kind=int(ReportKind.POSITION),
        latitude_deg=latitude[order],
        longitude_deg=longitude[order],
        height_wgs84_m=height[order],
        mode_s=own[order] + 1,
        mode_s_valid=True,
    )


def snapshots(targets: int, turns: int = 24) -> dict[str, Any]:
    """Return ns per plot of the tracker alone when a scan is one look all round."""
    rng = np.random.default_rng(3)
    side = np.sqrt(targets / 6.25e-9)
    sensor = Sensor("all", SensorKind.RADAR, 10.0, -40.0, 0.0, 1e9, PERIOD_S, earth_factor=1e9)
    config = TrackConfig(REGION, (sensor,), output_period_s=PERIOD_S)
    place = np.column_stack([rng.uniform(0, side, (targets, 2)), rng.uniform(2e3, 9e3, targets)])
    velocity = np.column_stack([rng.normal(0, 120, (targets, 2)), np.zeros(targets)])
    state, spent, count = start(config), 0.0, 0
    volume = side**2 * 12e3
    for turn in range(turns):
        at = T0_NS + round(turn * PERIOD_S) * NS
        seen = place[rng.random(targets) < 0.9] + rng.normal(0, 80, (1, 3))
        seen = seen + rng.normal(0, 80, seen.shape)
        clutter = rng.uniform([0, 0, 0], [side, side, 12e3], (rng.poisson(0.2 * targets), 3))
        rows = np.concatenate([seen, clutter])
        plots = Plots.build(
            len(rows),
            measured_at_ns=at,
            received_at_ns=at,
            sensor=0,
            sequence=np.arange(len(rows)),
            dimension=int(Dimension.FULL),
            position_m=rows,
            position_cov_m2=np.broadcast_to(np.eye(3) * 6400.0, (len(rows), 3, 3)),
            false_density=0.2 * targets / volume,
        )
        mark = Looks.build(
            1,
            sensor_id=["all"],
            start_ns=[at],
            end_ns=[at],
            azimuth_from_rad=[0.0],
            azimuth_to_rad=[TWO_PI],
        )
        place = place + velocity * PERIOD_S
        begin = time.thread_time()
        state, _ = step(state, plots, mark, at)
        if turn >= 10:
            spent += time.thread_time() - begin
            count += len(rows)
    return {
        "targets": targets,
        "track_ns_per_plot": spent / count * 1e9,
        "plots_per_s": count / spent,
        "confirmed": int(state.bank.confirmed.sum()),
        "live": len(state.bank),
        "contested": state.counters.contested,
    }


def main() -> None:
    """Print all measurements."""
    begin = time.thread_time()
    warm_up()
    warm_s = time.thread_time() - begin
    targets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    result = {
        "calibration": calibration(),
        "warm_up_s": warm_s,
        "turns": [scans(targets, sectors, 25) for sectors in (8, 32)],
        "snapshots": [snapshots(targets)],
        "tick": ticks(),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
