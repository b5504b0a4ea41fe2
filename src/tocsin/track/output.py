"""Live tracks at one instant."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, I64, MODE_COUNT, NS, U64, Bool, TrackStatus, TrackUpdates
from tocsin.track.kernels_filter import predict
from tocsin.track.kernels_report import report
from tocsin.track.lag import smoothed, with_past
from tocsin.track.seen import moments
from tocsin.track.state import Bank, TrackState

_LATE_PERIODS = 1.5


class Instant(NamedTuple):
    """Hold what one output instant gives.

    Args:
        updates: the live tracks.
        lagged: those of the instant before, smoothed; none without a lag.
    """

    updates: TrackUpdates
    lagged: TrackUpdates


def put_out(state: TrackState, at_ns: int) -> tuple[TrackState, Instant]:
    """Return the live tracks at one instant; with a lag, the one before once more."""
    rules, bank = state.site.rules, state.bank.copy()
    everyone = np.flatnonzero(bank.live)
    to_ns = np.full(len(everyone), at_ns)
    predict(*bank.body, bank.time_ns, bank.existence, everyone, to_ns, rules.model, rules.limit)
    now = _updates(state, bank, *moments(bank.body), at_ns)
    if not state.config.lag:
        return state, Instant(now, TrackUpdates.empty())
    known = np.flatnonzero(bank.past_ns > 0)
    before_ns = int(bank.past_ns.max(initial=0))
    mean, cov = np.zeros((len(bank), 6)), np.zeros((len(bank), 21))
    mean[known], cov[known] = smoothed(state, bank.take(known), at_ns)
    there = dataclasses.replace(bank, existence=np.where(bank.past_ns > 0, bank.existence, 0.0))
    lagged = _updates(state, there, mean, cov, before_ns)
    # Modes are not smoothed: those of the present would be taken for those of the past.
    lagged = lagged.take(lagged.existence_probability > 0.0).replace(mode_probability=np.nan)
    return with_past(state, bank, at_ns), Instant(now, lagged)


def _updates(state: TrackState, bank: Bank, mean: F64, cov: F64, at_ns: int) -> TrackUpdates:
    """Return the updates of what is to be put out, in the order of their numbers."""
    rows, mean, cov, sure = _chosen(state, bank, mean, cov)
    order = np.argsort(bank.number[rows], kind="stable")
    bank, mean, cov, sure = bank.take(rows[order]), mean[order], cov[order], sure[order]
    lately = at_ns - bank.heard_ns <= round(state.config.contribution_s * NS)
    heard = lately & (bank.heard_ns > 0)
    return TrackUpdates.build(
        len(bank),
        measured_at_ns=at_ns,
        number=bank.number,
        status=_status(state, bank, heard, at_ns),
        existence_probability=sure,
        state=mean,
        state_cov=cov,
        mode_probability=_modes(bank),
        first_at_ns=bank.first_at_ns,
        last_plot_at_ns=bank.last_plot_at_ns,
        sensor_bits=_bits(heard),
        mode_s=np.maximum(bank.address, 0),
        mode_s_valid=bank.address >= 0,
        callsign=_callsigns(bank),
    )


def _chosen(state: TrackState, bank: Bank, mean: F64, cov: F64) -> tuple[I64, F64, F64, F64]:
    """Return rows to put out, their means, covariances and existence.

    Tracks that contest nothing are put out as they are; of the others, what `report` chooses.
    """
    shown = bank.confirmed | (bank.existence >= state.config.report_floor)
    alone = np.flatnonzero(shown & (bank.cluster < 0) & ~bank.poisson)
    if len(state.hypotheses.noise) == 0:
        return alone, mean[alone], cov[alone], bank.existence[alone]
    row, sure = np.empty(len(bank), np.int64), np.empty(len(bank))
    best, spread = np.empty((len(bank), 6)), np.empty((len(bank), 21))
    found = report(
        np.ascontiguousarray(mean), np.ascontiguousarray(cov), bank.existence, state.hypotheses,
        state.config.report_probability, state.config.report_cut2, row, sure, best, spread,
    )  # fmt: skip
    return (
        np.concatenate([alone, row[:found]]),
        np.concatenate([mean[alone], best[:found]]),
        np.concatenate([cov[alone], spread[:found]]),
        np.concatenate([bank.existence[alone], sure[:found]]),
    )


def _modes(bank: Bank) -> F64:
    """Return (n, MODE_COUNT) mode probabilities; NaN beyond the models there are."""
    mode = np.full((len(bank), MODE_COUNT), np.nan)
    mode[:, : bank.mode.shape[1]] = bank.mode
    return mode


def _callsigns(bank: Bank) -> np.ndarray:
    """Return the callsigns as the contract wants them: text, or None."""
    names = np.full(len(bank), None, object)
    for i in np.flatnonzero(bank.callsign != b""):
        names[i] = bank.callsign[i].decode("ascii")
    return names


def _bits(heard: Bool) -> U64:
    weights = np.uint64(1) << np.arange(heard.shape[1], dtype=np.uint64)
    bits: U64 = (heard * weights).sum(axis=1, dtype=np.uint64)
    return bits


def _status(state: TrackState, bank: Bank, heard: Bool, at_ns: int) -> I8:
    """Return the status; a confirmed track coasts once its quickest sensor's plot is overdue."""
    never = np.iinfo(np.int64).max // 4
    latency_ns = np.array([rotation.latency_ns for rotation in state.rotations], np.int64)
    patience_ns = np.round(_LATE_PERIODS * state.site.period_ns).astype(np.int64) + latency_ns
    quickest_ns = np.where(heard, patience_ns, never).min(axis=1, initial=never)
    overdue = at_ns - bank.last_plot_at_ns > quickest_ns
    overdue |= ~heard.any(axis=1)
    kept = np.where(overdue, TrackStatus.COASTING, TrackStatus.CONFIRMED)
    return np.where(bank.confirmed, kept, TrackStatus.TENTATIVE).astype(np.int8)
