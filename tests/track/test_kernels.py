"""Every kernel against its plain NumPy twin, on random input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, radar
from tocsin.contract import NS
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.track import TrackConfig, reference, start
from tocsin.track.kernels_associate import associate
from tocsin.track.kernels_filter import predict, update
from tocsin.track.kernels_gate import gate, sort_cells, view
from tocsin.track.state import Bank, Picture
from tocsin.track.step import _grid

SITE = start(TrackConfig(REGION, (radar(),))).site
seeds = st.integers(0, 2**32 - 1)


def random_bank(rng, n, spread_m=20_000.0):
    bank = Bank.empty(n, 1)
    bank.state[:] = rng.normal(size=(n, 6)) * [spread_m, spread_m, 2000, 120, 120, 10]
    root = rng.normal(size=(n, 6, 6)) * np.array([200, 200, 150, 30, 30, 5])[:, None]
    bank.cov[:] = pack_covariance(root @ root.transpose(0, 2, 1))
    bank.time_ns[:] = T0_NS + rng.integers(-4 * NS, 0, n)
    bank.existence[:] = rng.uniform(0.01, 1.0, n)
    bank.address[:] = rng.integers(-1, 3, n)
    bank.confirmed[:] = rng.random(n) < 0.5
    bank.number[:] = np.arange(n) + 1
    return bank


def random_picture(rng, m, spread_m=20_000.0):
    root = rng.normal(size=(m, 3, 3)) * np.array([150, 150, 300])[:, None]
    cov = root @ root.transpose(0, 2, 1) + np.eye(3)
    address = np.full(m, -1)
    address[: m // 2] = rng.permutation(m)[: m // 2]
    return Picture(
        position_m=rng.normal(size=(m, 3)) * [spread_m, spread_m, 2000],
        cov=cov.reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]],
        time_ns=T0_NS + rng.integers(-NS // 2, NS // 2, m),
        dimension=rng.choice([2, 3], m).astype(np.int8),
        address=address,
        birth=np.full(m, 1e-16),
        rest=rng.uniform(1e-16, 1e-14, m),
    )


@given(seeds, st.integers(0, 12))
@settings(max_examples=40)
def test_predict_is_its_twin(seed, n):
    rng = np.random.default_rng(seed)
    bank = random_bank(rng, n)
    to_ns = bank.time_ns + rng.integers(-NS, 60 * NS, n)
    want = reference.predict(bank.state, bank.cov, bank.time_ns, bank.existence, to_ns, SITE.model)
    times = np.maximum(bank.time_ns, to_ns)
    predict(bank.state, bank.cov, bank.time_ns, bank.existence, np.arange(n), to_ns, SITE.model)
    for got, expected in zip((bank.state, bank.cov, bank.existence), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-7)
    assert (bank.time_ns == times).all()


@given(seeds)
@settings(max_examples=40)
def test_update_is_its_twin_and_keeps_covariances_positive(seed):
    rng = np.random.default_rng(seed)
    bank, picture = random_bank(rng, 3, 300.0), random_picture(rng, 4, 300.0)
    before = bank.copy()
    start_ = np.array([0, 2, 2, 4])
    plot, scale = rng.permutation(4), rng.choice([1.0, 25.0], 4)
    share = rng.dirichlet(np.ones(3), 3)
    weight, none = share[[0, 0, 2, 2], [0, 1, 0, 1]], share[:, 2].copy()
    none[1] = 1.0
    missed = rng.uniform(0.1, 0.9, 3)
    update(
        bank.state, bank.cov, bank.time_ns, bank.existence, np.arange(3), missed, start_, plot,
        scale, weight, none, picture.position_m, picture.cov, picture.time_ns,
        picture.dimension, SITE.model,
    )  # fmt: skip
    for i in range(3):
        edges = [(plot[e], weight[e], scale[e]) for e in range(start_[i], start_[i + 1])]
        mean, cov, existence = reference.update(
            before.state[i], unpack_covariance(before.cov[i : i + 1])[0],
            int(before.time_ns[i]), missed[i], none[i], edges, picture, SITE.model,
        )  # fmt: skip
        np.testing.assert_allclose(bank.state[i], mean, rtol=1e-8, atol=1e-6)
        scale_of = np.sqrt(np.diag(cov))
        got = unpack_covariance(bank.cov[i : i + 1])[0]
        np.testing.assert_allclose(
            got / np.outer(scale_of, scale_of), cov / np.outer(scale_of, scale_of), atol=1e-7
        )
        assert bank.existence[i] == pytest.approx(existence, rel=1e-12)
        assert np.linalg.eigvalsh(got / np.outer(scale_of, scale_of)).min() > 0.0


@given(seeds, st.sampled_from([0.1, 0.7, 2 * np.pi]), st.sampled_from([0, NS // 4]))
@settings(max_examples=40)
def test_view_is_its_twin(seed, width, length_ns):
    rng = np.random.default_rng(seed)
    bank = random_bank(rng, 40, 80_000.0)
    sensor = radar(elevation_max_rad=0.5, range_m=120_000.0, east_m=5000.0, north_m=-7000.0)
    site = start(TrackConfig(REGION, (sensor,))).site
    sector = np.array([rng.uniform(0, 6), width, T0_NS, T0_NS + length_ns])
    # Floats cannot hold nanoseconds of this age exactly: the twin is given what they can.
    begin, end = int(sector[2]), int(sector[3])
    near, chance, beam = np.empty(40, bool), np.empty(40), np.empty(40, np.int64)
    view(
        bank.state, bank.cov, bank.time_ns, site.place[0], sector[0], width, begin, end, near,
        chance, beam,
    )  # fmt: skip
    near_, chance_, beam_ = reference.view(
        bank.state, bank.cov, bank.time_ns, sensor, REGION, sector
    )
    assert (near == near_).all()
    # The kernel's earth is a sphere at the sensor, the twin's an ellipsoid: the horizon may
    # differ for a track within some metres of it.
    edge = np.zeros(40, bool)
    for shift in (-30.0, 30.0):
        moved = bank.state + shift * np.eye(6)[2]
        other = reference.view(moved, bank.cov, bank.time_ns, sensor, REGION, sector)[1]
        edge |= (other > 0) != (chance_ > 0)
    np.testing.assert_allclose(chance[~edge], chance_[~edge], atol=1e-9)
    assert edge.sum() <= 4
    assert np.abs(beam[near] - beam_[near]).max(initial=0) <= 2


@given(seeds, st.integers(1, 30))
@settings(max_examples=30)
def test_sort_cells_keeps_every_plot_once_and_rows_of_cells_together(seed, m):
    rng = np.random.default_rng(seed)
    plot_m = rng.uniform(-1000, 5000, (m, 3))
    order, begin = sort_cells(plot_m, 0.0, 0.0, 700.0, 5, 4)
    cx = np.clip((plot_m[:, 0] / 700.0).astype(int), 0, 4)
    cy = np.clip((plot_m[:, 1] / 700.0).astype(int), 0, 3)
    assert (order == np.argsort(cy * 5 + cx, kind="stable")).all()
    assert (np.diff(begin) == np.bincount(cy * 5 + cx, minlength=20)).all()


@given(seeds, st.integers(1, 12), st.integers(1, 15))
@settings(max_examples=60)
def test_gate_finds_what_its_twin_finds(seed, n, m):
    rng = np.random.default_rng(seed)
    spread = rng.choice([300.0, 3000.0, 30_000.0])
    bank, picture = random_bank(rng, n, spread), random_picture(rng, m, spread)
    hit, miss = np.full(n, 0.9), rng.uniform(0, 0.9, n)
    rows, begin = np.arange(n), np.zeros(n + 1, np.int64)
    plot, ratio, scale = np.empty(200, np.int64), np.empty(200), np.empty(200)
    grid, reach = _grid(picture)
    order, cells = sort_cells(
        picture.position_m, grid[0], grid[1], grid[2], int(grid[3]), int(grid[4])
    )
    found = gate(
        bank.state, bank.cov, bank.time_ns, bank.existence, bank.address,
        bank.confirmed, rows, hit, miss, picture.position_m, picture.cov,
        picture.time_ns, picture.dimension, picture.address, picture.rest, order, cells, grid,
        reach, SITE.model, SITE.rule, begin, plot, ratio, scale,
    )  # fmt: skip
    got = {}
    for i in range(n):
        for e in range(begin[i], begin[i + 1]):
            got[i, int(plot[e])] = (ratio[e], scale[e])
    want = {
        (i, j): (r, s)
        for i, j, r, s in reference.gate(bank, hit, miss, picture, SITE.model, SITE.rule)
    }
    assert found == len(want)
    assert got.keys() == want.keys()
    for pair, values in want.items():
        assert got[pair] == pytest.approx(values, rel=1e-7)


def run_associate(ratio, exact_limit):
    k, m = ratio.shape
    rows, plot = np.nonzero(ratio)
    begin = np.searchsorted(rows, np.arange(k + 1))
    weight, none, free = np.zeros(len(plot)), np.ones(k), np.ones(m)
    counts = associate(begin, plot, ratio[rows, plot], m, exact_limit, weight, none, free)
    whole = np.zeros((k, m + 1))
    whole[rows, plot] = weight
    whole[:, m] = none
    return whole, free, counts


@st.composite
def ratios(draw):
    k, m, seed = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(seeds)
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(1.5, 3.0, (k, m))) * (rng.random((k, m)) < 0.6)


@given(ratios())
def test_associate_is_exact_in_small_clusters(ratio):
    got, free, (_, large) = run_associate(ratio, 8)
    want = reference.associate(ratio)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(free, 1.0 - want[:, :-1].sum(axis=0), atol=1e-9)
    assert large == 0


@given(ratios())
def test_associate_propagates_as_its_twin_does(ratio):
    got, _, _ = run_associate(ratio, 0)
    np.testing.assert_allclose(got, reference.propagate(ratio), atol=2e-6)


def test_belief_propagation_is_near_the_exact_marginals():
    """Random contested clusters; bounds from the same comparison by enumeration alone."""
    rng = np.random.default_rng(0)
    mean = []
    for _ in range(200):
        shape = rng.integers(2, 6, 2)
        ratio = np.exp(rng.normal(1.5, 2.0, shape)) * (rng.random(shape) < 0.7)
        got, _, _ = run_associate(ratio, 0)
        mean.append(np.abs(got - reference.associate(ratio)).mean())
    assert np.mean(mean) < 0.02


def test_large_ratios_neither_overflow_nor_lose_the_runner_up():
    ratio = np.array([[1e30, 1e29], [1e30, 1e28]])
    got, _, _ = run_associate(ratio, 8)
    want = reference.associate(ratio)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


def test_a_large_cluster_goes_through_propagation_and_sums_to_one():
    rng = np.random.default_rng(3)
    ratio = np.exp(rng.normal(1.0, 1.0, (30, 30)))
    got, free, (contested, large) = run_associate(ratio, 8)
    assert (contested, large) == (1, 1)
    np.testing.assert_allclose(got.sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose(free, 1.0 - got[:, :-1].sum(axis=0), atol=1e-6)
