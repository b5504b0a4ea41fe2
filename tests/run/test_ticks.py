"""How time is cut into ticks changes neither what is decided nor what is shown."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tocsin.contract import (
    NS,
    Faults,
    Looks,
    OperatorActions,
    Origin,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
    Zone,
)
from tocsin.geo import enu_to_polar
from tocsin.run.pipeline import Pipeline, PipelineConfig, TickOut
from tocsin.track import kept

T0 = 1_790_000_000 * NS
RADAR = Sensor(
    "r", SensorKind.RADAR, 50.0, 10.0, 100.0, range_m=120e3, period_s=1.0, elevation_std_rad=0.002
)
RING = ((9.98, 49.98), (10.02, 49.98), (10.02, 50.02), (9.98, 50.02), (9.98, 49.98))
CONFIG = PipelineConfig(
    Origin(50.0, 10.0), (RADAR,), (Zone("z", "Z", None, 1000, 60.0, ((RING,),)),)
)
WARM_S = 30


def heard(seconds: range) -> tuple[Reports, Looks]:
    """Return a radar's words on one low drone that passes beside the zone."""
    times = T0 + np.array(seconds, np.int64) * NS
    east = -30e3 + 50.0 * np.array(seconds, float)
    place = np.stack([east, np.full(len(times), 6e3), np.full(len(times), 300.0)], axis=1)
    range_m, azimuth_rad, elevation_rad = enu_to_polar(place, 4 / 3)
    noise = np.random.default_rng(7).normal(size=(2000, 3))[list(seconds)]
    reports = Reports.build(
        len(times),
        measured_at_ns=times,
        received_at_ns=times,
        sensor_id=["r"] * len(times),
        sequence=list(seconds),
        kind=int(ReportKind.PLOT),
        range_m=range_m + 20.0 * noise[:, 0],
        azimuth_rad=azimuth_rad + 0.0005 * noise[:, 1],
        elevation_rad=elevation_rad + 0.001 * noise[:, 2],
    )
    looks = Looks.build(
        len(times),
        sensor_id=["r"] * len(times),
        start_ns=times,
        end_ns=times,
        azimuth_from_rad=0.0,
        azimuth_to_rad=2.0 * np.pi,
    )
    return reports, looks


def work(pipeline: Pipeline, seconds: range, at_s: float, *actions: OperatorActions) -> TickOut:
    """Work one tick with what was heard in some seconds."""
    done = OperatorActions.concat(actions) if actions else OperatorActions.empty()
    return pipeline.work(*heard(seconds), Faults.empty(), done, T0 + round(at_s * NS))


@cache
def followed() -> Pipeline:
    """Return a pipeline that follows the drone, which an operator has declared a hazard."""
    pipeline = Pipeline(CONFIG)
    for second in range(WARM_S):
        out = work(pipeline, range(second, second + 1), second + 0.5)
    declared = OperatorActions.build(
        1,
        received_at_ns=T0,
        author=["duty"],
        verb=["designate"],
        subject=[out.current.track_id[0]],
        detail=['{"designation": "hazard"}'],
    )
    work(pipeline, range(WARM_S, WARM_S + 1), WARM_S + 0.5, declared)
    return pipeline


def ahead() -> Pipeline:
    """Return a copy of it that may go on by itself."""
    pipeline = Pipeline(CONFIG)
    state = followed().state
    pipeline.state = replace(state, track=kept(state.track))
    return pipeline


def forecast(step: int) -> tuple[float, int]:
    """Return the last forecast's probability and the warnings, over 24 s in ticks of some."""
    pipeline, warnings = ahead(), 0
    for end in range(WARM_S + step, WARM_S + 25, step):
        out = work(pipeline, range(end - step + 1, end + 1), end + 0.5)
        warnings += len(out.warnings)
        assert len(out.tracks) == step
        assert len(out.current) == 1
    probability = out.forecasts.probability
    return float(probability[0]) if len(probability) else 0.0, warnings


@pytest.mark.parametrize("step", [4, 12])
def test_a_long_tick_does_not_make_one_threat_many(step: int) -> None:
    probability, warnings = forecast(1)
    assert probability > 0.01
    assert forecast(step) == (pytest.approx(probability, abs=0.02), warnings)


def test_the_picture_stays_between_the_instants_of_short_ticks() -> None:
    pipeline = ahead()
    shown = [
        len(work(pipeline, range(0), WARM_S + 1 + quarter / 4).current) for quarter in range(9)
    ]
    assert shown == [1] * 9


def test_the_picture_is_empty_once_its_tracks_have_ended() -> None:
    pipeline = ahead()
    work(pipeline, range(0), WARM_S + 100.0)
    assert len(work(pipeline, range(0), WARM_S + 101.0).current) == 0


def test_after_a_stop_nothing_is_lost_before_it_could_be_heard() -> None:
    pipeline = ahead()
    out = work(pipeline, range(0), WARM_S + 20.5)
    assert len(out.current) == 1
    assert len(out.notices) == 0
    for second in range(WARM_S + 21, WARM_S + 40):
        out = work(pipeline, range(second, second + 1), second + 0.5)
        assert len(out.notices) == 0


def test_a_look_that_cannot_be_is_a_fault_and_blinds_nobody() -> None:
    pipeline = ahead()
    reports, looks = heard(range(WARM_S + 1, WARM_S + 2))
    wrong = looks.replace(end_ns=looks.end_ns + 7200 * NS)
    at_ns = T0 + (WARM_S + 1) * NS + NS // 2
    out = pipeline.work(reports, wrong, Faults.empty(), OperatorActions.empty(), at_ns)
    assert (out.faults.kind.tolist(), out.faults.source_id.tolist()) == (["impossible look"], ["r"])
    for second in range(WARM_S + 2, WARM_S + 10):
        out = work(pipeline, range(second, second + 1), second + 0.5)
        assert len(out.faults) == 0
    assert out.current.last_plot_at_ns[0] == T0 + (WARM_S + 9) * NS
