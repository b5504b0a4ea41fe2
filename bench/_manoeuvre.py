"""Aircraft in hard turns: our error beside that of the best single-model filter.

The EKF knows which plots are whose; ours does not. The noise of its one model is the best of
`NOISES_M2PS3` on other seeds. Both are compared over the same (target, scan) pairs: where ours,
paired with the truth as GOSPA pairs it, and the EKF are both within the cut-off.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bench._accuracy import beside, made, rows_of
from bench._asked import Answer, Asked
from bench._ekf import positions
from bench._scenes import Estimate, Scene, make
from bench._tocsin import read, tracked
from tocsin.contract import F64
from tocsin.evaluate import chi2_band
from tocsin.evaluate.assignment import candidates, optimal
from tocsin.evaluate.consistency import mahalanobis
from tocsin.motion import AGILE

NOISES_M2PS3 = tuple(float(q) for q in np.round(np.geomspace(5.0, 20_000.0, 13)))
_TUNING_RUN = 1_000


class Errors(NamedTuple):
    """Hold errors over (scans, targets); NaN where a target is not found.

    Args:
        position_m: distance from the truth.
        nees: of position.
    """

    position_m: F64
    nees: F64


def manoeuvre(asked: Asked) -> Answer:
    """Run six aircraft that turn with up to 7 g."""
    scans, runs = asked.size(80, 40), asked.runs(20)
    case, scenes = made("manoeuvre", 6, scans, runs)
    other = [make(case, 6, scans, _TUNING_RUN + run) for run in range(asked.size(10, 1))]
    asked.note(f"manoeuvre: the EKF's noise, on {len(other)} other runs")
    tuning = {q: _rms([_ekf(scene, q) for scene in other]) for q in NOISES_M2PS3}
    best = min(tuning, key=lambda q: tuning[q])
    asked.note(f"manoeuvre: ours and the EKF on {runs} runs")
    theirs = [_ekf(scene, best) for scene in scenes]
    trackers: dict[str, dict[str, Any]] = {"tocsin": {}, "tocsin-imm": {"models": AGILE}}
    rows, figures = [], {}
    # The last one counts: the models of aircraft that turn with up to 7 g.
    for name, settings in trackers.items():
        ours = [errors(scene, _estimates(scene, settings)) for scene in scenes]
        figures = _figures(ours, theirs) | {"ekf_noise_m2ps3": best}
        rows.append({"case": case.name, "targets": 6, "tracker": name, **figures})
    peers = ("gnn", "jpda") if asked.peers else ()
    rows += rows_of(case.name, 6, beside(asked, case, scenes, ("tocsin", *peers)))
    return Answer(figures, rows)


def _estimates(scene: Scene, settings: dict[str, Any]) -> list[Estimate]:
    return [read(updates, scene, config) for updates, config in tracked(scene, **settings)]


def _ekf(scene: Scene, noise_m2ps3: float) -> F64:
    """Return (scans, targets) errors of the EKF, NaN beyond the cut-off."""
    error: F64 = np.linalg.norm(positions(scene, noise_m2ps3) - _truth(scene), axis=2)
    return np.where(error < scene.case.metric.c_m, error, np.nan)


def _truth(scene: Scene) -> F64:
    place = np.full((len(scene.scans), scene.targets, 3), np.nan)
    for k, scan in enumerate(scene.scans):
        place[k, scan.truth.who] = scan.truth.state[:, :3]
    return place


def errors(scene: Scene, estimates: list[Estimate]) -> Errors:
    """Return the errors of a tracker's estimates, paired with the truth as GOSPA pairs them."""
    metric, shape = scene.case.metric, (len(scene.scans), scene.targets)
    position_m, nees = np.full(shape, np.nan), np.full(shape, np.nan)
    for k, estimate in enumerate(estimates):
        truth = scene.scans[k].truth
        pairs = candidates(truth.state[:, :3], estimate.place, metric.c_m)
        pair = optimal(pairs, metric.p)
        hit = np.flatnonzero(pair >= 0)
        row = pairs.track[pair[hit]]
        off = estimate.place[row] - truth.state[hit, :3]
        assert estimate.cov is not None
        position_m[k, truth.who[hit]] = np.linalg.norm(off, axis=1)
        nees[k, truth.who[hit]] = mahalanobis(off, estimate.cov[row, :3, :3])
    return Errors(position_m, nees)


def _rms(errors_m: list[F64]) -> float:
    return float(np.sqrt(np.nanmean(np.square(errors_m))))


def _figures(ours: list[Errors], theirs: list[F64]) -> dict[str, Any]:
    own, ekf = np.array([one.position_m for one in ours]), np.array(theirs)
    both = np.isfinite(own) & np.isfinite(ekf)
    rmse, bar = (float(np.sqrt(np.mean(x[both] ** 2))) for x in (own, ekf))
    nees = np.array([one.nees for one in ours])
    mean = float(np.nanmean(nees))
    # Errors of one target at successive scans are not independent: one value for each flight.
    low, high = (float(end) for end in chi2_band(own.shape[0] * own.shape[2], 3))
    return {
        "position_rmse_m": rmse,
        "ekf_position_rmse_m": bar,
        "rmse_ratio_to_ekf": rmse / bar,
        "compared_share": float(both.sum() / np.isfinite(ekf).sum()),
        "nees_mean": mean,
        "nees_low": low,
        "nees_high": high,
        "nees_ratio_to_bound": max(mean / high, low / mean),
        "seeds": len(ours),
    }
