"""Scores over time, by class, and the worst moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from tocsin.contract import F64, NS, ObjectClass
from tocsin.evaluate.assignment import Index, ospa_of
from tocsin.evaluate.consistency import chi2_band
from tocsin.evaluate.continuity import continuity
from tocsin.evaluate.errors import USED, Errors
from tocsin.evaluate.matching import NOBODY
from tocsin.evaluate.scene import Scene
from tocsin.evaluate.summary import means, present, rms, roots, share

WORST = 10
WORST_APART_S = 10.0
NAMED = 20
WIDEST = 5
GOSPA = ("gospa_m", "localisation_m", "missed_m", "false_m")


def gospa_parts(world: Scene) -> F64:
    """Return (instants, 4) GOSPA to the power p and its parts."""
    half = world.config.cutoff_m**world.config.order / 2.0
    near = world.matches.near_power
    missed, false = (half * number for number in alone(world))
    return np.stack([near + missed + false, near, missed, false], axis=1)


def alone(world: Scene) -> tuple[Index, Index]:
    """Return how many truths and tracks have no partner in the optimal pairing, per instant."""
    taken = world.matches.taken
    return np.diff(world.true.offsets) - taken, np.diff(world.seen.offsets) - taken


def ospa_over_time(world: Scene) -> F64:
    """Return OSPA of each instant."""
    larger = np.maximum(np.diff(world.true.offsets), np.diff(world.seen.offsets))
    config, matches = world.config, world.matches
    found: F64 = ospa_of(matches.near_power, matches.taken, larger, config.cutoff_m, config.order)
    return found


def series(world: Scene, pairs: Errors) -> dict[str, list[Any]]:
    """Return scores per instant, for charts."""
    count, roots_m = world.count, gospa_parts(world) ** (1.0 / world.config.order)
    missed, false = alone(world)
    fit = np.isfinite(pairs.nees)
    usable = np.bincount(pairs.instant[fit], minlength=count)
    band = chi2_band(usable, len(USED[world.config.dimension]))
    low, high = (
        [float(b) if n else None for b, n in zip(bound, usable, strict=True)] for bound in band
    )
    return {
        "at_ns": world.at_ns.tolist(),
        **{name: roots_m[:, k].tolist() for k, name in enumerate(GOSPA)},
        "targets": np.diff(world.true.offsets).tolist(),
        "tracks": np.diff(world.seen.offsets).tolist(),
        "ospa_m": ospa_over_time(world).tolist(),
        "missed": missed.tolist(),
        "false": false.tolist(),
        **_errors_over_time(pairs, count),
        "nees_mean": means(pairs.instant[fit], pairs.nees[fit], count),
        "nees_count": usable.tolist(),
        "nees_low": low,
        "nees_high": high,
    }


def _errors_over_time(pairs: Errors, count: int) -> dict[str, list[Any]]:
    return {
        "matched": np.bincount(pairs.instant, minlength=count).tolist(),
        "position_rmse_m": roots(means(pairs.instant, pairs.position_m**2, count)),
        "velocity_rmse_mps": roots(means(pairs.instant, pairs.velocity_mps**2, count)),
    }


def series_by_class(world: Scene, pairs: Errors) -> dict[str, dict[str, list[Any]]]:
    """Return errors per instant and class."""
    return {
        kind.name.lower(): {
            "targets": np.bincount(
                world.true.instant[world.kind == kind], minlength=world.count
            ).tolist(),
            **_errors_over_time(pairs.take(pairs.kind == kind), world.count),
        }
        for kind in present(world.kinds)
    }


def class_table(world: Scene, pairs: Errors) -> dict[str, dict[str, Any]]:
    """Return the scores of each class."""
    return {kind.name.lower(): _class(world, pairs, kind) for kind in present(world.kinds)}


def _class(world: Scene, pairs: Errors, kind: ObjectClass) -> dict[str, Any]:
    of = world.asked & (world.kind == kind)
    mine = pairs.take(pairs.kind == kind)
    return {
        "targets": int(np.sum(world.kinds == kind)),
        "completeness": share(world.matched[of]),
        **continuity(world, of),
        "position_rmse_m": rms(mine.position_m),
        "velocity_rmse_mps": rms(mine.velocity_mps),
        "height_rmse_m": rms(mine.height_m),
        "nees_mean": share(mine.nees[np.isfinite(mine.nees)]),
    }


def worst(world: Scene) -> list[dict[str, Any]]:
    """Return the instants with the greatest GOSPA, none close to another, and what was wrong."""
    parts = gospa_parts(world)
    chosen: list[int] = []
    for instant in np.argsort(-parts[:, 0], kind="stable").tolist():
        away_ns = [abs(int(world.at_ns[instant] - world.at_ns[other])) for other in chosen]
        if min(away_ns, default=np.inf) >= WORST_APART_S * NS:
            chosen.append(instant)
        if len(chosen) == WORST:
            break
    roots_m = parts ** (1.0 / world.config.order)
    return [
        {
            "at_ns": int(world.at_ns[instant]),
            **{name: float(roots_m[instant, k]) for k, name in enumerate(GOSPA)},
            **_wrong(world, instant),
        }
        for instant in chosen
    ]


def _wrong(world: Scene, instant: int) -> dict[str, Any]:
    """Return who was missed, what was false, and which pairs were furthest apart."""
    true, seen = world.true, world.seen
    rows, others = true.rows(instant, instant + 1), seen.rows(instant, instant + 1)
    partner = world.matches.best_row[rows]
    hit = partner != NOBODY
    single = np.ones(others.stop - others.start, bool)
    single[partner[hit] - others.start] = False
    missed = true.names[true.who[rows][~hit]].tolist()
    false = seen.names[seen.who[others][single]].tolist()
    mine, its = np.flatnonzero(hit) + rows.start, partner[hit]
    apart = np.linalg.norm(true.place_m[mine] - seen.place_m[its], axis=1)
    widest = np.argsort(-apart, kind="stable")[:WIDEST]
    return {
        "missed_count": len(missed),
        "false_count": len(false),
        "missed": missed[:NAMED],
        "false": false[:NAMED],
        "far": [
            {
                "target": true.names[true.who[mine[k]]],
                "track": seen.names[seen.who[its[k]]],
                "distance_m": float(apart[k]),
            }
            for k in widest.tolist()
        ],
    }
