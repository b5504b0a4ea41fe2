"""The cases of accuracy on flat scenes: how far off, how much missed, how often confused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from bench._asked import Answer, Asked
from bench._cases import Case, read_case
from bench._scenes import Scene, make
from bench._scores import score, summary
from bench._tables import scored
from bench._tocsin import Spent, late, tracked
from bench._trackers import NOT_INSTALLED, PEERS, Trial, attempt, follow, tracker
from tocsin.contract import F64

_TOGETHER, _APART, _STARTED = 5.0, 12.0, 5
"""Williams-15: the four are together within so much of each axis; apart where no two are nearer;
from this scan on, so that the first births are left out."""
_FALSE_SHARE = 0.2
_COLD_START = 15
"""Scans of a minute, in which all of a swarm comes up at once; in a short run half of the scans."""

Trials = dict[str, Trial | None]


def beside(asked: Asked, case: Case, scenes: list[Scene], names: tuple[str, ...]) -> Trials:
    """Run trackers on the same scenes; None for one that is not installed."""
    trials: Trials = {}
    for name in names:
        track = tracker(name)
        if track is None:
            trials[name] = None
            continue
        asked.note(f"{case.name}, {scenes[0].targets} targets, {len(scenes)} runs: {name}")
        follow(track, make(case, min(scenes[0].targets, 20), 4))
        trials[name] = attempt(track, scenes, asked.limit_s if name in PEERS else np.inf)
    return trials


def rows_of(case: str, targets: int, trials: Trials) -> list[dict[str, Any]]:
    """Return a row for each tracker."""
    rows = []
    for name, trial in trials.items():
        found = {"note": NOT_INSTALLED} if trial is None else trial.row()
        rows.append({"case": case, "targets": targets, "tracker": name, **found})
    return rows


def made(name: str, targets: int, scans: int, runs: int) -> tuple[Case, list[Scene]]:
    """Return a case and its runs."""
    case = read_case(name)
    return case, [make(case, targets, scans, run) for run in range(runs)]


def gospa_figures(trial: Trial | None) -> dict[str, Any]:
    """Return RMS-GOSPA with its standard error, its parts and each run's."""
    assert trial is not None
    p = trial.scenes[0].case.metric.p
    found = summary(trial.scores, p)
    each = [float(one.gospa[:, 0].mean() ** (1.0 / p)) for one in trial.scores]
    parts = ("localisation", "missed", "false", "settled")
    return {
        "rms_gospa": found["gospa"],
        "rms_gospa_standard_error": found.get("gospa_se"),
        **{f"rms_gospa_{part}": found[part] for part in parts},
        "seeds": len(each),
        "rms_gospa_of_each_run": each,
    }


def ratios(trials: Trials, ours: str = "tocsin") -> dict[str, Any]:
    """Return GOSPA as a ratio to the best peer's, each over the runs that the peer finished.

    All scans, and the second half alone: we are told that the targets are there from the first
    scan on, which no peer's model can be told.
    """
    own = trials[ours]
    assert own is not None
    found: dict[str, Any] = {}
    for key, name in (("gospa", ""), ("settled", "settled_")):
        each = [
            _gospa(own, trial.complete, key) / _gospa(trial, trial.complete, key)
            for peer, trial in trials.items()
            if peer in PEERS and trial is not None and trial.complete
        ]
        found[f"{name}ratio_to_stonesoup"] = max(each, default=None)
    done = [t.complete for name, t in trials.items() if name in PEERS and t is not None]
    return {**found, "stonesoup_seeds": min(done, default=0)}


def _gospa(trial: Trial, runs: int, key: str) -> float:
    return summary(trial.scores[:runs], trial.scenes[0].case.metric.p)[key]


