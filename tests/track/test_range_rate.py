"""Range rates: where they are used, and what they are worth; their twins are in test_kernels."""

import numpy as np
import pytest

from tests.track.scenes import REGION, T0_NS, TWO_PI, Line, at_instants, radar, sweep
from tocsin.contract import NS, Plots
from tocsin.geo import unpack_covariance
from tocsin.track import TrackConfig, start, track_plots
from tocsin.track.step import Group, _picture

SENSOR_M, STD_MPS, SPAN_MPS = np.array([0.0, 0.0, 50.0]), 2.0, 300.0


def plots(rng, n, **columns):
    """Return n plots of one moment about a place, with range rates."""
    root = rng.normal(size=(n, 3, 3)) * 80.0
    usual = {
        "measured_at_ns": T0_NS + rng.integers(0, NS, n),
        "dimension": 3,
        "position_m": rng.normal(size=(n, 3)) * [500, 500, 200] + [3e4, 2e4, 4e3],
        "position_cov_m2": root @ root.transpose(0, 2, 1) + 100.0 * np.eye(3),
        "false_density": 1e-13,
        "range_rate_mps": rng.normal(size=n) * 60.0,
        "range_rate_std_mps": STD_MPS,
    }
    return Plots.build(n, **{**usual, **columns})


def pictured(rng, n, **columns):
    """Return n plots as the kernels want them."""
    state = start(TrackConfig(REGION, (radar(),)))
    group = Group(T0_NS + NS, 0, None, plots(rng, n, **columns))
    return _picture(state, group, 1e-14)


@pytest.mark.parametrize(
    ("columns", "used"),
    [
        ({}, True),
        ({"range_rate_std_mps": np.nan}, False),
        ({"range_rate_mps": np.nan}, False),
        ({"position_cov_m2": 4e8 * np.eye(3)[None]}, False),
        ({"dimension": 2}, True),
        ({"dimension": 2, "position_m": np.array([[6e3, 0.0, 3e3]])}, False),
    ],
)
def test_a_rate_is_used_where_its_error_and_its_line_of_sight_are_known(columns, used):
    picture = pictured(np.random.default_rng(1), 1, **columns)
    assert np.isfinite(picture.rate[:, :2]).all() == used


def rated(rng, scan, targets):
    """Return plots with range rates: of targets the true ones and noise, of others any."""
    t, n = (scan.plots.measured_at_ns - T0_NS) / NS, len(scan.plots)
    rate = rng.uniform(-SPAN_MPS, SPAN_MPS, n)
    for k, target in enumerate(targets):
        mine = np.flatnonzero(scan.origin == k)
        line = target.at(t[mine]) - SENSOR_M
        along = (line @ np.array(target.velocity)) / np.linalg.norm(line, axis=1)
        rate[mine] = along + rng.normal(size=len(mine)) * STD_MPS
    return scan.plots.replace(range_rate_mps=rate, range_rate_std_mps=np.full(n, STD_MPS))


def traffic(rng, n):
    """Return targets that fly straight anywhere, at any speed from a drone's to an airliner's."""
    azimuth, course = rng.uniform(0, TWO_PI, (2, n))
    r, speed, height = rng.uniform(2e4, 8e4, n), rng.uniform(30, 250, n), rng.uniform(3e3, 9e3, n)
    place = np.stack([r * np.sin(azimuth), r * np.cos(azimuth), height], axis=1)
    velocity = np.stack([speed * np.sin(course), speed * np.cos(course), 0 * speed], axis=1)
    return [Line(tuple(p), tuple(v)) for p, v in zip(place, velocity, strict=True)]


def judged(updates, targets, times):
    """Return squared errors of velocity, NEES, and how many rows are likely but no target's."""
    wrong, nees, stray = [], [], 0
    for t, rows in at_instants(updates):
        if round(t) not in times:
            continue
        likely = rows.take(rows.existence_probability > 0.5)
        truth = np.array([np.concatenate([x.at(t)[0], x.velocity]) for x in targets])
        apart = np.linalg.norm(likely.state[:, None, :2] - truth[None, :, :2], axis=2)
        stray += int((apart.min(axis=1, initial=np.inf) > 1500.0).sum())
        for k in np.flatnonzero(apart.min(axis=0, initial=np.inf) < 1500.0):
            j = apart[:, k].argmin()
            e, cov = likely.state[j] - truth[k], unpack_covariance(likely.state_cov[j])
            wrong.append(e[3:5] @ e[3:5])
            nees.append(e @ np.linalg.solve(cov, e))
    return np.array(wrong), np.array(nees), stray


def test_with_rates_velocity_is_known_sooner_and_fewer_false_tracks_start():
    """Half the error of velocity after three plots, a third of the false starts, no false hope."""
    sensors = (radar(false_plots_per_look=2000.0, elevation_min_rad=0.03, elevation_max_rad=0.6),)
    wrong, nees, stray = {0: [], 1: []}, [], {0: 0, 1: 0}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        targets = traffic(rng, 20)
        scan = sweep(rng, targets, sensors, 0, 20.0)
        for have, own in enumerate((scan.plots, rated(rng, scan, targets))):
            updates = track_plots(own, scan.looks, TrackConfig(REGION, sensors))
            off, distance2, more = judged(updates, targets, (12, 16))
            wrong[have].append(off)
            stray[have] += more
            if have:
                nees.append(distance2)
    rms = {have: np.sqrt(np.concatenate(wrong[have]).mean()) for have in (0, 1)}
    assert rms[1] < 0.6 * rms[0]
    assert stray[0] > 10
    assert stray[1] < 0.4 * stray[0]
    assert 2.0 < np.concatenate(nees).mean() < 6.5


def test_rates_that_cannot_be_used_change_nothing():
    rng, sensors = np.random.default_rng(3), (radar(false_plots_per_look=50.0),)
    targets = traffic(rng, 5)
    scan = sweep(rng, targets, sensors, 0, 20.0)
    config = TrackConfig(REGION, sensors)
    plain = track_plots(scan.plots, scan.looks, config)
    useless = rated(rng, scan, targets).replace(range_rate_std_mps=np.full(len(scan.plots), np.nan))
    same = track_plots(useless, scan.looks, config)
    assert (plain.state == same.state).all()
    assert (plain.existence_probability == same.existence_probability).all()
