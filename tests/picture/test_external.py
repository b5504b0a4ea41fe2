"""Tracks of other trackers: shown, carried on, ended; never ours."""

import numpy as np
import pytest
from pyproj import Geod

from tests.picture.support import CONFIG, T0, designate, external, updates
from tocsin.contract import NS, ObjectClass, Reports, TrackStatus
from tocsin.geo import unpack_covariance
from tocsin.picture import PictureConfig, PictureIn, start, step
from tocsin.picture.state import EXTERNAL_NUMBERS


def test_an_external_track_is_a_row_beside_ours() -> None:
    ours = updates([[0.0, 0.0, 9000.0, 0.0, 200.0, 0.0]])
    other = external(T0, 17, mode_s=[0x393322], mode_s_valid=True, callsign="DLH1")
    tracks = step(start(CONFIG), PictureIn(ours, other), T0)[1].tracks
    assert tracks.track_id.tolist() == ["T00001", "X-other-17"]
    assert tracks.status.tolist() == [TrackStatus.CONFIRMED, TrackStatus.EXTERNAL]
    assert tracks.number.tolist() == [1, EXTERNAL_NUMBERS]
    assert (tracks.callsign[1], int(tracks.mode_s[1])) == ("DLH1", 0x393322)
    assert tracks.object_class[1] == ObjectClass.AIRLINER
    assert not tracks.hazardous[1]
    assert tracks.class_probability.sum(axis=1) == pytest.approx(1.0)


def test_it_is_carried_on_by_constant_velocity() -> None:
    later = T0 + 8 * NS
    tracks = step(start(CONFIG), PictureIn(external=external(T0, 17)), later)[1].tracks
    longitude, latitude, _ = Geod(ellps="WGS84").fwd(-29.86, 50.0, 0.0, 1600.0)
    assert tracks.latitude_deg[0] == pytest.approx(latitude, abs=3e-5)
    assert tracks.longitude_deg[0] == pytest.approx(longitude, abs=1e-6)
    assert tracks.height_wgs84_m[0] == pytest.approx(9000.0, abs=1.0)
    assert tracks.measured_at_ns.tolist() == [later]
    assert tracks.last_plot_at_ns.tolist() == [T0]


def test_it_ends_when_its_tracker_says_so_or_falls_silent() -> None:
    state, _ = step(start(CONFIG), PictureIn(external=external(T0, 17)), T0)
    ended = external(T0 + NS, 17, ended=True)
    assert len(step(state, PictureIn(external=ended), T0 + NS)[1].tracks) == 0
    assert len(step(state, PictureIn(), T0 + 30 * NS)[1].tracks) == 1
    state, out = step(state, PictureIn(), T0 + 31 * NS)
    assert len(out.tracks) == 0
    # The same number anew is another track for displays.
    again = step(state, PictureIn(external=external(T0 + 40 * NS, 17)), T0 + 40 * NS)[1].tracks
    assert again.number.tolist() == [EXTERNAL_NUMBERS + 1]


def test_its_end_needs_no_position() -> None:
    state, _ = step(start(CONFIG), PictureIn(external=external(T0, 17)), T0)
    nowhere = {"latitude_deg": np.nan, "longitude_deg": np.nan}
    silent = external(T0 + NS, 17, **nowhere)
    assert len(step(state, PictureIn(external=silent), T0 + NS)[1].tracks) == 1
    ended = external(T0 + NS, 17, ended=True, **nowhere)
    state, out = step(state, PictureIn(external=ended), T0 + NS)
    assert len(out.tracks) == 0
    # Also one of which nothing else was heard, and one that begins again at once.
    both = Reports.concat([ended, external(T0 + 2 * NS, 17)])
    assert len(step(state, PictureIn(external=ended), T0 + NS)[1].tracks) == 0
    assert len(step(state, PictureIn(external=both), T0 + 2 * NS)[1].tracks) == 1


def test_the_latest_report_wins_and_keeps_what_it_does_not_repeat() -> None:
    named = external(T0, 17, callsign="DLH1", mode_s=[7], mode_s_valid=True)
    bare = external(T0 + 4 * NS, 17, latitude_deg=50.01, height_wgs84_m=np.nan)
    state, _ = step(start(CONFIG), PictureIn(external=Reports.concat([bare, named])), T0 + 4 * NS)
    state, out = step(state, PictureIn(), T0 + 4 * NS)
    row = out.tracks.rows()[0]
    assert row["latitude_deg"] == pytest.approx(50.01)
    assert (row["callsign"], row["mode_s"], row["mode_s_valid"]) == ("DLH1", 7, True)
    assert row["height_wgs84_m"] == pytest.approx(9000.0, abs=1e-3)
    assert row["first_at_ns"] == T0


def test_sensors_do_not_share_numbers() -> None:
    both = Reports.concat([external(T0, 17, sensor_id="b"), external(T0, 17, sensor_id="a")])
    tracks = step(start(CONFIG), PictureIn(external=both), T0)[1].tracks
    assert tracks.track_id.tolist() == ["X-a-17", "X-b-17"]
    assert len(set(tracks.number.tolist())) == 2


def test_what_has_no_place_or_number_is_left_out() -> None:
    poor = Reports.concat(
        [external(T0, 1, latitude_deg=np.nan), external(T0, 2, track_number_valid=False)]
    )
    assert len(step(start(CONFIG), PictureIn(external=poor), T0)[1].tracks) == 0


def test_an_unknown_height_is_shown_as_uncertain() -> None:
    flat = external(T0, 1, height_wgs84_m=np.nan, velocity_up_mps=np.nan)
    tracks = step(start(CONFIG), PictureIn(external=flat), T0)[1].tracks
    assert tracks.height_wgs84_m[0] == pytest.approx(0.0, abs=1e-3)
    assert unpack_covariance(tracks.state_cov_m_mps)[0, 2, 2] >= 1e6
    pressure = external(T0, 1, height_wgs84_m=np.nan, altitude_baro_m=8000.0)
    tracks = step(start(CONFIG), PictureIn(external=pressure), T0)[1].tracks
    assert tracks.height_wgs84_m[0] == pytest.approx(8000.0, abs=1e-3)


def test_capacity_is_bounded_and_the_newest_stay() -> None:
    config = PictureConfig(CONFIG.region, CONFIG.sensors, max_external=2)
    many = Reports.concat([external(T0 + k * NS, k) for k in range(4)])
    tracks = step(start(config), PictureIn(external=many), T0 + 4 * NS)[1].tracks
    assert tracks.track_id.tolist() == ["X-other-2", "X-other-3"]


def test_an_operator_can_make_it_a_hazard() -> None:
    act = designate("X-other-17", '{"designation": "hazard"}')
    given_in = PictureIn(external=external(T0, 17), actions=act)
    assert step(start(CONFIG), given_in, T0)[1].tracks.hazardous.tolist() == [True]