def williams15(asked: Asked) -> Answer:
    """Run the published set, its late output, and two harder scenes of the same kind."""
    runs, scans = min(asked.runs(20), 20), asked.size(81, 44)
    case, scenes = made("williams15", 4, scans, runs)
    peers = ("gnn", "jpda") if asked.peers else ()
    trials = beside(asked, case, scenes, ("oracle", "tocsin", *peers))
    rows = rows_of(case.name, 4, trials)
    figures = gospa_figures(trials["tocsin"]) | ratios(trials)
    figures |= {"one_scan_late_rms_gospa": _one_scan_late(scenes), **_contested(scenes)}
    harder = (("clutter_50", "williams15-clutter", 4), ("eight_targets", "williams15-eight", 8))
    for key, name, targets in harder:
        case, scenes = made(name, targets, scans, asked.runs(20))
        trials = beside(asked, case, scenes, ("tocsin",))
        rows += rows_of(name, targets, trials)
        own = gospa_figures(trials["tocsin"])
        figures |= {f"{key}_{name}": own[name] for name in list(own)[:2]}
    return Answer(figures, rows + [{"case": "williams15", **row} for row in case.published])


def _one_scan_late(scenes: list[Scene]) -> float:
    """Return RMS-GOSPA of the estimates for each scan that are put out after the next one."""
    scores = [score(scene, [readout() for readout in late(scene)]) for scene in scenes]
    return summary(scores, scenes[0].case.metric.p)["gospa"]


def _contested(scenes: list[Scene]) -> dict[str, float | None]:
    """Return the time of a scan with the four together, and how much of it is their doing."""
    together, apart = [], []
    for scene in scenes:
        spent_s = np.min([_steps_s(scene) for _ in range(3)], axis=0)
        for one_s, scan in list(zip(spent_s, scene.scans, strict=True))[_STARTED:]:
            place = scan.truth.state[:, :2]
            if _near(place):
                together.append(one_s)
            elif _far(place):
                apart.append(one_s)
    whole = float(np.median(together) * 1e6) if together else None
    alone = float(np.median(apart) * 1e6) if apart else None
    part = None if whole is None or alone is None else whole - alone
    return {
        "contested_scan_us": whole,
        "uncontested_scan_us": alone,
        "contested_cluster_us": part,
    }


def _steps_s(scene: Scene) -> list[float]:
    spent: list[Spent] = []
    for _ in tracked(scene, spent):
        pass
    return [one.cpu_s for one in spent]


def _near(place: F64) -> bool:
    return len(place) == 4 and float(np.ptp(place, axis=0).max()) < _TOGETHER


def _far(place: F64) -> bool:
    apart = np.linalg.norm(place[:, None] - place[None], axis=2) + 1e9 * np.eye(len(place))
    return bool(apart.min() > _APART)


def williams15_fresh(asked: Asked) -> Answer:
    """Run other truths of the same kind."""
    case, scenes = made("williams15-fresh", 4, asked.size(81, 44), asked.runs(80))
    peers = ("gnn", "jpda") if asked.peers else ()
    trials = beside(asked, case, scenes, ("oracle", "tocsin", *peers))
    return Answer(gospa_figures(trials["tocsin"]) | ratios(trials), rows_of(case.name, 4, trials))


def _plane(asked: Asked, name: str, targets: int, scans: int, peers: tuple[str, ...]) -> Answer:
    """Run one set-up of a made-up radar case."""
    case, scenes = made(name, targets, scans, asked.runs(20))
    trials = beside(asked, case, scenes, ("oracle", "tocsin", *(peers if asked.peers else ())))
    found = gospa_figures(trials["tocsin"]) | ratios(trials)
    return Answer(found, rows_of(name, targets, trials))


