"""New tracks: what may be new at each plot, and the rows that begin there."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, NS, Bool, Dimension, Plots
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_gate import born
from tocsin.track.state import Bank, Group, Pairs, Picture, TrackState, blank

_POSITION = np.array([0, 1, 2, 6, 7, 11])
_HEIGHT_CROSS = np.array([2, 7])
_LEARN = 0.2
"""Share of a new interval between plots that a track takes over."""


def new_objects(state: TrackState, plots: Plots, picture: Picture, pairs: Pairs) -> Mixture:
    """Return the Gaussians of a new object at each plot, at the plot's time.

    Args:
        state: the tracker.
        plots: the group's plots.
        picture: the same, as the kernels want them.
        pairs: undetected rows of the bank and the plots in their gates.
    """
    bank, new = state.bank, _in_the_open(state, plots, picture)
    if len(pairs.plot):
        born(
            *bank.body,
            bank.time_ns,
            pairs.rows,
            pairs.start,
            pairs.plot,
            pairs.value,
            bank.existence,
            picture.position_m,
            picture.cov,
            picture.time_ns,
            picture.dimension,
            state.site.rules.model,
            picture.birth,
            *new,
        )
    return new


def _in_the_open(state: TrackState, plots: Plots, picture: Picture) -> Mixture:
    """Return the Gaussians of an object of which nothing else is known than one plot."""
    config, models = state.config, len(state.config.models.models)
    told: Bool = np.asarray(np.isfinite(plots.velocity_mps).all(axis=1))
    position = np.hstack([picture.position_m, np.where(told[:, None], plots.velocity_mps, 0.0)])
    cov = np.zeros((len(plots), 21))
    cov[:, _POSITION] = picture.cov
    flat = np.flatnonzero(plots.dimension == Dimension.HORIZONTAL)
    cov[np.ix_(flat, _HEIGHT_CROSS)] = 0.0
    cov[flat, 11] = config.height_std_m**2
    speed = np.where(told, config.reported_speed_std_mps, config.speed_std_mps)
    climb = np.where(told, config.reported_speed_std_mps, config.climb_std_mps)
    cov[:, 15] = cov[:, 18] = speed**2
    cov[:, 20] = climb**2
    return Mixture(
        np.repeat(position[:, None], models, axis=1),
        np.repeat(cov[:, None], models, axis=1),
        np.tile(state.site.rules.model.share, (len(plots), 1)),
    )


def begin(
    state: TrackState,
    group: Group,
    picture: Picture,
    at: I64,
    existence: F64,
    body: Mixture,
    first: I64,
) -> Bank:
    """Return rows that begin at plots; numbers follow on from `next_number`.

    A row that grew out of undetected objects keeps what was known of them: how many plots,
    and whose.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        at: (k,) plot of each row.
        existence: (k,) of each row.
        body: (k, ...) its Gaussians.
        first: (k,) undetected row that it grew out of, -1: none.
    """
    config, bank = state.config, state.bank
    new = blank(config, len(at))
    # A row that has all but faded lends nothing: what comes up there is another object.
    grown: Bool = np.asarray(first >= 0)
    faded = bank.confirmed & (bank.existence < config.end_probability)
    grown[grown] = ~faded[first[grown]]
    if grown.any():
        new = bank.take(np.where(grown, first, 0)) if len(bank) else new
        empty = blank(config, len(at))
        for name in vars(empty):
            getattr(new, name)[~grown] = getattr(empty, name)[~grown]
        new.cluster[:], new.poisson[:], new.weight[:] = -1, False, 1.0
    new.state[:], new.cov[:], new.mode[:] = body
    new.existence[:] = existence
    new.time_ns[:] = picture.time_ns[at]
    new.first_at_ns[~grown] = picture.time_ns[at][~grown]
    new.interval_s[~grown] = state.site.period_ns[group.sensor] / NS
    new.number[:] = _numbers(state, new.number, grown & new.confirmed)
    note_plots(new, np.arange(len(at)), group, picture, at, np.ones(len(at), bool))
    return new


def _numbers(state: TrackState, number: np.ndarray, keeps: Bool) -> np.ndarray:
    """Return the rows' numbers: that of the track they take up again, else new ones."""
    bank = state.bank
    if keeps.any():
        keeps &= ~np.isin(number, bank.number[~bank.poisson])
    once = np.zeros(len(number), bool)
    once[np.unique(np.where(keeps, number, 0), return_index=True)[1]] = True
    keeps &= once
    fresh = (state.next_number + np.arange(len(number))).astype(np.uint32)
    return np.where(keeps, number, fresh)


def note_plots(
    bank: Bank,
    rows: np.ndarray,
    group: Group,
    picture: Picture,
    taken: I64,
    sure: Bool,
) -> None:
    """Note in place what plots the rows took: when, from whom, and with what identity if sure.

    Args:
        bank: rows.
        rows: (k,) those that took a plot.
        group: the look.
        picture: its plots.
        taken: (k,) plot of each.
        sure: (k,) whether the plot is probably its own.
    """
    at_ns = picture.time_ns[taken]
    gap_s = (at_ns - bank.last_plot_at_ns[rows]) / NS
    learn = np.where((gap_s > 0.0) & (bank.plots[rows] > 0), _LEARN, 0.0)
    bank.interval_s[rows] += learn * (gap_s - bank.interval_s[rows])
    bank.plots[rows] += 1
    bank.last_plot_at_ns[rows] = np.maximum(bank.last_plot_at_ns[rows], at_ns)
    heard_ns = bank.heard_ns[rows, group.sensor]
    bank.heard_ns[rows, group.sensor] = np.maximum(heard_ns, at_ns)
    nameless = sure & (bank.address[rows] < 0)
    bank.address[rows[nameless]] = picture.address[taken[nameless]]
    called = sure & (picture.callsign[taken] != b"")
    bank.callsign[rows[called]] = picture.callsign[taken[called]]
