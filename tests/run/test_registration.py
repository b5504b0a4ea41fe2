"""A run learns its radars' biases from what the tracker makes of their plots, and says so."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.support import ROOT
from tocsin import simulate
from tocsin.contract import (
    Biases,
    Faults,
    Innovations,
    NoticeKind,
    Notices,
    OperatorActions,
    Tracks,
    read_parquet,
    to_ipc,
)
from tocsin.evaluate import innovation_scores
from tocsin.run.outputs import Outputs
from tocsin.run.pipeline import Pipeline, PipelineConfig, TickOut
from tocsin.run.recording import restore, snapshot

HALF_S = 60
AZIMUTH = {"radar-west": np.radians(0.3), "radar-east": np.radians(-0.35)}


@cache
def world() -> tuple[PipelineConfig, list[simulate.SimStep]]:
    """Return three radars with biases of their own, for two minutes."""
    scenario = simulate.read_scenario(ROOT / "bench" / "data" / "fusion.toml")
    file = scenario.file.model_copy(update={"duration_s": 2 * HALF_S})
    scenario = replace(scenario, file=file)
    config = PipelineConfig(scenario.region.origin, scenario.sensors)
    return config, list(simulate.steps(scenario))


def worked(pipeline: Pipeline, steps: list[simulate.SimStep]) -> list[TickOut]:
    none = (Faults.empty(), OperatorActions.empty())
    return [pipeline.work(s.reports, s.looks, *none, s.now_ns) for s in steps]


@cache
def run() -> tuple[bytes, list[TickOut]]:
    """Return the state in the middle, and all ticks."""
    config, steps = world()
    pipeline = Pipeline(config)
    first = worked(pipeline, steps[:HALF_S])
    middle = snapshot(first[-1].now_ns, pipeline.state)
    return middle, first + worked(pipeline, steps[HALF_S:])


def test_biases_are_learned_from_the_trackers_own_tracks() -> None:
    outs = run()[1]
    last = [out.biases for out in outs if len(out.biases)][-1]
    azimuth = last.take(last.component == 1)
    for sensor_id, injected in AZIMUTH.items():
        row = azimuth.take(azimuth.sensor_id == sensor_id)
        assert abs(row.bias[0] - injected) < 3.0 * row.std[0] < 0.002
        assert row.applied[0] == pytest.approx(injected, abs=0.001)
    notices = Notices.concat([out.notices for out in outs])
    told = notices.take(notices.kind == NoticeKind.SENSOR_BIASED)
    assert set(AZIMUTH) <= set(told.sensor_id)


def test_a_snapshot_goes_on_with_what_was_learned_and_what_waits() -> None:
    config, steps = world()
    middle, outs = run()
    resumed = Pipeline(config)
    restore(resumed, middle)
    assert len(resumed.state.associations)
    assert resumed.state.plots.registration.applied.any()
    for out, again in zip(outs[HALF_S:], worked(resumed, steps[HALF_S:]), strict=True):
        for name in ("plots", "biases", "innovations", "tracks", "notices"):
            assert to_ipc(getattr(out, name)) == to_ipc(getattr(again, name)), name


def test_a_site_may_do_without() -> None:
    config, steps = world()
    pipeline = Pipeline(replace(config, registration=False))
    outs = worked(pipeline, steps[:HALF_S])
    assert not any(len(out.biases) for out in outs)
    assert not pipeline.state.plots.registration.applied.any()
    assert any(len(out.innovations) for out in outs)


def test_files_hold_innovations_by_the_names_of_tracks_and_sensors(tmp_path: Path) -> None:
    outputs, outs = Outputs(tmp_path), run()[1]
    for out in outs:
        outputs.add(out)
    outputs.close()
    found = read_parquet(Innovations, tmp_path / "innovations.parquet")
    tracks = read_parquet(Tracks, tmp_path / "tracks.parquet")
    assert set(found.track_id) <= set(tracks.track_id)
    assert set(found.sensor_id) == {"radar-west", "radar-east", "radar-south", "adsb"}
    assert len(read_parquet(Biases, tmp_path / "biases.parquet")) > 0
    late = found.take(found.measured_at_ns > outs[HALF_S].now_ns)
    # Corrected plots lie where their tracks are expected, about as the covariances say.
    scores = innovation_scores(late)
    assert scores["nis_mean"] / scores["nis_dimension"] == pytest.approx(1.0, abs=0.3)
