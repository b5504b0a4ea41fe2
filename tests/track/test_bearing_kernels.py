"""The kernels for bearings against their plain NumPy twins, on random input."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import chdtri

from tests.track.bearing_scenes import SOUND_MPS, STD_RAD, config, node
from tests.track.scenes import T0_NS
from tocsin.contract import NS, SensorKind
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import Noise
from tocsin.track import reference_bearing as twin
from tocsin.track import start
from tocsin.track.kernels_bearing import correct, gate, judge_rows, sight, triangulate, update
from tocsin.track.reference import judge
from tocsin.track.state import blank

seeds = st.integers(0, 2**32 - 1)
GATES = np.array([chdtri(n, 1e-4) for n in range(1, 5)])
NOISE = (Noise(2.0, 1e-4, 2e-4, 0.5), Noise(10.0, 1e-3, 1e-3, 1.0))
KINDS = st.sampled_from([SensorKind.RF_DETECTOR, SensorKind.ACOUSTIC])


def random_bearing(rng, kind, x, dt, risen=True):
    """Return a node and what it hears of a state, with noise."""
    sensor = node("node", *rng.uniform(-4_000.0, 4_000.0, 2), kind)
    row = np.zeros(18)
    row[:12] = start(config([sensor])).site.place[0, :12]
    row[14:16] = STD_RAD**2
    row[16] = 1.0 / SOUND_MPS if kind == SensorKind.ACOUSTIC else 0.0
    row[17] = 8_000.0
    row[12:14] = twin.sight(x, dt, row)[0] + STD_RAD * rng.normal(size=2)
    if not risen:
        row[13] = np.nan
    return row


def random_gaussian(rng):
    x = rng.normal(size=6) * [4000, 4000, 200, 40, 40, 3] + [0, 0, 600, 0, 0, 0]
    root = rng.normal(size=(6, 6)) * np.array([80, 80, 60, 6, 6, 2])[:, None]
    return x, root @ root.T + np.diag([100.0, 100.0, 100.0, 1.0, 1.0, 1.0])


@given(seeds, KINDS)
@settings(max_examples=60)
def test_sight_is_its_twin(seed, kind):
    rng = np.random.default_rng(seed)
    x, dt = random_gaussian(rng)[0], rng.uniform(-3.0, 3.0)
    row = random_bearing(rng, kind, x, dt)
    angles, slope = np.empty(2), np.empty((2, 3))
    since = sight(x, dt, row, angles, slope)
    angles_, slope_, since_ = twin.sight(x, dt, row)
    np.testing.assert_allclose(angles, angles_, atol=1e-9)
    np.testing.assert_allclose(since, since_, atol=1e-9)
    np.testing.assert_allclose(slope, slope_, rtol=1e-4, atol=1e-7)


def test_what_is_as_fast_as_sound_is_not_heard_as_it_comes():
    rng = np.random.default_rng(1)
    x = np.array([3000.0, 500.0, 300.0, 339.0, 20.0, 0.0])
    row = random_bearing(rng, SensorKind.ACOUSTIC, x * [1, 1, 1, 0.1, 0.1, 1], 0.0)
    assert np.isnan(sight(x, 0.0, row, np.empty(2), np.empty((2, 3))))
    start_, edge, value = np.zeros(2, np.int64), np.empty(4, np.int64), np.empty(4)
    P = pack_covariance(np.diag([1e4] * 3 + [1.0] * 3)[None])[None]
    when, after = np.array([T0_NS]), (np.empty((5, 1, 6)), np.empty((5, 1, 21)), np.empty((5, 1)))
    bank = x[None, None], P, np.ones((1, 1)), when
    noise = NOISE[0].array()[None]
    assert (
        gate(*bank, np.array([0]), row[None], when, noise, GATES, start_, edge, value, *after) == 0
    )


@given(seeds, KINDS, st.booleans(), st.integers(1, 2))
@settings(max_examples=60)
def test_correct_is_its_twin(seed, kind, risen, count):
    rng = np.random.default_rng(seed)
    x, P = random_gaussian(rng)
    truth, dt = rng.multivariate_normal(x, P), rng.uniform(-2.0, 2.0, count)
    rows = np.array([random_bearing(rng, kind, truth, dt[b], risen) for b in range(count)])
    out, cov = np.zeros(6), np.zeros(21)
    packed = pack_covariance(P[None])[0]
    found = correct(x, packed, rows, np.arange(count), dt, NOISE[0].array(), GATES, out, cov)
    x_, P_, found_ = twin.correct(x, P, rows, dt, NOISE[0], GATES)
    assert (found == -np.inf) == (found_ == -np.inf)
    if np.isfinite(found):
        np.testing.assert_allclose(found, found_, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(out, x_, rtol=1e-4, atol=0.05)
        np.testing.assert_allclose(unpack_covariance(cov[None])[0], P_, rtol=1e-2, atol=2.0)


@given(seeds, KINDS)
@settings(max_examples=20)
def test_gate_and_update_are_their_twins(seed, kind):
    rng = np.random.default_rng(seed)
    x, P = random_gaussian(rng)
    state = (x + rng.normal(size=(2, 6)) * [20, 20, 20, 3, 3, 1])[None]
    cov, mode = np.array([pack_covariance(P * f) for f in (1.0, 1.5)])[None], rng.dirichlet([3, 3])
    at_ns = T0_NS + rng.integers(0, NS, 3)
    rows = [random_bearing(rng, kind, x, (at - T0_NS) / NS) for at in at_ns]
    bank = state.copy(), cov.copy(), mode[None].copy(), np.array([T0_NS])
    noise = np.array([n.array() for n in NOISE])
    edge, density = np.empty(2, np.int64), np.empty(2)
    after = np.empty((3, 2, 6)), np.empty((3, 2, 21)), np.empty((3, 2))
    first = np.zeros(2, np.int64)
    told = np.array([0]), np.array(rows), at_ns, noise, GATES
    apart, whole = (np.array(at_ns) - T0_NS) / NS, unpack_covariance(cov[0])
    want = [_density(state[0], whole, mode, rows[j], apart[j]) for j in range(3)]
    found = gate(*bank, *told, first, edge, density, *after)
    assert found == np.count_nonzero(want)
    inside = np.flatnonzero(want)[:2]
    assert edge[: len(inside)].tolist() == inside.tolist()
    np.testing.assert_allclose(density[: len(inside)], np.array(want)[inside], rtol=1e-3)
    weight = rng.dirichlet(np.ones(len(inside) + 1))
    share = weight[1:]
    update(*bank[:3], told[0], np.ones(1, bool), weight[:1], first, share, *after)
    heard = [(share[e], rows[j], apart[j]) for e, j in enumerate(inside)]
    mean, total, later = twin.update(state[0], whole, mode, weight[0], heard, NOISE, GATES)
    if len(inside):
        np.testing.assert_allclose(bank[2][0], later, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(bank[0][0], mean, rtol=1e-4, atol=0.05)
        np.testing.assert_allclose(unpack_covariance(bank[1][0]), total, rtol=2e-2, atol=5.0)


def _density(state, cov, mode, bearing, dt):
    logs = [
        twin.correct(state[m], cov[m], bearing[None], np.array([dt]), NOISE[m], GATES)[2]
        for m in range(len(mode))
    ]
    return float(mode @ np.exp(logs))


def test_a_row_that_plots_contest_stays_as_it_is():
    x, P = random_gaussian(np.random.default_rng(3))
    bank = x[None, None].copy(), pack_covariance(P[None])[None], np.ones((1, 1))
    after = (bank[0] + 100.0, bank[1], bank[2])
    for alone in (False, True):
        told = np.array([0]), np.array([alone]), np.array([0.1]), np.array([0, 1]), np.array([0.9])
        update(*bank, *told, *after)
        assert (bank[0][0, 0] == x).all() != alone


def test_rows_are_judged_as_by_the_twin():
    rng = np.random.default_rng(13)
    state = start(config([node("a", 0.0, 0.0)]))
    bank = blank(state.config, 2_000)
    bank.existence[:], bank.plots[:] = rng.beta(0.3, 0.3, 2_000), rng.integers(0, 6, 2_000)
    bank.poisson[:] = rng.random(2_000) < 0.2
    want, rows = bank.copy(), rng.permutation(2_000)[:1_500]
    judge_rows(bank, rows, state.site.judged)
    for i in rows:
        judge(state, want, i)
    np.testing.assert_array_equal(bank.confirmed, want.confirmed)
    np.testing.assert_array_equal(bank.poisson, want.poisson)
    assert 0 < bank.confirmed.sum() < len(rows)


@given(seeds, KINDS, st.booleans())
@settings(max_examples=60)
def test_triangulate_is_its_twin(seed, kind, risen):
    rng = np.random.default_rng(seed)
    x, dt = random_gaussian(rng)[0], rng.uniform(-2.0, 0.0, 2)
    rows = np.array([random_bearing(rng, kind, x, dt[b], risen) for b in range(2)])
    prior = np.array([60.0, 5.0, 0.125, 0.125, 0.26])
    at_ns = T0_NS + np.round(dt * NS).astype(np.int64)
    state, cov, evidence = np.empty((1, 6)), np.empty((1, 21)), np.zeros(1)
    sent_ns = np.array([T0_NS])
    triangulate(rows, at_ns, np.array([[0, 1]]), prior, GATES, state, cov, sent_ns, evidence)
    at_s = (at_ns - T0_NS) / NS
    x_, P_, sent_s, evidence_ = twin.triangulate(rows[0], rows[1], at_s, prior, GATES)
    assert (evidence[0] == 0.0) == (evidence_ == 0.0)
    if evidence_ > 0.0:
        np.testing.assert_allclose((sent_ns[0] - T0_NS) / NS, sent_s, atol=1e-3)
        np.testing.assert_allclose(evidence[0], evidence_, rtol=1e-2)
        np.testing.assert_allclose(state[0], x_, rtol=1e-3, atol=1.0)
        np.testing.assert_allclose(unpack_covariance(cov)[0], P_, rtol=2e-2, atol=50.0)
