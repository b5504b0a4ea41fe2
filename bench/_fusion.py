"""Three overlapping radars, right and with biases, against the best of them alone.

The scenario is `bench/data/fusion.toml`; the whole pipeline runs, as live. Aircraft with a
transponder are a reference for registration and are not scored, and their receiver is no part of a
radar alone. Scored is what comes after `_SETTLED_S`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench._asked import Answer, Asked
from bench._cases import DATA
from tocsin import simulate
from tocsin.contract import NS, Faults, OperatorActions, Sensor, SensorKind, Tracks, Truth
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.simulate import Scenario, SimStep

_SETTLED_S = 240.0
_SCORED = "silent"
_CUTOFF_M = 3_000.0


class Run(NamedTuple):
    """Hold a scenario's run.

    Args:
        scenario: what happened.
        steps: tick by tick.
        begin_ns: when scoring begins.
    """

    scenario: Scenario
    steps: list[SimStep]
    begin_ns: int


def fusion(asked: Asked) -> Answer:
    """Run three radars without and with biases."""
    rows: list[dict[str, Any]] = []
    for seed in range(1, asked.runs(3) + 1):
        for name in ("unbiased", "biased"):
            run = _simulated(asked, seed, name == "biased")
            rows += [{"radars": name, "seed": seed, **row} for row in _rows(asked, run)]
    figures: dict[str, Any] = {}
    for name in ("unbiased", "biased"):
        figures |= {f"{name}_{key}": value for key, value in _figures(rows, name).items()}
    biased_m = figures["biased_rmse_m"]
    figures["biased_rmse_ratio_to_unbiased"] = biased_m / figures["unbiased_rmse_m"]
    # A radar alone cannot be corrected: its bias would flatter what is.
    best_m = figures["unbiased_best_radar_rmse_m"]
    figures["biased_rmse_ratio_to_best_unbiased_radar"] = biased_m / best_m
    return Answer(figures, rows)


def _simulated(asked: Asked, seed: int, biased: bool) -> Run:
    scenario = simulate.with_seed(simulate.read_scenario(DATA / "fusion.toml"), seed)
    change: dict[str, Any] = {"duration_s": asked.size(scenario.file.duration_s, 40.0)}
    if not biased:
        change["fault"] = ()
    scenario = replace(scenario, file=scenario.file.model_copy(update=change))
    begin_ns = scenario.start_ns + round(asked.size(_SETTLED_S, 15.0) * NS)
    return Run(scenario, list(simulate.steps(scenario)), begin_ns)


def _rows(asked: Asked, run: Run) -> list[dict[str, Any]]:
    """Score all sensors together, and each radar alone."""
    sensors = run.scenario.sensors
    radars = [sensor for sensor in sensors if sensor.kind == SensorKind.RADAR]
    chosen = {"all": sensors, **{radar.sensor_id: (radar,) for radar in radars}}
    rows = []
    for name, some in chosen.items():
        asked.note(f"fusion: {name}")
        scores = _scores(run, _tracked(run, some))
        keys = ("position_rmse_m", "completeness", "nees_mean", "identity_switches")
        rows.append({"sensors": name, **{key: scores[key] for key in keys}})
    return rows


def _tracked(run: Run, sensors: tuple[Sensor, ...]) -> Tracks:
    """Return what the pipeline makes of some sensors' reports."""
    pipeline = Pipeline(PipelineConfig(run.scenario.region.origin, sensors))
    names = [sensor.sensor_id for sensor in sensors]
    tracks = [Tracks.empty()]
    for step in run.steps:
        own = step.reports.take(np.isin(step.reports.sensor_id, names))
        marks = step.looks.take(np.isin(step.looks.sensor_id, names))
        out = pipeline.work(own, marks, Faults.empty(), OperatorActions.empty(), step.now_ns)
        tracks.append(out.tracks)
    return Tracks.concat(tracks)


def _scores(run: Run, tracks: Tracks) -> dict[str, Any]:
    truth = Truth.concat([step.truth for step in run.steps])
    silent = np.array([name.startswith(_SCORED) for name in truth.target_id.tolist()])
    truth = truth.take(silent & (truth.measured_at_ns >= run.begin_ns))
    config = TrackScoring(cutoff_m=_CUTOFF_M)
    return score_tracks(truth, tracks, run.scenario.region.origin, config)


def _figures(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the root mean square over seeds of all sensors, and of the best radar's."""
    errors: dict[str, list[float]] = {}
    for row in rows:
        if row["radars"] == name and row["position_rmse_m"] is not None:
            errors.setdefault(row["sensors"], []).append(row["position_rmse_m"])
    rms = {key: float(np.sqrt(np.mean(np.square(each)))) for key, each in errors.items()}
    best = min(value for key, value in rms.items() if key != "all")
    return {
        "rmse_m": rms["all"],
        "best_radar_rmse_m": best,
        "rmse_ratio_to_best_radar": rms["all"] / best,
    }
