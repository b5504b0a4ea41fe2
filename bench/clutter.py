"""Measure clutter maps: false tracks and completeness with them, and with the site's constant.

python -m bench.clutter [SEEDS] [MINUTES]

The scenario `data/clutter.toml` under several seeds through the whole pipeline, as live: once with
a radar that measures height and once with one that does not, each with maps and without. Scored is
what comes after five minutes, where the radar sees. Prints one JSON document.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench._calibration import calibration
from bench._cases import DATA
from tocsin import simulate
from tocsin.contract import F64, NS, Bool, Faults, OperatorActions, Tracks, Truth
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.geo import within_coverage
from tocsin.run.pipeline import Pipeline, PipelineConfig
from tocsin.run.warm import warm_up
from tocsin.simulate import Scenario, SimStep

SETTLED_S = 300.0
_KEYS = ("completeness", "false_tracks_per_h", "spurious_track_share", "position_rmse_m")


class Run(NamedTuple):
    """Hold a scenario's run."""

    scenario: Scenario
    steps: list[SimStep]


def simulated(seed: int, minutes: float, heights: bool) -> Run:
    """Return a run of the scenario by a radar with or without heights."""
    scenario = simulate.with_seed(simulate.read_scenario(DATA / "clutter.toml"), seed)
    radar = scenario.file.radar[0]
    if not heights:
        radar = radar.model_copy(update={"elevation_std_deg": None})
    change = {"duration_s": minutes * 60.0, "radar": (radar,)}
    scenario = replace(scenario, file=scenario.file.model_copy(update=change))
    return Run(scenario, list(simulate.steps(scenario)))


def tracked(run: Run, maps: bool) -> tuple[Tracks, Pipeline, float]:
    """Return the tracks, the pipeline at the end, and the thread's time for a plot."""
    config = PipelineConfig(
        run.scenario.region.origin, run.scenario.sensors, registration=False, clutter_maps=maps
    )
    pipeline, tracks, plots = Pipeline(config), [Tracks.empty()], 0
    began_s = time.thread_time()
    for step in run.steps:
        nothing = Faults.empty(), OperatorActions.empty()
        out = pipeline.work(step.reports, step.looks, *nothing, step.now_ns)
        tracks.append(out.tracks)
        plots += len(out.plots)
    return Tracks.concat(tracks), pipeline, (time.thread_time() - began_s) / plots


def scores(run: Run, tracks: Tracks) -> dict[str, Any]:
    """Return the scores of what comes after the maps had time to be learned."""
    begin_ns = run.scenario.start_ns + round(SETTLED_S * NS)
    truth = Truth.concat([step.truth for step in run.steps])
    truth = truth.take(truth.measured_at_ns >= begin_ns)
    region, radar = run.scenario.region, run.scenario.sensors[0]

    def seen(position_m: F64) -> Bool:
        return within_coverage(radar, region, position_m)

    whole = score_tracks(truth, tracks, region.origin, TrackScoring(), seen)
    return {key: whole.get(key) for key in _KEYS}


def densest(pipeline: Pipeline) -> float:
    """Return how many times the site's false plots a map's densest cells have: the mean of ten."""
    known = pipeline.state.plots.clutter
    counted = known.settled.plots[0].sum(axis=0) / np.maximum(known.settled.looks[0], 1.0)[:, None]
    return float(np.sort(counted, axis=None)[-10:].mean() / known.cells.usual[0, 0])


def main(seeds: int = 1, minutes: float = 15.0) -> None:
    """Print all measurements."""
    warm_up(lambda text: print(text, file=sys.stderr))
    rows = []
    for seed in range(1, seeds + 1):
        for heights in (True, False):
            print(f"clutter, seed {seed} of {seeds}", file=sys.stderr)
            run = simulated(seed, minutes, heights)
            for maps in (False, True):
                tracks, pipeline, plot_s = tracked(run, maps)
                facts = {
                    "seed": seed,
                    "heights": heights,
                    "maps": maps,
                    "us_per_plot": plot_s * 1e6,
                }
                facts |= {"densest_cells_ratio": densest(pipeline)} if maps else {}
                rows.append({**facts, **scores(run, tracks)})
    figures = {f"{name}_{key}": value for name, part in _pooled(rows) for key, value in part}
    print(json.dumps({"calibration": calibration(), **figures, "rows": rows}, indent=1))


def _pooled(rows: list[dict[str, Any]]) -> Any:
    """Yield the means over seeds of each set-up."""
    for heights in (True, False):
        for maps in (False, True):
            mine = [r for r in rows if r["heights"] == heights and r["maps"] == maps]
            name = f"{'heights' if heights else 'flat'}_{'maps' if maps else 'constant'}"
            yield name, [(k, float(np.mean([r[k] for r in mine]))) for k in _KEYS[:3]]


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
