"""The bound against closed forms, against brute force, and against filters that try to beat it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, solve_discrete_are

from tests.evaluate.world import REGION, START_NS, truth_of
from tocsin.contract import NS, Dimension, ObjectClass, Plots, Sensor, SensorKind
from tocsin.evaluate import (
    OracleConfig,
    Sources,
    TargetLooks,
    TrackScoring,
    expected_bound,
    known_association,
    looks_along,
    lower_bound,
)
from tocsin.evaluate.bounds import polar_information
from tocsin.evaluate.cv import predicted, process_noise, transition
from tocsin.geo import enu_to_polar, unpack_covariance

NOISE = np.array([1.0, 2.0, 0.5])
PRIOR = np.diag([1e-4, 1e-4, 1e-4, 1e-3, 1e-3, 1e-2])
H = np.eye(3, 6)


def looks(count: int, pd: float, step_s: float = 4.0, std_m: float = 50.0) -> TargetLooks:
    information = np.tile(np.diag([1.0, 0.5, 0.1]) / std_m**2, (count, 1, 1))
    return TargetLooks(np.arange(count) * step_s, information, np.full(count, pd))


def one_path(given: TargetLooks, hits: tuple[int, ...]) -> list[np.ndarray]:
    """Covariances of one sequence of hits and misses, by the textbook's filter."""
    cov, out = np.linalg.inv(PRIOR)[None], []
    for k, hit in enumerate(hits):
        if k:
            cov = predicted(np.zeros((1, 6)), cov, np.diff(given.at_s[k - 1 : k + 1]), NOISE)[1]
        if hit:
            S = H @ cov[0] @ H.T + np.linalg.inv(given.information[k])
            cov = cov - cov @ H.T @ np.linalg.inv(S) @ H @ cov
        out.append(cov[0])
    return out


def test_certain_detection_is_the_riccati_equation() -> None:
    given = looks(200, 1.0)
    F, Q = transition(np.array([4.0]))[0], process_noise(np.array([4.0]), NOISE)[0]
    R = np.linalg.inv(given.information[0])
    ahead = solve_discrete_are(F.T, H.T, Q, R)
    after = ahead - ahead @ H.T @ np.linalg.inv(H @ ahead @ H.T + R) @ H @ ahead
    np.testing.assert_allclose(lower_bound(given, NOISE, PRIOR)[-1], after, rtol=1e-9)


def test_full_depth_is_enumeration() -> None:
    given = looks(7, 0.7)
    expected = np.zeros((7, 6, 6))
    for hits in product((0, 1), repeat=7):
        chance = np.prod([0.7 if hit else 0.3 for hit in hits])
        expected += chance * np.array(one_path(given, hits))
    np.testing.assert_allclose(lower_bound(given, NOISE, PRIOR, depth=7), expected, rtol=1e-9)


def test_no_depth_is_the_information_reduction_factor() -> None:
    given, J, expected = looks(12, 0.6), PRIOR, []
    F, Q = transition(np.array([4.0]))[0], process_noise(np.array([4.0]), NOISE)[0]
    for k in range(12):
        J = J if k == 0 else np.linalg.inv(F @ np.linalg.inv(J) @ F.T + Q)
        J = J + 0.6 * H.T @ given.information[k] @ H
        expected.append(np.linalg.inv(J))
    np.testing.assert_allclose(lower_bound(given, NOISE, PRIOR, depth=0), expected, rtol=1e-9)


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.05, 0.99),
    st.floats(0.5, 20.0),
    st.floats(5.0, 500.0),
    st.integers(2, 12),
)
def test_more_depth_only_raises_the_bound(
    pd: float, step_s: float, std_m: float, count: int
) -> None:
    given = looks(count, pd, step_s, std_m)
    traces = [
        np.trace(lower_bound(given, NOISE, PRIOR, depth), axis1=1, axis2=2) for depth in range(6)
    ]
    assert np.all(np.diff(traces, axis=0) >= -1e-9 * np.array(traces[:-1]))


