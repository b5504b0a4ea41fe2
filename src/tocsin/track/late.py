"""Plots that come late: go back to before them, and handle what came since once more.

What was put out stays as it was; from then on the tracks are what they would have been had every
plot come in time. Their numbers stay those that were put out.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from tocsin.contract import F64, I64, NS, U32, Plots
from tocsin.track.looks import in_order
from tocsin.track.past import Flags, Mark, Past, come_back, mark, without_first
from tocsin.track.schedule import bin_end, inside
from tocsin.track.seen import moments
from tocsin.track.state import Bank, Counters, Edge, Group, Sector, TrackState

Handle = Callable[[TrackState, list[Group], int], TrackState]

_MARKS = 8
"""About so many marks over the time that plots may be late."""
_NEAR = 3.0
"""Standard deviations of place, as far as a track may be from where it was put out."""
_FIRST_PLOT_MPS = 1e6
"""In the search for the same track: a second between first plots is as far as this many metres."""
_TAKEN_IN = ("plots", "looks_refused", "late", "waiting_overflow", "redone", "unordered")


def remember(before: TrackState, state: TrackState, groups: list[Group], now_ns: int) -> TrackState:
    """Return the state with what is needed to come back to it.

    Args:
        before: the tracker before these groups.
        state: the tracker after them.
        groups: what was handled.
        now_ns: every group up to then was handled.
    """
    past, now_ns = state.past, max(now_ns, state.past.now_ns)
    marks, spare = past.marks if past.now_ns else (mark(before, 0, None),), past.spare
    if not marks or now_ns - marks[-1].now_ns >= _least_ns(state):
        marks = (*marks, mark(state, now_ns, marks[-1] if marks else None, spare))
        marks, spare = _within_reach(state, marks, now_ns)
    oldest_ns = marks[0].now_ns if marks else now_ns
    done = [s for s in before.sectors if bin_end(state, s.known_ns) <= now_ns]
    return state._replace(
        past=Past(
            now_ns,
            marks,
            tuple(g for g in (*past.groups, *groups) if g.at_ns > oldest_ns),
            tuple(s for s in (*past.sectors, *done) if bin_end(state, s.known_ns) > oldest_ns),
            spare,
        ),
    )


def _least_ns(state: TrackState) -> int:
    """Return how far marks lie apart at least."""
    return max(round(state.config.bin_s * NS), _reach_ns(state) // _MARKS)


def _within_reach(
    state: TrackState, marks: tuple[Mark, ...], now_ns: int
) -> tuple[tuple[Mark, ...], Bank | None]:
    """Return the marks that are needed and fit, and rows of one that goes."""
    reach_ns, spare = now_ns - _reach_ns(state), None
    while len(marks) > 1 and (marks[1].now_ns <= reach_ns or not _fits(state, marks)):
        spare = marks[0].state.bank if marks[1].rows is None else spare
        marks = without_first(marks)
    return (marks, spare) if _fits(state, marks) else ((), None)


def _fits(state: TrackState, marks: tuple[Mark, ...]) -> bool:
    return sum(one.state.bank.size for one in marks) <= state.config.max_kept


def _reach_ns(state: TrackState) -> int:
    """Return how far back plots may belong: a radar's wait for their look, people's may not."""
    patience_ns = state.site.patience_ns[state.site.swept]
    return int(patience_ns.max(initial=round(state.config.late_s * NS)))


def rewound(state: TrackState) -> TrackState:
    """Return the tracker as it was before the earliest plot or look that came late, if any did.

    What waits there is all that was handled since, and what came late. Plots that came too late
    for that are used now, at their own time.
    """
    past = state.past
    at_ns = _late_at(state)
    oldest_ns = past.marks[0].now_ns if past.marks else past.now_ns
    within = at_ns[at_ns > oldest_ns]
    state = _counted(state, unordered=int(len(at_ns) - len(within)))
    if len(within) == 0:
        return state
    marks = tuple(m for m in past.marks if m.now_ns < within.min())
    then_ns = marks[-1].now_ns
    plots = past.plots_after(then_ns)
    if len(plots) > state.config.most_redone:
        return _counted(state, unordered=len(within))
    sectors = tuple(s for s in past.sectors if bin_end(state, s.known_ns) > then_ns)
    then = come_back(marks)
    return then._replace(
        waiting=in_order(Plots.concat([plots, state.waiting])),
        sectors=sectors + state.sectors,
        rotations=state.rotations,
        next_number=state.next_number,
        past=Past(past.now_ns, marks, *_until(state, then_ns)),
        counters=_both(then, _counted(state, redone=len(plots))),
    )


def _until(state: TrackState, ns: int) -> tuple[tuple[Group, ...], tuple[Sector, ...]]:
    """Return the groups and sectors of the past up to a time."""
    past = state.past
    return (
        tuple(g for g in past.groups if g.at_ns <= ns),
        tuple(s for s in past.sectors if bin_end(state, s.known_ns) <= ns),
    )


def _counted(state: TrackState, **more: int) -> TrackState:
    return state._replace(counters=state.counters.add(**more))


def _both(then: TrackState, now: TrackState) -> Counters:
    """Return what was taken in until now, and what was handled until then."""
    taken = {name: getattr(now.counters, name) for name in _TAKEN_IN}
    return then.counters._replace(**taken)


def _late_at(state: TrackState) -> I64:
    """Return for each plot or sector that came late when its group was to be handled."""
    waiting, swept = state.waiting, state.site.swept
    at = bin_end(state, waiting.measured_at_ns[~swept[waiting.sensor]])
    parts = [at, np.array([bin_end(state, s.known_ns) for s in state.sectors], np.int64)]
    rows = np.flatnonzero(swept[waiting.sensor])
    if len(rows):
        for sensor in np.unique(waiting.sensor[rows]):
            times = waiting.measured_at_ns[rows[waiting.sensor[rows] == sensor]]
            since_ns = int(times.min())
            mine = [s for s in state.past.sectors if s.end_ns >= since_ns and s.sensor == sensor]
            hit = [bin_end(state, s.known_ns) for s in mine if len(times[inside(times, s)])]
            parts.append(np.array(hit, np.int64))
    at = np.concatenate(parts)
    return at[at <= state.past.now_ns]


def caught_up(
    then: TrackState, state: TrackState, groups: list[Group], handle: Handle
) -> tuple[TrackState, list[Group]]:
    """Return the rewound tracker where it was before, and the groups that are new.

    Args:
        then: the tracker where it was, before it was rewound.
        state: the tracker rewound.
        groups: all that is to be handled.
        handle: handles groups and the output instants before a time, putting out nothing.
    """
    had, first = state.bank.number.copy(), state.next_number
    old = [g for g in groups if g.at_ns <= then.past.now_ns]
    begun, marks = state.past.marks[-1].now_ns, list(state.past.marks)
    # Marks anew where there were some: else the next late plots would go back as far again.
    stops = [m.now_ns for m in then.past.marks if begun < m.now_ns <= then.past.now_ns]
    for after_ns, until_ns in pairwise([begun, *stops]):
        part = [g for g in old if after_ns < g.at_ns <= until_ns]
        state = handle(state, part, until_ns + 1)
        marks.append(mark(state, until_ns, marks[-1]))
    begun = stops[-1] if stops else begun
    state = handle(state, [g for g in old if g.at_ns > begun], then.next_output_ns)
    state = state._replace(
        next_output_ns=then.next_output_ns,
        last_output_ns=then.last_output_ns,
        past=state.past._replace(marks=tuple(marks)),
    )
    anew = then.bank.take(~np.isin(then.bank.number, had))
    return numbered(anew, state, first), groups[len(old) :]


def numbered(was: Bank, state: TrackState, first: int) -> TrackState:
    """Return the state with the tracks that began anew under the numbers that they had.

    That is the number of whichever track began at the same plot, or else is where they are now.

    Args:
        was: rows of the tracks that had begun before, as they were put out.
        state: the tracker now.
        first: numbers from here on are those of tracks that began anew.
    """
    new, old = _tracks(state.bank, first), _tracks(was, 1)
    number = np.zeros(new.size, np.uint32)
    for weight in (_FIRST_PLOT_MPS, 0.0):
        left = np.flatnonzero(number == 0)
        free = old.take(~np.isin(old.number, number))
        i, j = _nearest(new.take(left), free, weight)
        number[left[i]] = free.number[j]
    marks = [m.flags.number if m.flags else m.state.bank.number for m in state.past.marks]
    every = np.unique(np.concatenate([new.number, *marks]))
    every = every[every >= first]
    given = np.zeros(len(every), np.uint32)
    given[np.searchsorted(every, new.number)] = number
    fresh = np.flatnonzero(given == 0)
    given[fresh] = first + np.arange(len(fresh))
    renamed = _renaming(every, given, first)
    past = tuple(
        m._replace(state=_renamed(m.state, renamed, first, given), flags=_flags(m.flags, renamed))
        for m in state.past.marks
    )
    state = _renamed(state, renamed, first, given)
    return state._replace(past=state.past._replace(marks=past))


def _flags(flags: Flags | None, renamed: Callable[[U32], U32]) -> Flags | None:
    if flags is None:
        return None
    return flags._replace(number=renamed(flags.number), twin=renamed(flags.twin))


def _tracks(bank: Bank, least: int) -> Bank:
    """Return one row for each number from ``least`` on: its most probable one."""
    rows = np.flatnonzero(bank.number >= least)
    order = rows[np.lexsort((-(bank.weight * bank.existence)[rows], bank.number[rows]))]
    first = np.ones(len(order), bool)
    first[1:] = np.diff(bank.number[order].astype(np.int64)) != 0
    return bank.take(order[first])


def _nearest(new: Bank, old: Bank, first_plot_mps: float) -> tuple[I64, I64]:
    """Return pairs of tracks that are each other's nearest, and near enough to be the same."""
    none = np.zeros(0, np.int64)
    if new.size == 0 or old.size == 0:
        return none, none
    at_ns = int(new.time_ns.max())
    (a, wide_a), (b, wide_b) = (_where(bank, at_ns, first_plot_mps) for bank in (new, old))
    apart, to = (np.asarray(part) for part in cKDTree(b).query(a))
    back = np.asarray(cKDTree(a).query(b)[1])
    near = (back[to] == np.arange(len(a))) & (apart <= _NEAR * np.hypot(wide_a, wide_b[to]))
    rows = np.flatnonzero(near)
    return rows, to[rows]


