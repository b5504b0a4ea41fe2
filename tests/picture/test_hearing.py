"""Sensor health and the notices about it, each once."""

import numpy as np
import pytest

from tests.picture.support import CONFIG, T0, heard
from tocsin.contract import (
    NS,
    Faults,
    Looks,
    NoticeKind,
    Notices,
    ReportKind,
    Sensor,
    SensorKind,
    SensorState,
)
from tocsin.picture import PictureIn, PictureState, start, step, with_sensors


def run(
    state: PictureState, seconds: range, *sensor_ids: str
) -> tuple[PictureState, list[int], Notices]:
    """Step once a second; return the last states and all notices."""
    told = []
    for k in seconds:
        at_ns = T0 + k * NS
        state, out = step(state, PictureIn(reports=heard(at_ns, *sensor_ids)), at_ns)
        told.append(out.notices)
    return state, out.health.state.tolist(), Notices.concat(told)


def test_states_follow_silence_in_periods() -> None:
    state, states, _ = run(start(CONFIG), range(1), "north")
    assert states == [SensorState.OK, SensorState.NEVER, SensorState.NEVER]
    for second, expected in ((12, "OK"), (13, "LATE"), (25, "LATE"), (26, "SILENT")):
        at_ns = T0 + second * NS
        out = step(state, PictureIn(), at_ns)[1]
        assert SensorState(out.health.state[0]).name == expected


def test_a_loss_and_its_end_are_told_once_each() -> None:
    state, _, told = run(start(CONFIG), range(30), "north", "ears")
    assert len(told) == 0
    state, _, told = run(state, range(30, 120), "ears")
    assert told.kind.tolist() == [NoticeKind.SENSOR_LOST, NoticeKind.COVERAGE_LOST]
    assert told.notice_id.tolist() == ["sensor-north-1", "coverage-north-1"]
    assert told.decided_at_ns.tolist() == [T0 + 55 * NS] * 2
    assert told.zone_ids.tolist() == [(), ("near",)]
    assert told.text[1] == (
        "Radar north is silent since 17:47:09 UTC; we cannot see Zone near at 300 m. "
        "No alarm there does not mean no threat."
    )
    state, _, told = run(state, range(120, 150), "north", "ears")
    assert told.kind.tolist() == [NoticeKind.SENSOR_BACK, NoticeKind.COVERAGE_BACK]
    assert told.notice_id.tolist() == ["sensor-north-1", "coverage-north-1"]
    state, _, told = run(state, range(150, 200), "ears")
    assert told.notice_id.tolist() == ["sensor-north-2", "coverage-north-2"]


def test_a_pause_of_ours_is_no_silence_of_theirs() -> None:
    state, _, told = run(start(CONFIG), range(60), "ears")
    assert told.notice_id.tolist() == ["sensor-north-1", "coverage-north-1"]
    state, _, told = run(state, range(1000, 1020))
    assert len(told) == 0
    _, _, told = run(state, range(1020, 1060))
    assert told.notice_id.tolist() == ["sensor-ears-1"]
    assert told.decided_at_ns.tolist() == [T0 + 1026 * NS]


def test_a_sensor_that_never_spoke_is_missed_too() -> None:
    _, states, told = run(start(CONFIG), range(40), "north")
    assert states[1] == SensorState.NEVER
    assert told.text.tolist() == ["ADS-B receiver ears is not heard since the start."]


def test_silent_people_are_no_loss() -> None:
    state, _, _ = run(start(CONFIG), range(1), "north", "ears", "watchers")
    _, states, told = run(state, range(1, 200), "north", "ears")
    assert (states[2], len(told)) == (SensorState.OK, 0)


def test_an_empty_look_shows_that_a_radar_lives() -> None:
    state, _, _ = run(start(CONFIG), range(1), "north", "ears")
    at_ns = T0 + 60 * NS
    look = Looks.build(1, sensor_id="north", start_ns=at_ns - NS, end_ns=at_ns)
    out = step(state, PictureIn(looks=look), at_ns)[1]
    assert out.health.state[0] == SensorState.OK
    assert out.health.reports_total[0] == 1


