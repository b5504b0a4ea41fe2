"""What a report is about: the evidence, and each tracker with its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tocsin.contract import F64, I64, Effects, Warnings, Zone
from tocsin.evaluate.chart_scenario import Setting
from tocsin.evaluate.requirements import Standard, Verdict, judge
from tocsin.evaluate.scene import Scene

Scores = Mapping[str, Any]


def _no_places() -> F64:
    return np.zeros((0, 2))


def _no_times() -> I64:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Hold what all trackers of a report share.

    Args:
        plots_deg: (n, 2) longitude and latitude of plots.
        plots_at_ns: (n,) when they were measured.
        effects: what was truly affected.
        zones: areas that can be warned.
        setting: land and sensors.
    """

    plots_deg: F64 = field(default_factory=_no_places)
    plots_at_ns: I64 = field(default_factory=_no_times)
    effects: Effects = field(default_factory=Effects.empty)
    zones: Sequence[Zone] = ()
    setting: Setting = field(default_factory=lambda: Setting(""))


@dataclass(frozen=True, eq=False)
class Entry:
    """Hold one tracker, or the oracle.

    Args:
        name: shown to people.
        world: its tracks paired with the truth.
        scores: `track_scores`, perhaps `warning_scores` and `oracle` (distance from it).
        warnings: what was decided.
        verdicts: how the requirements came out.
    """

    name: str
    world: Scene
    scores: Scores
    warnings: Warnings = field(default_factory=Warnings.empty)
    verdicts: tuple[Verdict, ...] = ()

    @property
    def track_scores(self) -> Scores:
        """Return the scores of the tracks."""
        found: Scores = self.scores["track_scores"]
        return found

    def with_scores(self, **more: Any) -> Entry:
        """Return the entry with further scores."""
        return replace(self, scores={**self.scores, **more})

    def judged(self, standard: Standard) -> Entry:
        """Return the entry with verdicts on a standard."""
        return replace(self, verdicts=judge(standard, self.scores))