def _where(bank: Bank, at_ns: int, first_plot_mps: float) -> tuple[F64, F64]:
    """Return (n, 4) places and first plots, as lengths, and (n,) uncertainties of place."""
    mean, cov = moments(bank.body)
    place = mean[:, :3] + mean[:, 3:] * ((at_ns - bank.time_ns) / NS)[:, None]
    first = (bank.first_at_ns - at_ns) / NS * first_plot_mps
    return np.column_stack([place, first]), np.sqrt(cov[:, 0] + cov[:, 6] + cov[:, 11])


def _renaming(old: U32, new: U32, first: int) -> Callable[[U32], U32]:
    """Return how numbers are replaced; those of tracks that have ended are forgotten."""

    def renamed(number: U32) -> U32:
        kept = np.where(number < first, number, 0).astype(np.uint32)
        if len(old) == 0:
            return kept
        place = np.minimum(np.searchsorted(old, number), len(old) - 1)
        return np.where(old[place] == number, new[place], kept)

    return renamed


def _renamed(
    state: TrackState, renamed: Callable[[U32], U32], first: int, given: U32
) -> TrackState:
    """Return the state with its tracks' numbers replaced."""
    bank = state.bank
    return state._replace(
        bank=bank._replace(number=renamed(bank.number), twin=renamed(bank.twin)),
        edges=tuple(_in_order(edge._replace(number=renamed(edge.number))) for edge in state.edges),
        next_number=max(first, 1 + int(given.max(initial=0))),
    )


def _in_order(edge: Edge) -> Edge:
    order = np.argsort(edge.number, kind="stable")
    order = order[edge.number[order] > 0]
    return Edge(edge.end_ns, edge.number[order], edge.looked[order])
