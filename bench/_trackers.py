"""Trackers by name, ours and peers, run over scenes: estimates, scores and processor time.

Times are processor time of this process, all threads, over the second half of the scans, so that
nothing is counted while it starts; a tracker is stopped, and says so, when its limit of elapsed
time has passed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

from bench._oracle import oracle
from bench._scenes import Estimate, Readout, Scene
from bench._scores import Score, score, summary
from bench._tocsin import confirmed, tocsin

Tracker = Callable[[Scene], Iterator[Readout]]
PEERS = ("gnn", "gnn-kd", "gnn-tpr", "jpda", "jpda-kd", "jpda-tpr")
OWN: dict[str, Tracker] = {"oracle": oracle, "tocsin": tocsin, "tocsin-confirmed": confirmed}
NAMES = (*OWN, *PEERS)
NOT_INSTALLED = "not installed (extra peers)"


class Timed(NamedTuple):
    """Hold what a tracker did on one scene.

    Args:
        estimates: of each scan.
        spent_s: processor time of each scan.
        elapsed_s: until it was done or stopped.
    """

    estimates: list[Estimate]
    spent_s: list[float]
    elapsed_s: float


class TooSlowError(Exception):
    """Say that a tracker has used up its time."""


def installed(package: str) -> str | None:
    """Return a package's version, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def tracker(name: str) -> Tracker | None:
    """Return a tracker by name, None where its library is not installed."""
    if name in OWN:
        return OWN[name]
    if installed("stonesoup") is None or (name.endswith("-tpr") and not installed("rtree")):
        return None
    from bench._stonesoup import stone_soup

    method, _, gating = name.partition("-")
    return partial(stone_soup, method=method, gating=gating)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TooSlowError inside the block after that much time.

    Elapsed time: while a timer of processor time runs, Linux reads the process's clock in ticks.
    """

    def stop(_signal: int, _frame: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def follow(track: Tracker, scene: Scene, limit_s: float = np.inf) -> Timed:
    """Run a tracker over a scene, until its time is up."""
    estimates: list[Estimate] = []
    spent: list[float] = []
    began = perf_counter()
    try:
        with _at_most(min(limit_s, 1e6)):
            run = track(scene)
            for _ in scene.scans:
                begin = process_time()
                readout = next(run)
                spent.append(process_time() - begin)
                estimates.append(readout())
    except TooSlowError:
        pass
    done = len(estimates)
    return Timed(estimates, spent[:done], perf_counter() - began)


class Trial(NamedTuple):
    """Hold what a tracker did on the runs of one set-up.

    Args:
        scenes: the runs it got to, all complete unless it is the first.
        timed: of each.
        scores: of each.
        note: why it was stopped; empty where it was not.
    """

    scenes: list[Scene]
    timed: list[Timed]
    scores: list[Score]
    note: str = ""

    @property
    def complete(self) -> int:
        """Return how many runs it finished."""
        pairs = zip(self.scenes, self.timed, strict=True)
        return sum(len(timed.estimates) == len(scene.scans) for scene, timed in pairs)

    def row(self) -> dict[str, Any]:
        """Return the figures as a table has them."""
        scans = sum(len(timed.estimates) for timed in self.timed)
        row: dict[str, Any] = {"runs": len(self.scores), "scans": scans, **self.rate()}
        if self.scores:
            row |= summary(self.scores, self.scenes[0].case.metric.p)
        return row | ({"note": self.note} if self.note else {})

    def rate(self) -> dict[str, float]:
        """Return plots per second over the second half of each run's scans."""
        spent_s, plots = 0.0, 0
        for scene, timed in zip(self.scenes, self.timed, strict=True):
            done = len(timed.estimates)
            spent_s += sum(timed.spent_s[done // 2 :])
            plots += sum(len(scan.measured) for scan in scene.scans[done // 2 : done])
        if plots == 0 or spent_s <= 0.0:
            return {}
        return {"plots_per_s": plots / spent_s, "ns_per_plot": spent_s / plots * 1e9}


def attempt(track: Tracker, scenes: list[Scene], limit_s: float = np.inf) -> Trial:
    """Run a tracker over the runs of a set-up, all of them together within a limit."""
    trial, left_s, scans = Trial(list(scenes), [], []), limit_s, 0
    for scene in scenes:
        timed = follow(track, scene, left_s)
        left_s -= timed.elapsed_s
        done = len(timed.estimates)
        # Runs are pooled, so one cut short would weigh its first scans too heavily.
        if done == len(scene.scans) or (done and not trial.scores):
            trial.timed.append(timed)
            trial.scores.append(score(scene, timed.estimates))
            scans += done
        if done < len(scene.scans):
            wanted = sum(len(scene.scans) for scene in scenes)
            note = f"stopped after {limit_s:g} s, at scan {scans} of {wanted}"
            trial = trial._replace(note=note)
            break
    return trial._replace(scenes=trial.scenes[: len(trial.timed)])
