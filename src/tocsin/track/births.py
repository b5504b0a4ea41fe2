"""New tracks: the rows that begin at plots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Bool
from tocsin.track import kernels_rows
from tocsin.track.kernels_contest import Mixture
from tocsin.track.state import Bank, Group, Pairs, Picture, Seen, TrackState, blank

_SPARE = 4
"""A full bank grows by this part of its rows more than it needs."""


def new_objects(
    state: TrackState, group: Group, picture: Picture, faint: Pairs, wanted: Bool
) -> Mixture:
    """Return the Gaussians of a new object at each plot for which they are wanted.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots, as the kernels want them.
        faint: undetected rows of the bank and the plots in their gates.
        wanted: (m,) plots.
    """
    site = state.site
    return Mixture(
        *kernels_rows.new_objects(
            state.bank, *faint[:4], picture, group.plots.velocity_mps, wanted, site.spread,
            site.rules.model,
        )
    )  # fmt: skip


class Starts(NamedTuple):
    """Say what begins at plots, see `kernels_rows.begin`.

    Args:
        at: (k,) plot of each new row.
        existence: (k,) of each.
        body: Gaussians.
        body_at: (k,) row of `body` of each.
        first: (k,) undetected row that it grew out of, -1: none.
    """

    at: I64
    existence: F64
    body: Mixture
    body_at: I64
    first: I64


def begin(state: TrackState, group: Group, picture: Picture, starts: Starts, place: I64) -> None:
    """Write rows that begin at plots into the tracker's bank.

    Their numbers follow on from the tracker's next; a row that takes up a confirmed track again has
    that track's.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        starts: what begins.
        place: (k,) row of each.
    """
    sensor, count = group.sensor, len(starts.at)
    kernels_rows.begin(
        state.bank, *starts, picture, sensor, state.looked, interval_s(state, sensor),
        state.next_number, state.site.judged, place, np.empty(count, np.uint32),
        np.empty((2, count), np.int64),
    )  # fmt: skip


def interval_s(state: TrackState, sensor: int) -> float:
    """Return a sensor's time between plots, before a track has learned its own."""
    return float(state.site.period_ns[sensor] / NS)


def born(
    state: TrackState,
    group: Group,
    picture: Picture,
    first: I64,
    existence: F64,
    body: Mixture,
    seen: Seen,
) -> tuple[TrackState, I64, int]:
    """Return the tracker with rows that begin at plots that no contested track has.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        first: (m,) see `New`.
        existence: (m,) of a new object at each.
        body: Gaussians of a new object at each.
        seen: the rows that the look concerns, and free ones.

    Returns:
        The tracker, the new rows, and how many did not fit.
    """
    at = np.flatnonzero(existence >= state.config.poisson_floor)
    over = max(seen.live + len(at) - state.config.max_tracks, 0)
    at = at[: max(len(at) - over, 0)]
    bank, place = with_room(state, seen.free, len(at))
    if len(at):
        if bank is not state.bank:
            state = state._replace(bank=bank)
        begin(state, group, picture, Starts(at, existence[at], body, at, first[at]), place)
        state = state._replace(next_number=state.next_number + len(at))
    return state, place, over


def with_room(state: TrackState, free: I64, count: int) -> tuple[Bank, I64]:
    """Return the bank, larger if it must be, and as many free rows as asked for."""
    bank, lacking = state.bank, count - len(free)
    if lacking <= 0:
        return bank, free[:count]
    more = lacking + bank.size // _SPARE
    spare = blank(state.config, more)
    spare.free(np.arange(more))
    place = np.concatenate([free, bank.size + np.arange(lacking)])
    return bank.join(spare), place
