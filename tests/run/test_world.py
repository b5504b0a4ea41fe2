"""The demo's world is not closed: what changes outside changes what comes out.

The rooms work simulated reports in this process, tick by tick; the demo's own path over sockets is
tested beside this. Scores are joined with the truth only at the end.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from tocsin import evaluate, simulate
from tocsin.contract import (
    Action,
    Faults,
    ObjectClass,
    OperatorActions,
    SensorKind,
    Stage,
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


def test_the_demo_holds_its_floor() -> None:
    result = outcome("as it is")
    assert completeness("as it is") > 0.95
    assert result["scores"]["pod"] > 0.9
    assert result["scores"]["never_cleared"] == 0


def test_without_a_radar_completeness_falls() -> None:
    assert completeness("without radar-2") < completeness("as it is") - 0.01


def test_civil_traffic_alone_is_never_warned_of() -> None:
    assert len(outcome("civil traffic only")["warnings"]) == 0
    assert completeness("civil traffic only") > 0.95


@pytest.mark.parametrize("name", ["unseen seed", "mirrored"])
def test_another_world_scores_alike(name: str) -> None:
    assert completeness(name) == pytest.approx(completeness("as it is"), abs=0.03)
    for key in ("pod", "pod_usable_lead"):
        expected = outcome("as it is")["scores"][key]
        assert outcome(name)["scores"][key] == pytest.approx(expected, abs=0.1), key


def test_each_zone_goes_through_its_stages_in_order() -> None:
    warnings = outcome("as it is")["warnings"]
    assert {Action.ISSUE, Action.CLEAR} <= {Action(a) for a in warnings.action.tolist()}
    for warning_id in dict.fromkeys(warnings.warning_id.tolist()):
        mine = warnings.take(warnings.warning_id == warning_id)
        assert mine.action[0] == Action.ISSUE
        assert mine.action[-1] in (Action.CLEAR, Action.CANCEL), warning_id
        assert mine.stage[-1] == Stage.QUIET
