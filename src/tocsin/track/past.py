"""What is kept to handle the last seconds once more, when plots come that belong into them.

A mark holds what is needed to come back to a time: the first one all rows, each later one those
that looks have changed since the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.contract import F64, I64, U32, Bool, Plots

if TYPE_CHECKING:
    from tocsin.track.state import Bank, Group, Sector, TrackState


class Flags(NamedTuple):
    """Hold the columns of the bank that change without a look: rows end, clusters are renumbered.

    Args:
        existence: see `state.Bank`.
        poisson: likewise.
        confirmed: likewise.
        cluster: likewise.
        number: likewise.
        twin: likewise.
        twin_count: likewise.
    """

    existence: F64
    poisson: Bool
    confirmed: Bool
    cluster: I64
    number: U32
    twin: U32
    twin_count: I64

    @classmethod
    def of(cls, bank: Bank) -> Flags:
        """Return them, copied."""
        return cls._make(getattr(bank, name).copy() for name in cls._fields)


class Mark(NamedTuple):
    """Hold the tracker as it was.

    Args:
        now_ns: every group up to then was handled.
        state: the tracker then, without waiting plots and without a past of its own; its bank
            holds the rows of `rows`.
        rows: those that were changed since the mark before; None: all.
        flags: of all rows; None: they are in the bank.
    """

    now_ns: int
    state: TrackState
    rows: I64 | None = None
    flags: Flags | None = None


class Past(NamedTuple):
    """Hold what was handled lately.

    Args:
        now_ns: every group up to then was handled; 0: nothing yet.
        marks: where one can go back to, oldest first.
        groups: handled since the oldest mark.
        sectors: handled since the oldest mark, as they came.
        spare: rows of a mark that is no longer needed, to be written over: fresh memory costs more
            than the copy.
    """

    now_ns: int = 0
    marks: tuple[Mark, ...] = ()
    groups: tuple[Group, ...] = ()
    sectors: tuple[Sector, ...] = ()
    spare: Bank | None = None

    def plots_after(self, mark_ns: int) -> Plots:
        """Return the plots of the groups that were complete after a mark."""
        return Plots.concat([Plots.empty(), *(g.plots for g in self.groups if g.at_ns > mark_ns)])


def kept(state: TrackState) -> TrackState:
    """Return a copy of the tracker to come back to: a step uses up the one that it is given."""
    past = state.past
    # Whole marks are written over once they are no longer needed, the others never are.
    marks = tuple(
        one
        if one.rows is not None
        else one._replace(state=_with_bank(one.state, one.state.bank.copy()))
        for one in past.marks
    )
    past = past._replace(marks=marks, spare=None)
    return state._replace(bank=state.bank.copy(), past=past, away={})


def mark(state: TrackState, now_ns: int, last: Mark | None, spare: Bank | None = None) -> Mark:
    """Return a mark of the tracker as it is.

    Args:
        state: the tracker.
        now_ns: every group up to then was handled.
        last: the mark before; None: there is none.
        spare: rows to write over; None: there are none.
    """
    bare = state._replace(waiting=Plots.empty(), sectors=(), past=Past(), away={})
    bank = state.bank
    if last is None or last.state.moved != state.moved:
        return Mark(now_ns, _with_bank(bare, _copied(bank, spare)))
    rows = np.flatnonzero(bank.looked > last.state.looked)
    if 2 * len(rows) > bank.size:
        return Mark(now_ns, _with_bank(bare, _copied(bank, spare)))
    return Mark(now_ns, _with_bank(bare, bank.take(rows)), rows, Flags.of(bank))


def _copied(bank: Bank, spare: Bank | None) -> Bank:
    """Return a copy of the bank, in spare rows if there are enough."""
    if spare is None or spare.size < bank.size:
        return bank.copy()
    out = type(bank)._make(column[: bank.size] for column in spare)
    columns: tuple[np.ndarray, ...] = out
    for column, values in zip(columns, bank, strict=True):
        column[...] = values
    return out


def come_back(marks: tuple[Mark, ...]) -> TrackState:
    """Return the tracker as it was at the last of some marks."""
    first = max(k for k, one in enumerate(marks) if one.rows is None)
    bank = marks[first].state.bank.copy()
    for one in marks[first + 1 :]:
        bank = _onto(bank, one)
    return _with_bank(marks[-1].state, bank)


def without_first(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return marks without the first; its rows are used up."""
    second = marks[1]
    if second.rows is None:
        return marks[1:]
    bank = _onto(marks[0].state.bank, second)
    whole = Mark(second.now_ns, second.state._replace(bank=bank))
    return (whole, *marks[2:])


def _with_bank(state: TrackState, bank: Bank) -> TrackState:
    return state._replace(bank=bank)


def _onto(bank: Bank, one: Mark) -> Bank:
    """Return the rows, changed in place, as they were at the following mark."""
    assert one.rows is not None
    assert one.flags is not None
    more = len(one.flags.number) - bank.size
    if more > 0:
        bank = bank.join(bank.blank(more))
    bank.put(one.rows, one.state.bank)
    for name, values in zip(Flags._fields, one.flags, strict=True):
        getattr(bank, name)[:] = values
    return bank
