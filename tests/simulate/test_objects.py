"""Every kind of object that a scenario file can write does what it says, within its class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate.test_motion import _check_limits
from tests.simulate.worlds import ARCS, HEAD, above_m, away_m, truth_of
from tocsin import simulate
from tocsin.contract import NS, InputError, ObjectClass, Truth
from tocsin.geo.terrain import Terrain
from tocsin.simulate import reference as plain
from tocsin.simulate.dynamics import advanced, launched
from tocsin.simulate.falling import wind_mps
from tocsin.simulate.fleet import End, Leg, Plan, fleet
from tocsin.simulate.flight import plans_of
from tocsin.simulate.formations import shape_m
from tocsin.simulate.kernels_motion import FOLLOWS, LAST, MEMBER, steer
from tocsin.simulate.limits import LIMITS
from tocsin.simulate.schema_base import Hill
from tocsin.simulate.schema_objects import Formation
from tocsin.simulate.terrain import Ground, offset_m

# ------------------------------------------------------------------------------- the kernel


@given(seed=st.integers(0, 2**32 - 1), tick_s=st.sampled_from([0.1, 1.0, 4.0]))
@settings(max_examples=40)
def test_steering_is_its_twin(seed, tick_s):
    rng = np.random.default_rng(seed)
    count = 60
    kinds = [k for k in LIMITS if k not in {ObjectClass.BALLISTIC, ObjectClass.BALLOON}]
    legs = (Leg(-31.6, -20.4, 100.0, 60.0), Leg(-31.5, -20.4, 100.0, 60.0))
    plans = [
        Plan(
            f"p{k}", "g", kinds[k % len(kinds)], 0.0, 1.0, legs, End.STAY, home_m=(k % 5 == 0) * 3e3
        )
        for k in range(count)
    ]
    limits = fleet(plans, 1).limits
    state = np.concatenate(
        [
            rng.uniform(-0.2, 0.2, (count, 2)) + np.array([-31.6, -20.4]),
            rng.uniform(0, 4000, (count, 1)),
            rng.uniform(-4, 4, (count, 1)),
            rng.uniform(0, 250, (count, 1)),
            rng.normal(0, 5, (count, 1)),
            rng.normal(size=(count, 3)),
            rng.choice([0.0, 0.5, 30.0], (count, 1)),
        ],
        axis=1,
    )
    near = rng.choice([1e-5, 1e-3, 0.1], (count, 1))
    aim = np.concatenate(
        [
            state[:, :2] + near * rng.normal(size=(count, 2)),
            rng.uniform(0, 4000, (count, 1)),
            rng.uniform(0, 250, (count, 1)),
            rng.choice([0.0, 0.0, 30.0, np.inf], (count, 1)),
        ],
        axis=1,
    )
    floor = np.stack([rng.uniform(0, 300, count), rng.choice([-np.inf, 900.0], count)], axis=1)
    flags = rng.choice([0, FOLLOWS, MEMBER, LAST, FOLLOWS | LAST], count)
    args = (state, rng.normal(size=(count, 4)), aim, floor, flags, np.arange(count), limits, tick_s)
    got, reached = steer(*args)
    want, there = plain.steer(*args)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-9)
    assert (reached == there).all()


@given(seed=st.integers(0, 2**32 - 1), raster=st.booleans())
@settings(max_examples=30)
def test_the_ground_is_its_twin(seed, raster):
    rng = np.random.default_rng(seed)
    heights = rng.uniform(0, 900, (17, 23)).astype(np.float32)
    heights[3:6, 4:9] = np.nan
    terrain = Terrain(-31.7, -20.5, 0.02, 0.03, heights) if raster else None
    hills = [
        Hill(latitude_deg=a, longitude_deg=b, height_m=c, radius_m=d)
        for a, b, c, d in zip(
            rng.uniform(-32, -31, 5), rng.uniform(-21, -20, 5), rng.uniform(50, 900, 5),
            rng.uniform(2e3, 3e4, 5), strict=True,
        )
    ]  # fmt: skip
    ground = Ground.of(hills, terrain)
    state = rng.uniform(0, 250, (200, 10))
    state[:, 0], state[:, 1] = rng.uniform(-32, -31, 200), rng.uniform(-21, -20, 200)
    got, want = ground(state[:, 0], state[:, 1]), plain.ground_m(ground, state[:, 0], state[:, 1])
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-9, equal_nan=True)
    assert np.isnan(got).any() == raster
    np.testing.assert_allclose(ground.ahead_m(state), plain.ahead_m(ground, state), rtol=1e-12)
    assert not np.isnan(ground.under_m(state[:, 0], state[:, 1])).any()


# -------------------------------------------------------------------------------- formations

FORMATION = """
[[formation]]
name = "team"
object_class = "light_aircraft"
shape = "{shape}"
count = {count}
spacing_m = {spacing}
speed_mps = [60, 65]
first_s = 0
waypoints = [
  {{ bearing_deg = 270, distance_m = 30000, height_m = 900 }},
  {{ bearing_deg = 0, distance_m = 6000, height_m = 1200 }},
  {{ bearing_deg = 100, distance_m = 30000, height_m = 900 }},
]
"""


@pytest.mark.parametrize("shape", ["line", "column", "wedge", "echelon", "box"])
def test_members_keep_station_and_their_class(write, shape):
    scenario = write(FORMATION.format(shape=shape, count=6, spacing=200), 900)
    assert len(plans_of(scenario)) == 7  # the formation's point flies, and is not shown
    tracks = list(truth_of(scenario).values())
    assert len(tracks) == 6
    for track in tracks:
        _check_limits(track, scenario.ground)
    wanted = shape_m(scenario.file.formation[0])
    course = np.arctan2(tracks[0].velocity_east_mps, tracks[0].velocity_north_mps)
    off = []
    for member in range(1, 6):
        east, north = offset_m(
            tracks[0].latitude_deg, tracks[0].longitude_deg,
            tracks[member].latitude_deg, tracks[member].longitude_deg,
        )  # fmt: skip
        right = east * np.cos(course) - north * np.sin(course)
        ahead = east * np.sin(course) + north * np.cos(course)
        away = np.stack([right, ahead], axis=1) - (wanted[member] - wanted[0])
        off.append(np.hypot(*away.T)[30:])
    off = np.array(off)
    assert np.median(off) < 30.0
    assert np.percentile(off, 99) < 150.0  # in the turn the leader's own course swings too


def test_neighbours_of_every_shape_are_one_spacing_apart():
    for shape in ("line", "column", "wedge", "echelon", "box"):
        part = Formation.model_validate(
            {
                "name": "a", "object_class": "helicopter", "shape": shape, "count": 7,
                "spacing_m": 100, "speed_mps": [40, 50], "first_s": 0, "route": "r",
            }
        )  # fmt: skip
        place = shape_m(part)
        apart = np.linalg.norm(place[:, None] - place[None, :], axis=2) + np.diag([1e9] * 7)
        assert apart.min(axis=1) == pytest.approx(100.0)


def test_split_members_go_their_own_way_and_the_rest_do_not_notice(write):
    text = FORMATION.format(shape="wedge", count=5, spacing=150)
    route = """
