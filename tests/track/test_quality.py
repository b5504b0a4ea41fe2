"""What the tracker must hold, on small scenes made by NumPy alone with fixed seeds."""

import numpy as np
import pytest
from scipy.stats import chi2

from tests.track.scenes import (
    REGION,
    T0_NS,
    Line,
    at_instants,
    held,
    listener,
    positions,
    radar,
    sweep,
)
from tocsin.contract import NS, Looks, Plots, TrackStatus
from tocsin.geo import unpack_covariance
from tocsin.motion import CvNoise, Model, ModelSet, Noise
from tocsin.track import TrackConfig, track_plots, track_recording


def run(scans, sensors, **options):
    plots = Plots.concat([s.plots for s in scans])
    looks = Looks.concat([s.looks for s in scans])
    return track_recording(plots, looks, TrackConfig(REGION, sensors, **options))


def test_one_target_in_clutter_is_one_track_for_200_scans():
    rng = np.random.default_rng(1)
    sensors = (radar(false_plots_per_look=10.0),)
    target = Line((-40e3, 30e3, 3000), (110, -50, 0))
    _, updates = run([sweep(rng, [target], sensors, 0, 800)], sensors)
    numbers, stray = held(updates, [target], 20, 800)
    assert len(np.unique(numbers)) == 1
    assert numbers[0, 0] > 0
    assert stray == 0


def test_crossing_targets_keep_their_numbers():
    rng = np.random.default_rng(2)
    sensors = (radar(),)
    targets = [Line((-20e3, 30e3, 4000), (150, 15, 0)), Line((-20e3, 34e3, 4100), (150, -15, 0))]
    _, updates = run([sweep(rng, targets, sensors, 0, 270)], sensors)
    numbers, stray = held(updates, targets, 20, 268)
    # While they cross, within a few hundred metres, which track is nearest says nothing.
    apart = [k for k, t in enumerate(range(20, 268)) if abs(4000 - 30 * t) > 1500]
    assert (numbers[apart] == numbers[0]).all()
    assert numbers[0, 0] != numbers[0, 1]
    assert stray == 0


def test_thirty_targets_in_clutter_are_all_held_and_nothing_else():
    rng = np.random.default_rng(3)
    sensors = (radar(false_plots_per_look=6.0),)
    targets = [
        Line((*rng.uniform(-70e3, 70e3, 2), rng.uniform(2e3, 9e3)), (*rng.normal(0, 100, 2), 0))
        for _ in range(30)
    ]
    state, updates = run([sweep(rng, targets, sensors, 0, 400)], sensors)
    numbers, stray = held(updates, targets, 20, 400)
    assert (numbers > 0).mean() >= 0.95
    assert stray <= 4
    assert state.counters.late == state.counters.lookless == state.counters.edges_overflow == 0


ONE_MODEL = ModelSet(1.0, (Model(1.0, Noise(5.0, 0.0, 0.0, 1.0)),))


class Wanderer:
    """A target whose acceleration is white noise of a known density."""

    first_s, last_s = 0.0, np.inf

    def __init__(self, rng, start, velocity, noise, duration_s, step_s=0.25):
        count = int(duration_s / step_s) + 8
        q = noise.density() * step_s
        kicks = rng.normal(size=(count, 3)) * np.sqrt(q)
        # Exact discrete noise: the position's share of a kick, and its own part.
        own = rng.normal(size=(count, 3)) * np.sqrt(q / 12.0) * step_s
        self.v = np.array(velocity) + np.vstack([np.zeros(3), np.cumsum(kicks, axis=0)])
        moved = self.v[:-1] * step_s + kicks * step_s / 2.0 + own
        self.x = np.array(start) + np.vstack([np.zeros(3), np.cumsum(moved, axis=0)])
        self.t = np.arange(count + 1) * step_s

    def at(self, t_s):
        t = np.atleast_1d(t_s)
        return np.stack([np.interp(t, self.t, self.x[:, k]) for k in range(3)], axis=1)

    def velocity(self, t_s):
        return np.array([np.interp(t_s, self.t, self.v[:, k]) for k in range(3)])


