"""Which plots are handled together, and in what order.

A radar's plots wait until the sector that contains their time is complete, so that a miss is a
miss; short sectors that follow one another are handled as one. Event-driven plots are handled in
short bins at fixed times, one plot per address at a time.
The order depends on times only, never on how the input was cut into batches.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np

from tocsin.contract import I64, NS, Bool, Dimension, Looks, Plots
from tocsin.track.looks import WIDEST_RAD, in_order, with_looks
from tocsin.track.state import Group, Sector, TrackState

T = TypeVar("T", int, I64)

_JOINT_NS = NS // 1000
_JOINT_RAD = 1e-3
_PATIENCE = 1.5
"""Revolutions after which a plot that no look contains is used without one."""


def taken_in(state: TrackState, plots: Plots, looks: Looks, now_ns: int) -> TrackState:
    """Return the tracker with a batch waiting."""
    return with_looks(_with_plots(state, plots), looks, now_ns)


def schedule(state: TrackState, now_ns: int) -> tuple[TrackState, list[Group]]:
    """Return the groups that are complete, in order, and the tracker without them."""
    taken = np.zeros(len(state.waiting), bool)
    groups = _swept_groups(state, taken, now_ns)
    lookless: list[Group] = []
    if not taken.all():
        lookless = _lookless_groups(state, taken, now_ns)
        groups += lookless + _event_groups(state, taken, now_ns)
    groups.sort(key=_order)
    return state._replace(
        waiting=state.waiting.take(~taken),
        sectors=tuple(s for s in state.sectors if bin_end(state, s.known_ns) > now_ns),
        counters=state.counters.add(lookless=sum(len(g.plots) for g in lookless)),
    ), groups


def everything_left(state: TrackState) -> tuple[TrackState, list[Group]]:
    """Return what still waits as groups without sectors: the end of a recording."""
    taken = np.zeros(len(state.waiting), bool)
    groups = _event_groups(state, taken, 2**62)
    rows = np.flatnonzero(~taken)
    groups += _bins(state, rows, state.waiting.measured_at_ns[rows], np.zeros(len(rows), np.int64))
    groups.sort(key=_order)
    return state._replace(waiting=Plots.empty(), sectors=()), groups


def _order(group: Group) -> tuple[int, int, int, int]:
    sector = group.sector
    end_ns = sector.end_ns if sector else int(group.plots.measured_at_ns[-1])
    return group.at_ns, end_ns, group.sensor, sector is None


def _with_plots(state: TrackState, plots: Plots) -> TrackState:
    site, counters = state.site, state.counters
    done = max((edge.end_ns for edge in state.edges), default=0)
    done = max(done, int(state.bank.time_ns.max(initial=0)))
    fresh = plots.measured_at_ns >= done - site.patience_ns[plots.sensor]
    late = len(plots) - int(fresh.sum())
    waiting = in_order(Plots.concat([state.waiting, plots.take(fresh) if late else plots]))
    over = max(len(waiting) - state.config.max_waiting, 0)
    return state._replace(
        waiting=waiting.take(slice(over, None)) if over else waiting,
        counters=counters.add(plots=len(plots), late=late, waiting_overflow=over),
    )


def _swept_groups(state: TrackState, taken: Bool, now_ns: int) -> list[Group]:
    groups = []
    ready = _merged([s for s in _binned(state) if s.known_ns <= now_ns])
    for sensor in sorted({s.sensor for s in ready}):
        rows = np.flatnonzero(state.waiting.sensor == sensor)
        times = state.waiting.measured_at_ns[rows]
        for sector in ready:
            if sector.sensor == sensor:
                mine = rows[inside(times, sector)]
                mine = mine[~taken[mine]]
                taken[mine] = True
                groups.append(Group(sector.known_ns, sensor, sector, _chosen(state.waiting, mine)))
    return groups


def _chosen(plots: Plots, rows: I64) -> Plots:
    """Return rows in increasing order, without a copy where they follow one another."""
    if not len(rows):
        return Plots.empty()
    first, end = int(rows[0]), int(rows[-1]) + 1
    if end - first > len(rows):
        return plots.take(rows)
    return plots if len(rows) == len(plots) else plots.take(slice(first, end))


def bin_end(state: TrackState, at_ns: T) -> T:
    """Return the end of the bin that contains a time, or times."""
    if state.config.output_period_s is None:
        return at_ns
    length = round(state.config.bin_s * NS)
    return -(-at_ns // length) * length


def _binned(state: TrackState) -> list[Sector]:
    return [s._replace(known_ns=bin_end(state, s.known_ns)) for s in state.sectors]


def _merged(sectors: list[Sector]) -> list[Sector]:
    """Return sectors with those united that one bin holds and that follow one another."""
    sectors = sorted(sectors, key=lambda s: (s.sensor, s.start_ns, s.end_ns))
    merged: list[Sector] = []
    for sector in sectors:
        last = merged[-1] if merged else None
        if last is not None and _follows(last, sector):
            merged[-1] = last._replace(
                end_ns=sector.end_ns, width_rad=last.width_rad + sector.width_rad
            )
        else:
            merged.append(sector)
    return merged


def _follows(last: Sector, sector: Sector) -> bool:
    turn = last.from_rad + last.width_rad - sector.from_rad
    return (
        (last.sensor, last.known_ns) == (sector.sensor, sector.known_ns)
        and last.start_ns < last.end_ns
        and abs(sector.start_ns - last.end_ns) < _JOINT_NS
        and abs(turn - 2.0 * np.pi * round(turn / (2.0 * np.pi))) < _JOINT_RAD
        and last.width_rad + sector.width_rad < WIDEST_RAD + _JOINT_RAD
    )


def inside(times: I64, sector: Sector) -> slice:
    """Return which of the times of one sensor's plots, in order, a sector contains."""
    first = int(times.searchsorted(sector.start_ns))
    side: Literal["left", "right"] = "right" if sector.end_ns == sector.start_ns else "left"
    return slice(first, int(times.searchsorted(sector.end_ns, side)))