[[route]]
name = "north"
waypoints = [
  { bearing_deg = 0, distance_m = 50000, height_m = 900 },
  { bearing_deg = 0, distance_m = 70000, height_m = 900 },
]
"""
    whole = truth_of(write(text, 900))
    split = 'split = [{ waypoint = 1, members = [4, 5], route = "north" }]\n'
    parted = truth_of(write(text + split + route, 900))
    for name in ("team-01", "team-02", "team-03"):
        assert parted[name].rows() == whole[name].rows()
    for name in ("team-04", "team-05"):
        assert parted[name].latitude_deg[-1] > whole[name].latitude_deg[-1] + 0.1
        _check_limits(parted[name], Ground.of())


def test_formations_end_as_written(write):
    text = FORMATION.format(shape="wedge", count=3, spacing=150)
    left = truth_of(write(text, 1600))
    assert all(track.height_wgs84_m[-1] > 800 for track in left.values())
    ends = {track.measured_at_ns[-1] for track in left.values()}
    assert max(ends) - min(ends) < 60 * NS
    assert max(ends) < write(text, 1600).start_ns + 1500 * NS
    text = text.replace("light_aircraft", "one_way_drone").replace("[60, 65]", "[50, 55]")
    down = truth_of(write(text + 'end = "impact"\n', 1600))
    assert all(track.height_wgs84_m[-1] == 0.0 for track in down.values())


# ------------------------------------------------------- hovering, holding, swarms and waves


def test_multirotors_hover_where_and_as_long_as_they_are_told(write):
    scenario = write(
        """
