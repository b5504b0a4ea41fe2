"""Every kernel against its plain NumPy twin, on random input."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, listener, radar
from tocsin.contract import NS, ObjectClass, Plots
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import SETS, Model, ModelSet, Noise
from tocsin.track import TrackConfig, births, reference, start
from tocsin.track import output as output_
from tocsin.track.contest import share_out
from tocsin.track.kernels_clusters import divide
from tocsin.track.kernels_contest import Hypotheses, Mixture
from tocsin.track.kernels_gate import sort_cells
from tocsin.track.kernels_rows import note_plot
from tocsin.track.kernels_sweep import LOOKED, end
from tocsin.track.seen import who
from tocsin.track.state import Bank, Edge, Group, Pairs, Picture, Sector, Seen
from tocsin.track.step import _paired, _picture, _take_up, _update

seeds = st.integers(0, 2**32 - 1)
ONE = ModelSet(1.0, (Model(1.0, Noise(1.0, 0.0, 0.0, 1.0)),))
MODELS = {
    "one": ONE,
    "flying": SETS[ObjectClass.UNKNOWN],
    "falling": SETS[ObjectClass.BALLISTIC],
}
sets = st.sampled_from(sorted(MODELS))
# The radar sees all round and up: whether it may see is another test.
SENSORS = (
    radar("one", east_m=5e3, north_m=-7e3, elevation_min_rad=-1.7, elevation_max_rad=1.7),
    radar("two", period_s=6.0),
    listener(),
)
ROWS = 14


def random_state(rng, models=ONE, n=ROWS, spread_m=20_000.0, **options):
    """Return a tracker amid its work: tracks, undetected and free rows, two open clusters."""
    state = start(TrackConfig(REGION, SENSORS, models=models, **options))
    M = len(models.models)
    bank = Bank.empty(n, len(SENSORS), M)
    bank.state[:] = rng.normal(size=(n, 1, 6)) * [spread_m, spread_m, 1000, 120, 120, 10]
    bank.state[:, :, 2] = 1000.0 + np.abs(bank.state[:, :, 2])
    bank.state[:] += rng.normal(size=(n, M, 6)) * [60, 60, 60, 15, 15, 3]
    root = rng.normal(size=(n, M, 6, 6)) * np.array([150, 150, 150, 20, 20, 5])[:, None]
    bank.cov[:] = pack_covariance(root @ np.swapaxes(root, -1, -2) + np.eye(6))
    bank.mode[:] = rng.dirichlet(np.full(M, 0.7), n)
    bank.time_ns[:] = T0_NS + rng.integers(-4 * NS, 0, n)
    bank.existence[:] = rng.choice([0.0, 1e-6, 0.005, 0.3, 0.96, 0.9999], n)
    bank.weight[:] = rng.choice([1.0, 0.5], n)
    bank.poisson[:] = (rng.random(n) < 0.4) | (bank.existence == 0.0)
    bank.cluster[:] = np.where(bank.live & ~bank.poisson, rng.integers(-4, 2, n).clip(-1), -1)
    bank.address[:] = rng.choice([-1, -1, 0, 7, 8], n)
    bank.number[:] = np.where(bank.live, np.arange(n) + 1, 0)
    bank.first_at_ns[:] = T0_NS - rng.integers(0, 100 * NS, n)
    bank.heard_ns[:] = T0_NS - rng.integers(0, 90 * NS, bank.heard_ns.shape)
    bank.heard_ns[rng.random(bank.heard_ns.shape) < 0.4] = 0
    bank.last_plot_at_ns[:] = bank.heard_ns.max(axis=1)
    bank.last_plot_at_ns[rng.random(n) < 0.5] = T0_NS - 5 * NS
    bank.plots[:], bank.interval_s[:] = rng.integers(1, 5, n), rng.uniform(2.0, 9.0, n)
    bank.confirmed[:] = (rng.random(n) < 0.5) & bank.live
    bank.callsign[:] = rng.integers(0, 2, n) * 77
    bank.twin[:], bank.twin_count[:] = rng.integers(0, 2, n), rng.integers(0, 2, n)
    two = np.zeros(2, np.int64)
    known = Hypotheses(np.zeros(3, np.int64), np.zeros(0), two[:1], two[:0], np.zeros((2, 6)))
    return state._replace(bank=bank, hypotheses=known, next_number=n + 1)


def random_plots(rng, state, sensor, m=6):
    """Return a group of plots near rows of the tracker, and the same as the kernels want them."""
    bank = state.bank
    near = bank.state[rng.integers(0, bank.size, m), 0]
    near = near + rng.normal(size=(m, 6)) * [200, 200, 200, 5, 5, 5]
    plots = Plots.build(
        m,
        measured_at_ns=np.sort(T0_NS + rng.integers(0, NS // 4, m)),
        sensor=sensor,
        sequence=np.arange(m),
        dimension=rng.integers(2, 4, m),
        position_m=near[:, :3],
        position_cov_m2=np.eye(3) * rng.uniform(30.0, 90.0, (m, 1, 3)) ** 2 + 300.0,
        velocity_mps=np.where(rng.random((m, 1)) < 0.5, near[:, 3:], np.nan),
        false_density=10.0 ** rng.uniform(-17, -13, m),
        mode_s=rng.integers(7, 10, m),
        mode_s_valid=rng.random(m) < 0.5,
        callsign=rng.choice(np.array([None, "CIVIL 2"], object), m),
    )
    line = near[:, :3] - np.nan_to_num(state.site.place[sensor, :3])
    rate = (line * near[:, 3:]).sum(axis=1) / np.linalg.norm(line, axis=1) + rng.normal(size=m) * 9
    plots = plots.replace(
        range_rate_mps=np.where(rng.random(m) < 0.5, rate, np.nan),
        range_rate_std_mps=np.full(m, 2.0),
        # Half of those without height are of a radar that turns: their range holds, not the place.
        range_m=np.where(np.arange(m) % 2, np.linalg.norm(line, axis=1) + 30.0, np.nan),
    )
    group = Group(T0_NS + NS // 4, sensor, None, plots)
    return group, _picture(state, group, 1e-15)


def assert_same_rows(got, want):
    """Compare banks; a mean of cancelling terms is as exact as its own spread."""
    for name, a, b in zip(Bank._fields, got, want, strict=True):
        if name in ("state", "past_state", "cov", "past_cov") and a.size:
            continue
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9, err_msg=name)
        elif name == "time_ns":
            assert np.abs(a - b).max(initial=0) <= 2
        else:
            np.testing.assert_array_equal(a, b, err_msg=name)
    assert_same_bodies(got.state, got.cov, want.state, unpack_covariance(want.cov))


def assert_same_bodies(state, cov, state_, full_):
    std = np.sqrt(np.einsum("...aa->...a", full_))
    np.testing.assert_allclose(state, state_, rtol=1e-7, atol=1e-4)
    scale = std[..., :, None] * std[..., None, :]
    np.testing.assert_allclose(unpack_covariance(cov) / scale, full_ / scale, atol=1e-6)


def both(state):
    """Return the tracker and a copy of it, row by row the same."""
    return state, state._replace(bank=state.bank.copy())


def assert_same_seen(got, want):
    np.testing.assert_array_equal(got.rows, want.rows)
    np.testing.assert_array_equal(got.dark, want.dark)
    np.testing.assert_allclose(got.chances, want.chances, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(got.dark_chances, want.dark_chances, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(got.free, want.free)
    assert got.live == want.live


@given(seeds, sets, st.sampled_from([0.1, 0.7, 3.5, 2 * np.pi]), st.sampled_from([0, NS // 4]))
@settings(max_examples=60)
def test_a_sweep_is_its_twin(seed, models, width_rad, length_ns):
    rng = np.random.default_rng(seed)
    mine, twin = both(random_state(rng, MODELS[models], 60))
    sector = Sector(0, T0_NS, T0_NS, T0_NS + length_ns, rng.uniform(0, 6), width_rad)
    # Which tracks were looked for before, some of them found.
    number = np.flatnonzero(rng.random(60) < 0.5).astype(np.uint32) + 1
    looked = rng.choice([0.2, 1.0], len(number))
    edge = Edge(T0_NS - 1, number, looked)
    mine = mine._replace(edges=(edge, *mine.edges[1:]))
    if width_rad > 6.0:
        edge = Edge(0, number[:0], looked[:0])
    group = Group(T0_NS + NS // 4, 0, sector, Plots.empty())
    picture = _picture(mine, group, 0.0)
    assert_same_seen(who(mine, group, picture), reference.who(twin, group, picture, edge))
    assert_same_rows(mine.bank, twin.bank)


@given(seeds, sets, st.floats(0.05, 1.5), st.integers(0, 20))
@settings(max_examples=60)
def test_what_a_sweep_foresees_changes_nothing(seed, models, width_rad, seconds):
    rng = np.random.default_rng(seed)
    state = random_state(rng, MODELS[models], 60, 80e3)
    turned_rad, then_ns = rng.uniform(0, 6), T0_NS + seconds * NS
    first = Sector(0, T0_NS, T0_NS, T0_NS + NS // 8, turned_rad, width_rad)
    group = Group(T0_NS + NS // 4, 0, first, Plots.empty())
    who(state, group, _picture(state, group, 0.0))
    state.bank.free(rng.choice(60, 5, replace=False))
    foreseen = int((state.away[0][LOOKED, :60] == state.bank.looked).sum())
    event(f"foreseen: {foreseen // 10 * 10}")
    state = state._replace(looked=state.looked + 1)
    anew = state._replace(bank=state.bank.copy(), away={})
    beside = Sector(0, then_ns, then_ns, then_ns + NS // 8, turned_rad + width_rad, width_rad)
    group = Group(then_ns + NS // 4, 0, beside, Plots.empty())
    picture = _picture(state, group, 0.0)
    assert_same_seen(who(state, group, picture), who(anew, group, picture))
    assert_same_rows(state.bank, anew.bank)


@given(seeds, sets)
@settings(max_examples=40)
def test_hearing_is_its_twin(seed, models):
    rng = np.random.default_rng(seed)
    mine, twin = both(random_state(rng, MODELS[models], 40))
    group, picture = random_plots(rng, mine, 2, int(rng.integers(1, 6)))
    nothing = Edge(0, np.zeros(0, np.uint32), np.zeros(0))
    assert_same_seen(who(mine, group, picture), reference.who(twin, group, picture, nothing))
    assert_same_rows(mine.bank, twin.bank)


@given(seeds, sets)
@settings(max_examples=40)
def test_whoever_has_a_plot_in_its_gate_is_heard(seed, models):
    rng = np.random.default_rng(seed)
    state = random_state(rng, MODELS[models], 30)
    # Fast, and silent for a while: a turn or drag has taken them far from where they headed.
    state.bank.state[:, :, 3:5] *= 6.0
    state.bank.cov[:] *= 0.02
    state.bank.time_ns[:] -= rng.integers(0, 8 * NS, 30)
    everyone = state._replace(bank=state.bank.copy())
    for i in range(30):
        reference.bring(everyone, everyone.bank, i, T0_NS + NS // 4)
    group, picture = random_plots(rng, everyone, 2, 2)
    rows = np.flatnonzero(state.bank.live & ~reference.over(state, group.at_ns))
    hit = {i for i in rows.tolist() if reference.gated(everyone, i, picture)}
    seen = who(state, group, picture)
    assert hit <= {*seen.rows.tolist(), *seen.dark.tolist()}


@given(seeds, st.sampled_from([0.1, 0.7, 2 * np.pi]))
@settings(max_examples=40)
def test_what_a_radar_may_see_is_what_its_coverage_says(seed, width_rad):
    rng = np.random.default_rng(seed)
    sensor = radar(elevation_max_rad=0.5, range_m=120e3, east_m=5e3, north_m=-7e3)
    state = random_state(rng, ONE, 40, 80e3)
    state.bank.poisson[:], state.bank.cluster[:], state.bank.existence[:] = False, -1, 0.9
    state.bank.last_plot_at_ns[:] = T0_NS
    site = start(TrackConfig(REGION, (sensor, *SENSORS[1:]), models=ONE)).site
    state = state._replace(site=site)
    sector = Sector(0, T0_NS, T0_NS, T0_NS + NS // 4, rng.uniform(0, 6), width_rad)
    dt = (T0_NS + NS // 8 - state.bank.time_ns) / NS
    body, cov = state.bank.state[:, 0].copy(), state.bank.cov[:, 0].copy()
    views = [
        reference.view(body + shift * np.eye(6)[2], cov, dt, sensor, REGION, *sector_of(sector))
        for shift in (-30.0, 0.0, 30.0)
    ]
    seen = who(state, group_of(sector), _picture(state, group_of(sector), 0.0))
    np.testing.assert_array_equal(seen.rows, np.flatnonzero(views[1][1] >= 0.0))
    # The kernel's earth is a sphere at the sensor, the twin's an ellipsoid: the horizon may
    # differ for a track within some metres of it.
    there = np.array([v[2][seen.rows] > 0.0 for v in views])
    sure = (there == there[1]).all(axis=0)
    np.testing.assert_allclose(seen.chances[sure, 2], views[1][2][seen.rows][sure], atol=1e-9)
    assert (~sure).sum() <= 4


def sector_of(sector):
    return sector.from_rad, sector.width_rad


def group_of(sector):
    return Group(T0_NS + NS // 4, 0, sector, Plots.empty())


@given(seeds)
def test_ending_is_its_twin(seed):
    mine, twin = both(random_state(np.random.default_rng(seed), n=60))
    over = reference.over(twin, T0_NS)
    contested = end(mine.bank, T0_NS, mine.site.ends)
    assert contested == (over & (twin.bank.cluster >= 0)).sum()
    twin.bank.free(over & (twin.bank.cluster < 0))
    assert_same_rows(mine.bank, twin.bank)


def at_one_time(rng, models, **options):
    """Return a tracker, a group and its picture, and what the look means for the rows."""
    state = random_state(rng, MODELS[models], **options)
    group, picture = random_plots(rng, state, 0)
    bank, n = state.bank, state.bank.size
    bank.time_ns[:] = T0_NS + rng.integers(0, NS // 4, n)
    bank.address[bank.address == 0] = -1
    hit = rng.choice([0.9, 0.02], n)
    chances = np.column_stack([hit, hit * rng.uniform(0, 1, n), rng.random(n), rng.random(n)])
    dark = np.flatnonzero(bank.live & bank.poisson)[::-1].copy()
    rows = np.flatnonzero(bank.live & ~bank.poisson)
    return state, group, picture, Seen(
        rows, chances[rows], dark, chances[dark], np.flatnonzero(~bank.live), int(bank.live.sum())
    )  # fmt: skip


def by_row(pairs):
    each = np.repeat(pairs.rows, np.diff(pairs.start))
    keys = zip(each.tolist(), pairs.plot.tolist(), strict=True)
    return dict(zip(keys, pairs.value.tolist(), strict=True))


def assert_same_values(got, want):
    assert got.keys() == want.keys()
    keys = sorted(want)
    np.testing.assert_allclose([got[k] for k in keys], [want[k] for k in keys], rtol=1e-6)


@given(seeds, sets)
@settings(max_examples=40)
def test_pairing_is_its_twin(seed, models):
    state, _, picture, seen = at_one_time(np.random.default_rng(seed), models)
    mine, twin = both(state)
    pairs, faint, new = _paired(mine, picture, seen)
    ratio, dark, new_ = reference.paired(twin, picture, seen)
    assert_same_values(by_row(pairs), ratio)
    assert_same_values(by_row(faint), dark)
    np.testing.assert_allclose(new.density, new_.density, rtol=1e-6)
    np.testing.assert_allclose(new.rest, new_.rest, rtol=1e-6)
    np.testing.assert_array_equal(new.first, new_.first)
    assert pairs.overflow == faint.overflow == 0
    assert_same_rows(mine.bank, twin.bank)


def test_pairing_has_room_for_everyone_in_every_gate():
    """More pairs than there was room for at first, and the same ones."""
    rng = np.random.default_rng(7)
    state, _, _, _ = at_one_time(rng, "one", n=60)
    state.bank.state[:, 0, :2] = rng.normal(size=(60, 2)) * 50.0
    state.bank.state[:, 0, 2:] = [2000.0, 90.0, 0.0, 0.0]
    state.bank.existence[:], state.bank.address[:] = 0.5, -1
    _, picture = random_plots(rng, state, 0, 40)
    half = np.arange(30)
    chances = np.full((30, 4), 0.9)
    seen = Seen(half, chances, half + 30, chances, half[:0], 60)
    mine, twin = both(state)
    pairs, faint, _ = _paired(mine, picture, seen)
    ratio, dark, _ = reference.paired(twin, picture, seen)
    assert min(len(ratio), len(dark)) > 4 * 40 + 64
    assert_same_values(by_row(pairs), ratio)
    assert_same_values(by_row(faint), dark)


def test_an_undetected_row_has_no_plot_that_is_surely_a_tracks():
    """Unless that track may have another: what begins at such a plot is below the floor."""
    state, picture, seen = astray(20.0)
    bank = state.bank.join(state.bank.copy())
    bank.poisson[1], bank.confirmed[1], bank.existence[1] = True, False, 0.05
    seen = seen._replace(dark=np.array([1]), dark_chances=seen.chances)
    _, faint, new = _paired(state._replace(bank=bank), picture, seen)
    assert len(faint.plot) == 0
    assert new.density == picture.birth
    bank.confirmed[0] = False
    _, faint, new = _paired(state._replace(bank=bank), picture, seen)
    assert len(faint.plot) == 1
    assert new.density > picture.birth


def astray(shift_m, since_s=4.0):
    """Return a confirmed track with one plot so far aside, and what a look means for it."""
    state = random_state(np.random.default_rng(3), n=1)
    bank = state.bank
    bank.state[:, 0] = [0, 0, 3000, 100, 0, 0]
    bank.cov[:, 0] = pack_covariance(np.diag([30.0, 30, 30, 3, 3, 3]) ** 2)
    bank.existence[:], bank.confirmed[:], bank.poisson[:] = 0.99, True, False
    bank.cluster[:], bank.address[:], bank.time_ns[:] = -1, -1, T0_NS
    bank.last_plot_at_ns[:], bank.interval_s[:] = T0_NS - round(since_s * NS), 4.0
    picture = Picture(
        np.array([[0.0, shift_m, 3000.0]]), np.array([[900.0, 0, 0, 900, 0, 900]]),
        np.array([T0_NS]), np.array([3], np.int8), np.array([-1]), np.array([1e-16]),
        np.array([1e-15]), np.array([0]), np.full((1, 9), np.nan), np.zeros(6), 1.0,
        np.zeros(1, bool),
    )  # fmt: skip
    none = np.zeros(0, np.int64)
    chances = np.array([[0.9, 0.9, 0.9, np.inf]])
    return state, picture, Seen(np.array([0]), chances, none, np.zeros((0, 4)), none, 1)


@pytest.mark.parametrize(
    ("shift_m", "since_s", "pairs"),
    [(20.0, 4.0, 1), (400.0, 4.0, 1), (3e4, 4.0, 0), (400.0, 40.0, 0)],
)
def test_a_track_gone_astray_is_tried_again(shift_m, since_s, pairs):
    state, picture, seen = astray(shift_m, since_s)
    mine, twin = both(state)
    before = mine.bank.cov.copy()
    found = _paired(mine, picture, seen)[0]
    assert_same_values(by_row(found), reference.paired(twin, picture, seen)[0])
    assert len(found.plot) == pairs
    assert_same_rows(mine.bank, twin.bank)
    wider = not np.allclose(mine.bank.cov, before, rtol=1e-9)
    assert wider == (shift_m == 400.0 and since_s == 4.0)


@given(seeds, sets)
@settings(max_examples=30)
def test_taking_up_is_its_twin(seed, models):
    rng = np.random.default_rng(seed)
    state, _, picture, seen = at_one_time(rng, models)
    state.bank.state[:, :, :2] *= 0.05
    state.bank.confirmed[seen.rows] = rng.random(len(seen.rows)) < 0.8
    mine, twin = both(state)
    _take_up(mine, picture, seen)
    reference.take_up(twin, picture, seen)
    assert_same_rows(mine.bank, twin.bank)


@pytest.mark.parametrize(("shift_m", "wider"), [(20.0, False), (400.0, True), (3e4, False)])
def test_an_own_address_a_little_outside_the_gate_widens_it(shift_m, wider):
    state, picture, seen = astray(shift_m)
    state.bank.address[:] = picture.address[:] = 7
    before = state.bank.cov.copy()
    _take_up(state, picture, seen)
    assert np.allclose(state.bank.cov, before * (25.0 if wider else 1.0), rtol=1e-12)


def shared_of(rng, state, seen, m):
    """Return random likelihood ratios shared out among rows."""
    k = len(seen.rows)
    rows = state.bank.cluster[seen.rows] < 0
    ratio = np.where(rng.random((k, m)) < 0.5, np.exp(rng.normal(1.0, 3.0, (k, m))), 0.0)
    owner = rng.integers(0, max(k, 1), m)
    # Each plot has one row, so that rows that are in no cluster contest nothing.
    ratio[np.arange(k)[:, None] != owner] = 0.0
    start_ = np.concatenate([[0], np.cumsum((ratio > 0.0).sum(axis=1))]).astype(np.int64)
    pairs = Pairs(seen.rows, start_, np.nonzero(ratio)[1], ratio[ratio > 0.0], 0)
    shared = share_out(state, pairs, np.zeros((0, 2), np.int64), m)
    np.testing.assert_array_equal(shared.alone > 0, rows)
    return shared


@given(seeds, sets)
@settings(max_examples=40)
def test_an_update_is_its_twin(seed, models):
    rng = np.random.default_rng(seed)
    state, group, picture, seen = at_one_time(rng, models)
    shared = shared_of(rng, state, seen, len(group.plots))
    mine, twin = both(state)
    seen_ = seen._replace(chances=seen.chances.copy())
    _update(mine, group, picture, seen, shared)
    reference.update(twin, group, picture, seen_, shared)
    assert_same_rows(mine.bank, twin.bank)
    np.testing.assert_array_equal(seen.chances, seen_.chances)


@given(seeds, sets)
@settings(max_examples=40)
def test_new_objects_are_their_twins(seed, models):
    rng = np.random.default_rng(seed)
    state, group, picture, seen = at_one_time(rng, models)
    _, faint, _ = _paired(state, picture, seen)
    wanted = rng.random(len(group.plots)) < 0.8
    body = births.new_objects(state, group, picture, faint, wanted)
    for j in np.flatnonzero(wanted):
        x, P, mode = reference.new_object(state, group, picture, faint, j)
        assert_same_bodies(body.state[j], body.cov[j], x, P)
        np.testing.assert_allclose(body.mode[j], mode, rtol=1e-7)


@given(seeds, sets)
@settings(max_examples=40)
def test_beginning_is_its_twin(seed, models):
    """Rows out of the open, or grown out of undetected ones; some take up a confirmed number."""
    rng = np.random.default_rng(seed)
    state, group, picture, seen = at_one_time(rng, models, n=20)
    m = len(group.plots)
    starts = births.Starts(
        np.arange(m), rng.choice([0.01, 0.5, 0.999], m),
        Mixture(
            rng.normal(size=(m, *state.bank.state.shape[1:])),
            np.broadcast_to(pack_covariance(np.eye(6)), (m, *state.bank.cov.shape[1:])).copy(),
            rng.dirichlet(np.ones(state.bank.mode.shape[1]), m),
        ),
        rng.permutation(m), rng.choice(np.append(seen.dark, -1), m),
    )  # fmt: skip
    want = reference.begin(state, group, picture, starts)
    more = Bank.empty(m, len(SENSORS), state.bank.mode.shape[1])
    more.free(np.arange(m))
    place, bank = state.bank.size + rng.permutation(m), state.bank.join(more)
    births.begin(state._replace(bank=bank), group, picture, starts, place)
    assert_same_rows(bank.take(place), want)


@given(seeds)
def test_noting_plots_is_its_twin(seed):
    rng = np.random.default_rng(seed)
    state, group, picture, seen = at_one_time(rng, "one")
    mine, twin = both(state)
    taken = rng.integers(0, len(group.plots), len(seen.rows))
    for i, j in zip(seen.rows, taken, strict=True):
        note_plot(mine.bank, i, picture, j, 1, True)
        reference.note_plot(twin.bank, i, picture, j, 1, True)
    assert_same_rows(mine.bank, twin.bank)


@given(seeds, sets)
@settings(max_examples=40)
def test_what_is_shown_is_its_twin_and_the_bank_stays(seed, models):
    rng = np.random.default_rng(seed)
    mine, twin = both(random_state(rng, MODELS[models], 40))
    at_ns = T0_NS + int(rng.integers(-2 * NS, 9 * NS))
    rows = output_._alone(mine, mine.bank, at_ns)
    np.testing.assert_array_equal(rows, reference.shown(twin, at_ns))
    got = output_._present(mine, rows, at_ns)
    mean, cov, mode, sure, status, bits = reference.present(twin, rows, at_ns)
    assert_same_bodies(got.state, got.state_cov, mean, unpack_covariance(cov))
    np.testing.assert_allclose(got.mode_probability, mode, rtol=1e-7)
    np.testing.assert_allclose(got.existence_probability, sure, rtol=1e-9)
    np.testing.assert_array_equal(got.status, status)
    np.testing.assert_array_equal(got.sensor_bits, bits)
    for column, was in zip(mine.bank, twin.bank, strict=True):
        np.testing.assert_array_equal(column, was)


@given(seeds, st.integers(1, 24), st.sampled_from([3, 12]))
@settings(max_examples=60)
def test_dividing_is_its_twin(seed, k, limit):
    rng = np.random.default_rng(seed)
    m = k + 2
    near = np.abs(np.arange(k)[:, None] - np.arange(m)) < 2.0
    ratio = np.where(near & (rng.random((k, m)) < 0.8), np.exp(rng.normal(0.0, 4.0, (k, m))), 0.0)
    cluster, held = rng.integers(-6, 3, k).clip(-1), rng.choice([1.0, 0.5], k)
    start_ = np.concatenate([[0], np.cumsum((ratio > 0.0).sum(axis=1))]).astype(np.int64)
    pairs = np.nonzero(ratio)
    keep, alone = np.zeros(len(pairs[0]), bool), np.zeros(k, np.int8)
    parent, after, count = (np.empty(k, np.int64) for _ in range(3))
    close = rng.integers(0, k, (rng.integers(0, 3), 2))
    keep_, label, large_ = reference.divide(ratio, cluster, held, close, limit)
    large = divide(
        start_, pairs[1], ratio[pairs], cluster, held, close, m, limit, parent, after, count, keep,
        alone,
    )  # fmt: skip
    np.testing.assert_array_equal(keep, keep_[pairs])
    assert large == large_
    np.testing.assert_array_equal(parent[:, None] == parent, label[:, None] == label)
    np.testing.assert_array_equal(alone > 0, (np.bincount(label)[label] == 1) & (cluster < 0))


@given(seeds, st.integers(1, 30))
@settings(max_examples=30)
def test_sort_cells_keeps_each_free_plot_once_and_rows_of_cells_together(seed, m):
    rng = np.random.default_rng(seed)
    plot_m = rng.uniform(-1000, 5000, (m, 3))
    taken = rng.random(m) < 0.3
    order, begin = sort_cells(plot_m, taken, np.array([0.0, 0.0, 700.0, 5.0, 4.0]))
    cx = np.clip((plot_m[:, 0] / 700.0).astype(int), 0, 4)
    cy = np.clip((plot_m[:, 1] / 700.0).astype(int), 0, 3)
    cell = np.where(taken, 20, cy * 5 + cx)
    assert (order == np.argsort(cell, kind="stable")[: m - taken.sum()]).all()
    assert (np.diff(begin) == np.bincount(cell, minlength=21)[:20]).all()
