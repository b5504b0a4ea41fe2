"""GOSPA, OSPA and SIAP are those of Stone Soup on worlds that both can score."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from stonesoup.dataassociator.tracktotrack import TrackToTruth
from stonesoup.measures import Euclidean
from stonesoup.metricgenerator.manager import MultiManager
from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
from stonesoup.metricgenerator.tracktotruthmetrics import IDSIAPMetrics
from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
from stonesoup.types.state import State
from stonesoup.types.track import Track

from tests.evaluate.states import at_instants
from tests.evaluate.test_worlds import plain_rows, random_world
from tests.evaluate.world import ORIGIN
from tocsin.evaluate import TrackScoring, ospa, score_tracks

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SIAP = (
    "Completeness",
    "Ambiguity",
    "Spuriousness",
    "Position Accuracy",
    "Velocity Accuracy",
    "Rate of Track Number Change",
    "Longest Track Segment",
    "ID Completeness",
    "ID Correctness",
    "ID Ambiguity",
)


def paths(states, make_path, make_state):
    """One path a name, of a state for each instant at which it is there."""
    names = sorted({name for there in states.values() for name in there})
    rows = {
        name: [(t, make_state(t, states[t][name])) for t in states if name in states[t]]
        for name in names
    }
    return [make_path(rows[name], states, name) for name in names]


def vector(state):
    return [*state.place, *state.velocity]


def when(t):
    return EPOCH + timedelta(seconds=t)


def true_state(t, state):
    return GroundTruthState(vector(state), timestamp=when(t), metadata={"kind": state.kind})


def track_of(rows, states, name):
    track = Track([state for _, state in rows])
    track.metadatas = [{"kind": states[t][name].kind or None} for t, _ in rows]
    return track


def both(seed: int, p: float, dimension: int, c: float):
    """Our scores of a world, and what Stone Soup needs to score it."""
    world = random_world(seed, gaps=False)
    config = TrackScoring(cutoff_m=c, order=p, dimension=dimension, gap_s=1.0)
    ours = score_tracks(world.truth, world.tracks, ORIGIN, config)
    count, start_ns = ours["instants"], ours["series"]["at_ns"][0]
    states = [at_instants(plain_rows(t, start_ns), range(count), dimension) for t in world[:2]]
    truths = paths(states[0], lambda rows, *_: GroundTruthPath([s for _, s in rows]), true_state)
    tracks = paths(states[1], track_of, lambda t, s: State(vector(s), timestamp=when(t)))
    return ours, SimpleNamespace(states=states, truths=truths, tracks=tracks)


def stone_soup(peer, generators, c: float):
    """What Stone Soup's generators say, by title."""
    associator = TrackToTruth(association_threshold=c, measure=Euclidean(mapping=(0, 1, 2)))
    manager = MultiManager(generators, associator=associator)
    manager.add_data({"groundtruth_paths": set(peer.truths), "tracks": set(peer.tracks)})
    found = manager.generate_metrics()
    return {title: m.value for group in found.values() for title, m in group.items()}


def equal(ours, theirs) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_gospa_and_ospa(seed: int, p: float, dimension: int) -> None:
    c = 200.0
    ours, peer = both(seed, p, dimension, c)
    measure = Euclidean(mapping=(0, 1, 2))
    found = stone_soup(
        peer, [GOSPAMetric(p=p, c=c, measure=measure), OSPAMetric(p=p, c=c, measure=measure)], c
    )
    gospa = [m.value for m in found["GOSPA Metrics"]]
    # Stone Soup gives the parts to the power p, and the distance as its root.
    for ours_name, theirs_name, power in (
        ("gospa_m", "distance", 1.0),
        ("localisation_m", "localisation", p),
        ("missed_m", "missed", p),
        ("false_m", "false", p),
    ):
        mine = np.array(ours["series"][ours_name]) ** power
        equal(mine, [parts[theirs_name] for parts in gospa])
    theirs = np.array([m.value for m in found["OSPA distances"]])
    mine = np.array(ours["series"]["ospa_m"])
    assert mine.any()
    if p == 1.0:
        equal(mine, theirs)
    else:
        # Stone Soup pairs by the sum of distances, which can only cost more.
        assert np.all(mine <= theirs * (1 + 1e-9))
        assert np.mean(np.isclose(mine, theirs, rtol=1e-9)) > 0.5


def test_ospa_of_stone_soup_is_not_the_least_for_powers() -> None:
    """Where 0 + 9.9 is less than 5 + 5, but 0 + 9.9² is more than 5² + 5²."""
    bend = np.arccos(0.9602)
    truth = np.array([[0.0, 0.0], [5.0, 0.0]])
    tracks = np.array([[5.0, 0.0], [5.0 + 5.0 * np.cos(bend), 5.0 * np.sin(bend)]])
    metric = OSPAMetric(p=2, c=50.0, measure=Euclidean())
    states = [[State(place, timestamp=EPOCH) for place in side] for side in (tracks, truth)]
    assert ospa(truth, tracks, 50.0, 2.0) == pytest.approx(5.0)
    assert metric.compute_OSPA_distance(*states).value == pytest.approx(np.sqrt(9.9**2 / 2))


def ambiguous(peer, c: float) -> bool:
    """Whether Stone Soup's own count of tracks needed hangs on the order of a set.

    So it is where one of two tracks of a truth that end together has come back after a break.
    """
    associator = TrackToTruth(association_threshold=c, measure=Euclidean(mapping=(0, 1, 2)))
    links = associator.associate_tracks(set(peer.tracks), set(peer.truths)).associations
    for truth in peer.truths:
        mine = [link.time_range for link in links if truth in link.objects]
        ends = [span.key_times[-1] for span in mine]
        broken = any(len(span.key_times) > 2 for span in mine)
        if broken and len(set(ends)) < len(ends):
            return True
    return False


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("c", [100.0, 500.0])
def test_siap(dimension: int, c: float) -> None:
    speeds = Euclidean(mapping=(3, 4) if dimension == 2 else (3, 4, 5))
    generator = IDSIAPMetrics(
        position_measure=Euclidean(mapping=(0, 1, 2)),
        velocity_measure=speeds,
        truth_id="kind",
        track_id="kind",
    )
    compared, changes = 0, 0.0
    for seed in range(20):
        ours, peer = both(seed, 2.0, dimension, c)
        if ambiguous(peer, c):
            continue
        found = stone_soup(peer, [generator], c)
        equal(list(ours["siap"].values()), [found[f"SIAP {name}"] for name in SIAP])
        compared += 1
        changes += ours["siap"]["track_number_changes_per_s"]
    assert compared >= 15
    assert changes > 0.0
