"""Association of a look against enumeration, and what hypotheses must always hold."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from tests.track.scenes import REGION, T0_NS, Line, radar, sweep
from tocsin.contract import NS
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import Model, ModelSet, Noise
from tocsin.track import TrackConfig, contest, reference, start, step
from tocsin.track.contest import contested, share_out
from tocsin.track.kernels_cells import Crowd
from tocsin.track.kernels_clusters import propagate, solve_alone
from tocsin.track.kernels_contest import PLOT, SOURCE, Mixture
from tocsin.track.kernels_hypotheses import assign, best_children, options
from tocsin.track.state import Bank, New, Pairs, Picture

seeds = st.integers(0, 2**32 - 1)
NOBODY = Crowd(np.zeros((0, 0)), np.zeros((0, 1)), np.zeros(0))
ONE = ModelSet(1.0, (Model(1.0, Noise(1.0, 0.0, 0.0, 1.0)),))
TWO = ModelSet(
    20.0, (Model(0.8, Noise(1.0, 0.0, 0.0, 1.0)), Model(0.2, Noise(90.0, 0.01, 0.0, 9.0)))
)


@given(seeds, st.integers(1, 7), st.integers(0, 4))
def test_assign_costs_what_scipy_finds(seed, rows, more):
    cost = np.random.default_rng(seed).normal(size=(rows, rows + more))
    column = np.zeros(rows, np.int64)
    whole, real = np.empty((3, rows + more + 1), np.int64), np.empty((3, rows + more + 1))
    assign(cost, rows, rows + more, column, whole, real)
    assert len(set(column.tolist())) == rows
    i, j = linear_sum_assignment(cost)
    assert cost[np.arange(rows), column].sum() == pytest.approx(cost[i, j].sum(), abs=1e-9)


@st.composite
def clusters(draw):
    """Draw hypotheses over locals, and gains of plots for locals (-inf: not in the gate)."""
    rng = np.random.default_rng(draw(seeds))
    locals_, plots, parents = (draw(st.integers(1, top)) for top in (4, 4, 3))
    gain = np.where(
        rng.random((locals_, plots)) < 0.6, rng.normal(1.0, 2.0, (locals_, plots)), -np.inf
    )
    lists = [np.flatnonzero(rng.random(locals_) < 0.7) for _ in range(parents)]
    return gain, lists, np.log(rng.dirichlet(np.ones(parents))), rng.uniform(-3.0, 0.0, locals_)


def every_child(gain, lists, weight, missed_log):
    """Return the logarithm of the weight of every assignment over all parents, best first."""
    found = []
    for members, w in zip(lists, weight, strict=True):
        choices = [[*np.flatnonzero(np.isfinite(gain[a])).tolist(), -1] for a in members]
        for chosen in itertools.product(*choices):
            taken = [j for j in chosen if j >= 0]
            if len(set(taken)) == len(taken):
                pairs = zip(members, chosen, strict=True)
                found.append(
                    w + missed_log[members].sum() + sum(gain[a, j] for a, j in pairs if j >= 0)
                )
    return np.sort(found)[::-1]


def children_of(gain, lists, weight, missed_log, most, most_nodes=10**6):
    locals_, plots = gain.shape
    start_, j = np.zeros(locals_ + 1, np.int64), np.flatnonzero(np.isfinite(gain).ravel()) % plots
    start_[1:] = np.cumsum(np.isfinite(gain).sum(axis=1))
    begin, plot = np.empty(locals_ + 1, np.int64), np.empty(len(j) + locals_, np.int64)
    value = np.empty(len(j) + locals_)
    options(locals_, start_, j, gain[np.isfinite(gain)], plots, NOBODY, begin, plot, value)
    hyp, size = np.zeros((len(lists), locals_), np.int64), np.array([len(m) for m in lists])
    for h, members in enumerate(lists):
        hyp[h, : len(members)] = members
    parent, out = np.empty(most, np.int64), np.empty(most)
    chosen = np.empty((most, locals_), np.int64)
    room = max(most, locals_, plots) + 1
    found, short = best_children(
        len(lists), hyp, size, weight, missed_log, begin, plot, value, plots, NOBODY, 1e9,
        most_nodes, parent, chosen, out, np.empty((4, room), np.int64), np.empty((2, room)),
    )  # fmt: skip
    return found, short, out[:found], parent[:found], chosen[:found]


@given(clusters(), st.sampled_from([1, 3, 10, 400]))
@settings(max_examples=80)
def test_best_children_are_the_best_of_all(cluster, most):
    gain, lists, weight, missed_log = cluster
    want = every_child(gain, lists, weight, missed_log)[:most]
    found, short, got, parent, chosen = children_of(*cluster, most)
    assert (found, short) == (len(want), False)
    want = np.exp(want - want[0])
    np.testing.assert_allclose(np.sort(np.exp(got))[::-1], want / want.sum(), rtol=1e-9, atol=1e-12)
    for h, plots in zip(parent, chosen, strict=True):
        taken = [j for j in plots[: len(lists[h])].tolist() if j >= 0]
        assert len(set(taken)) == len(taken)


def test_a_search_that_is_cut_off_says_so_and_still_gives_valid_children():
    rng = np.random.default_rng(5)
    gain, everyone = rng.normal(1.0, 1.0, (9, 9)), [np.arange(9)]
    found, short, got, _, chosen = children_of(gain, everyone, np.zeros(1), np.zeros(9), 20, 200)
    assert short
    assert 1 <= found <= 20
    assert np.exp(got).sum() == pytest.approx(1.0)
    assert all(len(set(c[c >= 0])) == (c >= 0).sum() for c in chosen)


@st.composite
def ratios(draw):
    k, m, rng = draw(st.integers(2, 4)), draw(st.integers(1, 4)), np.random.default_rng(draw(seeds))
    return np.exp(rng.normal(1.0, 2.0, (k, m)))


def harvest_of(ratio, models=ONE, **options_):
    """Return what becomes of tracks that all contest all plots, far from dropping any."""
    k, m = ratio.shape
    free = {"cut_nats": 1e9, "least_weight": 0.0, "most_hypotheses": 3000, "least_ratio": 0.0}
    state = start(TrackConfig(REGION, (radar(),), models=models, **{**free, **options_}))
    bank = Bank.empty(k, 1, len(models.models))
    rng = np.random.default_rng(k * 10 + m)
    bank.state[:] = rng.normal(size=(k, 1, 6)) * [900, 900, 90, 30, 30, 3]
    bank.cov[:] = pack_covariance(np.eye(6)[None] * np.array([60, 60, 60, 9, 9, 2]) ** 2)
    bank.existence[:], bank.number[:], bank.time_ns[:] = 0.9, np.arange(k) + 1, T0_NS
    picture = Picture(
        position_m=rng.normal(size=(m, 3)) * 900.0,
        cov=np.tile([2500.0, 0.0, 0.0, 2500.0, 0.0, 2500.0], (m, 1)),
        time_ns=np.full(m, T0_NS),
        dimension=np.full(m, 3, np.int8),
        address=np.full(m, -1),
        birth=np.zeros(m),
        false_density=np.full(m, 1e-12),
        callsign=np.zeros(m, np.int64),
        rate=np.full((m, 9), np.nan),
        sensor_m=np.zeros(6),
        false_rate_density=1.0,
        fast=np.zeros(m, bool),
    )
    pairs = Pairs(
        np.arange(k), np.arange(k + 1) * m, np.tile(np.arange(m), k), ratio.ravel().copy(), 0
    )
    body = Mixture(
        np.zeros((m, len(models.models), 6)), np.ones((m, len(models.models), 21)),
        np.ones((m, len(models.models))) / len(models.models),
    )  # fmt: skip
    state = state._replace(bank=bank)
    shared = share_out(state, pairs, np.zeros((0, 2), np.int64), m)
    assert not shared.alone.any()
    new = New(np.zeros(m), picture.false_density, np.full(m, -1))
    return contested(state, picture, shared, np.full((k, 4), 0.9), new, body, 0)


@given(ratios(), st.sampled_from([ONE, TWO]))
@settings(max_examples=30, deadline=None)
def test_a_contested_cluster_has_the_exact_marginals(ratio, models):
    """With everything kept apart, weights of locals are the enumeration's association marginals."""
    harvest = harvest_of(ratio, models, merge2=0.0, near2=1e12, recycle=1e-9)
    want = reference.associate(ratio)
    k, m = ratio.shape
    got = np.zeros((k, m + 1))
    facts = harvest.fact[:, [SOURCE, PLOT]].tolist()
    for (source, plot), weight in zip(facts, harvest.chance[:, 1], strict=True):
        if source >= 0:
            got[source, plot] += weight
    seen = got.sum(axis=1) > 0.0
    np.testing.assert_allclose(got[seen], want[seen], atol=1e-6)
    np.testing.assert_allclose(harvest.hyp.weight.sum(), 1.0, rtol=1e-9)


