"""Targets closer together than a radar's cell: with the cell told to the tracker, and without."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from bench._accuracy import Trials, beside, broken, made, rows_of
from bench._asked import Answer, Asked
from bench._scenes import Scene
from bench._trackers import PEERS, Trial

_STARTED = 5
"""Scans before the number of tracks counts."""
OWN = "tocsin-confirmed"


def cells(asked: Asked) -> Answer:
    """Run formations and slow crossings, whose echoes become one plot."""
    case, scenes = made("cells", 28, asked.size(60, 16), asked.runs(10))
    peers = ("gnn", "jpda") if asked.peers else ()
    told = beside(asked, case, scenes, (OWN, *peers))
    blind = beside(asked, case, [untold(scene) for scene in scenes], (OWN,))
    trials: Trials = {OWN: told[OWN], f"{OWN}, no cell": blind[OWN], **told}
    rows, found = rows_of(case.name, scenes[0].targets, trials), {}
    for row, (name, trial) in zip(rows, trials.items(), strict=True):
        if trial is not None and trial.complete:
            asked.note(f"{case.name}: scoring {name}")
            found[name] = broken(trial) | {"objects_bias": objects_bias(trial)}
            row |= found[name]
    ours, without = (found[name] for name in list(trials)[:2])
    key = "breaks_and_swaps_per_flight_hour"
    best = min((one[key] for name, one in found.items() if name in PEERS), default=None)
    figures: dict[str, Any] = {
        key: ours[key],
        "ratio_to_no_cell": ours[key] / without[key] if without[key] else None,
        "ratio_to_stonesoup": ours[key] / best if best else None,
    }
    for name in ("completeness", "objects_bias"):
        figures |= {name: ours[name], f"no_cell_{name}": without[name]}
    return Answer(figures, rows)


def untold(scene: Scene) -> Scene:
    """Return the same plots, with nothing told of the radar's cell."""
    about = {key: value for key, value in scene.case.scene.items() if key != "cell"}
    return dataclasses.replace(scene, case=scene.case.model_copy(update={"scene": about}))


def objects_bias(trial: Trial) -> float:
    """Return how many tracks there are too many, as a share of the targets; less than 0: too few.

    The mean over all scans but the first ones.
    """
    extra = truths = 0
    for scene, timed in zip(trial.scenes, trial.timed, strict=True):
        for scan, estimate in list(zip(scene.scans, timed.estimates, strict=False))[_STARTED:]:
            counted = int(np.count_nonzero(scene.field.scored(estimate.place)))
            extra, truths = extra + counted - len(scan.truth.who), truths + len(scan.truth.who)
    return extra / truths