[[traffic]]
name = "survey"
object_class = "multirotor"
count = 4
first_s = 0
interval_s = 5
speed_mps = [12, 16]
begin = "take_off"
end = "hover"
waypoints = [
  { at = "Orlem", height_m = 0 },
  { latitude_deg = -31.4950, longitude_deg = -20.7797, height_m = 80, hover_s = 60 },
  { latitude_deg = -31.4950, longitude_deg = -20.7700, height_m = 60 },
]
"""
    )
    for track in truth_of(scenario).values():
        _check_limits(track, scenario.ground)
        there = away_m(track, -31.4950, -20.7797) < 25.0
        assert 58 <= there.sum() <= 90
        slow = np.hypot(track.velocity_east_mps, track.velocity_north_mps)[-60:]
        assert slow.mean() < 1.5
        assert away_m(track, -31.4950, -20.7700)[-60:].max() < 25.0
        assert track.height_wgs84_m[-1] == pytest.approx(60.0, abs=15.0)


def test_a_hold_is_a_racetrack_of_the_right_length_and_side(write):
    scenario = write(
        """
[[traffic]]
name = "holder"
object_class = "airliner"
count = 1
first_s = 0
interval_s = 60
speed_mps = [110, 110]
end = "leave"
waypoints = [
  { bearing_deg = 180, distance_m = 20000, height_m = 3000 },
  { bearing_deg = 0, distance_m = 0, height_m = 3e3, hold = { inbound_bearing_deg = 0, rounds=3 } },
  { bearing_deg = 0, distance_m = 40000, height_m = 3000 },
]
""",
        2000,
    )
    (track,) = truth_of(scenario).values()
    _check_limits(track, scenario.ground)
    course = np.unwrap(np.arctan2(track.velocity_east_mps, track.velocity_north_mps))
    assert course[-1] - course[0] == pytest.approx(6 * np.pi, abs=0.3)  # three rounds, to the right
    place = scenario.file.place
    centre = np.array(place.latitude_deg), np.array(place.longitude_deg)
    east, north = offset_m(*centre, track.latitude_deg, track.longitude_deg)
    ring = abs(north) < 15_000
    assert east[ring].max() == pytest.approx(2.2 * 110 / np.radians(1.8), rel=0.1)
    assert east[ring].min() > -500.0


SWARM = """
[[swarm]]
name = "pests"
object_class = "multirotor"
speed_mps = [10, 18]
height_m = [40, 120]
width_m = 2000
waypoints = [
  { at = "Orlem", height_m = 100 },
  { at = "Quillstrand", height_m = 100 },
]
"""


def test_waves_come_at_their_rate_and_again(write):
    waves = "waves = [{ start_s = 60, count = 30, per_minute = 12, repeat = 3, every_s = 86400 }]\n"
    objects = plans_of(write(SWARM + waves, 300_000))
    begins = np.sort(objects.begins_s).reshape(3, 30)
    for day, wave in enumerate(begins):
        assert wave.min() >= 60 + day * 86400
        assert wave.max() <= 60 + day * 86400 + 150
        assert np.diff(wave).mean() == pytest.approx(5.0, abs=0.3)
    assert sorted(objects.target_id)[0] == "pests-01-001"


def test_a_swarm_is_loose_and_each_keeps_its_class(write):
    scenario = write(SWARM + "count = 200\nfirst_s = 0\nspread_s = 30\n", 300)
    tracks = truth_of(scenario)
    assert len(tracks) == 200
    for track in tracks.values():
        _check_limits(track, scenario.ground)
    last = np.array([(t.latitude_deg[-1], t.longitude_deg[-1]) for t in tracks.values()])
    assert len(np.unique(last.round(5), axis=0)) == 200
    assert np.hypot(*(last - last.mean(axis=0)).T).max() * 111_000 < 4000


def test_six_thousand_are_planned_in_seconds_and_one_less_leaves_the_others(write):
    objects = plans_of(write(SWARM + "count = 6000\nfirst_s = 0\nspread_s = 900\n"))
    assert len(objects) == 6000
    fewer = plans_of(write(SWARM + "count = 5999\nfirst_s = 0\nspread_s = 900\n"))
    assert (objects.begins_s[:-1] == fewer.begins_s).all()
    assert (objects.way[:-2] == fewer.way).all()
    assert (objects.rcs_m2[:-1] == fewer.rcs_m2).all()
    assert objects.rcs_m2.min() >= 0.005
    assert objects.rcs_m2.max() <= 0.15


def test_same_seed_same_truth_another_seed_another(write):
    text = FORMATION.format(shape="box", count=4, spacing=100)
    text += SWARM + "count = 20\nfirst_s = 0\nspread_s = 30\n"
    one, same = truth_of(write(text), 60), truth_of(write(text), 60)
    other = truth_of(write(text, seed=2), 60)
    assert [t.rows() for t in one.values()] == [t.rows() for t in same.values()]
    assert all(one[name].rows() != other[name].rows() for name in one)


# --------------------------------------------------------------- balloons, losses, the ground

AIR = """
[[wind]]
height_m = 0
from_bearing_deg = 270
speed_mps = 6

