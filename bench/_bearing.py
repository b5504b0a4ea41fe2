"""Slow, low drones over a field of nodes that know a direction only, with and without a radar.

The scenario is `bench/data/bearing.toml`; the whole pipeline runs, as live. Scored is the place on
the map of drones that are inside the field, after `_SETTLED_S`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench._asked import Answer, Asked
from bench._cases import DATA
from tocsin import simulate
from tocsin.contract import NS, F64, Faults, ObjectClass, OperatorActions, Sensor, Tracks, Truth
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.simulate import Scenario, SimStep
from tocsin.simulate.schema_sensors import BearingNode

_SETTLED_S = 60.0
_CUTOFF_M = 1_000.0
_COLUMNS, _ROWS, _SPACING_M, _JITTER_M = 6, 5, 5_000.0, 1_000.0
_REACH_M, _HALF_M = 8_000.0, 6_000.0


class Run(NamedTuple):
    scenario: Scenario
    steps: list[SimStep]
    begin_ns: int


def nodes(origin, seed: int, std_deg: float = 2.0, false: float = 0.05):
    rng = np.random.default_rng(seed)
    out = []
    lat0, lon0 = origin.latitude_deg, origin.longitude_deg
    for k in range(_COLUMNS * _ROWS):
        i, j = k % _COLUMNS, k // _COLUMNS
        e = (i - (_COLUMNS - 1) / 2) * _SPACING_M + rng.uniform(-1, 1) * _JITTER_M
        n = (j - (_ROWS - 1) / 2) * _SPACING_M + rng.uniform(-1, 1) * _JITTER_M
        out.append(
            BearingNode(
                sensor_id=f"node-{k}",
                latitude_deg=lat0 + n / 111_000.0,
                longitude_deg=lon0 + e / 111_000.0 / np.cos(np.radians(lat0)),
                height_m=20.0,
                range_m=_REACH_M,
                azimuth_std_deg=std_deg,
                detection_probability=0.9,
                false_bearings_per_look=false,
                class_range_m={"one_way_drone": _HALF_M},
            )
        )
    return tuple(out)


def simulated(kind: str, seed: int, duration_s: float = 600.0, **kw) -> Run:
    scenario = simulate.with_seed(simulate.read_scenario(DATA / "bearing.toml"), seed)
    flat = scenario.file.place.model_copy(update={"hill": ()})
    change: dict[str, Any] = {"duration_s": duration_s, "place": flat, kind: nodes(scenario.region.origin, seed, **kw)}
    scenario = replace(scenario, file=scenario.file.model_copy(update=change))
    return Run(scenario, list(simulate.steps(scenario)), scenario.start_ns + round(_SETTLED_S * NS))


def tracked(run: Run, sensors) -> tuple[Tracks, Any]:
    pipeline = Pipeline(PipelineConfig(run.scenario.region.origin, sensors))
    names = [sensor.sensor_id for sensor in sensors]
    tracks = [Tracks.empty()]
    for step in run.steps:
        own = step.reports.take(np.isin(step.reports.sensor_id, names))
        marks = step.looks.take(np.isin(step.looks.sensor_id, names))
        out = pipeline.work(own, marks, Faults.empty(), OperatorActions.empty(), step.now_ns)
        tracks.append(out.tracks)
    return Tracks.concat(tracks), pipeline
