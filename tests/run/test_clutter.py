"""A run learns where its radar's false plots are, from what no confirmed track takes."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.run.test_registration import worked
from tests.support import ROOT
from tocsin import simulate
from tocsin.contract import Plots, to_ipc
from tocsin.run.pipeline import Pipeline, PipelineConfig, TickOut
from tocsin.run.recording import restore, snapshot
from tocsin.run.site import parse_site

HALF_S = 75
SITE = "[site]\nlatitude_deg = 0\nlongitude_deg = 0\n"


@cache
def world() -> tuple[PipelineConfig, list[simulate.SimStep]]:
    """Return a radar without heights whose false plots come from four places and all over."""
    scenario = simulate.read_scenario(ROOT / "bench" / "data" / "clutter.toml")
    radar = scenario.file.radar[0].model_copy(update={"elevation_std_deg": None})
    change = {"duration_s": 2.0 * HALF_S, "radar": (radar,)}
    scenario = replace(scenario, file=scenario.file.model_copy(update=change))
    return PipelineConfig(scenario.region.origin, scenario.sensors), list(simulate.steps(scenario))


@cache
def run() -> tuple[bytes, list[TickOut], Pipeline]:
    """Return the state in the middle, all ticks, and the pipeline at the end."""
    config, steps = world()
    pipeline = Pipeline(config)
    first = worked(pipeline, steps[:HALF_S])
    middle = snapshot(first[-1].now_ns, pipeline.state)
    return middle, first + worked(pipeline, steps[HALF_S:]), pipeline


@cache
def without() -> list[TickOut]:
    config, steps = world()
    return worked(Pipeline(replace(config, clutter_maps=False)), steps)


def false_ones(outs: list[TickOut]) -> tuple[Plots, np.ndarray]:
    """Return the last revolution's plots, and which are false."""
    plots = Plots.concat([out.plots for out in outs[-4:]])
    steps = world()[1]
    pairs = [zip(s.reports.sequence.tolist(), s.origins.target_id, strict=True) for s in steps]
    names = {number: name for some in pairs for number, name in some}
    return plots, np.array([names[n] is None for n in plots.sequence.tolist()])


def test_densities_rise_where_false_plots_are() -> None:
    outs = run()[1]
    plots, false = false_ones(outs)
    plain, _ = false_ones(without())
    np.testing.assert_array_equal(plots.position_m, plain.position_m)
    ratio = plots.false_density / plain.false_density
    assert np.median(ratio[false]) > 3.0
    assert ratio.min() < 1.0  # and fall where they are not
    assert np.median(ratio[~false]) < np.median(ratio[false])


def test_true_plots_are_not_taken_for_clutter() -> None:
    """What the map has counted is the false plots, but for those that tracks took."""
    clutter = run()[2].state.plots.clutter
    counted = clutter.settled.plots.sum() / clutter.settled.looks.mean()
    assert counted == pytest.approx(68.0, rel=0.2)


def test_a_snapshot_goes_on_with_what_was_learned() -> None:
    config, steps = world()
    middle, outs, _ = run()
    resumed = Pipeline(config)
    restore(resumed, middle)
    assert resumed.state.plots.clutter.settling.plots.any()
    for out, again in zip(outs[HALF_S:], worked(resumed, steps[HALF_S:]), strict=True):
        for name in ("plots", "innovations", "tracks"):
            assert to_ipc(getattr(out, name)) == to_ipc(getattr(again, name)), name


def test_a_site_may_do_without() -> None:
    assert parse_site(SITE, ROOT / "site.toml").pipeline_config().clutter_maps
    text = SITE + "[clutter]\nenabled = false\n"
    assert not parse_site(text, ROOT / "site.toml").pipeline_config().clutter_maps
    assert Pipeline(world()[0]).move(replace(world()[0], clutter_maps=False)).count("afresh")