[[wind]]
height_m = 5000
from_bearing_deg = 315
speed_mps = 30

[[balloons]]
name = "sondes"
count = 3
start = { at = "Orlem" }
first_s = 0
interval_s = 60
speed_mps = [4, 6]
height_m = [1500, 2500]
"""


def test_balloons_rise_drift_with_the_wind_and_float(write):
    scenario = write(AIR, 1500)
    wind = plans_of(scenario).wind
    assert wind_mps(wind, np.array([0.0]))[0] == pytest.approx([6.0, 0.0])
    assert wind_mps(wind, np.array([9e3]))[0] == pytest.approx([30 / 2**0.5, -30 / 2**0.5])
    for track in truth_of(scenario).values():
        limits = LIMITS[ObjectClass.BALLOON]
        assert abs(track.velocity_up_mps).max() <= limits.climb_mps
        speed = np.stack([track.velocity_east_mps, track.velocity_north_mps], axis=1)
        off = speed - wind_mps(wind, track.height_wgs84_m)
        assert abs(off[5:].mean(axis=0)).max() < 0.8
        assert off[5:].std(axis=0).max() < 1.5
        assert 1490 < track.height_wgs84_m[-1] < 2510
        assert np.ptp(track.height_wgs84_m[-200:]) < 30


def test_balloons_burst_and_fall(write):
    scenario = write(AIR + 'end = "burst"\n', 1500)
    for track in truth_of(scenario).values():
        assert track.height_wgs84_m.max() > 1450
        assert above_m(scenario, track) == pytest.approx(0.0)
        assert track.velocity_up_mps.min() == pytest.approx(-8.0)


def test_what_is_lost_falls_there_and_then_and_alone(write):
    text = SWARM + "count = 40\nfirst_s = 0\nspread_s = 30\n"
    whole = truth_of(write(text))
    loss = '[[loss]]\nof = "pests"\nnumber = 3\nat_s = 200\n'
    less = truth_of(write(text + loss))
    gone = less.pop("pests-03")
    scenario = write(text)
    assert above_m(scenario, gone) == pytest.approx(0.0)
    fell_s = (gone.measured_at_ns[-1] - scenario.start_ns) / NS
    assert 200 < fell_s < 230
    assert all(less[name].rows() == whole[name].rows() for name in less)
    some = truth_of(write(text + '[[loss]]\nof = "pests"\nshare = 0.5\nafter_s = [50, 150]\n'))
    fallen = sum(above_m(scenario, track) < 1e-6 for track in some.values())
    assert 10 <= fallen <= 30


def test_a_lost_hazard_affects_the_zone_where_it_falls(write):
    scenario = write(
        """
