"""New tracks: the rows that begin at plots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Bool
from tocsin.track import kernels_rows
from tocsin.track.kernels_contest import Mixture
from tocsin.track.state import Bank, Group, New, Pairs, Picture, Seen, TrackState, blank

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


def begin(
    state: TrackState, group: Group, picture: Picture, starts: Starts, out: Bank, place: I64
) -> None:
    """Write rows that begin at plots.

    Their numbers follow on from the tracker's next; a row that takes up a confirmed track again has
    that track's.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        starts: what begins.
        out: where to write; may be the tracker's own bank.
        place: (k,) row of `out` of each.
    """
    bank, sensor = state.bank, group.sensor
    again = np.empty(len(starts.at), np.uint32)
    kernels_rows.begin(
        bank, *starts, picture, sensor, state.looked, float(state.site.period_ns[sensor] / NS),
        state.next_number, state.site.judged, out, place, again,
    )  # fmt: skip
    if again.any():
        once = np.zeros(len(again), bool)
        once[np.unique(again, return_index=True)[1]] = True
        # Those that begin do not count: their numbers are new.
        known = ~bank.poisson
        if out is bank:
            known[place] = False
        keeps = once & (again > 0) & ~np.isin(again, bank.number[known])
        out.number[place[keeps]] = again[keeps]


def born(
    state: TrackState,
    group: Group,
    picture: Picture,
    new: New,
    free: F64,
    body: Mixture,
    seen: Seen,
) -> tuple[TrackState, I64, int]:
    """Return the tracker with rows that begin at plots that no contested track has.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        new: what may be new at each.
        free: (m,) probability that each is no track's; 0: contested.
        body: Gaussians of a new object at each.
        seen: the rows that the look concerns, and free ones.

    Returns:
        The tracker, the new rows, and how many did not fit.
    """
    existence = new.chance * free
    at = np.flatnonzero(existence >= state.config.poisson_floor)
    over = max(seen.live + len(at) - state.config.max_tracks, 0)
    at = at[: max(len(at) - over, 0)]
    bank, place = with_room(state, seen.free, len(at))
    state = state._replace(bank=bank)
    begin(state, group, picture, Starts(at, existence[at], body, at, new.first[at]), bank, place)
    return state._replace(next_number=state.next_number + len(at)), place, over


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
