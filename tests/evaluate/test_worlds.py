"""Every track score agrees with a second scorer on random worlds, and with itself rearranged."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluate import independent
from tests.evaluate.states import at_instants
from tests.evaluate.world import NS, ORIGIN, REGION, START_NS
from tocsin.contract import Tracks, TrackStatus, Truth
from tocsin.evaluate import TrackScoring, score_tracks
from tocsin.geo import unpack_covariance

SETS = ("gospa_m", "gospa_localisation_m", "gospa_missed_m", "gospa_false_m", "ospa_m", "ospa2_m")
COUNTS = ("identity_switches", "breaks", "never_confirmed", "never_ended", "false_tracks")
ERRORS = ("position_rmse_m", "velocity_rmse_mps", "nees_mean")
WAITS = ("time_to_confirm_p50_s", "time_to_confirm_p95_s", "time_to_end_p50_s", "time_to_end_p95_s")
UPPER = np.triu_indices(6)


class World(NamedTuple):
    """Truth and tracks of few objects that come, go, cross, are missed, doubled and renamed."""

    truth: Truth
    tracks: Tracks
    instants: int


def table(cls, rows, **columns):
    """Rows of (second, name, six region coordinates, class)."""
    second, names, state, kinds = (list(c) for c in zip(*rows, strict=True)) if rows else [[]] * 4
    state = np.reshape(np.array(state, float), (-1, 6))
    lat, lon, height = REGION.to_geodetic(state[:, :3])
    return cls.build(
        len(rows),
        measured_at_ns=np.array(second, np.int64) * NS + START_NS,
        latitude_deg=lat,
        longitude_deg=lon,
        height_wgs84_m=height,
        velocity_east_mps=state[:, 3],
        velocity_north_mps=state[:, 4],
        velocity_up_mps=state[:, 5],
        object_class=np.array(kinds, np.int8),
        **{"target_id" if cls is Truth else "track_id": names},
        **columns,
    )


def random_world(seed: int, every: int = 1, gaps: bool = True) -> World:
    """A world; without gaps every truth and track has a row at each instant of its life."""
    draw = np.random.default_rng(seed)
    seen_share, found_share = (0.95, 0.85) if gaps else (1.0, 1.0)
    instants, targets = int(draw.integers(14, 30)), int(draw.integers(1, 5))
    truth, tracks = [], []
    states = np.zeros((targets, 6))
    states[:, :3] = draw.normal(size=(targets, 3)) * [300.0, 300.0, 100.0] + [0.0, 0.0, 900.0]
    states[:, 3:] = draw.normal(size=(targets, 3)) * [40.0, 40.0, 3.0]
    lives = np.sort(draw.integers(0, instants, (targets, 2)), axis=1)
    lives[0] = 0, instants - 1
    names = [f"T{draw.integers(0, 9)}" if gaps else f"N{k}" for k in range(targets)]
    for t in range(instants):
        here: dict[str, tuple] = {}
        for k in range(targets):
            now = states[k] + np.append(states[k, 3:] * t, np.zeros(3))
            if lives[k, 0] <= t <= lives[k, 1] and draw.uniform() < seen_share:
                truth.append((t, f"o{k}", now, k % 3 + 1))
            if draw.uniform() < 0.05:
                names[k] = f"T{draw.integers(0, 9)}" if gaps else f"N{t}-{k}"
            if lives[k, 0] <= t <= lives[k, 1] + 3 and draw.uniform() < found_share:
                noisy = now + draw.normal(size=6) * [60.0, 60.0, 60.0, 3.0, 3.0, 1.0]
                here[names[k]] = (t, names[k], noisy, int(draw.choice([0, k % 3 + 1, 2])))
        if draw.uniform() < 0.6 or not gaps:
            here["F"] = (t, "F", np.array([3000.0, t, 500.0, 0.0, 1.0, 0.0]), 0)
        if t % every == 0:
            tracks += [here[name] for name in sorted(here)]
            tracks.append((t, "Z", np.array([9e4, 0.0, 900.0, 0.0, 0.0, 0.0]), 0))
    root = draw.normal(size=(len(tracks), 6, 6)) * [30.0, 30.0, 30.0, 3.0, 3.0, 3.0]
    cov = np.swapaxes(root, 1, 2) @ root + np.diag([900.0, 900, 900, 9, 9, 9])
    extra = {
        "status": int(TrackStatus.CONFIRMED),
        "emitted_at_ns": np.array([row[0] for row in tracks]) * NS + START_NS,
        "state_cov_m_mps": cov[:, *UPPER],
    }
    return World(table(Truth, truth), table(Tracks, tracks, **extra), instants)


def plain_rows(some: Truth | Tracks, start_ns: int) -> list[tuple]:
    """The rows as the second scorer's `at_instants` wants them."""
    names = some.target_id if isinstance(some, Truth) else some.track_id
    velocity = np.stack(
        [some.velocity_east_mps, some.velocity_north_mps, some.velocity_up_mps], axis=1
    )
    cov = [] if isinstance(some, Truth) else [unpack_covariance(some.state_cov_m_mps)]
    columns = (some.latitude_deg, some.longitude_deg, some.height_wgs84_m, velocity)
    seconds = ((some.measured_at_ns - start_ns) // NS).tolist()
    return list(zip(seconds, names, *columns, some.object_class.tolist(), *cov, strict=True))


def close(ours, theirs) -> None:
    theirs = [None if value == np.inf else value for value in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one == (other if other is None else pytest.approx(other, rel=1e-9, abs=1e-9))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([1.0, 2.0]),
    st.sampled_from([2, 3]),
    st.sampled_from([150.0, 500.0]),
    st.sampled_from([1, 2]),
)
def test_all_scores_are_the_second_scorers(seed, p, dimension, c, every) -> None:
    world = random_world(seed, every)
    config = TrackScoring(
        cutoff_m=c, order=p, dimension=dimension, hysteresis_m=50.0, gap_s=1.0,
        ospa2_window_s=8.0, end_within_s=2.0, hold_s=2.5,
    )  # fmt: skip
    ours = score_tracks(world.truth, world.tracks, ORIGIN, config)
    count, start_ns = ours["instants"], ours["series"]["at_ns"][0]
    true = at_instants(plain_rows(world.truth, start_ns), range(count), dimension)
    seen = at_instants(plain_rows(world.tracks, start_ns), range(count), dimension, every - 1)
    theirs = independent.scores(true, seen, c, p, 50.0, 8, dimension, 2)
    close([ours[key] for key in SETS], theirs["sets"])
    close(ours["siap"].values(), theirs["siap"])
    close([ours[key] for key in COUNTS], theirs["counts"][:-1])
    assert round(ours["completeness"] * len(world.truth)) == theirs["counts"][-1]
    close([ours[key] for key in ERRORS], theirs["errors"])
    close([ours[key] for key in WAITS], theirs["waits"])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    world = random_world(seed)
    draw = np.random.default_rng(seed)
    mixed = [some.take(draw.permutation(len(some))) for some in world[:2]]
    assert score_tracks(*mixed, ORIGIN) == score_tracks(*world[:2], ORIGIN)