def test_a_filter_that_knows_everything_reaches_it_and_none_does_better() -> None:
    rng = np.random.default_rng(3)
    given, runs = looks(25, 0.8), 4000
    F, Q = transition(np.array([4.0]))[0], process_noise(np.array([4.0]), NOISE)[0]
    R = np.linalg.inv(given.information[0])
    root_q, root_r = np.linalg.cholesky(Q), np.linalg.cholesky(R)
    true = rng.normal(size=(runs, 6)) @ np.linalg.cholesky(np.linalg.inv(PRIOR)).T
    state, cov = np.zeros((runs, 6)), np.tile(np.linalg.inv(PRIOR), (runs, 1, 1))
    for k in range(25):
        if k:
            true = true @ F.T + rng.normal(size=(runs, 6)) @ root_q.T
            state, cov = predicted(state, cov, np.full(runs, 4.0), NOISE)
        seen = true[:, :3] + rng.normal(size=(runs, 3)) @ root_r.T
        gain = cov[:, :, :3] @ np.linalg.inv(cov[:, :3, :3] + R)
        gain *= (rng.random(runs) < 0.8)[:, None, None]
        state += np.einsum("nij,nj->ni", gain, seen - state[:, :3])
        cov = cov - gain @ cov[:, :3, :]
    squared = (true - state) ** 2
    mean, error = squared.mean(axis=0), squared.std(axis=0) / np.sqrt(runs)
    bound = np.diagonal(lower_bound(given, NOISE, PRIOR, depth=10)[-1])
    assert np.all(np.abs(mean - bound) < 4.0 * error)
    # The information reduction factor is lower than what can be reached, by a few percent here.
    assert 0.7 < np.sum(np.diagonal(lower_bound(given, NOISE, PRIOR, 0)[-1])) / bound.sum() < 0.995


# -- what sensors give ------------------------------------------------------------------------


def radar(**changes: float) -> Sensor:
    return Sensor(
        "R",
        SensorKind.RADAR,
        **{
            "latitude_deg": -38.0,
            "longitude_deg": -20.0,
            "height_wgs84_m": 100.0,
            "range_m": 100_000.0,
            "elevation_std_rad": 0.004,
            **changes,
        },
    )


@pytest.mark.parametrize("elevation_std_rad", [0.004, float("nan")])
def test_polar_information_is_that_of_the_measurements_derivatives(
    elevation_std_rad: float,
) -> None:
    sensor = radar(elevation_std_rad=elevation_std_rad, earth_factor=1.0)
    place = np.array([[30_000.0, 20_000.0, 6_000.0], [-5_000.0, 70_000.0, 2_000.0]])
    step = 0.5
    axes = np.eye(3)[:, None, :] * step
    stds = np.array([50.0, 0.0015, elevation_std_rad])
    own = REGION.from_geodetic(*(np.array([v]) for v in (-38.0, -20.0, 100.0)))
    turn = REGION.local_rotation(-38.0, -20.0)

    def measured(at_m: np.ndarray) -> np.ndarray:
        return np.stack(enu_to_polar((at_m - own) @ turn.T))

    slope = np.stack([(measured(place + a) - measured(place - a)) / (2 * step) for a in axes])
    used = np.isfinite(stds)
    scaled = slope[:, used] / stds[used][None, :, None]
    expected = np.einsum("amn,bmn->nab", scaled, scaled)
    np.testing.assert_allclose(
        polar_information(sensor, REGION, place), expected, rtol=1e-5, atol=1e-12
    )


def test_looks_come_with_the_period_where_there_is_coverage() -> None:
    at_ns = np.array([0, 100]) * NS
    path = np.array([[20_000.0, 0.0, 3_000.0], [140_000.0, 0.0, 3_000.0]])
    sensors = (radar(period_s=4.0), radar(period_s=10.0, detection_probability=0.5))
    seen = looks_along(at_ns, path, sensors, REGION)
    # 1,200 m/s outward: 100 km of slant range are left after 66 s.
    assert seen.at_s.tolist() == sorted([*np.arange(0, 67, 4.0), *np.arange(0, 67, 10.0)])
    assert set(seen.detection_probability[seen.at_s % 4 > 0]) == {0.5}
    far = looks_along(at_ns, path, sensors, REGION, lambda _, at_m: 1e4 / at_m[:, 0])
    assert far.detection_probability[0] == pytest.approx(0.5)
    assert far.detection_probability[-1] < 0.11


def test_two_radars_bound_better_than_either() -> None:
    at_ns = np.array([0, 60]) * NS
    path = np.array([[20_000.0, 0.0, 3_000.0], [20_000.0, 6_000.0, 3_000.0]])
    one, other = radar(period_s=4.0), radar(period_s=4.0, latitude_deg=-38.3)

    def last(*sensors: Sensor) -> float:
        return float(
            np.trace(lower_bound(looks_along(at_ns, path, sensors, REGION), NOISE, PRIOR)[-1])
        )

    assert last(one, other) < min(last(one), last(other))


def test_motion_is_that_of_white_noise_acceleration() -> None:
    """Van Loan's integral (IEEE Trans. AC 23 (1978) 395) of the continuous model."""
    step_s = 3.0
    A, G = np.zeros((6, 6)), np.zeros((6, 6))
    A[:3, 3:], G[3:, 3:] = np.eye(3), np.diag(NOISE)
    block = expm(np.block([[-A, G], [np.zeros((6, 6)), A.T]]) * step_s)
    F = block[6:, 6:].T
    np.testing.assert_allclose(transition(np.array([step_s]))[0], F, atol=1e-12)
    Q = process_noise(np.array([step_s]), NOISE)[0]
    np.testing.assert_allclose(Q, F @ block[:6, 6:], rtol=1e-12, atol=1e-12)