def test_the_rate_is_over_the_last_minute() -> None:
    state = start(CONFIG)
    for k in range(200):
        at_ns = T0 + k * NS // 2
        names = ["north"] * (7 if k < 160 else 0)
        state, out = step(state, PictureIn(reports=heard(at_ns, *names)), at_ns)
        if k == 19:
            assert out.health.reports_per_s[0] == pytest.approx(14.0, rel=0.1)
    # Of the last 60 s the first 40 had 14 a second.
    assert out.health.reports_per_s[0] == pytest.approx(14 * 40 / 60, rel=0.05)
    assert out.health.reports_total[0] == 160 * 7
    later = step(state, PictureIn(), T0 + 10_000 * NS)[1]
    assert later.health.reports_per_s[0] == 0.0


def test_faults_and_strangers_are_counted_where_they_belong() -> None:
    faults = Faults.build(3, received_at_ns=T0, source_id=["north", "north", "nobody"], kind="cut")
    reports = heard(T0, "north", "nobody")
    out = step(start(CONFIG), PictureIn(reports=reports, faults=faults), T0)[1]
    assert out.health.faults_total.tolist() == [2, 0, 0]
    assert out.health.reports_total.tolist() == [1, 0, 0]


def test_reports_from_the_future_do_not_hide_a_silence() -> None:
    future = heard(T0 + 1000 * NS, "north")
    state, out = step(start(CONFIG), PictureIn(reports=future), T0)
    assert out.health.last_heard_ns[0] == T0
    out = step(state, PictureIn(), T0 + 60 * NS)[1]
    assert out.health.state[0] == SensorState.SILENT


def test_sensors_can_be_added_at_the_end_only() -> None:
    state, _, _ = run(start(CONFIG), range(5), "north", "ears")
    new = Sensor("late", SensorKind.ADSB_RECEIVER)
    grown = with_sensors(state, (*CONFIG.sensors, new))
    out = step(grown, PictureIn(reports=heard(T0 + 5 * NS, "late")), T0 + 5 * NS)[1]
    assert out.health.reports_total.tolist() == [5, 5, 0, 1]
    with pytest.raises(ValueError, match="at the end"):
        with_sensors(state, (new, *CONFIG.sensors))


def test_a_radar_whose_zones_others_see_blinds_none() -> None:
    twin = Sensor("south", SensorKind.RADAR, 49.9, -30.0, 100.0, 150_000.0, period_s=5.0)
    state = with_sensors(start(CONFIG), (*CONFIG.sensors, twin))
    state, _, _ = run(state, range(3), "north", "ears", "south")
    _, _, told = run(state, range(3, 40), "ears", "south")
    lost = told.take(told.kind == NoticeKind.COVERAGE_LOST)
    assert lost.zone_ids.tolist() == [()]
    assert "other radars still see" in lost.text[0]
    assert np.all(told.sensor_id == "north")


def test_bearings_show_that_a_sensor_lives_and_are_counted_apart() -> None:
    bearings = heard(T0, "ears", "ears", "north").replace(kind=[ReportKind.BEARING] * 2 + [0])
    state, _ = step(start(CONFIG), PictureIn(reports=bearings), T0)
    more = (*CONFIG.sensors, Sensor("new", SensorKind.ACOUSTIC))
    state, out = step(with_sensors(state, more), PictureIn(reports=bearings), T0 + NS)
    ids = [sensor.sensor_id for sensor in more]
    told = dict(zip(ids, out.health.bearings_total.tolist(), strict=True))
    assert told == dict.fromkeys(ids, 0) | {"ears": 4}
    assert out.health.reports_total[ids.index("ears")] == 4
    assert out.health.faults_total.sum() == 0
