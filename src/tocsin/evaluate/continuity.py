"""Completeness, falseness, continuity, and how soon tracks begin and end."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tocsin.contract import I64, Bool
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.matching import NOBODY
from tocsin.evaluate.moments import Moments
from tocsin.evaluate.scene import Scene
from tocsin.evaluate.summary import by_class, quantile, ratio, share


def completeness(world: Scene) -> dict[str, Any]:
    """Return how much of what is asked for has a track, and how much is asked for."""
    asked, kind, matched = world.asked, world.kind, world.matched
    return {
        "completeness": share(matched[asked]),
        "completeness_by_class": by_class(kind[asked], matched[asked], share),
        "covered_share": share(world.covered),
        "unresolved_share": share(~asked[world.covered]),
    }


class FarRuns(NamedTuple):
    """Hold runs of successive instants at which a track is beyond the cut-off of every truth.

    Args:
        key: (n,) who and instant of each track moment in one number, ascending.
        who: (n,) track of each.
        far: (n,) whether it is far from every truth.
        length: (n,) instants of its run; 0 where it is not far.
        last: (n,) last instant of its run.
    """

    key: I64
    who: Index
    far: Bool
    length: I64
    last: I64


def far_runs(seen: Moments, near: Bool, count: int) -> FarRuns:
    """Return the runs of all tracks, ordered by track and instant."""
    order = np.lexsort((seen.instant, seen.who))
    who, instant, far = seen.who[order], seen.instant[order], ~near[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (np.diff(who) != 0) | (np.diff(instant) != 1) | ~far[:-1] | ~far[1:]
    run = np.cumsum(begins) - 1
    length = np.bincount(run[far], minlength=len(order))[run] if len(order) else run
    ends = np.flatnonzero(np.append(begins[1:], True)[: len(order)])
    last = instant[ends][run] if len(order) else run
    return FarRuns(who * count + instant, who, far, length * far, last)


def falseness(world: Scene) -> dict[str, float | int | None]:
    """Return false tracks, and the shares of redundant and spurious ones."""
    matches, config = world.matches, world.config
    runs = far_runs(world.seen, matches.near, world.count)
    long = runs.far & ((runs.length - 1) * config.period_s >= config.false_after_s)
    count = len(np.unique(runs.who[long]))
    matched = np.zeros(len(world.seen.who), bool)
    matched[matches.track_row[world.matched]] = True
    return {
        "false_tracks": count,
        "false_tracks_per_h": ratio(count, world.count * config.period_s / 3600.0),
        "redundant_track_share": share(~matched[matches.near]),
        "spurious_track_share": share(~matches.near),
    }


def continuity(world: Scene, of: Bool) -> dict[str, Any]:
    """Return switches, breaks and times to confirm.

    Args:
        world: what is scored.
        of: (n,) which true moments count.
    """
    true, config = world.true, world.config
    order = np.lexsort((true.instant, true.who))
    order = order[of[order]]
    who, row = true.who[order], world.matches.track_row[order]
    matched = row != NOBODY
    flight_h = len(order) * config.period_s / 3600.0
    hit_who, hit_track = who[matched], world.seen.who[row[matched]]
    same = hit_who[1:] == hit_who[:-1]
    switches = int(np.sum(same & (hit_track[1:] != hit_track[:-1])))
    breaks = int(np.sum(same & (np.diff(np.flatnonzero(matched)) > 1)))
    return {
        "flight_h": flight_h,
        "identity_switches": switches,
        "identity_switches_per_flight_h": ratio(switches, flight_h),
        "breaks": breaks,
        "breaks_per_flight_h": ratio(breaks, flight_h),
        **_confirmation(who, true.instant[order], matched, config),
    }


def _confirmation(
    who: Index, instant: Index, matched: Bool, config: TrackScoring
) -> dict[str, Any]:
    """Return how long each target was asked for before a track was matched to it."""
    targets, first = np.unique(who, return_index=True)
    confirmed, hit = np.unique(who[matched], return_index=True)
    start = instant[first[np.searchsorted(targets, confirmed)]]
    took_s = (instant[matched][hit] - start) * config.period_s
    waits = np.append(took_s, np.full(len(targets) - len(confirmed), np.inf))
    return {
        "never_confirmed": len(targets) - len(confirmed),
        "time_to_confirm_p50_s": quantile(waits, 0.5),
        "time_to_confirm_p95_s": quantile(waits, 0.95),
    }


def ending(world: Scene) -> dict[str, Any]:
    """Return for how long tracks outlive their targets."""
    true, seen, count, config = world.true, world.seen, world.count, world.config
    runs = far_runs(seen, world.matches.near, count)
    # Rows are ordered by instant, so the last one written stays.
    gone = np.full(len(true.names), NOBODY)
    gone[true.who] = true.instant
    track = np.full(len(true.names), NOBODY)
    hit = np.flatnonzero(world.matched)
    track[true.who[hit]] = seen.who[world.matches.track_row[hit]]
    asked = (count - 1 - gone) * config.period_s >= config.end_within_s
    asked &= (track != NOBODY) & (gone != NOBODY)
    key = track[asked] * count + gone[asked]
    asked_gone = gone[asked][np.isin(key, runs.key)]
    key = key[np.isin(key, runs.key)]
    after = np.minimum(np.searchsorted(runs.key, key + 1), max(len(runs.key) - 1, 0))
    lives = (runs.key[after] == key + 1) & runs.far[after]
    waits = np.where(lives, (runs.last[after] - asked_gone) * config.period_s, 0.0)
    waits[lives & (runs.last[after] == count - 1)] = np.inf
    return {
        "never_ended": int(np.sum(np.isinf(waits))),
        "time_to_end_p50_s": quantile(waits, 0.5),
        "time_to_end_p95_s": quantile(waits, 0.95),
    }


def latency(world: Scene) -> dict[str, float | None]:
    """Return how long after its time each row was put out."""
    late_s = (world.tracks.emitted_at_ns - world.tracks.measured_at_ns) / 1e9
    return {"latency_p50_s": quantile(late_s, 0.5), "latency_p95_s": quantile(late_s, 0.95)}