def _lookless_groups(state: TrackState, taken: Bool, now_ns: int) -> list[Group]:
    waiting, site = state.waiting, state.site
    patience = np.round(_PATIENCE * site.period_ns).astype(np.int64)[waiting.sensor]
    late = site.swept[waiting.sensor] & ~taken & (waiting.measured_at_ns + patience <= now_ns)
    rows = np.flatnonzero(late)
    taken[rows] = True
    return _bins(state, rows, (waiting.measured_at_ns + patience)[rows], 0 * rows)


def _event_groups(state: TrackState, taken: Bool, now_ns: int) -> list[Group]:
    waiting = state.waiting
    at = bin_end(state, waiting.measured_at_ns)
    rows = np.flatnonzero(~state.site.swept[waiting.sensor] & ~taken & (at <= now_ns))
    taken[rows] = True
    address = np.where(waiting.mode_s_valid, waiting.mode_s.astype(np.int64), -1)[rows]
    rank = _rank(at[rows], waiting.sensor[rows], address)
    # All that a node hears in one bin is one look, beside what else it may say.
    rank = np.where(waiting.dimension[rows] == Dimension.BEARING, -1, rank)
    return _bins(state, rows, at[rows], rank)


def _rank(*keys: np.ndarray) -> I64:
    """Return how many earlier rows have the same keys."""
    order = np.lexsort(tuple(reversed(keys)))
    step = np.zeros(len(order), bool)
    for key in keys:
        step[1:] |= key[order][1:] != key[order][:-1]
    place = np.arange(len(order))
    rank = np.empty(len(order), np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(step, place, 0))
    return rank


def _bins(state: TrackState, rows: I64, at_ns: I64, rank: I64) -> list[Group]:
    """Return one group for each sensor, time and rank."""
    sensor = state.waiting.sensor[rows]
    order = np.lexsort((rows, rank, sensor, at_ns))
    rows, at_ns, rank, sensor = rows[order], at_ns[order], rank[order], sensor[order]
    change = (np.diff(at_ns) != 0) | (np.diff(sensor) != 0) | (np.diff(rank) != 0)
    parts = np.split(np.arange(len(rows)), np.flatnonzero(change) + 1)
    return [
        Group(int(at_ns[p[0]]), int(sensor[p[0]]), None, state.waiting.take(rows[p]))
        for p in parts
        if len(p)
    ]