[[swarm]]
name = "drones"
object_class = "one_way_drone"
count = 1
first_s = 0
spread_s = 0
speed_mps = [50, 50]
height_m = [500, 500]
width_m = 0
end = "impact"
waypoints = [
  { at = "Iddon Cross", height_m = 500 },
  { bearing_deg = 180, distance_m = 80000, height_m = 500 },
]
[[loss]]
of = "drones"
number = 1
at_s = 20
"""
    )
    truth = Truth.concat(list(truth_of(scenario).values()))
    found = simulate.effects(scenario, truth)
    assert set(found.kind) == {0, 1}
    assert len(set(truth.measured_at_ns)) < 60


def test_nothing_flies_into_a_mountain_that_it_can_climb():
    ridge = 400.0 * np.clip(1.0 - abs(np.arange(41) - 20) / 12.0, 0.0, None)
    heights = np.tile(ridge.astype(np.float32), (41, 1))
    terrain = Terrain(-31.8, -20.6, 0.01, 0.01, heights)
    ground = Ground.of((), terrain)
    legs = (Leg(-31.6, -20.58, 200.0, 60.0), Leg(-31.6, -20.22, 200.0, 60.0))
    plans = [
        Plan("heli", "g", ObjectClass.HELICOPTER, 0.0, 1.0, legs, End.LEAVE),
        Plan("low", "g", ObjectClass.FAST_LOW_FLYER, 0.0, 1.0,
             (Leg(-31.6, -20.58, 80.0, 200.0), Leg(-31.6, -20.22, 80.0, 200.0)), End.LEAVE),
    ]  # fmt: skip
    objects = fleet(plans, 1)
    motion, clear, top = launched(objects, ground, np.arange(2)), [], 0.0
    for tick in range(400):
        motion = advanced(objects, ground, motion, tick, 1.0)
        if not len(motion):
            break
        under = ground.under_m(motion.latitude_deg, motion.longitude_deg)
        clear += list(motion.height_m - under)
        top = max(top, under.max())
    assert top > 390.0
    assert min(clear) > 0.0


# ----------------------------------------------------------------------------- wrong files

ONE = FORMATION.format(shape="line", count=4, spacing=200)


MID = "height_m = 1200"
WAVE = "start_s = 0, count = 3, per_minute = 1"
ONCE = "count = 5\nfirst_s = 0\nspread_s = 1\n"
ARC = ARCS.format(distance=1e5, more="apogee_m = 5e4\n#")


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (ONE.replace("spacing_m = 200", "spacing_m = 9000"), "formation.0.spacing_m", "turns"),
        (ONE.replace("spacing_m = 200", "spacing_m = 1"), "formation.0.spacing_m", "5"),
        (ONE.replace("[60, 65]", "[60, 165]"), "formation.0", "90"),
        (ONE.replace(MID, "height_m = 9000"), "formation.0", "waypoint 1: height_m"),
        (ONE.replace(MID, MID + ", speed_mps = 400"), "formation.0", "speed_mps 400"),
        (ONE.replace(MID, MID + ", hover_s = 9"), "formation.0", "cannot hover"),
        (ONE + 'end = "impact"\n', "formation.0", "does not end in an impact"),
        (ONE + 'split = [{ waypoint = 7, members = [1], route = "r" }]\n', "split", "'r' is not"),
        (ONE + 'split = [{ waypoint = 1, members = [9], route = "r" }]\n', "formation", "member 9"),
        (ONE + 'route = "r"\n', "formation.0", "give waypoints, or"),
        (ONE.replace('shape = "line"', 'shape = "star"'), "formation.0.shape", "'line'"),
        (SWARM + "count = 5\n", "swarm.0", "first_s and spread_s"),
        (SWARM + ONCE + f"waves = [{{ {WAVE} }}]\n", "swarm.0", "not both"),
        (SWARM + f"waves = [{{ {WAVE}, repeat = 2 }}]\n", "swarm.0.waves.0", "every_s"),
        (SWARM + ONCE + 'target = [{ zone = "VS-13" }]\n', "swarm.0", "impact"),
        (SWARM + ONCE + 'route = "x"\n', "swarm.0", "give waypoints"),
        (AIR.replace("[4, 6]", "[4, 9]"), "balloons.0", "0 to 6"),
        (AIR.replace('at = "Orlem"', 'at = "Nowhere"'), "at", "Nowhere"),
        (AIR + '[[loss]]\nof = "nobody"\nnumber = 1\nat_s = 1\n', "loss", "nobody"),
        (AIR + '[[loss]]\nof = "sondes"\nat_s = 1\n', "loss.0", "number, or share"),
        (ARCS.format(distance=1e5, more=""), "ballistic.0", "apogee_m, or flight_s"),
        (ARC.replace("#", "rcs_m2 = [0.01, 5]"), "ballistic.0", "rcs_m2"),
        (ARC.replace("VS-13", "VS-99"), "ballistic.0", "VS-99"),
        ('[[recorded]]\nname = "r"\nfile = "none.parquet"\n', "none.parquet", "no such recording"),
        ('[[recorded]]\nname = "r"\nfile = "s.toml"\n', "s.toml", "recording"),
        ('[[recorded]]\nname = "r"\nfile = "x"\nobject_class = "ufo"\n', "recorded.0", "ufo"),
    ],
)  # fmt: skip
def test_wrong_objects_are_one_line_with_their_place(write, text, where, what):
    with pytest.raises(InputError) as caught:
        write(text)
    line = str(caught.value)
    assert "s.toml" in line or "none.parquet" in line
    assert where in line
    assert what in line
    assert "\n" not in line


def test_an_unknown_place_is_refused(tmp_path):
    path = tmp_path / "s.toml"
    text = HEAD.format(duration_s=10, seed=1).replace('"vessarin"', '"atlantis"')
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"s\.toml, place.*atlantis.*vessarin"):
        simulate.read_scenario(path)
