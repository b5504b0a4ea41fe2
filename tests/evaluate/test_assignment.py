"""The sparse assignment is the dense one, cluster by cluster or at once; GOSPA and OSPA of sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from tests.evaluate import independent
from tocsin.contract import F64
from tocsin.evaluate import gospa, ospa
from tocsin.evaluate.assignment import candidates, optimal
from tocsin.evaluate.kernels_assignment import assign, match_over_time

points = st.lists(st.tuples(*[st.floats(-30, 30, width=32)] * 2), max_size=4)
several = st.tuples(st.integers(0, 10**6), st.integers(0, 12), st.integers(0, 12))
orders = st.sampled_from([1.0, 2.0, 3.0])


def plane(points: list) -> F64:
    return np.reshape(np.array(points, float), (-1, 2))


def sets(several: tuple[int, int, int], *more: int) -> list[F64]:
    draw = np.random.default_rng(several[0])
    return [draw.uniform(0, 30, (count, 2)) for count in (*several[1:], *more)]


def dense(truth: F64, tracks: F64, c: float, p: float) -> float:
    """The twin: the least cost of pairs and truths alone, by one dense assignment."""
    cost = np.minimum(np.linalg.norm(truth[:, None] - tracks[None], axis=2), c) ** p
    return cost[linear_sum_assignment(cost)].sum() + c**p * max(len(truth) - len(tracks), 0)


@settings(max_examples=80, deadline=None)
@given(points, points, st.sampled_from([5.0, 20.0, 100.0]), orders)
def test_gospa_and_ospa_are_the_brute_force_ones(truth, tracks, c: float, p: float) -> None:
    one, other = plane(truth), plane(tracks)
    d = {
        (i, j): float(np.linalg.norm(a - b)) for i, a in enumerate(one) for j, b in enumerate(other)
    }
    theirs = independent.set_scores(d, len(one), len(other), c, p)
    ours = gospa(one, other, c, p)
    assert ours == pytest.approx(theirs[:4], rel=1e-9, abs=1e-9)
    assert ospa(one, other, c, p) == pytest.approx(theirs[4], rel=1e-9, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(several, st.floats(2, 20), orders)
def test_the_kernel_is_the_dense_assignment(several, c: float, p: float) -> None:
    truth, tracks = sets(several)
    pairs = candidates(truth, tracks, c)
    for kernel in (assign, assign.py_func):
        pair = kernel(pairs.start, pairs.track, pairs.distance_m**p, c**p, len(tracks))
        taken = pair[pair >= 0]
        assert len(set(pairs.track[taken])) == len(taken)
        assert np.all(pairs.truth[taken] == np.flatnonzero(pair >= 0))
        total = np.sum(pairs.distance_m[taken] ** p) + c**p * (len(truth) - len(taken))
        assert total == pytest.approx(dense(truth, tracks, c, p), rel=1e-9)


def test_a_large_contest_is_the_dense_assignment() -> None:
    draw = np.random.default_rng(3)
    truth = draw.uniform(0, 1000, (400, 3))
    tracks = np.concatenate([truth[40:] + draw.normal(0, 30, (360, 3)), truth[:20] + 9.0])
    pairs = candidates(truth, tracks, 200.0)
    assert len(pairs.track) > 4_000
    pair = optimal(pairs, 2.0)
    taken = pair[pair >= 0]
    total = np.sum(pairs.distance_m[taken] ** 2) + 200.0**2 * (len(truth) - len(taken))
    assert total == pytest.approx(dense(truth, tracks, 200.0, 2.0), rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(several, several, orders)
def test_clusters_apart_add_up(one, other, p: float) -> None:
    """Two worlds far from each other cost what they cost apart."""
    near, far = sets(one), [places + 1e6 for places in sets(other)]
    both = [np.concatenate(places) for places in zip(near, far, strict=True)]
    parts = np.array(gospa(*near, 10.0, p)) + np.array(gospa(*far, 10.0, p))
    assert gospa(*both, 10.0, p) == pytest.approx(tuple(parts), rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(several, st.randoms(use_true_random=False))
def test_the_order_of_points_changes_nothing(several, random) -> None:
    truth, tracks = sets(several)
    mixed = [some[random.sample(range(len(some)), len(some))] for some in (truth, tracks)]
    assert gospa(*mixed, 10.0) == pytest.approx(gospa(truth, tracks, 10.0), rel=1e-12)
    assert ospa(*mixed, 10.0) == pytest.approx(ospa(truth, tracks, 10.0), rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(several, st.integers(0, 8), orders)
def test_ospa_and_gospa_are_metrics(several, third: int, p: float) -> None:
    x, y, z = sets(several, third)
    for metric in (ospa, lambda *sets: gospa(*sets).total ** (1 / p)):
        assert metric(x, x, 10.0, p) == 0.0
        assert metric(x, y, 10.0, p) == pytest.approx(metric(y, x, 10.0, p), rel=1e-12)
        around = metric(x, z, 10.0, p) + metric(z, y, 10.0, p)
        assert metric(x, y, 10.0, p) <= around * (1 + 1e-12)


@settings(max_examples=30, deadline=None)
@given(several)
def test_matching_over_time_without_preference_is_the_optimal_pairing(several) -> None:
    truth, tracks = sets(several)
    pairs = candidates(truth, tracks, 10.0)
    who = [np.arange(len(some)) for some in (truth, tracks)]
    rows = [np.array([0, len(some)]) for some in (truth, tracks)]
    nobody = np.full(len(truth), -1)
    for kernel in (match_over_time, match_over_time.py_func):
        found = kernel(*rows, *pairs[:3], *who, nobody.copy(), 10.0, 0.0)
        assert np.array_equal(found, optimal(pairs, 2.0))
