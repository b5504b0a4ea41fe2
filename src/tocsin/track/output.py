"""Live tracks at one instant."""

from __future__ import annotations

import numpy as np

from tocsin.contract import I8, NS, U64, Bool, TrackStatus, TrackUpdates
from tocsin.track.kernels_filter import predict
from tocsin.track.state import Bank, TrackState

_LATE_PERIODS = 1.5


def updates_at(state: TrackState, at_ns: int) -> TrackUpdates:
    """Return the live tracks predicted to one instant, in the order of their numbers."""
    shown = state.bank.confirmed | (state.bank.existence >= state.config.report_floor)
    bank = state.bank.take(shown)
    everyone = np.arange(len(bank))
    to_ns = np.full(len(bank), at_ns)
    predict(bank.state, bank.cov, bank.time_ns, bank.existence, everyone, to_ns, state.site.model)
    lately = at_ns - bank.heard_ns <= round(state.config.contribution_s * NS)
    heard = lately & (bank.heard_ns > 0)
    return TrackUpdates.build(
        len(bank),
        measured_at_ns=to_ns,
        number=bank.number,
        status=_status(state, bank, heard, at_ns),
        existence_probability=bank.existence,
        state=bank.state,
        state_cov=bank.cov,
        first_at_ns=bank.first_at_ns,
        last_plot_at_ns=bank.last_plot_at_ns,
        sensor_bits=_bits(heard),
        mode_s=np.maximum(bank.address, 0),
        mode_s_valid=bank.address >= 0,
        callsign=bank.callsign,
    )


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
