"""Forecasts: the kernel against its twin, and probabilities against an independent simulation."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warn.support import NOW, REGION, box, grid, tracks
from tocsin.contract import HAZARDS, NS, Designation, ObjectClass, Tracks, TrackStatus
from tocsin.geo import zone_shapes
from tocsin.motion.classes import COURSES, LIMITS
from tocsin.warn.arrivals import flying_arrivals, folded
from tocsin.warn.config import WarnConfig
from tocsin.warn.forecast import (
    build_model,
    class_weights,
    hazard_of,
    instants_s,
    outlook,
    probability_by,
    quantile_s,
)
from tocsin.warn.hits import flying_hits
from tocsin.warn.particles import normals, points
from tocsin.warn.sample import States, draw_flock, draw_plane, lower_root, plane_states

ISLAND = grid(5, 4, 5e3, low=(5e3, -10e3))
MODEL = build_model(WarnConfig(ISLAND, REGION))
DRONE, FAST, SHELL = ObjectClass.ONE_WAY_DRONE, ObjectClass.FAST_LOW_FLYER, ObjectClass.BALLISTIC


def risk(table, zones=None):
    """Return {zone_id: (P, arrival P50 in seconds)} of tracks over zones."""
    model = MODEL if zones is None else build_model(WarnConfig(zones, REGION))
    found = outlook(model, table, NOW).risk
    p50 = quantile_s(found.curve, model.seconds, 0.5)
    ids = [model.config.zones[z].zone_id for z in found.zone]
    return {i: (float(c[-1]), float(t)) for i, c, t in zip(ids, found.curve, p50, strict=True)}


@pytest.mark.parametrize("threat", [DRONE, FAST, ObjectClass.UNKNOWN])
@settings(max_examples=12)
@given(
    x=st.floats(-20e3, 30e3),
    y=st.floats(-15e3, 15e3),
    course=st.floats(0.0, 6.28),
    height=st.floats(10.0, 2000.0),
    climb=st.floats(-60.0, 5.0),
)
def test_the_kernel_is_its_twin(threat, x, y, course, height, climb):
    speed = 50.0 if threat != FAST else 230.0
    velocity = [speed * np.cos(course), speed * np.sin(course), climb]
    table = tracks([[x, y, height], [y, x, height]], velocity, std=(300.0, 8.0))
    plain, fast = both(MODEL, threat, table)
    same(plain, fast)


def both(model, threat, table, under_m=0.0):
    """Return what the plain form and the kernel make of tracks over ground of some height."""
    states, count = plane_states(table, REGION, NOW), model.config.particles
    kind = (COURSES[threat], LIMITS[threat], hazard_of(threat))
    weight = np.full(len(table), 0.9)
    flock = draw_flock(states, *kind[:2], count, np.full(len(table), under_m), weight)
    what = (flock, model.paths[threat, count], kind, model.ground[threat])
    plain = folded(flying_hits(*what), weight, count, model.seconds, len(model.config.zones))
    return plain, flying_arrivals(*what, model.seconds)


def same(plain, fast):
    """Hold two results to each other: a particle on a border may fall to either side."""
    assert np.array_equal(plain.zones, fast.zones)
    apart = np.abs(plain.curve - fast.curve)
    assert apart.max(initial=0.0) <= 1.01 / 256
    assert (apart > 1e-6).sum() <= 0.02 * apart.size, "hardly any particle lies on a border"
    order = np.lexsort((fast.zone, fast.track))
    assert np.array_equal(plain.track, fast.track[order])
    assert np.array_equal(plain.zone, fast.zone[order])
    assert np.abs(plain.weight - fast.weight[order]).max(initial=0.0) <= 1.01 / 256


def test_over_hills_the_kernel_is_its_twin_too():
    def hills(latitude, longitude):
        return 150.0 + 140.0 * np.sin(300.0 * latitude) * np.cos(300.0 * longitude)

    model = build_model(WarnConfig(ISLAND, REGION, terrain=hills))
    table = tracks([[0, 0, 320], [3e3, 4e3, 200]], [50.0, 5.0, 0.0], std=(300.0, 8.0))
    level = both(MODEL, ObjectClass.UNKNOWN, table)[1]
    for threat in (DRONE, FAST, ObjectClass.UNKNOWN):
        plain, fast = both(model, threat, table, 120.0)
        same(plain, fast)
    assert np.abs(fast.weight.sum() - level.weight.sum()) > 0.1


def test_more_pairs_than_expected_are_all_found():
    many = grid(40, 12, 400.0, low=(0.0, -2.4e3))
    model = build_model(WarnConfig(many, REGION, cell_m=200.0))
    table = tracks([[-2e3, 0, 60]], [45.0, 0, 0], std=(1500.0, 10.0))
    plain, fast = both(model, DRONE, table)
    assert len(plain.track) > 256
    same(plain, fast)


def simulate_drones(estimate, count, generator):
    """Return whether each zone is affected, (count, zones), by drones drawn as the model says.

    Written anew: small time steps, a heading that really walks at random, exact polygons.
    """
    course, hazard, dt = COURSES[DRONE], HAZARDS[DRONE], 5.0
    steps = int(course.horizon_s / dt)
    state = generator.multivariate_normal(estimate.mean[0], estimate.cov[0], count)
    heading = np.arctan2(state[:, 4], state[:, 3])
    speed = np.clip(np.hypot(state[:, 3], state[:, 4]), 28.0, 78.0)
    speed = speed * np.exp(course.speed_spread * generator.standard_normal(count))
    turns = generator.random(count) < course.turn_probability
    turn_at = np.where(turns, generator.random(count) * course.horizon_s, np.inf)
    turn_by = course.turn_std_rad * generator.standard_normal(count)
    walk = np.cumsum(generator.standard_normal((count, steps)), 1) * dt**0.5
    times = dt * np.arange(1, steps + 1)
    angle = heading[:, None] + course.heading_noise_radpsqs * walk
    angle += (times >= turn_at[:, None]) * turn_by[:, None]
    x = state[:, :1] + np.cumsum(speed[:, None] * np.cos(angle) * dt, 1)
    y = state[:, 1:2] + np.cumsum(speed[:, None] * np.sin(angle) * dt, 1)
    variance = 1.0 / (1.0 / estimate.cov[0, 5, 5] + 1.0 / course.climb_std_mps**2)
    climb = variance**0.5 * generator.standard_normal(count)
    gained = climb[:, None] * course.climb_time_s * (1.0 - np.exp(-times / course.climb_time_s))
    height = np.maximum(state[:, 2:3], 0.0) + gained
    plain, grown = zone_shapes(ISLAND, REGION), zone_shapes(ISLAND, REGION, hazard.effect_radius_m)
    inside = np.stack([shapely.contains_xy(shape, x, y) for shape in plain])
    spent = np.cumsum(inside.any(0) * dt, 1)
    mean_s = np.minimum(course.impact_time_s, spent[:, -1] / course.impact_urge)
    budget = generator.exponential(1.0, count) * mean_s
    down = np.where(spent[:, -1] > 0, (spent < budget[:, None]).sum(1), steps)
    alive = np.arange(steps) <= down[:, None]
    affected = (inside & (height < hazard.hazard_height_m) & alive).any(2).T
    landed = np.flatnonzero(down < steps)
    at = down[landed]
    for zone, shape in enumerate(grown):
        affected[landed, zone] |= shapely.contains_xy(shape, x[landed, at], y[landed, at])
    return affected


def test_probabilities_are_calibrated():
    generator = np.random.default_rng(5)
    said, happened, draws = [], [], 300
    for _ in range(36):
        course = generator.uniform(-0.7, 0.7)
        place = [generator.uniform(-20e3, 5e3), generator.uniform(-11e3, 11e3)]
        height = generator.choice([40.0, 100.0, 1200.0])
        velocity = [45.0 * np.cos(course), 45.0 * np.sin(course), 0.0]
        table = tracks([[*place, height]], velocity, std=(60.0, 2.0))
        seen = outlook(MODEL, table, NOW).risk
        probability = np.zeros(len(ISLAND))
        probability[seen.zone] = seen.curve[:, -1]
        affected = simulate_drones(plane_states(table, REGION, NOW), draws, generator)
        said.append(probability)
        happened.append(affected.mean(0))
    said, happened = np.concatenate(said), np.concatenate(happened)
    for low, high in ((0.02, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.5), (0.5, 1.01)):
        chosen = (said >= low) & (said < high)
        assert chosen.sum() >= 5, f"too few zones were given {low} to {high}"
        assert happened[chosen].mean() == pytest.approx(said[chosen].mean(), abs=0.035)
    assert np.abs(happened - said).mean() < 0.02


def test_a_low_drone_straight_towards_a_zone_is_very_probable_and_in_time():
    zone = box("town", 10e3, -3e3, 6e3, 6e3)
    probability, p50_s = risk(tracks([[0, 0, 100]], [45, 0, 0]), (zone,))["town"]
    assert probability > 0.8
    assert p50_s == pytest.approx(10e3 / 45, rel=0.1)


def test_a_high_drone_that_heads_for_the_only_zone_is_probable():
    zone = box("town", 10e3, -3e3, 6e3, 6e3)
    probability, p50_s = risk(tracks([[0, 0, 1500]], [45, 0, 0]), (zone,))["town"]
    assert 0.4 < probability < 0.8
    assert 9e3 / 45 < p50_s < 17e3 / 45


def test_a_drone_that_passes_is_less_probable_and_one_that_leaves_hardly_at_all():
    zone = box("town", 10e3, -3e3, 6e3, 6e3)
    towards = risk(tracks([[0, 0, 500]], [45, 0, 0]), (zone,))["town"][0]
    beside = risk(tracks([[0, 5.5e3, 500]], [45, 0, 0]), (zone,))["town"][0]
    away = risk(tracks([[0, 0, 500]], [-45, 0, 0]), (zone,)).get("town", (0.0, 0.0))[0]
    assert 0.02 < beside < 0.4 * towards
    assert away < 0.02


def test_a_dive_is_seen():
    level = risk(tracks([[6e3, -7.5e3, 900]], [40, 0, 0], std=(30.0, 2.0)))["Z00-00"]
    dives = risk(tracks([[6e3, -7.5e3, 900]], [40, 0, -30], std=(30.0, 2.0)))["Z00-00"]
    assert dives[0] > 0.95 > level[0]
    assert dives[1] < 40.0


def test_an_impact_beside_a_zone_counts_within_the_effect_radius_only():
    zone = box("town", 0.0, -4e3, 8e3, 4e3)

    def beside(distance_m):
        table = tracks([[3e3, distance_m, 200]], [40, 0, -40], std=(20.0, 1.0))
        return risk(table, (zone,)).get("town", (0.0, 0.0))[0]

    radius = HAZARDS[DRONE].effect_radius_m
    assert beside(radius - 250.0) > 0.95
    assert beside(radius + 250.0) < 0.05


def test_an_unmeasured_vertical_speed_is_no_dive():
    table = tracks([[6e3, -7.5e3, 900]], [40, 0, -10], std=(30.0, 2.0))
    packed = table.state_cov_m_mps.copy()
    packed[:, -1] = 60.0**2
    vague = table.replace(state_cov_m_mps=packed)
    assert risk(vague)["Z00-00"][0] < 0.7


def test_a_fast_flyer_arrives_sooner_and_probability_grows_with_time():
    found = risk(tracks([[-30e3, -2e3, 100]], [240, 0, 0], FAST))
    probability, p50_s = found["Z00-01"]
    assert probability > 0.5
    assert p50_s == pytest.approx(35e3 / 240, rel=0.15)
    seen = outlook(MODEL, tracks([[-30e3, -2e3, 100]], [240, 0, 0], FAST), NOW).risk
    assert (np.diff(seen.curve, axis=1) >= 0.0).all()


def test_a_ballistic_object_threatens_where_it_comes_down_only():
    found = risk(tracks([[0, -7.5e3, 0.0]], [700, 0, 90], SHELL, std=(30.0, 3.0)))
    along = [found.get(f"Z{column:02d}-00", (0.0, 0.0))[0] for column in range(5)]
    assert max(along) > 0.6
    assert along[3] < 0.05, "far beyond the range that drag leaves"
    assert all(zone.endswith("-00") for zone in found), "never beside its plane"


def test_every_axis_of_the_covariance_matters():
    base = risk(tracks([[-4e3, -9.9e3, 100]], [45, 0, 0], std=(20.0, 1.0)))
    for axis in range(2):
        table = tracks([[-4e3, -9.9e3, 100]], [45, 0, 0], std=(20.0, 1.0))
        packed = np.diag([20.0**2] * 3 + [1.0] * 3)
        packed[axis, axis] = 5e3**2
        table = table.replace(state_cov_m_mps=packed[np.triu_indices(6)][None])
        assert risk(table) != base


def test_classes_existence_and_designation_weigh_in():
    def weights(**more):
        probability = np.zeros((1, len(ObjectClass)))
        probability[0, [DRONE, ObjectClass.BIRD]] = (0.7, 0.3)
        table = tracks([[0, 0, 100]], [45, 0, 0], class_probability=probability, **more)
        return class_weights(table)[0]

    plain = weights(existence_probability=0.5)
    assert plain[DRONE] == pytest.approx(0.35)
    assert plain.sum() == pytest.approx(0.35)
    declared = weights(designation=int(Designation.HAZARD))
    assert declared[ObjectClass.UNKNOWN] == pytest.approx(0.3)
    assert weights(hazardous=False).sum() == 0.0
    assert weights(status=TrackStatus.TENTATIVE).sum() == 0.0
    bare = class_weights(tracks([[0, 0, 1]], [9, 0, 0], class_probability=np.full((1, 10), np.nan)))
    assert bare[0, DRONE] == pytest.approx(1.0)


def test_what_is_unknown_of_a_falling_object_falls_too():
    def weights(**shares):
        row = np.zeros((1, len(ObjectClass)))
        for name, share in shares.items():
            row[0, ObjectClass[name.upper()]] = share
        return class_weights(
            tracks([[0, 0, 60e3]], [900, 0, 0], class_probability=row, existence_probability=1.0)
        )[0]

    falling = weights(ballistic=0.6, unknown=0.4)
    assert falling[SHELL] == pytest.approx(1.0)
    assert falling[ObjectClass.UNKNOWN] == pytest.approx(0.0)
    hardly = weights(ballistic=0.1, unknown=0.9)
    assert hardly[SHELL] == pytest.approx(0.2)
    assert hardly[ObjectClass.UNKNOWN] == pytest.approx(0.8)
    mixed = weights(one_way_drone=0.4, bird=0.4, unknown=0.2)
    assert mixed[DRONE] == pytest.approx(0.5)
    assert mixed[ObjectClass.UNKNOWN] == pytest.approx(0.1)


def test_an_old_track_is_carried_to_now():
    old = tracks([[-20e3, 0, 100]], [45, 0, 0], at_ns=NOW - 60 * NS)
    carried = plane_states(old, REGION, NOW)
    assert carried.mean[0, 0] == pytest.approx(-20e3 + 60 * 45, abs=1.0)
    assert carried.cov[0, 0, 0] == pytest.approx(50.0**2 + 60.0**2 * 4.0, rel=0.01)


def test_incomplete_and_absent_tracks_threaten_nobody():
    table = tracks([[0, 0, 100], [0, 0, 100]], [45, 0, 0])
    broken = table.replace(latitude_deg=np.array([np.nan, np.nan]))
    assert risk(broken) == {}
    assert risk(Tracks.empty()) == {}


def test_tracks_far_from_the_origin_fly_in_their_own_north():
    far = tracks([[200e3, 150e3, 500]], [0, 45, 0])
    state = plane_states(far, REGION, NOW)
    later = far.replace(latitude_deg=far.latitude_deg + 45.0 * 100 / 111_200.0)
    moved = plane_states(later, REGION, NOW).mean[0, :2] - state.mean[0, :2]
    assert state.mean[0, 3:5] == pytest.approx(moved / np.hypot(*moved) * 45.0, abs=0.1)


def test_combination_is_that_of_independent_events():
    one = tracks([[-10e3, 0, 900]], [45, 0, 0])
    two = Tracks.concat([one, one.replace(track_id=["T2"])])
    single, double = risk(one), risk(two)
    for zone_id, (probability, _) in single.items():
        assert double[zone_id][0] == pytest.approx(1.0 - (1.0 - probability) ** 2, abs=1e-5)


def test_quantiles_and_probabilities_against_numpy():
    seconds = instants_s(900.0, 60)
    curve = np.clip((seconds - 100.0) / 400.0, 0.0, 1.0)[None] * 0.8
    assert quantile_s(curve, seconds, 0.5)[0] == pytest.approx(300.0, abs=3.0)
    assert probability_by(curve, seconds, np.array([300.0]))[0] == pytest.approx(0.4, abs=0.01)
    assert np.isnan(quantile_s(np.zeros((1, 61)), seconds, 0.5)[0])
    assert probability_by(curve, seconds, np.array([5000.0]))[0] == pytest.approx(0.8)


def test_the_point_set_is_fixed_balanced_and_standard_normal():
    assert np.array_equal(points(256), points(256))
    deviates = normals(256)
    assert np.isfinite(deviates).all()
    assert np.abs(deviates.mean(0)).max() < 0.02
    assert np.abs(np.cov(deviates.T) - np.eye(deviates.shape[1])).max() < 0.12


def test_particles_have_the_tracks_covariance():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(6, 6)) * [300, 300, 80, 4, 4, 1]
    cov = root.T @ root
    states = States(np.array([[1e3, 2e3, 900.0, 45.0, 5.0, 0.0]]), cov[None])
    course, limits = COURSES[ObjectClass.UNKNOWN], LIMITS[ObjectClass.UNKNOWN]
    flock = draw_flock(states, course, limits, 4096, np.zeros(1), np.ones(1))
    drawn = np.concatenate([part[0] for part in draw_plane(flock, limits, 4096)], axis=1)
    plane = np.ix_([0, 1, 3, 4], [0, 1, 3, 4])
    scale = np.sqrt(np.outer(np.diag(cov)[[0, 1, 3, 4]], np.diag(cov)[[0, 1, 3, 4]]))
    assert (np.abs(np.cov(drawn.T) - cov[plane]) / scale).max() < 0.05
    assert flock.height.std() == pytest.approx(cov[2, 2] ** 0.5, rel=0.05)


def test_roots_are_those_of_numpy_and_of_what_has_none():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(20, 6, 6))
    cov = root @ np.swapaxes(root, 1, 2)
    assert np.allclose(lower_root(cov), np.linalg.cholesky(cov))
    flat = np.diag([4.0, 0.0, 9.0])[None]
    assert np.allclose(lower_root(flat)[0], np.diag([2.0, 0.0, 3.0]))


def test_a_height_that_nobody_measured_is_one_that_the_class_flies():
    table = tracks([[0, 0, 3000]], [45, 0, 0])
    packed = table.state_cov_m_mps.copy()
    packed[:, 11] = 3000.0**2
    states = plane_states(table.replace(state_cov_m_mps=packed), REGION, NOW)
    kind = (COURSES[DRONE], LIMITS[DRONE])
    flock = draw_flock(states, *kind, 1024, np.zeros(1), np.ones(1))
    cruising = flock.height[~flock.diving]
    assert cruising.min() > 50.0
    assert cruising.max() < 3500.0
    assert (cruising < 150.0).mean() < 0.06, "not heaped up at the least height"


def test_who_stands_behind_a_risk_is_named_strongest_first():
    table = tracks(
        [[-8e3, -7.5e3, 100], [-8e3, -7.5e3, 100], [-8e3, 7.5e3, 100]],
        [45.0, 0.0, 0.0],
        existence_probability=np.array([0.5, 0.9, 0.9]),
    )
    behind = outlook(MODEL, table, NOW).behind
    assert behind.of(0).tolist()[:2] == [1, 0]
    assert behind.of(15).tolist()[0] == 2
    assert behind.of(0, int(DRONE)).tolist() == behind.of(0).tolist()
    assert len(behind.of(0, int(FAST))) == 0
