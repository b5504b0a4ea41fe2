"""Which rows a look concerns, when it passed them, and how sure it was to see them."""

from __future__ import annotations

import dataclasses

import numpy as np

from tocsin.contract import F64, I64, NS, Bool
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_filter import combine
from tocsin.track.kernels_gate import view
from tocsin.track.state import Edge, Group, Look, Picture, TrackState

_WHOLE_TURN = 2.0 * np.pi - 1e-9


def who(state: TrackState, group: Group, picture: Picture) -> Look:
    """Return the rows a group concerns; the other rows of their clusters follow, unseen."""
    hit = float(state.site.hit[group.sensor])
    seen = _at_events(state, picture, hit) if group.sector is None else _swept(state, group, hit)
    bank = state.bank
    touched = np.unique(bank.cluster[seen.rows])
    touched = touched[touched >= 0]
    if len(touched) == 0:
        return seen
    there = np.zeros(len(bank), bool)
    there[seen.rows] = True
    more = np.flatnonzero(np.isin(bank.cluster, touched) & ~there)
    nothing = np.zeros(len(more))
    return Look(
        np.concatenate([seen.rows, more]),
        np.concatenate([seen.to_ns, bank.time_ns[more]]),
        *(np.concatenate([part, nothing]) for part in seen[2:]),
    )


def _swept(state: TrackState, group: Group, hit: float) -> Look:
    near, chance, beam_ns = _view(state, group)
    rows = np.flatnonzero(near & state.bank.live)
    before = _looked_before(state, group, state.bank.number[rows])
    part = np.minimum(chance[rows], 1.0 - before)
    miss = np.where(before < 1.0, hit * part / (1.0 - hit * before), 0.0)
    split = state.config.split_probability
    hits = np.where(before < 1.0, hit, hit * split)
    return Look(rows, beam_ns[rows], hits, miss, before + part)


def _at_events(state: TrackState, picture: Picture, hit: float) -> Look:
    rows = np.flatnonzero(state.bank.live)
    to_ns = np.full(len(rows), picture.time_ns.max(initial=0))
    same = same_address(state.bank.address[rows], picture.address)
    to_ns[same >= 0] = picture.time_ns[same[same >= 0]]
    nothing = np.zeros(len(rows))
    return Look(rows, to_ns, nothing + hit, nothing, nothing)


def moments(body: Mixture) -> tuple[F64, F64]:
    """Return (n, 6) means and (n, 21) packed covariances over the models."""
    count, models = body.mode.shape
    if models == 1:
        return body.state[:, 0], body.cov[:, 0]
    mean, cov = np.empty((count, 6)), np.empty((count, 21))
    combine(*body, mean, cov)
    return mean, cov


def _view(state: TrackState, group: Group) -> tuple[Bool, F64, I64]:
    bank, sector = state.bank, group.sector
    assert sector is not None
    near, chance = np.empty(len(bank), bool), np.empty(len(bank))
    beam_ns = np.empty(len(bank), np.int64)
    mean, cov = moments(bank.body)
    view(
        np.ascontiguousarray(mean),
        np.ascontiguousarray(cov),
        bank.time_ns,
        state.site.place[group.sensor],
        sector.from_rad,
        sector.width_rad,
        sector.start_ns,
        sector.end_ns,
        near,
        chance,
        beam_ns,
    )
    return near, chance, beam_ns


def _looked_before(state: TrackState, group: Group, number: np.ndarray) -> F64:
    """Return the chance that a track lay in the part of this revolution swept just before."""
    edge, sector = state.edges[group.sensor], group.sector
    assert sector is not None
    pause_ns = sector.start_ns - edge.end_ns
    fresh = pause_ns <= state.site.period_ns[group.sensor] // 10
    if not fresh or len(edge.number) == 0 or sector.width_rad >= _WHOLE_TURN:
        return np.zeros(len(number))
    place = np.minimum(np.searchsorted(edge.number, number), len(edge.number) - 1)
    return np.where(edge.number[place] == number, edge.looked[place], 0.0)


def with_edge(state: TrackState, group: Group, number: np.ndarray, swept: F64) -> tuple[Edge, ...]:
    """Return what each sensor's last sector leaves to its next, after this look.

    Args:
        state: the tracker.
        group: the look.
        number: (k,) track numbers; one may come several times.
        swept: (k,) chance that it lay in what was swept; 1: its plot was found.
    """
    if group.sector is None:
        return state.edges
    worth = swept > 1e-3
    number, swept = number[worth], swept[worth]
    order = np.lexsort((swept, number))
    number, swept = number[order], swept[order]
    last = np.ones(len(number), bool)
    last[:-1] = number[1:] != number[:-1]
    edges = list(state.edges)
    edges[group.sensor] = Edge(group.sector.end_ns, number[last], swept[last])
    return tuple(edges)


def same_address(address: I64, plot_address: I64) -> I64:
    """Return for each row a plot with its address, -1 where there is none."""
    known = np.flatnonzero(plot_address >= 0)
    same = np.full(len(address), -1, np.int64)
    if len(known):
        order = known[np.argsort(plot_address[known], kind="stable")]
        sorted_address = plot_address[order]
        place = np.minimum(np.searchsorted(sorted_address, address), len(order) - 1)
        hit = (address >= 0) & (sorted_address[place] == address)
        same[hit] = order[place[hit]]
    return same


_AZIMUTHS = 64


def unseen(state: TrackState, group: Group) -> tuple[TrackState, float]:
    """Return the density of undetected objects where a group looked, and the state after it.

    Between looks undetected objects appear and go away; a look leaves those that it missed. Where
    nobody ever looked they are as many as appear and go away in balance. Sources that do not sweep
    meet what appears in one of their periods.
    """
    config, k = state.config, group.sensor
    if group.sector is None:
        return state, config.birth_rate_pm3ps * float(state.site.period_ns[k]) / NS
    sector = group.sector
    width = min(sector.width_rad, 2.0 * np.pi)
    first = int(np.floor(sector.from_rad / (2.0 * np.pi) * _AZIMUTHS + 0.5))
    count = max(1, min(round(width / (2.0 * np.pi) * _AZIMUTHS), _AZIMUTHS))
    bins = (first + np.arange(count)) % _AZIMUTHS
    since_s = (sector.end_ns - state.undetected_at_ns[k, bins]) / NS
    stay = np.exp(-np.maximum(since_s, 0.0) / config.life_s)
    balance = config.birth_rate_pm3ps * config.life_s
    now = balance + stay * (state.undetected_pm3[k, bins] - balance)
    start_pm3 = balance if config.first_pm3 is None else config.first_pm3
    now = np.where(state.undetected_at_ns[k, bins] > 0, now, start_pm3)
    density, at_ns = state.undetected_pm3.copy(), state.undetected_at_ns.copy()
    density[k, bins] = (1.0 - state.site.hit[k]) * now
    at_ns[k, bins] = sector.end_ns
    after = dataclasses.replace(state, undetected_pm3=density, undetected_at_ns=at_ns)
    return after, float(now.mean())


def nobody_looked(sensors: int) -> tuple[F64, I64]:
    """Return the density of undetected objects, and its time, before the first look."""
    return np.zeros((sensors, _AZIMUTHS)), np.zeros((sensors, _AZIMUTHS), np.int64)
