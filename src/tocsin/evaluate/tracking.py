"""Scores of tracks against truth; `docs/reference/scores.md` defines each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tocsin.contract import Origin, Tracks, Truth
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.continuity import completeness, continuity, ending, falseness, latency
from tocsin.evaluate.errors import accuracy, consistency, errors
from tocsin.evaluate.ospa2 import ospa2
from tocsin.evaluate.scene import Coverage, Resolution, Scene, scene
from tocsin.evaluate.siap import siap
from tocsin.evaluate.summary import share
from tocsin.evaluate.timeline import (
    GOSPA,
    class_table,
    gospa_parts,
    ospa_over_time,
    series,
    series_by_class,
    worst,
)


def score_tracks(
    truth: Truth,
    tracks: Tracks,
    origin: Origin,
    config: TrackScoring | None = None,
    coverage: Coverage | None = None,
    resolution: Resolution | None = None,
) -> dict[str, Any]:
    """Return the scores of confirmed tracks against truth, ready for JSON.

    Args:
        truth: where every object was.
        tracks: what the tracker put out.
        origin: of the region frame that `coverage` and `resolution` work in.
        config: cut-off, dimension, instants.
        coverage: where completeness, continuity and confirmation are asked for; None: everywhere.
        resolution: which pairs of positions some sensor tells apart; None: all.
    """
    settings = config or TrackScoring()
    return score_scene(scene(truth, tracks, origin, settings, coverage, resolution))


def score_scene(world: Scene) -> dict[str, Any]:
    """Return the scores of truth and tracks that are paired already."""
    settings = world.config
    pairs = errors(world)
    moments = worst(world)
    return {
        "instants": world.count,
        "period_s": settings.period_s,
        "cutoff_m": settings.cutoff_m,
        "order": settings.order,
        "dimension": settings.dimension,
        "targets": len(world.true.names),
        "confirmed_tracks": len(np.unique(world.seen.who)),
        **_sets(world),
        **completeness(world),
        **falseness(world),
        **continuity(world, world.asked),
        **ending(world),
        **accuracy(pairs),
        **consistency(world, pairs),
        **latency(world),
        "siap": siap(world),
        "by_class": class_table(world, pairs),
        "series": series(world, pairs),
        "series_by_class": series_by_class(world, pairs),
        "worst_instants_ns": [moment["at_ns"] for moment in moments],
        "worst": moments,
    }


def _sets(world: Scene) -> dict[str, Any]:
    """Return GOSPA, OSPA and OSPA(2)."""
    names = [GOSPA[0], *(f"gospa_{name}" for name in GOSPA[1:])]
    config = world.config
    means = (
        np.mean(gospa_parts(world), axis=0) ** (1.0 / config.order) if world.count else [None] * 4
    )
    windows = world.windows
    paths = ospa2(
        world.true, world.seen, world.matches.sums, windows, config.cutoff_m, config.order
    )
    ends = np.flatnonzero(np.append(np.diff(windows.window) > 0, True)[: world.count])
    return {
        **{n: None if m is None else float(m) for n, m in zip(names, means, strict=True)},
        "ospa_m": share(ospa_over_time(world)),
        "ospa2_m": share(paths),
        "ospa2_window_s": config.ospa2_window_s,
        "ospa2_series": {"to_ns": world.at_ns[ends].tolist(), "ospa2_m": paths.tolist()},
    }
