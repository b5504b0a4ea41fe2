"""True objects keep what their class can do, move as their velocities say, and end as written."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contract import ObjectClass, Origin, Truth
from tocsin.geo import Region
from tocsin.simulate.draws import words
from tocsin.simulate.dynamics import advanced, launched
from tocsin.simulate.fleet import End, Leg, Plan, fleet
from tocsin.simulate.limits import GRAVITY_MPS2, LIMITS
from tocsin.simulate.sky import sky
from tocsin.simulate.terrain import Ground, moved, offset_m

GEOD = pyproj.Geod(ellps="WGS84")


def _objects(truth: Truth) -> dict[str, Truth]:
    truth = truth.sorted_by("target_id", "measured_at_ns")
    starts = np.flatnonzero(np.append(True, truth.target_id[1:] != truth.target_id[:-1]))
    ends = np.append(starts[1:], len(truth))
    return {truth.target_id[a]: truth.take(slice(a, b)) for a, b in zip(starts, ends, strict=True)}


DIVE_S = {ObjectClass.ONE_WAY_DRONE: 40, ObjectClass.FAST_LOW_FLYER: 5}


def _cruise(track: Truth, ground: Ground) -> slice:
    """All rows, less the last seconds of an object that dived into the ground."""
    under = ground.under_m(track.latitude_deg[-1:], track.longitude_deg[-1:])[0]
    dived = track.height_wgs84_m[-1] - under < 5.0
    return slice(0, len(track) - dived * DIVE_S.get(ObjectClass(track.object_class[0]), 0))


def _check_limits(track: Truth, ground: Ground) -> None:
    kind = ObjectClass(track.object_class[0])
    limits = LIMITS[kind]
    east, north = track.velocity_east_mps, track.velocity_north_mps
    speed = np.hypot(east, north)
    if len(speed) < 3:
        return
    assert limits.speed_mps[0] - 1e-6 <= speed.min(), (track.target_id[0], speed.min())
    assert speed.max() <= limits.speed_mps[1] + 1e-6
    assert abs(track.velocity_up_mps).max() <= limits.climb_mps + 1e-6
    course = np.unwrap(np.arctan2(east, north))
    moving = np.minimum(speed[1:], speed[:-1]) > 1e-9  # who hovers has no course
    turn = abs(np.diff(course)) * moving
    assert turn.max() <= limits.turn_radps + 1e-6
    assert (turn * speed[1:]).max() <= limits.turn_g * GRAVITY_MPS2
    under = ground.under_m(track.latitude_deg, track.longitude_deg)
    above = track.height_wgs84_m - under * (kind == ObjectClass.FAST_LOW_FLYER)
    assert limits.height_m[0] - 1e-6 <= above.min(), (track.target_id[0], above.min())
    assert above.max() <= limits.height_m[1] + 1e-6


def test_class_limits_hold_in_cruise_throughout_the_demo(demo):
    ground = demo.scenario.ground
    for track in _objects(demo.truth).values():
        _check_limits(track.take(_cruise(track, ground)), ground)


@settings(max_examples=40)
@given(
    kind=st.sampled_from([kind for kind in LIMITS if kind != ObjectClass.BALLISTIC]),
    seed=st.integers(0, 2**31),
    corners=st.lists(
        st.tuples(st.floats(-40e3, 40e3), st.floats(-40e3, 40e3), st.floats(0, 1)),
        min_size=2,
        max_size=5,
    ),
)
def test_class_limits_hold_on_any_way(kind, seed, corners):
    limits = LIMITS[kind]
    low, high = limits.speed_mps
    bottom, top = limits.height_m
    legs = []
    for east, north, share in corners:
        latitude, longitude = moved(np.array(-31.6), np.array(-20.4), east, north)
        height, speed = bottom + share * (top - bottom), low + (1.0 - share) * (high - low)
        legs.append(Leg(float(latitude), float(longitude), height, speed))
    plan = Plan("one", "g", kind, 0.0, 1.0, tuple(legs), End.STAY)
    objects, ground = fleet([plan], seed), Ground.of()
    motion = launched(objects, ground, np.array([0]))
    rows = []
    for tick in range(300):
        motion = advanced(objects, ground, motion, tick, 1.0)
        rows.append((motion, tick))
    velocity = np.concatenate([m.velocity_mps for m, _ in rows])
    truth = Truth.build(
        len(rows),
        target_id="one",
        object_class=int(kind),
        latitude_deg=np.concatenate([m.latitude_deg for m, _ in rows]),
        longitude_deg=np.concatenate([m.longitude_deg for m, _ in rows]),
        height_wgs84_m=np.concatenate([m.height_m for m, _ in rows]),
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
    )
    _check_limits(truth, ground)


def test_positions_are_the_integral_of_velocities(demo):
    """By pyproj's geodesics, which share nothing with the simulator's own distances."""
    track = _objects(demo.truth)["airway-east-04"]
    _, _, step = GEOD.inv(
        track.longitude_deg[:-1],
        track.latitude_deg[:-1],
        track.longitude_deg[1:],
        track.latitude_deg[1:],
    )
    east = (track.velocity_east_mps[1:] + track.velocity_east_mps[:-1]) / 2
    north = (track.velocity_north_mps[1:] + track.velocity_north_mps[:-1]) / 2
    # Speed is over the ellipsoid's surface: heights do not lengthen the way.
    assert abs(step - np.hypot(east, north)).max() < 0.01


def test_every_raider_comes_down_in_its_zone_or_is_lost_at_sea(demo):
    scenario = demo.scenario
    shape = {
        zone.zone_id: shapely.MultiPolygon([shapely.Polygon(p[0], p[1:]) for p in zone.polygons])
        for zone in scenario.zones
    }
    land = shapely.union_all(list(shape.values()))
    objects = _objects(demo.truth)
    for raid in scenario.file.raid:
        wanted = shapely.union_all([shape[t.zone] for t in raid.target]).buffer(1e-6)
        own = [track for name, track in objects.items() if name.startswith(raid.name + "-")]
        ends = [shapely.Point(t.longitude_deg[-1], t.latitude_deg[-1]) for t in own]
        lost = [point for point in ends if not land.intersects(point)]
        assert len(own) == raid.count
        assert all(wanted.intersects(point) for point in ends if point not in lost)
        assert (len(lost) > 0) == (raid.lost_share > 0)
        assert len(lost) < 0.4 * len(own)
        assert max(t.measured_at_ns[-1] for t in own) < demo.steps[-1].now_ns - 60e9


def test_low_flyers_follow_the_ground(demo):
    ground = demo.scenario.ground
    heights, highest = [], 0.0
    for name, track in _objects(demo.truth).items():
        if name.startswith("fast-flyers"):
            cruise = track.take(_cruise(track, ground))
            under = ground.under_m(cruise.latitude_deg, cruise.longitude_deg)
            heights.append(cruise.height_wgs84_m - under)
            highest = max(highest, under.max())
    assert highest > 100.0
    assert np.concatenate(heights).std() < 60.0


def test_offsets_agree_with_geodesics():
    rng = np.random.default_rng(5)
    latitude, longitude = rng.uniform(-70, 70, 500), rng.uniform(-179, 179, 500)
    east, north = rng.uniform(-50e3, 50e3, (2, 500))
    there = moved(latitude, longitude, east, north)
    _, _, distance = GEOD.inv(longitude, latitude, there[1], there[0])
    assert np.hypot(east, north) == pytest.approx(distance, rel=2e-3)
    back = offset_m(latitude, longitude, *there)
    assert np.stack(back) == pytest.approx(np.stack([east, north]), rel=1e-6, abs=1e-3)


def test_addresses_are_unique_and_only_civil_aircraft_send():
    legs = (Leg(0.0, 0.0, 100.0, 60.0), Leg(1.0, 0.0, 100.0, 60.0))
    plans = [
        Plan(f"a-{k}", "a", ObjectClass.AIRLINER, 0.0, 1.0, legs, End.LEAVE, callsign=f"A{k}")
        for k in range(3000)
    ]
    quiet = Plan("d", "d", ObjectClass.ONE_WAY_DRONE, 0.0, 1.0, legs, End.IMPACT)
    addresses = fleet([*plans, quiet], 1).mode_s
    assert len(np.unique(addresses[:-1])) == 3000
    assert addresses[-1] == 0
    assert addresses.max() < 1 << 24
    assert words("x").max() < 1 << 32


def test_velocity_is_the_derivative_of_position_within_a_tick():
    legs = (Leg(-31.6, -20.4, 100.0, 240.0), Leg(-31.4, -20.2, 100.0, 240.0))
    turning = Plan("t", "g", ObjectClass.FAST_LOW_FLYER, 0.0, 1.0, legs, End.STAY, course_rad=3.0)
    objects, ground = fleet([turning], 3), Ground.of()
    before = launched(objects, ground, np.array([0]))
    for tick in range(4):
        before = advanced(objects, ground, before, tick, 1.0)
    after = advanced(objects, ground, before, 4, 1.0)
    region = Region.at(Origin(-31.6, -20.4))
    air = sky(objects, region, before, after, 4, (0, 1.0))
    assert abs(air.to_mps - air.from_mps).max() > 5.0
    one, at = np.zeros(1, np.int64), np.array([0.3])
    forward = air.position_m(one, at + 1e-3) - air.position_m(one, at - 1e-3)
    assert forward / 2e-3 == pytest.approx(air.velocity_mps(one, at), abs=0.1)
    assert air.position_m(one, np.array([0.0])) == pytest.approx(air.from_m)
    assert air.position_m(one, np.array([1.0])) == pytest.approx(air.to_m)


@pytest.mark.parametrize("behind_m", [200.0, 400.0, 800.0, 1600.0])
def test_no_drone_circles_a_point_that_it_cannot_turn_into(behind_m):
    there = moved(np.array(-31.6), np.array(-20.4), behind_m, 0.0)
    legs = (Leg(-31.6, -20.4, 150.0, 60.0), Leg(float(there[0]), float(there[1]), 150.0, 60.0))
    plan = Plan("c", "g", ObjectClass.ONE_WAY_DRONE, 0.0, 1.0, legs, End.IMPACT, course_rad=0.0)
    objects, ground = fleet([plan], 1), Ground.of()
    motion = launched(objects, ground, np.array([0]))
    for tick in range(200):
        motion = advanced(objects, ground, motion, tick, 1.0)
        if motion.ended.all():
            break
    assert motion.ended.all()
    assert motion.height_m[0] == 0.0