@pytest.mark.parametrize("detection", [1.0, 0.9])
def test_errors_are_as_large_as_their_covariance_says(detection):
    """NEES of 6 degrees of freedom over independent targets, 99 % band."""
    rng = np.random.default_rng(4)
    noise = CvNoise(5.0, 1.0)
    sensors = (radar(false_plots_per_look=0.001, detection_probability=detection),)
    places = [(x, y) for x in range(-60, 61, 24) for y in range(-60, 61, 24) if x or y]
    targets = [
        Wanderer(rng, (x * 1e3, y * 1e3, 6000.0), rng.normal(0, 40, 3) * [1, 1, 0.1], noise, 101)
        for x, y in places
    ]
    _, updates = run([sweep(rng, targets, sensors, 0, 100)], sensors, models=ONE_MODEL)
    for wanted in (40.0, 70.0, 96.0):
        rows = next(rows for t, rows in at_instants(updates) if t == wanted)
        rows = rows.take(rows.status > 0)
        nees = []
        for target in targets:
            truth = np.concatenate([target.at(wanted)[0], target.velocity(wanted)])
            apart = np.linalg.norm(rows.state[:, :3] - truth[:3], axis=1)
            k = int(apart.argmin())
            if apart[k] < 3000:
                error = rows.state[k] - truth
                cov = unpack_covariance(rows.state_cov[k : k + 1])[0]
                nees.append(error @ np.linalg.solve(cov, error))
        assert len(nees) >= 0.95 * len(targets)
        low, high = chi2.ppf([0.005, 0.995], 6 * len(nees)) / len(nees)
        assert low < np.mean(nees) < high


def test_two_overlapping_radars_make_one_track_each_target():
    rng = np.random.default_rng(5)
    sensors = (
        radar("north", north_m=20e3, period_s=4.0),
        radar("south", north_m=-25e3, east_m=9e3, period_s=5.3),
    )
    targets = [Line((-30e3, 5e3, 3000), (90, 10, 0)), Line((30e3, -8e3, 5000), (-120, 30, 0))]
    scans = [sweep(rng, targets, sensors, k, 300, start_s=0.7 * k) for k in (0, 1)]
    state, updates = run(scans, sensors)
    numbers, stray = held(updates, targets, 20, 295)
    assert [len(np.unique(numbers[:, k])) for k in (0, 1)] == [1, 1]
    assert stray == 0
    late = updates.take(updates.measured_at_ns == T0_NS + 200 * NS)
    assert (late.sensor_bits[late.status > 0] == 3).all()
    one = track_plots(scans[0].plots, scans[0].looks, TrackConfig(REGION, sensors))
    assert _spread(updates, targets) < 0.9 * _spread(one, targets)
    assert state.counters.late == 0


def _spread(updates, targets):
    error = []
    for t, rows in at_instants(updates):
        if 50 < t < 250:
            sure = rows.take(rows.status > 0)
            for target in targets:
                error.append(np.linalg.norm(sure.state[:, :3] - target.at(t)[0], axis=1).min())
    return np.sqrt(np.mean(np.square(error)))


def test_an_outage_is_no_evidence_against_a_track():
    rng = np.random.default_rng(6)
    sensors = (radar(false_plots_per_look=0.5),)
    target = Line((-30e3, 20e3, 3000), (60, 0, 0))
    _, updates = run([sweep(rng, [target], sensors, 0, 260, off=[(120.0, 240.0)])], sensors)
    by_time = dict(at_instants(updates))
    before = by_time[118.0].take(by_time[118.0].status > 0)
    assert before.status.tolist() == [TrackStatus.CONFIRMED]
    silent = by_time[140.0].take(by_time[140.0].status > 0)
    assert silent.number.tolist() == before.number.tolist()
    assert silent.status.tolist() == [TrackStatus.COASTING]
    assert silent.existence_probability[0] > 0.95
    assert silent.state_cov[0, 0] > before.state_cov[0, 0]
    gone = [t for t, rows in by_time.items() if before.number[0] in rows.number]
    assert 145 < max(gone) < 160


def test_misses_end_a_track_that_has_gone():
    rng = np.random.default_rng(7)
    sensors = (radar(false_plots_per_look=2.0),)
    target = Line((-30e3, 20e3, 3000), (60, 0, 0), last_s=100.0)
    _, updates = run([sweep(rng, [target], sensors, 0, 160)], sensors)
    sure = updates.take(updates.status > 0)
    last = (sure.measured_at_ns.max() - T0_NS) / NS
    assert 100 < last < 130


def test_a_target_on_a_sector_edge_is_not_punished_there():
    """It flies along azimuth 90 degrees, where sectors 3 and 4 of 16 meet."""
    rng = np.random.default_rng(8)
    sensors = (radar(false_plots_per_look=0.5, azimuth_std_rad=0.004),)
    target = Line((10e3, 0, 1000), (100, 0, 0))
    _, updates = run([sweep(rng, [target], sensors, 0, 400, pd=1.0)], sensors)
    numbers, _ = held(updates, [target], 20, 400)
    assert len(np.unique(numbers)) == 1
    sure = updates.take(updates.status > 0)
    assert (sure.existence_probability > 0.7).all()
    # No second track from a plot that fell beyond the edge.
    assert len(np.unique(sure.number)) == 1


