"""Live tracks at one instant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, TrackUpdates
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_filter import predict
from tocsin.track.kernels_report import NEVER_NS, present, report, shown
from tocsin.track.lag import smoothed, with_past
from tocsin.track.seen import moments
from tocsin.track.state import Bank, TrackState, names_of

_LATE_PERIODS = 1.5


class Instant(NamedTuple):
    """Hold what one output instant gives.

    Args:
        updates: the live tracks.
        lagged: those of the instant before, smoothed; none without a lag.
    """

    updates: TrackUpdates
    lagged: TrackUpdates


class _Rows(NamedTuple):
    """Hold rows to put out: contested ones with what was chosen of their hypotheses."""

    row: I64
    state: F64
    cov: F64
    sure: F64


def put_out(state: TrackState, at_ns: int) -> tuple[TrackState, Instant]:
    """Return the live tracks at one instant; with a lag, the one before once more.

    Tracks that contest nothing are put out as they are; of the others, what `report` chooses.
    """
    bank, chosen = state.bank, None
    after = state.shown if state.config.changed_only else -1
    if len(state.hypotheses.noise):
        members = np.flatnonzero(bank.cluster >= 0)
        body, existence = _brought(state, members, at_ns)
        chosen = _reported(state, members, *moments(body), existence)
        _confirm(state, chosen)
        if after >= 0:
            late = bank.looked[chosen.row] > after
            chosen = _Rows._make(part[late] for part in chosen)
    now = _updates(state, at_ns, _alone(state, bank, at_ns, after), chosen)
    state = state._replace(shown=state.looked, last_output_ns=at_ns)
    if not state.config.lag:
        return state, Instant(now, TrackUpdates.empty())
    state, lagged = _once_more(state, at_ns)
    return state, Instant(now, lagged)


def _alone(state: TrackState, bank: Bank, at_ns: int, after: int = -1) -> I64:
    rows = np.empty(bank.size, np.int64)
    return rows[: shown(bank, at_ns, after, state.config.report_floor, state.site.ends, rows)]


def _reported(state: TrackState, rows: I64, mean: F64, cov: F64, existence: F64) -> _Rows:
    """Return what is reported of contested rows, given their moments at the instant."""
    n, config, known = len(rows), state.config, state.hypotheses
    place = np.empty(state.bank.size, np.int64)
    place[rows] = np.arange(n)
    known = known._replace(member=place[known.member])
    row, sure = np.empty(n, np.int64), np.empty(n)
    best, spread = np.empty((n, 6)), np.empty((n, 21))
    found = report(
        mean, cov, existence, known, config.report_probability, config.report_cut2,
        row, sure, best, spread,
    )  # fmt: skip
    return _Rows(rows[row[:found]], best[:found], spread[:found], sure[:found])


def _confirm(state: TrackState, chosen: _Rows) -> None:
    """Confirm in place what is there by all hypotheses together, whatever number each gives it."""
    bank, config = state.bank, state.config
    enough = bank.plots[chosen.row] >= config.confirm_plots
    bank.confirmed[chosen.row] |= enough & (chosen.sure >= config.confirm_probability)


def _updates(state: TrackState, at_ns: int, alone: I64, chosen: _Rows | None) -> TrackUpdates:
    """Return the updates of what is to be put out, in the order of their numbers."""
    if chosen is None or not len(chosen.row):
        return _present(state, alone[np.argsort(state.bank.number[alone], kind="stable")], at_ns)
    rows = np.concatenate([alone, chosen.row])
    order = np.argsort(state.bank.number[rows], kind="stable")
    late = order - len(alone)
    at = np.flatnonzero(late >= 0)
    sure = np.full(len(rows), np.nan)
    sure[at] = chosen.sure[late[at]]
    updates = _present(state, rows[order], at_ns, sure)
    updates.state[at], updates.state_cov[at] = chosen.state[late[at]], chosen.cov[late[at]]
    return updates


def _brought(state: TrackState, rows: I64, at_ns: int) -> tuple[Mixture, F64]:
    """Return rows' Gaussians and existence at an instant."""
    bank, rules, k = state.bank, state.site.rules, len(rows)
    body = Mixture(bank.state[rows], bank.cov[rows], bank.mode[rows])
    time_ns, sure, to_ns = bank.time_ns[rows], bank.existence[rows], np.full(k, at_ns)
    predict(*body, time_ns, sure, np.arange(k), to_ns, rules.model, rules.limit)
    return body, sure


def _present(state: TrackState, rows: I64, at_ns: int, sure: F64 | None = None) -> TrackUpdates:
    """Return rows as they are at an instant; NaN in `sure`: their own existence."""
    bank, site, config = state.bank, state.site, state.config
    sure = np.full(len(rows), np.nan) if sure is None else sure
    latency_ns = np.array([rotation.latency_ns for rotation in state.rotations], np.int64)
    patience_ns = np.round(_LATE_PERIODS * site.period_ns).astype(np.int64) + latency_ns
    twice_ns = np.where(site.swept, 2 * site.period_ns + latency_ns, NEVER_NS)
    firm = np.array([config.firm_plots, config.hold_probability])
    mean, cov, mode, status, bits = present(
        bank, rows, sure, at_ns, round(config.contribution_s * NS), patience_ns, twice_ns, firm,
        site.rules.model, site.rules.limit,
    )  # fmt: skip
    address = bank.address[rows]
    return TrackUpdates.build(
        len(rows),
        measured_at_ns=at_ns,
        number=bank.number[rows],
        status=status,
        existence_probability=sure,
        state=mean,
        state_cov=cov,
        mode_probability=mode,
        first_at_ns=bank.first_at_ns[rows],
        last_plot_at_ns=bank.last_plot_at_ns[rows],
        sensor_bits=bits,
        mode_s=np.maximum(address, 0).astype(np.uint32),
        mode_s_valid=address >= 0,
        callsign=names_of(bank.callsign[rows]),
    )


def _once_more(state: TrackState, at_ns: int) -> tuple[TrackState, TrackUpdates]:
    """Return the instant before, smoothed, and the state that remembers this one."""
    rules, bank = state.site.rules, state.bank.copy()
    everyone = np.flatnonzero(bank.live)
    to_ns = np.full(len(everyone), at_ns)
    predict(*bank.body, bank.time_ns, bank.existence, everyone, to_ns, rules.model, rules.limit)
    known = np.flatnonzero(bank.past_ns > 0)
    before_ns = int(bank.past_ns.max(initial=0))
    mean, cov = np.zeros((bank.size, 6)), np.zeros((bank.size, 21))
    mean[known], cov[known] = smoothed(state, bank.take(known), at_ns)
    there = np.where(bank.past_ns > 0, bank.existence, 0.0)
    before = state._replace(bank=bank._replace(existence=there))
    alone = _alone(state, before.bank, at_ns)
    chosen = _Rows(alone, mean[alone], cov[alone], there[alone])
    if len(state.hypotheses.noise):
        more = _reported(state, np.arange(bank.size), mean, cov, there)
        chosen = _Rows._make(map(np.concatenate, zip(chosen, more, strict=True)))
    lagged = _updates(before, before_ns, alone[:0], chosen)
    # Modes are not smoothed: those of the present would be taken for those of the past.
    lagged = lagged.take(lagged.existence_probability > 0.0).replace(mode_probability=np.nan)
    return with_past(state, bank, at_ns), lagged
