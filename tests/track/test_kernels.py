"""Every kernel against its plain NumPy twin, on random input."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, radar
from tocsin.contract import NS
from tocsin.geo import pack_covariance
from tocsin.track import TrackConfig, reference, start
from tocsin.track.kernels_gate import sort_cells, view
from tocsin.track.state import Bank

seeds = st.integers(0, 2**32 - 1)


def random_bank(rng, n, spread_m=20_000.0):
    bank = Bank.empty(n, 1)
    bank.state[:, 0] = rng.normal(size=(n, 6)) * [spread_m, spread_m, 2000, 120, 120, 10]
    root = rng.normal(size=(n, 6, 6)) * np.array([200, 200, 150, 30, 30, 5])[:, None]
    bank.cov[:, 0] = pack_covariance(root @ root.transpose(0, 2, 1))
    bank.time_ns[:] = T0_NS + rng.integers(-4 * NS, 0, n)
    bank.existence[:] = rng.uniform(0.01, 1.0, n)
    bank.address[:] = rng.integers(-1, 3, n)
    bank.confirmed[:] = rng.random(n) < 0.5
    bank.number[:] = np.arange(n) + 1
    return bank


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
        bank.state[:, 0].copy(), bank.cov[:, 0].copy(), bank.time_ns, site.place[0], sector[0],
        width, begin, end, near, chance, beam,
    )  # fmt: skip
    near_, chance_, beam_ = reference.view(
        bank.state[:, 0], bank.cov[:, 0], bank.time_ns, sensor, REGION, sector
    )
    assert (near == near_).all()
    # The kernel's earth is a sphere at the sensor, the twin's an ellipsoid: the horizon may
    # differ for a track within some metres of it.
    edge = np.zeros(40, bool)
    for shift in (-30.0, 30.0):
        moved = bank.state[:, 0] + shift * np.eye(6)[2]
        other = reference.view(moved, bank.cov[:, 0], bank.time_ns, sensor, REGION, sector)[1]
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
