"""Changed worlds of the demo, worked in this process, with their scores.

The rooms work simulated reports in this process, tick by tick; the demo's own path over sockets is
tested beside this. Scores are joined with the truth only at the end.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from tocsin import evaluate, simulate
from tocsin.contract import (
    Faults,
    ObjectClass,
    OperatorActions,
    SensorKind,
    Tracks,
    Truth,
    Warnings,
)
from tocsin.geo import within_coverage
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.run.simulated import choose

MINUTES = 34.0
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "without radar-2": {"without_sensors": ("radar-2",)},
    "civil traffic only": {"civil_only": True},
    "unseen seed": {"seed": 77},
    "mirrored": {"mirrored": True},
}


@cache
def outcome(name: str) -> dict[str, Any]:
    """Return what a changed demo gave, with its scores."""
    scenario = choose(None, minutes=MINUTES, **CHANGES[name])
    config = PipelineConfig(scenario.region.origin, scenario.sensors, scenario.zones)
    pipeline = Pipeline(config)
    truth, tracks, warnings = [], [], []
    for step in simulate.steps(scenario):
        out = pipeline.work(
            step.reports, step.looks, Faults.empty(), OperatorActions.empty(), step.now_ns
        )
        truth.append(step.truth)
        tracks.append(out.tracks)
        warnings.append(out.warnings)
    return _scored(scenario, Truth.concat(truth), Tracks.concat(tracks), Warnings.concat(warnings))


def _scored(
    scenario: simulate.Scenario, truth: Truth, tracks: Tracks, warnings: Warnings
) -> dict[str, Any]:
    # All radars of the full site: what is not seen without one of them is not excused.
    radars = [s for s in choose(None).sensors if s.kind is SensorKind.RADAR]
    region = scenario.region

    def seen(position_m: np.ndarray) -> np.ndarray:
        return np.any([within_coverage(r, region, position_m) for r in radars], axis=0)

    ids = truth.target_id.astype(str)
    kinds = {i: ObjectClass(k) for i, k in zip(ids, truth.object_class.tolist(), strict=True)}
    begin, end = int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max())
    effects = simulate.effects(scenario, truth)
    return {
        "warnings": warnings,
        "tracks": evaluate.score_tracks(truth, tracks, region.origin, coverage=seen),
        "scores": evaluate.score_warnings(effects, warnings, scenario.zones, begin, end, kinds),
    }


def completeness(name: str) -> float:
    return float(outcome(name)["tracks"]["completeness"])
