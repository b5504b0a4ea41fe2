"""Measure the track scores beside Stone Soup's on the same sets, in CPU time; prints JSON.

python bench/score.py [--quick]

`instants`: GOSPA of one instant, ours and Stone Soup's where it ends within reason, on truths at a
given density with errors of 100 m, a tenth missed, a twentieth false; cut-off 2 km, p = 2. `runs`:
`score_tracks`, which gives all scores of docs/reference/scores.md; Stone Soup's GOSPA, OSPA and
SIAP beside it for the small one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from math import sqrt
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from tocsin.contract import F64, NS, ObjectClass, Origin, Tracks, TrackStatus, Truth
from tocsin.evaluate import gospa, score_tracks
from tocsin.geo import Region

try:
    from stonesoup.dataassociator.tracktotrack import TrackToTruth
    from stonesoup.measures import Euclidean
    from stonesoup.metricgenerator.manager import MultiManager
    from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
    from stonesoup.metricgenerator.tracktotruthmetrics import SIAPMetrics
    from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
    from stonesoup.types.state import State
    from stonesoup.types.track import Track
except ImportError:  # without the extra `peers` ours is measured alone
    PEER_UP_TO = 0
else:
    PEER_UP_TO = 1_000

CUTOFF_M, ORDER, STD_M = 2_000.0, 2.0, 100.0
MISSED, FALSE = 0.1, 0.05
SPARSE_KM2, DENSE_KM2, SWARM_KM2 = 0.0025, 0.1, 6.7
ORIGIN = Origin(-38.0, -20.0)
START_NS = 1_790_000_000 * NS
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Case(NamedTuple):
    """Say how many targets there are, how dense, at how many instants."""

    targets: int
    per_km2: float
    instants: int = 1


INSTANTS = (
    Case(100, SPARSE_KM2),
    Case(300, SPARSE_KM2),
    Case(1_000, SPARSE_KM2),
    Case(1_000, SWARM_KM2),
    Case(6_000, SWARM_KM2),
    Case(10_000, SPARSE_KM2),
    Case(100_000, SPARSE_KM2),
    Case(100_000, DENSE_KM2),
)
RUNS = (
    Case(20, SPARSE_KM2, 60),
    Case(171, SPARSE_KM2, 2_040),
    Case(6_000, SWARM_KM2, 60),
    Case(100_000, SPARSE_KM2, 1),
)
QUICK = 2_000
"""Largest number of target-instants of the quick cases."""


def least_s(work: Callable[[], Any], times: int = 3) -> float:
    """Return the least CPU time of a few repeats, compiled beforehand by the first."""
    work()
    spent = []
    for _ in range(times):
        begin = process_time()
        work()
        spent.append(process_time() - begin)
    return min(spent)


def sets(case: Case, seed: int = 1) -> tuple[F64, F64]:
    """Return true and estimated places on a plane."""
    draw = np.random.default_rng(seed)
    side_m = 1e3 * sqrt(case.targets / case.per_km2)
    truth = draw.uniform(0.0, side_m, (case.targets, 2))
    found = truth[draw.uniform(size=case.targets) >= MISSED]
    ghosts = draw.uniform(0.0, side_m, (round(FALSE * case.targets), 2))
    return truth, np.concatenate([found + draw.normal(0.0, STD_M, found.shape), ghosts])


def instant(case: Case) -> dict[str, Any]:
    """Measure GOSPA of one instant."""
    truth, tracks = sets(case)
    ours_s = least_s(partial(gospa, truth, tracks, CUTOFF_M, ORDER))
    row: dict[str, Any] = {**case._asdict(), "ours_s": ours_s}
    if case.targets <= PEER_UP_TO:
        states = [[State(place, timestamp=EPOCH) for place in side] for side in (tracks, truth)]
        metric = GOSPAMetric(p=ORDER, c=CUTOFF_M, measure=Euclidean())
        begin = process_time()
        theirs = metric.compute_gospa_metric(*states)[0].value["distance"]
        row["stone_soup_s"] = process_time() - begin
        row["ratio"] = row["stone_soup_s"] / ours_s
        mine = gospa(truth, tracks, CUTOFF_M, ORDER).total ** (1.0 / ORDER)
        row["relative_difference"] = abs(mine - theirs) / theirs
    return row


def tables(case: Case) -> tuple[Truth, Tracks]:
    """Return objects on straight paths over a region, and tracks of them."""
    draw = np.random.default_rng(2)
    first, second = case.targets, case.instants
    side_m = 1e3 * sqrt(first / case.per_km2)
    place = np.append(
        draw.uniform(-side_m / 2, side_m / 2, (first, 2)), np.full((first, 1), 900.0), 1
    )
    velocity = np.append(draw.normal(0.0, 60.0, (first, 2)), np.zeros((first, 1)), 1)
    moved = place[None] + velocity[None] * np.arange(second)[:, None, None]
    true = np.concatenate([moved, np.broadcast_to(velocity, moved.shape)], axis=2).reshape(-1, 6)
    # A track has a row at each instant: Stone Soup's SIAP cannot look one up where it has not.
    kept = np.tile(draw.uniform(size=first) >= MISSED, second)
    std = np.array([STD_M, STD_M, STD_M, 5.0, 5.0, 5.0])
    seen = true[kept] + draw.normal(size=(int(kept.sum()), 6)) * std
    names = np.tile([f"t{k:06d}" for k in range(first)], second)
    at_ns = START_NS + np.repeat(np.arange(second), first) * NS
    packed = np.diag(std**2)[np.triu_indices(6)]
    return (
        Truth.build(
            len(true), **columns(true, at_ns), target_id=names, object_class=int(ObjectClass.BIRD)
        ),
        Tracks.build(
            len(seen),
            **columns(seen, at_ns[kept]),
            track_id=names[kept],
            emitted_at_ns=at_ns[kept],
            status=int(TrackStatus.CONFIRMED),
            state_cov_m_mps=np.tile(packed, (len(seen), 1)),
        ),
    )


def columns(state: F64, at_ns: Any) -> dict[str, Any]:
    """Return what both tables hold."""
    names = ("latitude_deg", "longitude_deg", "height_wgs84_m")
    speeds = ("velocity_east_mps", "velocity_north_mps", "velocity_up_mps")
    places = Region.at(ORIGIN).to_geodetic(state[:, :3])
    return {
        "measured_at_ns": at_ns,
        **dict(zip(names, places, strict=True)),
        **dict(zip(speeds, state[:, 3:].T, strict=True)),
    }


def run(case: Case) -> dict[str, Any]:
    """Measure all scores of a run."""
    truth, tracks = tables(case)
    ours_s = least_s(partial(score_tracks, truth, tracks, ORIGIN), 2)
    row = {
        **case._asdict(),
        "ours_s": ours_s,
        "us_per_target_instant": 1e6 * ours_s / (case.targets * case.instants),
    }
    if case.targets * case.instants <= 2 * PEER_UP_TO:
        manager = peer(truth, tracks)
        begin = process_time()
        manager.generate_metrics()
        row["stone_soup_s"] = process_time() - begin
        row["ratio"] = row["stone_soup_s"] / ours_s
    return row


def peer(truth: Truth, tracks: Tracks) -> Any:
    """Return Stone Soup's GOSPA, OSPA and SIAP, ready to be made of the same run."""
    measure, speed = Euclidean(mapping=(0, 1)), Euclidean(mapping=(2, 3))
    manager = MultiManager(
        [
            GOSPAMetric(p=ORDER, c=CUTOFF_M, measure=measure),
            OSPAMetric(p=ORDER, c=CUTOFF_M, measure=measure),
            SIAPMetrics(position_measure=measure, velocity_measure=speed),
        ],
        associator=TrackToTruth(association_threshold=CUTOFF_M, measure=measure),
    )
    true = paths(truth, truth.target_id, GroundTruthPath, GroundTruthState)
    seen = paths(tracks, tracks.track_id, Track, State)
    manager.add_data({"groundtruth_paths": true, "tracks": seen})
    return manager


def paths(table: Truth | Tracks, names: Any, make: Any, state: Any) -> set[Any]:
    """Return one path of states for each name."""
    place = Region.at(ORIGIN).from_geodetic(
        table.latitude_deg, table.longitude_deg, table.height_wgs84_m
    )
    rows: dict[str, list[Any]] = {}
    for k, name in enumerate(names):
        vector = [*place[k, :2], table.velocity_east_mps[k], table.velocity_north_mps[k]]
        second = int(table.measured_at_ns[k] - START_NS) // NS
        stamp = EPOCH + timedelta(seconds=second)
        rows.setdefault(name, []).append(state(vector, timestamp=stamp))
    return {make(states) for states in rows.values()}


def main() -> None:
    """Print what was measured."""
    quick = "--quick" in sys.argv[1:]
    result: dict[str, list[dict[str, Any]]] = {"instants": [], "runs": []}
    for name, cases, work in (("instants", INSTANTS, instant), ("runs", RUNS, run)):
        for case in cases:
            size = case.targets * case.instants
            if quick and size > QUICK:
                continue
            print(f"{name}: {case.targets} targets, {case.instants} instants", file=sys.stderr)
            result[name].append(work(case))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
