"""Ballistic arcs: tracked as far as they are seen, through what nobody sees, down to the ground."""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.track.scenes import REGION, T0_NS, radar, sweep
from tests.track.test_kernels import assert_same_rows, both, random_state
from tocsin.contract import NS, ObjectClass, TrackStatus
from tocsin.geo import unpack_covariance
from tocsin.motion import SETS
from tocsin.motion.ballistic import EARTH_RADIUS_M, GRAVITY_MPS2
from tocsin.track import TrackConfig, reference, smooth, track_plots
from tocsin.track.kernels_filter import predict
from tocsin.track.kernels_sweep import end

BOTH = SETS[ObjectClass.UNKNOWN]
LIFE_S = 230


class Arc:
    """An object without drag that passes high over the radar and comes down beyond it."""

    first_s, last_s = 0.0, float(LIFE_S)

    def __init__(self):
        """Fly it."""
        start = [-160e3, 30e3, EARTH_RADIUS_M + 40e3, 1000.0, -120.0, 900.0]
        at = np.arange(0.0, LIFE_S + 1.0)
        arc = solve_ivp(_rate, (0.0, at[-1]), start, t_eval=at, rtol=1e-9).y.T
        arc[:, 2] -= EARTH_RADIUS_M
        self._at_s, self.path = at, arc

    def at(self, t_s):
        """Return (n, 3) positions at (n,) seconds."""
        t = np.atleast_1d(t_s)
        k = np.clip(t.astype(int), 0, LIFE_S)
        left = (t - self._at_s[k])[:, None]
        down = GRAVITY_MPS2 * np.array([0.0, 0.0, -1.0])
        return self.path[k, :3] + self.path[k, 3:] * left + 0.5 * down * left**2


def _rate(_, state):
    r = np.sqrt((state[:3] ** 2).sum())
    return np.concatenate([state[3:], -GRAVITY_MPS2 * (EARTH_RADIUS_M / r) ** 2 * state[:3] / r])


ARC = Arc()
# Blind above 40 degrees of elevation, as most radars are.
SENSORS = (radar(elevation_max_rad=0.7, false_plots_per_look=8.0),)


def _seen(seed):
    """Return the plots of a radar that does not see the top of the arc."""
    scan = sweep(np.random.default_rng(seed), [ARC], SENSORS, 0, 300.0)
    flat = np.hypot(scan.plots.position_m[:, 0], scan.plots.position_m[:, 1])
    inside = np.arctan2(scan.plots.position_m[:, 2], flat) < 0.7
    return scan.plots.take(inside), scan.looks, scan.origin[inside]


def _followed(updates):
    """Return seconds, errors and the normalised squared error of the track on the arc."""
    at_s = (updates.measured_at_ns - T0_NS) / NS
    truth = ARC.path[np.clip(np.round(at_s).astype(int), 0, LIFE_S)]
    near = np.linalg.norm(updates.state[:, :3] - truth[:, :3], axis=1) < 8000.0
    near &= (updates.status != TrackStatus.TENTATIVE) & (at_s < LIFE_S)
    off = (updates.state - truth)[near]
    cov = unpack_covariance(updates.state_cov[near])
    nees = (off * np.linalg.solve(cov, off[:, :, None])[:, :, 0]).sum(axis=1)
    return at_s[near], off, nees, updates.number[near]


@pytest.mark.parametrize("seed", range(3))
def test_an_arc_is_one_track_from_its_third_plot_to_the_ground(seed):
    plots, looks, origin = _seen(seed)
    of_arc = np.sort(plots.measured_at_ns[origin == 0])
    third_s = (of_arc[2] - T0_NS) / NS
    assert (np.diff(of_arc) / NS).max() > 40.0, "the scene has a gap that is longer than 30 s"
    updates = track_plots(plots, looks, TrackConfig(REGION, SENSORS))
    at_s, off, nees, number = _followed(updates)
    assert len(at_s) > 0.9 * (LIFE_S - third_s)
    assert len(np.unique(number)) == 1
    late = at_s > third_s + 20.0
    assert np.sqrt((off[late, 3:] ** 2).sum(axis=1).mean()) < 40.0
    assert nees[late].mean() < 12.0
    mine = updates.take(updates.number == number[0])
    assert (mine.measured_at_ns.max() - T0_NS) / NS < LIFE_S + 10.0, "it ends on the ground"


def test_no_arc_comes_of_false_plots_alone():
    plots, looks, origin = _seen(5)
    updates = track_plots(plots.take(origin < 0), looks, TrackConfig(REGION, SENSORS))
    assert (updates.status == TrackStatus.TENTATIVE).all()


def test_a_fast_range_rate_starts_a_fast_track_low_down():
    plots, looks, origin = _seen(2)
    low = plots.take((origin == 0) & (plots.position_m[:, 2] < 12e3) & (plots.position_m[:, 0] > 0))
    line = low.position_m / np.linalg.norm(low.position_m, axis=1)[:, None]
    second = np.round((low.measured_at_ns - T0_NS) / NS).astype(int)
    rate = (line * ARC.path[second, 3:]).sum(axis=1)
    rated = low.replace(range_rate_mps=rate, range_rate_std_mps=np.full(len(low), 3.0))
    assert len(low) >= 3
    assert (np.abs(rate) > 450.0).all()
    found = [track_plots(p, looks, TrackConfig(REGION, SENSORS)) for p in (low, rated)]
    assert [(u.status == TrackStatus.CONFIRMED).any() for u in found] == [False, True]


def falling_state(seed):
    """Return a tracker some of whose rows fall, some of them almost down."""
    state = random_state(np.random.default_rng(seed), models=BOTH)
    bank = state.bank
    bank.state[::2, :, 3:5] *= 7.0
    bank.state[::2, :, 5] -= 300.0
    bank.state[1::4, :, 2] += 50e3
    return state


def test_rows_that_fall_are_advanced_as_the_twin_does():
    state = falling_state(8)
    mine, twin = both(state)
    rows = np.flatnonzero(mine.bank.live)
    to_ns = np.full(len(rows), T0_NS + 5 * NS)
    rules = mine.site.rules
    predict(*mine.bank.body, mine.bank.time_ns, mine.bank.existence, rows, to_ns,
            rules.model, rules.limit)  # fmt: skip
    for i in rows:
        reference.bring(twin, twin.bank, int(i), T0_NS + 5 * NS)
    assert_same_rows(mine.bank, twin.bank)


@pytest.mark.parametrize("after_s", [1, 12, 40, 400])
def test_rows_that_fall_end_as_the_twin_says(after_s):
    state = falling_state(9)
    state.bank.cluster[:] = -1
    mine, twin = both(state)
    at_ns = T0_NS + after_s * NS
    gone = reference.over(twin, at_ns)
    end(mine.bank, at_ns, mine.site.ends)
    assert (mine.bank.existence[gone] == 0.0).all()
    assert (mine.bank.live == (twin.bank.live & ~gone)).all()


def test_an_arc_is_known_better_from_its_end():
    plots, looks, _ = _seen(1)
    config = TrackConfig(REGION, SENSORS)
    updates = track_plots(plots, looks, config)
    mine = updates.take(updates.number == _followed(updates)[3][0])
    mode = np.nan_to_num(mine.mode_probability)
    better = smooth(mine, mode, dataclasses.replace(config).models)
    rms = [np.sqrt((_followed(u)[1][:, :3] ** 2).sum(axis=1).mean()) for u in (mine, better)]
    assert rms[1] < 0.5 * rms[0]
