"""All that the track scores look at: truth and tracks at instants, who is whose, what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, I8, I64, Bool, Origin, Tracks, Truth
from tocsin.evaluate.assignment import apart_in_time, candidates
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.matching import NOBODY, Matches, chunks, match
from tocsin.evaluate.moments import (
    Moments,
    classes_of,
    instants,
    track_moments,
    truth_moments,
)
from tocsin.evaluate.ospa2 import Windows
from tocsin.geo import Region

Coverage = Callable[[F64], Bool]
"""Which of (n, 3) region positions the sensors together can see."""
Resolution = Callable[[F64, F64], Bool]
"""Whether some sensor tells each of (n, 3) region positions from the one in the same row."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Hold what is scored.

    Args:
        at_ns: (instants,) scored instants.
        true: truth at instants.
        seen: tracks at instants.
        windows: windows of OSPA(2).
        matches: who is paired with whom.
        kinds: (targets,) object class of each target.
        covered: (n,) whether a sensor can see each true moment.
        asked: (n,) whether a track of its own is asked for.
        tracks: the table that tracks come from.
        config: settings.
    """

    at_ns: I64
    true: Moments
    seen: Moments
    windows: Windows
    matches: Matches
    kinds: I8
    covered: Bool
    asked: Bool
    tracks: Tracks
    config: TrackScoring

    @property
    def count(self) -> int:
        """Return the number of instants."""
        return len(self.at_ns)

    @property
    def kind(self) -> I8:
        """Return the object class of each true moment."""
        found: I8 = self.kinds[self.true.who]
        return found

    @property
    def matched(self) -> Bool:
        """Return whether each true moment has a matched track."""
        found: Bool = self.matches.track_row != NOBODY
        return found


def scene(
    truth: Truth,
    tracks: Tracks,
    origin: Origin,
    config: TrackScoring,
    coverage: Coverage | None,
    resolution: Resolution | None,
) -> Scene:
    """Return what the scores look at; the arguments are those of `score_tracks`."""
    at_ns = instants(truth, tracks, config)
    true, seen = truth_moments(truth, at_ns, config), track_moments(tracks, at_ns, config)
    windows = Windows.of(len(at_ns), max(round(config.ospa2_window_s / config.period_s), 1))
    matches = match(true, seen, windows, config)
    region = Region.at(origin)
    place_m = (true.ecef_m - region.ecef_m) @ region.rotation.T
    covered = np.ones(len(true.who), bool)
    if coverage is not None and len(covered):
        covered = coverage(place_m)
    asked = covered.copy()
    if resolution is not None:
        missed = covered & (matches.track_row == NOBODY)
        asked &= ~_unresolved(true, missed, matches.track_row, place_m, resolution, config)
    kinds = classes_of(truth, true.names)
    return Scene(at_ns, true, seen, windows, matches, kinds, covered, asked, tracks, config)


def _unresolved(
    true: Moments,
    missed: Bool,
    track_row: I64,
    place_m: F64,
    resolution: Resolution,
    config: TrackScoring,
) -> Bool:
    """Return which missed true moments no sensor tells from a matched one within the cut-off."""
    found = np.zeros(len(true.who), bool)
    for begin, end in chunks(true, len(true.offsets) - 1):
        rows = true.rows(begin, end)
        lost = np.flatnonzero(missed[rows]) + rows.start
        held = np.flatnonzero(track_row[rows] != NOBODY) + rows.start
        lost_m, held_m = (
            apart_in_time(true.place_m[some], true.instant[some], config.cutoff_m)
            for some in (lost, held)
        )
        pairs = candidates(lost_m, held_m, config.cutoff_m)
        one, other = lost[pairs.truth], held[pairs.track]
        if len(one):
            found[one[~resolution(place_m[one], place_m[other])]] = True
    return found