def test_identity_holds_through_a_gap_and_does_not_join_the_distant():
    rng = np.random.default_rng(9)
    sensors = (listener(period_s=5.0),)
    turner = Line((0, 0, 3000), (80, 0, 0), last_s=60.0)
    after = Line((60 * 80 - 150, 90 * -60.0, 3000), (0, 90, 0), first_s=72.0)
    ghost = Line((40e3, 0, 3000), (0, 80, 0))
    plots, _ = positions(rng, [turner, after, ghost], 0, 150, addresses=[7, 7, 7])
    _, updates = track_recording(plots, Looks.empty(), TrackConfig(REGION, sensors))
    sure = updates.take(updates.status > 0)
    assert len(np.unique(sure.number)) == 2
    assert (sure.mode_s == 7).all()
    assert sure.mode_s_valid.all()
    numbers, _ = held(updates, [turner, after, ghost], 10, 148, near_m=3000.0)
    assert numbers[20, 0] == numbers[-1, 1]
    assert numbers[20, 0] != numbers[20, 2]


def test_different_addresses_never_share_a_track():
    rng = np.random.default_rng(10)
    sensors = (listener(),)
    pair = [Line((0, 0, 3000), (80, 0, 0)), Line((0, 60, 3000), (80, 0, 0))]
    plots, _ = positions(rng, pair, 0, 60, addresses=[1, 2], std_m=30.0)
    updates = track_plots(plots, Looks.empty(), TrackConfig(REGION, sensors))
    last = updates.take(updates.measured_at_ns == updates.measured_at_ns.max())
    assert sorted(last.mode_s.tolist()) == [1, 2]
    assert (last.status == TrackStatus.CONFIRMED).all()


def test_radar_and_adsb_make_one_track_with_both_sensors_and_the_address():
    rng = np.random.default_rng(11)
    sensors = (radar(false_plots_per_look=3.0), listener())
    targets = [Line((-30e3, 20e3, 3000), (110, 40, 0)), Line((25e3, -20e3, 8000), (-200, 10, 0))]
    scan = sweep(rng, targets, sensors, 0, 200)
    heard, _ = positions(rng, targets, 1, 200, addresses=[0xABC, 0xDEF])
    plots = Plots.concat([scan.plots, heard])
    updates = track_plots(plots, scan.looks, TrackConfig(REGION, sensors))
    sure = updates.take(updates.status > 0)
    assert len(np.unique(sure.number)) == 2
    last = sure.take(sure.measured_at_ns == T0_NS + 190 * NS)
    assert (last.sensor_bits == 3).all()
    assert sorted(last.mode_s.tolist()) == [0xABC, 0xDEF]


class Legs:
    """A target of constant speed that turns left and right by turns, once a minute."""

    first_s, last_s = 0.0, np.inf

    def __init__(self, start, speed, heading, accel, turn_deg, duration_s):
        step = 0.1
        self.t = np.arange(int(duration_s / step) + 60) * step
        rate = accel / speed
        turning = self.t % 60.0 >= 60.0 - np.radians(turn_deg) / rate
        way = np.where(self.t // 60.0 % 2 == 0, rate, -rate)
        course = heading + np.cumsum(turning * way) * step
        velocity = speed * np.stack([np.sin(course), np.cos(course), 0 * course], axis=1)
        self.x = np.array(start) + np.cumsum(velocity, axis=0) * step

    def at(self, t_s):
        t = np.atleast_1d(t_s)
        return np.stack([np.interp(t, self.t, self.x[:, k]) for k in range(3)], axis=1)


@pytest.mark.parametrize(
    ("speed", "accel", "turn_deg"),
    [(45.0, 10.0, 90.0), (70.0, 10.0, 180.0), (220.0, 5.0, 90.0), (250.0, 20.0, 60.0)],
)
def test_turning_targets_of_all_speeds_are_held(speed, accel, turn_deg):
    """Drones, light aircraft, airliners and fast flyers in the turns that they make."""
    rng = np.random.default_rng(12)
    sensors = (radar(false_plots_per_look=5.0),)
    targets = [
        Legs((x, y, 2000.0), speed, rng.uniform(0, 6), accel, turn_deg, 240)
        for x in (-50e3, -10e3, 40e3)
        for y in (-45e3, 10e3, 50e3)
    ]
    _, updates = run([sweep(rng, targets, sensors, 0, 240)], sensors)
    numbers, stray = held(updates, targets, 20, 236)
    assert (numbers > 0).mean() > 0.99
    breaks = sum(len(np.unique(numbers[numbers[:, k] > 0, k])) - 1 for k in range(9))
    assert breaks <= 1
    assert stray <= 4
