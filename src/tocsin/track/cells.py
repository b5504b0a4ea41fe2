"""Tracks that a radar may not tell apart, and the plots that they may share."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64
from tocsin.track.kernels_cells import share
from tocsin.track.state import Pairs, Picture, Seen, TrackState


def with_shared(
    state: TrackState, picture: Picture, seen: Seen, pairs: Pairs, rest: F64, sensor: int
) -> tuple[Pairs, I64]:
    """Return tracks and plots, with those of tracks in one cell; and which those are.

    Args:
        state: the tracker; rows are predicted.
        picture: the look's plots.
        seen: the rows that it concerns.
        pairs: rows and plots with their likelihood ratios.
        rest: (m,) density of all that is no track's.
        sensor: whose plots they are.

    Returns:
        The pairs; and (n, 2) tracks, places in `seen`, that the sensor may not tell apart.
    """
    cell, site = state.site.cells[sensor], state.site.place[sensor]
    if len(cell) == 0 or len(seen.rows) < 2:
        return pairs, np.zeros((0, 2), np.int64)
    range_m = np.linalg.norm(state.bank.state[seen.rows, 0, :3] - site[:3], axis=1)
    plot_range_m = np.linalg.norm(picture.position_m - site[:3], axis=1)
    by_range = np.argsort(plot_range_m, kind="stable")
    near, start, plot, ratio = share(
        state.bank, seen.rows, seen.chances, np.argsort(range_m, kind="stable"), range_m, picture,
        by_range, plot_range_m[by_range], site, cell, *pairs[1:4], rest,
    )  # fmt: skip
    return Pairs(pairs.rows, start, plot, ratio, pairs.overflow), near
