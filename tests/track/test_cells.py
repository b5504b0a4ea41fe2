"""Targets that a radar does not tell apart: kernels and their twins, and what becomes of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, Line, radar, sweep
from tocsin.contract import NS, Plots, TrackStatus
from tocsin.geo import pack_covariance
from tocsin.motion import Model, ModelSet, Noise
from tocsin.track import TrackConfig, start, step
from tocsin.track import reference_cells as twin
from tocsin.track.cells import with_shared
from tocsin.track.kernels_cells import Crowd, Spot, gather_crowd
from tocsin.track.kernels_contest import Mixture, Scan
from tocsin.track.kernels_filter import combine
from tocsin.track.kernels_hypotheses import best_children, options
from tocsin.track.state import Bank, Group, Pairs, Seen
from tocsin.track.step import _picture

seeds = st.integers(0, 2**32 - 1)
TWO = ModelSet(
    20.0, (Model(0.8, Noise(1.0, 0.0, 0.0, 1.0)), Model(0.2, Noise(90.0, 0.01, 0.0, 9.0)))
)
CELL = {"range_cell_m": 150.0, "azimuth_cell_rad": 0.026}
NEVER = -1e300


def crowded(seed, rows=7, plots=6, **options_):
    """Return a tracker with rows about one place, plots there, and the rows as a look sees them."""
    rng = np.random.default_rng(seed)
    sensor = radar(**{**CELL, **options_})
    state = start(TrackConfig(REGION, (sensor,), models=TWO))
    bank, middle = Bank.empty(rows, 1, 2), np.array([21e3, -26e3, 4000.0])
    bank.state[:, :, :3] = middle + rng.normal(size=(rows, 1, 3)) * [250.0, 250.0, 250.0]
    bank.state[:, :, 3:] = [120.0, -80.0, 0.0] + rng.normal(size=(rows, 1, 3)) * 5.0
    bank.state[:] += rng.normal(size=bank.state.shape) * [20, 20, 20, 3, 3, 3]
    root = rng.normal(size=(rows, 2, 6, 6)) * np.array([40, 40, 40, 6, 6, 6])[:, None]
    bank.cov[:] = pack_covariance(root @ np.swapaxes(root, -1, -2) + np.eye(6))
    bank.mode[:] = rng.dirichlet(np.ones(2), rows)
    bank.existence[:], bank.time_ns[:] = rng.uniform(0.3, 0.999, rows), T0_NS
    place = middle + rng.normal(size=(plots, 3)) * 400.0
    line = place - state.site.place[0, :3]
    rate = (line @ [120.0, -80.0, 0.0]) / np.linalg.norm(line, axis=1)
    found = Plots.build(
        plots,
        measured_at_ns=np.sort(T0_NS + rng.integers(-NS // 4, NS // 4, plots)),
        sensor=0,
        sequence=np.arange(plots),
        dimension=rng.integers(2, 4, plots),
        position_m=place,
        position_cov_m2=np.eye(3) * rng.uniform(30.0, 90.0, (plots, 1, 3)) ** 2 + 300.0,
        false_density=1e-14,
        # Half of those without height are of a radar that turns: their range holds, not the place.
        range_m=np.where(np.arange(plots) % 2, np.linalg.norm(line, axis=1) + 30.0, np.nan),
        range_rate_mps=np.where(rng.random(plots) < 0.5, rate, np.nan),
        range_rate_std_mps=np.full(plots, 2.0),
    )
    state = state._replace(bank=bank)
    picture = _picture(state, Group(T0_NS, 0, None, found), 1e-15)
    chances = np.column_stack([rng.choice([0.0, 0.9], rows, p=[0.1, 0.9])] * 4)
    nobody = np.zeros(0, np.int64)
    seen = Seen(rng.permutation(rows), chances, nobody, np.zeros((0, 4)), nobody, rows)
    return rng, state, picture, seen


cells = st.sampled_from(
    [{}, {"elevation_cell_rad": 0.02}, {"range_cell_m": 500.0, "azimuth_cell_rad": 0.01}]
)


@given(seeds, cells)
@settings(max_examples=40, deadline=None)
def test_rows_in_one_cell_and_the_plots_about_it_are_their_twins(seed, cell):
    rng, state, picture, seen = crowded(seed, **cell)
    m, k = len(picture.time_ns), len(seen.rows)
    own = rng.random((k, m)) < 0.3
    begin = np.concatenate([[0], np.cumsum(own.sum(axis=1))]).astype(np.int64)
    known = np.exp(rng.normal(size=int(own.sum())))
    rest = 10.0 ** rng.uniform(-15.0, -13.0, m)
    pairs, near = with_shared(
        state, picture, seen, Pairs(seen.rows, begin, np.nonzero(own)[1], known, 0), rest, 0
    )
    near_, ratio = twin.share(state, picture, seen, rest, 0)
    assert set(map(tuple, near.tolist())) == near_
    assert len(near) == len(near_)
    want = ratio | {(int(a), int(j)): v for a, j, v in zip(*np.nonzero(own), known, strict=True)}
    rows = np.repeat(np.arange(k), np.diff(pairs.start))
    got = dict(zip(zip(rows.tolist(), pairs.plot.tolist(), strict=True), pairs.value, strict=True))
    assert len(got) == len(pairs.plot)
    assert got == pytest.approx(want, rel=1e-6)


@given(seeds, cells)
@settings(max_examples=40, deadline=None)
def test_who_may_share_a_plot_is_its_twin(seed, cell):
    rng, state, picture, seen = crowded(seed, **cell)
    k, m, site = len(seen.rows), len(picture.time_ns), state.site
    lists = [np.flatnonzero(rng.random(k) < 0.6).tolist() for _ in range(3)]
    hyp, size = np.zeros((3, k), np.int64), np.array([len(members) for members in lists])
    for h, members in enumerate(lists):
        hyp[h, : len(members)] = members
    mean, cov = np.empty((k, 6)), np.empty((k, 21))
    combine(*state.bank.body, mean, cov)
    follow, missed = rng.normal(size=k), rng.uniform(0.1, 1.0, k)
    rest = 10.0 ** rng.uniform(-15.0, -13.0, m)
    born = Mixture(np.zeros((m, 2, 6)), np.zeros((m, 2, 21)), np.zeros((m, 2)))
    scan = Scan(
        *picture[:4], np.zeros(m), born, picture.rate, picture.sensor_m, rest,
        picture.false_rate_density, site.place[0], site.cells[0],
    )  # fmt: skip
    found = Crowd(np.empty((k, k)), np.empty((k, m + 1)), follow)
    spot = Spot(np.empty((1, 3)), np.empty((1, 6)), np.empty((1, 9)), np.empty((6, 21)))
    one = Mixture(np.empty((1, 2, 6)), np.empty((1, 2, 21)), np.empty((1, 2)))
    gather_crowd(
        k, 3, hyp, size, mean, cov, missed, T0_NS, np.arange(m), m, scan, state.bank.body,
        site.rules.model.noise, found, one, spot,
    )  # fmt: skip
    near, dense = twin.crowd(state, lists, picture, rest, 0)
    np.testing.assert_allclose(found.near, near, rtol=1e-7)
    assert ((found.near >= 0.0) & (found.near <= 1.0)).all()
    lead = np.exp(found.lead[:, :m] - follow[:, None])
    np.testing.assert_allclose(lead, dense, rtol=1e-6)
    last = np.where(near.any(axis=1), np.log(missed), NEVER)
    np.testing.assert_allclose(found.lead[:, m], last, rtol=1e-12)


@given(seeds, st.floats(0.0, 1500.0), st.floats(1.0, 800.0))
def test_the_probability_of_one_cell_is_how_often_two_are_in_it(seed, apart_m, std_m):
    rng = np.random.default_rng(seed)
    state = start(TrackConfig(REGION, (radar(**CELL, elevation_cell_rad=0.05),)))
    site, cell = state.site.place[0], state.site.cells[0]
    middle = np.array([3e4, 2e4, 5e3])
    mean = np.zeros((2, 6))
    side = rng.normal(size=3)
    mean[:, :3] = middle + np.array([[0.5], [-0.5]]) * apart_m * side / np.linalg.norm(side)
    cov = np.tile(np.eye(6) * std_m**2, (2, 1, 1))
    place = mean[:, None, :3] + rng.normal(size=(2, 4000, 3)) * std_m
    half, axis = twin.axes(middle, site, cell)
    inside = (np.abs((place[0] - place[1]) @ axis.T) < half).all(axis=1).mean()
    assert twin.unresolved(mean, cov, site, cell) == pytest.approx(inside, abs=0.05)


def every_child(gain, crowd, members, missed_log):
    """Return the weights of all assignments of one hypothesis, some of them sharing plots."""
    plots, found = gain.shape[1], []
    choices = [[*np.flatnonzero(np.isfinite(gain[a])), *range(plots, 2 * plots + 1), -1]
               for a in members]  # fmt: skip
    for chosen in itertools.product(*choices):
        own = [j for j in chosen if 0 <= j < plots]
        shared = {j: [a for a, c in zip(members, chosen, strict=True) if c == j] for j in chosen}
        shared = {j - plots: who for j, who in shared.items() if j >= plots}
        if len(set(own)) < len(own) or set(own) & set(shared):
            continue
        if any(len(who) < 2 for who in shared.values()):
            continue
        value = missed_log[members].sum() + sum(
            gain[a, j] for a, j in zip(members, chosen, strict=True) if 0 <= j < plots
        )
        for j, (first, *others) in shared.items():
            value += crowd.lead[first, j]
            for n, a in enumerate(others):
                apart = np.prod(1.0 - crowd.near[a, [first, *others[:n]]])
                value += crowd.follow[a] + (np.log(1.0 - apart) if apart < 1.0 else NEVER)
        if value > -1e200:
            found.append(value)
    return np.sort(found)[::-1]


@given(seeds, st.integers(1, 4), st.integers(0, 3), st.sampled_from([1, 5, 2000]))
@settings(max_examples=60, deadline=None)
def test_best_children_that_share_plots_are_the_best_of_all(seed, locals_, plots, most):
    rng = np.random.default_rng(seed)
    gain = np.where(rng.random((locals_, plots)) < 0.6, rng.normal(size=(locals_, plots)), -np.inf)
    near = np.triu(np.where(rng.random((locals_, locals_)) < 0.7, rng.random(), 0.0), 1)
    crowd = Crowd(
        near + near.T,
        np.where(rng.random((locals_, plots + 1)) < 0.8, rng.normal(size=(locals_, plots + 1)),
                 NEVER),
        rng.normal(size=locals_),
    )  # fmt: skip
    # Who can follow can lead: a plot near two is near either.
    crowd.lead[:] = np.where((crowd.lead > NEVER).any(axis=0), np.maximum(crowd.lead, -50.0), NEVER)
    missed_log, members = rng.uniform(-3.0, 0.0, locals_), np.arange(locals_)
    want = every_child(gain, crowd, members, missed_log)[:most]
    edges = np.isfinite(gain)
    start_ = np.concatenate([[0], np.cumsum(edges.sum(axis=1))]).astype(np.int64)
    room = len(start_) + int(edges.sum()) + locals_ * (plots + 2)
    begin, plot, value = np.empty(locals_ + 1, np.int64), np.empty(room, np.int64), np.empty(room)
    options(locals_, start_, np.nonzero(edges)[1], gain[edges], plots, crowd, begin, plot, value)
    parent, out = np.empty(most, np.int64), np.empty(most)
    chosen, wide = np.empty((most, locals_), np.int64), max(most, locals_, plots) + 1
    found, short = best_children(
        1, members[None], np.array([locals_]), np.zeros(1), missed_log, begin, plot, value, plots,
        crowd, 1e9, 10**6, parent, chosen, out, np.empty((4, wide), np.int64), np.empty((2, wide)),
    )  # fmt: skip
    assert (found, short) == (len(want), False)
    want = np.exp(want - want[0])
    got = np.sort(np.exp(out[:found]))[::-1]
    np.testing.assert_allclose(got, want / want.sum(), rtol=1e-9, atol=1e-12)


def followed(flights, sensors, duration_s, **settings_):
    """Return the confirmed tracks at each second: numbers, states and existence."""
    scan = sweep(np.random.default_rng(4), flights, sensors, 0, duration_s)
    state, found = start(TrackConfig(REGION, sensors, **settings_)), []
    for second in range(duration_s + 1):
        now = T0_NS + second * NS
        mine = (scan.plots.measured_at_ns <= now) & (scan.plots.measured_at_ns > now - NS)
        swept = (scan.looks.end_ns <= now) & (scan.looks.end_ns > now - NS)
        state, updates = step(state, scan.plots.take(mine), scan.looks.take(swept), now)
        sure = updates.take(updates.status != TrackStatus.TENTATIVE)
        found.append((sure.number.tolist(), sure.state, sure.existence_probability))
    return found


QUIET = {"false_plots_per_look": 1.0, "azimuth_std_rad": 0.0026, "range_std_m": 30.0}
# Two that close in to a third of a cell; from then on the radar has one plot of both.
JOINED = [
    Line((-20e3 - 750.0, 40e3, 3000.0), (160.0, 0.0, 0.0), last_s=60.0),
    Line((-20e3 + 750.0, 40e3, 3000.0), (140.0, 0.0, 0.0), last_s=60.0),
    Line((-20e3, 40e3, 3000.0), (150.0, 0.0, 0.0), first_s=60.0),
]


def test_two_with_one_plot_for_long_stay_two_under_their_numbers():
    blind = followed(JOINED, (radar(**QUIET),), 140)
    told = followed(JOINED, (radar(**QUIET, **CELL),), 140)
    before = sorted(told[55][0])
    assert len(before) == 2
    # Twenty looks with one plot or none.
    assert all(sorted(numbers) == before for numbers, _, _ in told[55:])
    assert min(sure.min() for _, _, sure in told[55:]) > 0.6
    assert len(blind[140][0]) == 1


def test_what_a_cell_hides_ends_with_what_hides_it():
    gone = [*JOINED[:2], Line((-20e3, 40e3, 3000.0), (150.0, 0.0, 0.0), first_s=60.0, last_s=90.0)]
    told = followed(gone, (radar(**QUIET, **CELL),), 180)
    assert len(told[89][0]) == 2
    assert told[180][0] == []


@pytest.mark.parametrize(
    "flights", [JOINED[:1], [JOINED[0], Line((9e3, 9e3, 3e3), (90.0, 9.0, 0.0))]]
)
def test_tracks_that_are_alone_in_their_cells_are_what_they_were(flights):
    quiet = {**QUIET, "false_plots_per_look": 0.0}
    blind = followed(flights, (radar(**quiet),), 100)
    told = followed(flights, (radar(**quiet, **CELL),), 100)
    assert len(told[50][0]) == len(flights)
    for (numbers, states, sure), (numbers_, states_, sure_) in zip(told, blind, strict=True):
        assert numbers == numbers_
        np.testing.assert_array_equal(states, states_)
        np.testing.assert_array_equal(sure, sure_)


@pytest.mark.parametrize("left_out", ["range_cell_m", "azimuth_cell_rad"])
def test_a_cell_without_range_or_azimuth_is_none(left_out):
    half = {**CELL, left_out: np.nan}
    blind, told = (followed(JOINED, (radar(**QUIET, **more),), 100) for more in ({}, half))
    for (_, states, _), (_, states_, _) in zip(told, blind, strict=True):
        np.testing.assert_array_equal(states, states_)