@given(ratios(), st.floats(0.0, 3.0), st.floats(0.0, 30.0))
@settings(max_examples=30, deadline=None)
def test_merging_dividing_and_recycling_keep_the_expected_number_of_objects(ratio, merge2, near2):
    want = harvest_of(ratio, merge2=0.0, near2=1e12, recycle=1e-9, poisson_floor=0.0)
    got = harvest_of(ratio, merge2=merge2, near2=near2, poisson_floor=0.0)
    expected = [np.sum(h.chance.prod(axis=1)) for h in (want, got)]
    assert expected[0] == pytest.approx(expected[1], rel=1e-6)
    full = unpack_covariance(got.body.cov[:, 0])
    assert np.linalg.eigvalsh(full).min(initial=1.0) > 0.0


def test_clusters_that_become_more_rows_than_there_was_room_for_are_solved_again(monkeypatch):
    ratio = np.exp(np.random.default_rng(8).normal(1.0, 2.0, (4, 4)))
    want = harvest_of(ratio, merge2=0.0, near2=1e12)
    monkeypatch.setattr(contest, "_ROOM", 1)
    got = harvest_of(ratio, merge2=0.0, near2=1e12)
    assert len(want.fact) > len(ratio) + 4
    for one, other in zip(
        (*want.body, want.chance, want.fact, *want.hyp, want.counts),
        (*got.body, got.chance, got.fact, *got.hyp, got.counts),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@given(seeds, st.integers(1, 6))
def test_a_track_alone_has_the_closed_form(seed, m):
    ratio = np.exp(np.random.default_rng(seed).normal(0.0, 2.0, (1, m)))
    weight, none, free = np.zeros(m), np.ones(1), np.ones(m)
    solve_alone(
        np.array([0, m]), np.arange(m), ratio[0], np.ones(1, np.int8), weight, none, free
    )  # fmt: skip
    want = reference.associate(ratio)[0]
    np.testing.assert_allclose([*weight, none[0]], want, rtol=1e-12)
    np.testing.assert_allclose(free, 1.0 - want[:m], atol=1e-12)


@given(ratios())
def test_belief_propagation_does_as_its_twin(ratio):
    k, m = ratio.shape
    weight, incoming = np.zeros(k * m), np.empty(m)
    after = np.append(np.arange(1, k), -1)
    propagate(
        0, after, np.arange(k + 1) * m, np.tile(np.arange(m), k), ratio.ravel(),
        np.ones(k * m, bool), 20, weight, incoming,
    )  # fmt: skip
    np.testing.assert_allclose(
        weight.reshape(k, m), reference.propagate(ratio, 20)[:, :m], atol=1e-9
    )


def test_hypotheses_of_a_crossing_are_normalised_and_no_object_is_in_one_twice():
    rng = np.random.default_rng(6)
    sensors = (radar(false_plots_per_look=5.0, azimuth_std_rad=0.004),)
    flights = [
        Line((-24e3, 20e3 + 150.0 * k, 3000.0), (100.0, 10.0 * (k - 1.5), 0.0)) for k in range(4)
    ]
    scan = sweep(rng, flights, sensors, 0, 120)
    state, contests = start(TrackConfig(REGION, sensors)), 0
    for second in range(121):
        now = T0_NS + second * NS
        mine = (scan.plots.measured_at_ns <= now) & (scan.plots.measured_at_ns > now - NS)
        swept = (scan.looks.end_ns <= now) & (scan.looks.end_ns > now - NS)
        state, _ = step(state, scan.plots.take(mine), scan.looks.take(swept), now)
        known = state.hypotheses
        for c in range(len(known.noise)):
            hyps = range(known.start[c], known.start[c + 1])
            contests += len(hyps) > 1
            assert known.weight[list(hyps)].sum() == pytest.approx(1.0)
            for h in hyps:
                members = known.member[known.member_start[h] : known.member_start[h + 1]]
                numbers = state.bank.number[members]
                assert len(set(numbers.tolist())) == len(numbers)
                assert (state.bank.cluster[members] == c).all()
    assert contests > 10
