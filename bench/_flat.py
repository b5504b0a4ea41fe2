"""Radars that know range and azimuth but no height, alone and with others, by height of the target.

The scenario is `bench/data/flat.toml`; the whole pipeline runs, as live, without registration: no
sensor has a bias. Scored are the places on the map after `_SETTLED_S`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bench._asked import Answer, Asked
from bench._cases import DATA
from tocsin import simulate
from tocsin.contract import NS, Faults, OperatorActions, Sensor, Tracks, Truth
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.simulate import Scenario, SimStep

_SETTLED_S = 60.0
_CUTOFF_M = 5_000.0
_SENSORS = {
    "one": ("flat-west",),
    "two": ("flat-west", "flat-east"),
    "three": ("flat-west", "flat-east", "flat-south"),
    "one_and_heights": ("flat-west", "tall"),
    "one_and_adsb": ("flat-west", "adsb"),
}
_TRAFFIC = {"low": "300_m", "middle": "3_km", "high": "9_km"}


def flat_radars(asked: Asked) -> Answer:
    """Run each choice of sensors with traffic at each height."""
    rows: list[dict[str, Any]] = []
    for seed in range(1, asked.runs(3) + 1):
        for traffic in _TRAFFIC:
            scenario = _scenario(asked, seed, traffic)
            rows += _rows(asked, scenario, {"height": _TRAFFIC[traffic], "seed": seed})
    figures: dict[str, Any] = {}
    for name in _SENSORS:
        for height in _TRAFFIC.values():
            own = [r for r in rows if (r["sensors"], r["height"]) == (name, height)]
            figures |= {f"{name}_{height}_{key}": value for key, value in _means(own).items()}
    return Answer(figures, rows)


def _scenario(asked: Asked, seed: int, traffic: str) -> Scenario:
    scenario = simulate.with_seed(simulate.read_scenario(DATA / "flat.toml"), seed)
    file = scenario.file
    change: dict[str, Any] = {
        "duration_s": asked.size(file.duration_s, 90.0),
        "place": file.place.model_copy(update={"hill": ()}),
        "traffic": tuple(each for each in file.traffic if each.name == traffic),
    }
    return replace(scenario, file=file.model_copy(update=change))


def _rows(asked: Asked, scenario: Scenario, about: dict[str, Any]) -> list[dict[str, Any]]:
    steps = list(simulate.steps(scenario))
    truth = Truth.concat([step.truth for step in steps])
    truth = truth.take(
        truth.measured_at_ns >= scenario.start_ns + round(asked.size(_SETTLED_S, 30.0) * NS)
    )
    rows = []
    for name, chosen in _SENSORS.items():
        asked.note(f"flat-radars: {name}, {about}")
        sensors = tuple(sensor for sensor in scenario.sensors if sensor.sensor_id in chosen)
        tracks = _tracked(scenario, steps, sensors)
        scores = score_tracks(
            truth, tracks, scenario.region.origin, TrackScoring(cutoff_m=_CUTOFF_M)
        )
        keys = ("position_rmse_m", "nees_mean", "completeness", "identity_switches")
        rows.append({**about, "sensors": name, **{key: scores[key] for key in keys}})
    return rows


def _tracked(scenario: Scenario, steps: list[SimStep], sensors: tuple[Sensor, ...]) -> Tracks:
    """Return what the pipeline makes of some sensors' reports."""
    config = PipelineConfig(scenario.region.origin, sensors, registration=False)
    pipeline = Pipeline(config)
    names = [sensor.sensor_id for sensor in sensors]
    tracks = [Tracks.empty()]
    for step in steps:
        own = step.reports.take(np.isin(step.reports.sensor_id, names))
        marks = step.looks.take(np.isin(step.looks.sensor_id, names))
        out = pipeline.work(own, marks, Faults.empty(), OperatorActions.empty(), step.now_ns)
        tracks.append(out.tracks)
    return Tracks.concat(tracks)


def _means(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return error, NEES and completeness over the seeds."""
    rows = [row for row in rows if row["position_rmse_m"] is not None]
    error_m = [row["position_rmse_m"] for row in rows]
    return {
        "rmse_m": float(np.sqrt(np.mean(np.square(error_m)))),
        "nees": float(np.mean([row["nees_mean"] for row in rows])),
        "completeness": float(np.mean([row["completeness"] for row in rows])),
    }
