"""Recordings become truth: on their own velocities, smooth, split where they break off."""

import json

import numpy as np
import pytest

from tests.simulate.worlds import truth_of
from tests.support import NO_RECORDINGS, shared_data
from tocsin import simulate
from tocsin.contract import NS, InputError, Truth, write_parquet
from tocsin.simulate.flight import plans_of
from tocsin.simulate.recorded import read_recording, recorded_plans, smoothed
from tocsin.simulate.schema_objects import Recorded
from tocsin.simulate.script import hermite
from tocsin.simulate.terrain import moved, offset_m

ONE = """
[[recorded]]
name = "again"
file = "truth.parquet"
"""


@pytest.fixture
def flown(write):
    """The truth of a short run with a turn, a hover and a fast low flyer."""
    return truth_of(
        write(
            """
[[traffic]]
name = "a"
object_class = "airliner"
count = 2
first_s = 0
interval_s = 20
speed_mps = [110, 110]
end = "leave"
waypoints = [
  { bearing_deg = 180, distance_m = 9000, height_m = 3000 },
  { bearing_deg = 0, distance_m = 1000, height_m = 3000 },
  { bearing_deg = 90, distance_m = 40000, height_m = 3000 },
]
"""
        ),
        200,
    )


def test_a_truth_file_flies_again_as_it_was(write, flown, tmp_path):
    whole = Truth.concat(list(flown.values()))
    write_parquet(whole, tmp_path / "truth.parquet")
    again = truth_of(write(ONE))
    assert sorted(again) == [f"again-{name}" for name in sorted(flown)]
    for name, track in flown.items():
        copy = again[f"again-{name}"]
        shift = track.measured_at_ns[0] - whole.measured_at_ns.min()
        first = int(shift // NS)
        assert copy.measured_at_ns[0] == write(ONE).start_ns + (first + 1) * NS
        want = track.take(slice(1, None))
        assert len(copy) == len(want)
        for column in ("latitude_deg", "longitude_deg"):
            assert getattr(copy, column) == pytest.approx(getattr(want, column), abs=1e-9)
        for column in (
            "height_wgs84_m",
            "velocity_east_mps",
            "velocity_north_mps",
            "velocity_up_mps",
        ):
            assert getattr(copy, column) == pytest.approx(getattr(want, column), abs=1e-6)
        assert (copy.object_class == track.object_class[0]).all()


def test_recordings_are_shifted_cut_and_thinned_without_harm(write, flown, tmp_path):
    whole = Truth.concat(list(flown.values()))
    thin = whole.take((whole.measured_at_ns // NS) % 5 == 0)
    write_parquet(thin, tmp_path / "truth.parquet")
    cut = ONE + "at_s = 30\nfrom_s = 50\n"
    scenario = write(cut)
    again = truth_of(scenario)
    first = min(track.measured_at_ns[0] for track in again.values())
    assert (first - scenario.start_ns) / NS == pytest.approx(31.0)
    begin_ns = thin.measured_at_ns.min()
    for name, track in flown.items():
        copy = again[f"again-{name}"]
        then = copy.measured_at_ns - scenario.start_ns + begin_ns + 20 * NS
        rows = np.searchsorted(track.measured_at_ns, then)
        want = track.take(rows)
        assert (want.measured_at_ns == then).all()
        off = np.hypot(
            *offset_m(want.latitude_deg, want.longitude_deg, copy.latitude_deg, copy.longitude_deg)
        )
        assert off.max() < 2.0
        assert abs(copy.velocity_east_mps - want.velocity_east_mps).max() < 2.0


def test_a_gap_splits_an_object(write, flown, tmp_path):
    whole = Truth.concat(list(flown.values()))
    since = (whole.measured_at_ns - whole.measured_at_ns.min()) / NS
    write_parquet(whole.take((since < 60) | (since > 130)), tmp_path / "truth.parquet")
    scenario = write(ONE)
    assert sorted(truth_of(scenario)) == [
        "again-a-01",
        "again-a-01-2",
        "again-a-02",
        "again-a-02-2",
    ]
    assert sorted(truth_of(write(ONE + "gap_s = 90\n"))) == ["again-a-01", "again-a-02"]


def test_the_cubic_is_exact_for_cubics():
    rng = np.random.default_rng(3)
    c = rng.normal(size=(4, 3))

    def state(t: float) -> np.ndarray:
        place = c[0] + c[1] * t + c[2] * t**2 + c[3] * t**3
        return np.concatenate([place, c[1] + 2 * c[2] * t + 3 * c[3] * t**2])[None]

    for t in (2.0, 2.3, 4.4, 5.0):
        share, step = np.array([[(t - 2.0) / 3.0]]), np.array([[3.0]])
        assert hermite(state(2.0), state(5.0), share, step) == pytest.approx(state(t), abs=1e-12)


def test_late_positions_do_not_bend_the_way():
    """A turning flight whose positions come up to six seconds late, as real ones do."""
    rng = np.random.default_rng(4)
    at_s = np.arange(0.0, 900.0, 10.0)
    fine = np.arange(0.0, 900.0, 0.1)
    course = np.interp(fine, [0, 300, 360, 900], [0.0, 0.0, 1.5, 1.5])
    east, north = (np.cumsum(200.0 * f(course)) * 0.1 for f in (np.sin, np.cos))
    true = np.stack(moved(np.full(9000, 46.0), np.full(9000, 8.0), east, north), axis=1)
    rows = (at_s * 10).astype(int)
    late = np.where(rng.random(90) < 0.2, rng.integers(0, 60, 90), 0)
    place = np.concatenate([true[np.maximum(rows - late, 0)], np.full((90, 1), 9000.0)], axis=1)
    turn = course[rows]
    velocity = np.stack([200 * np.sin(turn), 200 * np.cos(turn), 0 * turn], axis=1)
    out = smoothed(at_s, place, velocity)
    off = np.hypot(*offset_m(true[rows, 0], true[rows, 1], out[:, 0], out[:, 1]))
    assert np.hypot(*offset_m(true[rows, 0], true[rows, 1], place[:, 0], place[:, 1])).max() > 800
    assert off.max() < 250
    assert np.median(off) < 60


def test_states_in_json_are_read_in_their_units(tmp_path):
    rows = [
        {
            "timestamp": 1_000_000 + 10_000 * k, "icao24": "f00001", "callsign": "VSN1 ",
            "latitude": 46.0 + 0.02 * k, "longitude": 8.0, "altitude": 10_000.0,
            "groundspeed": 432.0, "track": 0.0, "vertical_rate": 600.0,
        }
        for k in range(30)
    ]  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps(rows), "utf-8")
    table = Recorded(name="r", file="r.json", object_class="airliner")
    recording = read_recording(tmp_path, table)
    assert recording.velocity_mps[0] == pytest.approx([0.0, 222.24, 3.048], abs=0.01)
    assert recording.place[0, 2] == pytest.approx(3048.0)
    assert recording.callsign[0] == "VSN1"


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.json", "[", "is no recording"),
        ("a.json", "[]", "none of the columns"),
        ("a.csv", "a,b\n1,2\n", "none of the columns"),
        ("a.parquet", "junk", "a.parquet"),
        ("a.json", '[{"groundspeed": 1}]', "KeyError"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(write, tmp_path, name, content, what):
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(InputError) as caught:
        write(f'[[recorded]]\nname = "r"\nfile = "{name}"\nobject_class = "airliner"\n')
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recording_without_classes_needs_one(write, tmp_path):
    text = "time,icao24,lat,lon,velocity,heading,vertrate,callsign,geoaltitude\n"
    text += "".join(f"{t},f00001,46.0{t},8.0,111,0,0,VSN1,3000\n" for t in range(10, 20))
    (tmp_path / "a.csv").write_text(text, "utf-8")
    table = '[[recorded]]\nname = "r"\nfile = "a.csv"\n'
    with pytest.raises(InputError, match="give object_class"):
        write(table)
    assert len(plans_of(write(table + 'object_class = "airliner"\n'))) == 1


def test_a_mirrored_world_without_recordings_only(write, flown, tmp_path):
    write_parquet(Truth.concat(list(flown.values())), tmp_path / "truth.parquet")
    with pytest.raises(InputError, match="recording"):
        simulate.mirrored(write(ONE))


# ------------------------------------------------------------------------- the real recordings

RECORDINGS = (
    ("trajectories/switzerland.json.gz", "airliner", 842, 12_000),
    ("trajectories/stonesoup_OpenSky_Plane_States.csv", "airliner", 84, 600),
    ("trajectories/stonesoup_UAV_Rot.csv", "light_aircraft", 1, 300),
)


@pytest.mark.shared
@pytest.mark.skipif(shared_data() is None, reason=NO_RECORDINGS)
@pytest.mark.parametrize(("file", "kind", "count", "least"), RECORDINGS)
def test_real_trajectories_keep_their_velocities_and_gain_no_wiggles(
    write, file, kind, count, least
):
    folder = shared_data()
    assert folder is not None
    table = Recorded(name="real", file=file, object_class=kind, to_place=True)
    recording = read_recording(folder, table)
    assert len(set(recording.who)) == count
    scenario = write("", 90_000)
    plans = list(recorded_plans(scenario.file, recording))
    assert len({plan.target_id.split("-")[1] for plan in plans}) > 0.95 * count
    assert sum(len(plan.script) for plan in plans) > least
    kept = {}
    for k, who in enumerate(recording.who):
        kept[who, recording.at_s[k]] = np.linalg.norm(recording.velocity_mps[k, :2])
    uneven = []
    for plan in plans[:60]:
        sample, who = plan.script, plan.target_id.split("-")[1]
        horizontal = np.array([kept[who, t] for t in sample[:, 0]])
        speed = np.linalg.norm(sample[:, 4:], axis=1)
        assert (speed >= horizontal - 1e-6).all()  # the recorded speed, with its climb
        assert speed == pytest.approx(horizontal, abs=12.0)
        step = np.diff(sample[:, :1], axis=0)
        half = hermite(sample[:-1, 1:], sample[1:, 1:], np.full_like(step, 0.5), step)
        mean = (sample[1:, 4:] + sample[:-1, 4:]) / 2.0
        uneven += list(np.linalg.norm(half[:, 3:] - mean, axis=1))
    assert np.median(uneven) < 1.0  # midway, the speed is the mean of the recorded ones
    assert max(uneven) < 25.0
