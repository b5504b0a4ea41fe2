"""Scores of one tracker over the scans of a scene, with the project's own scorer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench._cases import Metric
from bench._scenes import Estimate, Scene
from tocsin.contract import F64, I64
from tocsin.evaluate.assignment import Candidates, candidates, optimal, ospa_of, sparse


class Score(NamedTuple):
    """Hold the sums over one run.

    Args:
        gospa: (scans, 4) GOSPA to the power p: total, localisation, missed, false.
        ospa: (scans,).
        switches: how often a target's track became another one.
    """

    gospa: F64
    ospa: F64
    switches: int


def score(scene: Scene, estimates: list[Estimate]) -> Score:
    """Return the scores of the scans that a tracker got to."""
    metric, count = scene.case.metric, len(estimates)
    parts, ospa, switches = np.zeros((count, 4)), np.zeros(count), 0
    last: dict[int, int] = {}
    half = metric.c_m**metric.p / 2.0
    for k, estimate in enumerate(estimates):
        truth, counts = scene.scans[k].truth, scene.field.scored(estimate.place)
        track, place = estimate.track[counts], estimate.place[counts]
        truths, tracks = len(truth.who), len(track)
        pairs = candidates(truth.state[:, : metric.dimension], place, metric.c_m)
        pair = optimal(pairs, metric.p)
        taken = pair[pair >= 0]
        near = float(np.sum(pairs.distance_m[taken] ** metric.p))
        parts[k, 1:] = near, half * (truths - len(taken)), half * (tracks - len(taken))
        ospa[k] = ospa_of(near, len(taken), max(truths, tracks), metric.c_m, metric.p)
        switches += _switched(last, truth.who, track, pairs, metric)
    parts[:, 0] = parts[:, 1:].sum(axis=1)
    return Score(parts, ospa, switches)


def _switched(last: dict[int, int], who: I64, track: I64, pairs: Candidates, metric: Metric) -> int:
    """Count the targets whose track is another than it last was; remember whose is which.

    Pairs that were together last time count as a tenth of the cut-off nearer: where targets are
    as close as that, which one is nearest says nothing.
    """
    last_track = np.array([last.get(target, -1) for target in who.tolist()], np.int64)
    kept = last_track[pairs.truth] == track[pairs.track]
    nearer2 = np.maximum(pairs.distance_m**2 - kept * (metric.c_m / 10.0) ** 2, 0.0)
    shape = (len(who), len(track))
    told = sparse(pairs.truth, pairs.track, np.sqrt(nearer2), metric.c_m, shape)
    pair = optimal(told, metric.p)
    found = np.flatnonzero(pair >= 0)
    now = track[told.track[pair[found]]]
    before = last_track[found]
    last.update(zip(who[found].tolist(), now.tolist(), strict=True))
    return int(np.sum((before >= 0) & (before != now)))


def summary(scores: list[Score], p: float) -> dict[str, float]:
    """Return RMS-GOSPA with its parts, that of the second half of the scans, OSPA and switches."""
    parts = np.concatenate([one.gospa for one in scores])
    later = np.concatenate([one.gospa[len(one.gospa) // 2 :, 0] for one in scores])
    runs = np.array([one.gospa[:, 0].mean() for one in scores])
    total, localisation, missed, false = parts.mean(axis=0) ** (1.0 / p)
    result = {
        "gospa": total,
        "localisation": localisation,
        "missed": missed,
        "false": false,
        "settled": later.mean() ** (1.0 / p),
        "ospa": np.concatenate([one.ospa for one in scores]).mean(),
        "switches": sum(one.switches for one in scores),
    }
    if len(runs) > 1:
        spread = runs.std(ddof=1) / np.sqrt(len(runs))
        result["gospa_se"] = spread * total ** (1.0 - p) / p
    return {name: float(value) for name, value in result.items()}