def radar(asked: Asked) -> Answer:
    """Run the radar set with 100 and with 1,000 targets."""
    figures: dict[str, Any] = {}
    rows = []
    scans = asked.size(16, 8)
    for targets in (100, 1_000):
        used = asked.size(targets, targets // 10)
        found = _plane(asked, "radar-flat", used, scans, ("gnn-kd", "jpda-kd"))
        figures |= {f"n{targets}_{key}": value for key, value in found.figures.items()}
        rows += found.rows
    return Answer(figures, rows)


def dense(asked: Asked) -> Answer:
    """Run 0.1 targets to a square kilometre."""
    targets, scans = asked.size((200, 16), (20, 8))
    return _plane(asked, "dense", targets, scans, ("gnn-kd", "jpda-kd"))


def real(asked: Asked) -> Answer:
    """Run recorded flights: how often tracks break and swap.

    Raises:
        InputError: the recording is not there.
    """
    case, scenes = made("real", 842, asked.size(100, 16), asked.runs(3))
    peers = ("gnn", "jpda-tpr") if asked.peers else ()
    trials = beside(asked, case, scenes, ("tocsin-confirmed", *peers))
    rows = rows_of(case.name, scenes[0].targets, trials)
    rates: dict[str, float] = {}
    for row, (name, trial) in zip(rows, trials.items(), strict=True):
        if trial is None or not trial.complete:
            continue
        asked.note(f"{case.name}: scoring {name}")
        row |= broken(trial)
        rates[name] = row["breaks_and_swaps_per_flight_hour"]
    best = min((rate for name, rate in rates.items() if name in PEERS), default=None)
    ours = rates["tocsin-confirmed"]
    return Answer(
        {
            "breaks_and_swaps_per_flight_hour": ours,
            "stonesoup_breaks_and_swaps_per_flight_hour": best,
            "ratio_to_stonesoup": ours / best if best else None,
        },
        rows,
    )


def broken(trial: Trial) -> dict[str, float]:
    """Return how often tracks broke and swapped over the runs that a tracker finished."""
    keys = ("breaks", "identity_switches", "flight_h")
    runs = zip(trial.scenes, trial.timed, strict=True)
    each = [scored(scene, timed.estimates) for scene, timed in list(runs)[: trial.complete]]
    breaks, swaps, flight_h = (sum(one[key] for one in each) for key in keys)
    return {
        "breaks": breaks,
        "swaps": swaps,
        "flight_hours": flight_h,
        "breaks_and_swaps_per_flight_hour": (breaks + swaps) / flight_h,
        "completeness": float(np.mean([one["completeness"] for one in each])),
    }


def swarm(asked: Asked) -> Answer:
    """Run low drones by the thousand, with a fifth as many false plots, all of them visible."""
    case = read_case("swarm")
    told = {**case.scene, "false_share": _FALSE_SHARE}
    case = case.model_copy(update={"scene": told})
    targets, scans = asked.size((6_000, 75), (120, 12))
    scenes = [make(case, targets, scans, run) for run in range(asked.runs(1))]
    trials = beside(asked, case, scenes, ("tocsin-confirmed",))
    trial = trials["tocsin-confirmed"]
    assert trial is not None
    asked.note(f"{case.name}: scoring")
    whole, settled = _falseness(trial, 0), _falseness(trial, min(_COLD_START, scans // 2))
    figures = {
        "targets": targets,
        "seconds": scans * case.models.period_s,
        **whole,
        **{f"settled_{key}": value for key, value in settled.items()},
        "seconds_per_scan": float(np.mean([np.mean(t.spent_s) for t in trial.timed])),
    }
    return Answer(figures, rows_of(case.name, targets, trials))


def _falseness(trial: Trial, first: int) -> dict[str, float]:
    """Return how complete and how false a tracker's picture is from a scan on."""
    each = []
    for scene, timed in zip(trial.scenes, trial.timed, strict=True):
        later = dataclasses.replace(scene, scans=scene.scans[first:])
        each.append(scored(later, timed.estimates[first:]))
    scans = sum(len(timed.estimates) - first for timed in trial.timed)
    hours = scans * trial.scenes[0].case.models.period_s / 3600.0
    false = sum(one["false_tracks"] for one in each)
    means = ("completeness", "time_to_confirm_p50_s", "time_to_confirm_p95_s")
    return {
        **{key: float(np.mean([one[key] for one in each])) for key in means},
        "false_tracks": false,
        "false_tracks_per_hour": false / hours,
        "identity_switches": sum(one["identity_switches"] for one in each),
    }
