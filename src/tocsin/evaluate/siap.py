"""Attributes of the Single Integrated Air Picture, in the forms that Stone Soup gives them.

Source: P. Votruba, R. Nisley, R. Rothrock, B. Zombro, "Single Integrated Air Picture (SIAP) Metrics
Implementation", 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from tocsin.contract import I8, I64, Bool, ObjectClass
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.kernels_siap import associate
from tocsin.evaluate.matching import NOBODY
from tocsin.evaluate.moments import Moments, spread
from tocsin.evaluate.scene import Scene

CONFIRM, MISSES = 3, 2
"""Successive instants that begin and end an association: the defaults of Stone Soup."""
NO_CLASS = int(ObjectClass.UNKNOWN)


class Span(NamedTuple):
    """Hold one association: from its first to its last instant, both included."""

    track: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Associations:
    """Hold associations of tracks with truths, as columns.

    Args:
        truth: (k,) number of the target.
        track: (k,) number of the track.
        first: (k,) first instant.
        last: (k,) last instant.
    """

    truth: I64
    track: I64
    first: I64
    last: I64


def associations(world: Scene) -> Associations:
    """Return which tracks follow which truths when."""
    seen, nearest = world.seen, world.matches.nearest
    order = np.lexsort((seen.instant, seen.who))
    who, row = seen.who[order], nearest[order]
    begins = np.append(True, who[1:] != who[:-1])[: len(who)]
    target = np.where(row != NOBODY, world.true.who[row] if len(world.true.who) else 0, NOBODY)
    found = associate(begins, seen.instant[order], target.astype(np.int64), CONFIRM, MISSES)
    found = found[np.lexsort((found[:, 2], who[found[:, 0]], found[:, 1]))]
    return Associations(found[:, 1], who[found[:, 0]], found[:, 2], found[:, 3])


def siap(world: Scene) -> dict[str, float]:
    """Return the SIAP attributes."""
    linked = associations(world)
    pair, instant = spread(linked.first, linked.last + 1)
    held = len(np.unique(linked.truth[pair] * world.count + instant))
    track_row = _rows_of(world.seen, linked.track[pair], instant, world.count)
    truth_row = _rows_of(world.true, linked.truth[pair], instant, world.count)
    both = (track_row != NOBODY) & (truth_row != NOBODY)
    place, velocity = _differences(world, truth_row[both], track_row[both])
    return {
        "completeness": _over(held, len(world.true.who), 0.0),
        "ambiguity": _over(len(pair), held, 1.0),
        "spuriousness": _over(len(world.seen.who) - len(pair), len(world.seen.who), 0.0),
        "position_accuracy_m": _over(place, len(pair), 0.0),
        "velocity_accuracy_mps": _over(velocity, len(pair), 0.0),
        **_paths(world, linked),
        **_identity(world, linked.truth[pair], instant, track_row),
    }


def _over(part: float, whole: float, otherwise: float) -> float:
    return float(part / whole) if whole else otherwise


def _rows_of(moments: Moments, who: Index, instant: Index, count: int) -> Index:
    """Return the row of each (who, instant), or -1 where they are not there."""
    if len(moments.who) == 0:
        return np.full(len(who), NOBODY, np.intp)
    key = moments.who * count + moments.instant
    order = np.argsort(key, kind="stable")
    wanted = who * count + instant
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    return np.where(key[order][place] == wanted, order[place], NOBODY)


def _differences(world: Scene, truth_row: Index, track_row: Index) -> tuple[float, float]:
    """Return the sums of the distances and of the lengths of the velocity differences."""
    true, seen = world.true, world.seen
    apart = np.linalg.norm(true.place_m[truth_row] - seen.place_m[track_row], axis=1)
    velocity = true.velocity_mps[truth_row] - seen.velocity_mps[track_row]
    faster = np.linalg.norm(velocity[:, : world.config.dimension], axis=1)
    return float(np.sum(apart)), float(np.sum(faster))


def _paths(world: Scene, linked: Associations) -> dict[str, float]:
    """Return the continuity attributes R and LS."""
    order = np.lexsort((world.true.instant, world.true.who))
    begin = np.searchsorted(world.true.who[order], np.arange(len(world.true.names) + 1))
    instant = world.true.instant[order]
    changes = tracked = longest = 0
    columns = zip(*(c.tolist() for c in vars(linked).values()), strict=True)
    for truth, group in groupby(columns, key=lambda link: link[0]):
        own = instant[begin[truth] : begin[truth + 1]]
        spans = [Span(*link[1:]) for link in group]
        changes += tracks_needed(own, spans) - 1
        tracked += _tracked(own, spans)
        longest += max(
            sum(span.last - span.first for span in mine)
            for _, mine in groupby(spans, key=lambda span: span.track)
        )
    lives = [instant[b - 1] - instant[a] for a, b in pairwise(begin.tolist()) if b > a]
    period_s = world.config.period_s
    return {
        "track_number_changes_per_s": _over(changes, tracked * period_s, 0.0),
        "longest_track_segment": _over(longest, float(np.sum(lives)), 0.0),
    }


def tracks_needed(own: Index, spans: list[Span]) -> int:
    """Return how many tracks follow a truth one after the other, counted as Stone Soup does.

    Args:
        own: instants of the truth, ascending.
        spans: its associations, ordered by track and instant.

    >>> tracks_needed(np.arange(10), [Span(1, 0, 4), Span(2, 3, 9)])
    2
    """
    over = {span.track: span.last for span in spans}  # the last end of each track
    needed = place = 0
    while place < len(own):
        now = own[place]
        there = [span for span in spans if span.first <= now <= span.last]
        if not there:
            later = [span.first for span in spans if span.first > now]
            if not later:
                break
            place = int(np.searchsorted(own, min(later)))
            continue
        taken = max(there, key=lambda span: over[span.track])
        needed += 1
        if taken.last == now:
            break
        place = int(np.searchsorted(own, taken.last)) + 1
    return needed


def _tracked(own: Index, spans: list[Span]) -> int:
    """Return the time between neighbouring instants of a truth that an association spans."""
    step = np.zeros(len(own) + 1, np.int64)
    np.add.at(step, np.searchsorted(own, [span.first for span in spans]), 1)
    np.add.at(step, np.searchsorted(own, [span.last for span in spans]), -1)
    spanned = np.cumsum(step)[: len(own) - 1] > 0
    return int(np.sum(np.diff(own)[spanned]))


def _identity(world: Scene, truth: Index, instant: Index, track_row: Index) -> dict[str, float]:
    """Return how often the tracks of a truth state its class."""
    said: I8 = np.full(len(truth), NO_CLASS, np.int8)
    there = track_row != NOBODY
    said[there] = world.tracks.object_class[world.seen.row[track_row[there]]]
    none = said == NO_CLASS
    right = (said == world.kinds[truth]) & ~none
    moment, number = np.unique(truth * world.count + instant, return_inverse=True)
    held = len(moment)
    silent, correct, wrong = (_all(number, flags, held) for flags in (none, right, ~none & ~right))
    return {
        "id_completeness": _over(held - silent, held, 0.0),
        "id_correctness": _over(correct, held, 0.0),
        "id_ambiguity": _over(held - silent - correct - wrong, held, 0.0),
    }


def _all(number: Index, flags: Bool, groups: int) -> int:
    """Return in how many groups every flag is set."""
    members = np.bincount(number, minlength=groups)
    return int(np.sum(np.bincount(number, flags, minlength=groups) == members))