# -- along the paths of a truth -----------------------------------------------------------------

PATHS = {"a": (20_000, 0, 3_000, 50, 20), "b": (-9_000, 30_000, 6_000, -80, 0)}
EVERYWHERE = TrackScoring(dimension=3)
MODEL = OracleConfig(noise_m2ps3=2.0)


def expected(chance: float, at_ns: np.ndarray, *sensors: Sensor, hidden: str = "") -> np.ndarray:
    """Return the (2, instants, targets) bounds of both paths over two minutes."""
    truth = truth_of(PATHS, range(121), [ObjectClass.AIRLINER, ObjectClass.BIRD])
    unseen = {"": -1, "a": ObjectClass.AIRLINER, "b": ObjectClass.BIRD}[hidden]

    def found(_: Sensor, place: np.ndarray, kind: np.ndarray) -> np.ndarray:
        return np.where(kind == unseen, 0.0, chance)

    sources = Sources(sensors, found, Plots.empty(), np.zeros(0, object))
    bound = expected_bound(truth, sources, at_ns, REGION, MODEL, EVERYWHERE)
    return np.array(bound).reshape(2, len(at_ns), 2)


@pytest.mark.parametrize("chance", [1.0, 0.6])
def test_expected_information_is_the_reduction_factor_s(chance: float) -> None:
    sensor = radar(period_s=4.0)
    looks_s = np.arange(2.0, 121.0, 4.0)
    at_ns = START_NS + (looks_s * NS).astype(np.int64)
    found = expected(chance, at_ns, sensor)
    for k, (east, north, height, ve, vn) in enumerate(PATHS.values()):
        velocity = np.array([ve, vn, 0.0])
        place = np.array([east, north, height]) + looks_s[:, None] * velocity
        along = TargetLooks(
            looks_s, polar_information(sensor, REGION, place), np.full(len(looks_s), chance)
        )
        level = (ve**2 + vn**2) / 2.0
        prior = np.diag([1e-10] * 3 + [1.0 / max(level, 25.0)] * 2 + [1.0 / 25.0])
        theirs = lower_bound(along, np.full(3, 2.0), prior, depth=0)
        for quantity, block in enumerate((slice(0, 3), slice(3, 6))):
            trace = np.trace(theirs[:, block, block], axis1=1, axis2=2)
            np.testing.assert_allclose(found[quantity, :, k], np.sqrt(trace), rtol=1e-3)


def test_less_is_known_of_what_is_seldom_or_never_seen() -> None:
    at_ns = START_NS + np.array([1, 60, 100]) * NS
    sure, seldom = (expected(chance, at_ns, radar(period_s=4.0)) for chance in (0.9, 0.4))
    assert np.isnan(sure[:, 0]).all()  # before the first look
    assert (seldom[:, 1:] > 1.1 * sure[:, 1:]).all()
    both = expected(0.4, at_ns, radar(period_s=4.0), radar(period_s=4.0, latitude_deg=-38.3))
    assert (both[0, 1:] < seldom[0, 1:]).all()
    hidden = expected(0.9, at_ns, radar(period_s=4.0), hidden="b")
    assert np.isnan(hidden[:, :, 1]).all()
    np.testing.assert_array_equal(hidden[:, 1:, 0], sure[:, 1:, 0])


def test_reports_that_came_count_as_they_are() -> None:
    """With nothing else it is what the oracle's covariance states."""
    truth = truth_of(PATHS, range(0, 121, 5))
    place = REGION.from_geodetic(truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    plots = Plots.build(
        len(truth),
        measured_at_ns=truth.measured_at_ns,
        dimension=int(Dimension.FULL),
        position_m=place,
        position_cov_m2=np.tile(np.diag([900.0, 1600.0, 2500.0]), (len(truth), 1, 1)),
    )
    at_ns = START_NS + np.arange(3, 120, 9) * NS
    sources = Sources((), lambda *_: np.zeros(0), plots, truth.target_id)
    bound = expected_bound(truth, sources, at_ns, REGION, MODEL, EVERYWHERE)
    tracks = known_association(truth, plots, truth.target_id, at_ns, REGION, MODEL)
    stated = unpack_covariance(tracks.state_cov_m_mps)
    for found, block in zip(bound, (slice(0, 3), slice(3, 6)), strict=True):
        trace = np.trace(stated[:, block, block], axis1=1, axis2=2)
        np.testing.assert_allclose(found, np.sqrt(trace), rtol=1e-5)
