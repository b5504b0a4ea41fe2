"""The tracker: predict, gate, associate, update, give birth, confirm and end.

Source: J. L. Williams, IEEE Trans. AES 51 (2015) 1664-1687 (track-oriented marginal multi-
Bernoulli / Poisson filter); `docs/reference/tracking.md` has the equations.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tocsin.contract import F64, I64, NS, Bool, Dimension, Looks, Plots, TrackUpdates
from tocsin.track.births import newborn
from tocsin.track.kernels_associate import associate
from tocsin.track.kernels_filter import predict, update
from tocsin.track.kernels_gate import gate, sort_cells, view
from tocsin.track.manage import confirm, credit, survivors, unite
from tocsin.track.output import updates_at
from tocsin.track.schedule import everything_left, schedule
from tocsin.track.state import Bank, Edge, Group, Pairs, Picture, TrackState

_UPPER = np.array([0, 1, 2, 4, 5, 8])
_TIDY_SHARE = 1.0 / 16.0
_WHOLE_TURN = 2.0 * np.pi - 1e-9


def step(
    state: TrackState, plots: Plots, looks: Looks, now_ns: int
) -> tuple[TrackState, TrackUpdates]:
    """Take in what was heard since the last step; return the tracks at each output instant.

    Args:
        state: from `start` or the last step; it stays as it is.
        plots: located detections, in any order.
        looks: what the radars swept; without any, a radar's looks are inferred.
        now_ns: present time, ns UTC; output instants up to it are put out.

    Returns:
        The next state, and the updates by (instant, track number).
    """
    state = dataclasses.replace(state, bank=state.bank.copy())
    if state.next_output_ns == 0 and len(plots):
        state = _first_instant(state, int(plots.measured_at_ns.min()))
    state, groups = schedule(state, plots, looks, now_ns)
    state, blocks = handle(state, groups)
    state, more = _instants(state, now_ns + 1)
    return state, TrackUpdates.concat([TrackUpdates.empty(), *blocks, *more])


def handle(state: TrackState, groups: list[Group]) -> tuple[TrackState, list[TrackUpdates]]:
    """Handle groups in order, putting out the instants that lie between them."""
    blocks: list[TrackUpdates] = []
    for k, group in enumerate(groups):
        state, before = _instants(state, group.at_ns)
        blocks += before
        state = look(state, group)
        last = k + 1 == len(groups) or groups[k + 1].at_ns > group.at_ns
        if state.config.output_period_s is None and last:
            state = dataclasses.replace(_tidy(state, group.at_ns), last_output_ns=group.at_ns)
            blocks.append(updates_at(state, group.at_ns))
    return state, blocks


def finish(state: TrackState) -> tuple[TrackState, TrackUpdates]:
    """Handle the plots that still wait for a look: the end of a recording."""
    state, groups = everything_left(dataclasses.replace(state, bank=state.bank.copy()))
    state, blocks = handle(state, groups)
    return state, TrackUpdates.concat([TrackUpdates.empty(), *blocks])


def look(state: TrackState, group: Group) -> TrackState:
    """Handle the plots of one look: the recipe."""
    bank, picture = state.bank, _picture(state, group)
    rows, to_ns, hit, miss, looked = _who(state, group, picture)
    predict(bank.state, bank.cov, bank.time_ns, bank.existence, rows, to_ns, state.site.model)
    pairs = _gate(state, picture, rows, hit, miss)
    none, free, contested, large = _associate(state, pairs, len(picture.time_ns))
    missed = bank.existence[rows] * (1.0 - miss) / (1.0 - bank.existence[rows] * miss)
    _update(state, picture, rows, missed, pairs, none)
    found = credit(bank, rows, group.sensor, group.plots, picture, pairs, none)
    born, over = newborn(state, group.sensor, group.plots, picture, free)
    edges = _with_edge(state, group, bank.number[rows], np.where(found, 1.0, looked), born)
    counters = state.counters.add(
        looks=group.sector is not None,
        births=len(born),
        contested=contested,
        propagated=large,
        tracks_overflow=over,
        edges_overflow=pairs.overflow,
    )
    confirm(state, bank)
    state = dataclasses.replace(
        state,
        bank=bank.join(born) if len(born) else bank,
        edges=edges,
        next_number=state.next_number + len(born),
        counters=counters,
    )
    return _tidy(state, group.at_ns, _TIDY_SHARE)


def _first_instant(state: TrackState, first_ns: int) -> TrackState:
    period_s = state.config.output_period_s
    if period_s is None:
        return state
    period_ns = round(period_s * NS)
    return dataclasses.replace(state, next_output_ns=-(-first_ns // period_ns) * period_ns)


def _instants(state: TrackState, before_ns: int) -> tuple[TrackState, list[TrackUpdates]]:
    """Put out the instants before a time."""
    blocks: list[TrackUpdates] = []
    if state.config.output_period_s is None or state.next_output_ns == 0:
        return state, blocks
    period_ns = round(state.config.output_period_s * NS)
    while state.next_output_ns < before_ns:
        at_ns = state.next_output_ns
        state = _tidy(state, at_ns)
        if len(state.bank) == 0:
            # Nothing to show until the next group: skip the empty instants at once.
            at_ns += (before_ns - 1 - at_ns) // period_ns * period_ns
        else:
            blocks.append(updates_at(state, at_ns))
        following_ns = at_ns + period_ns
        state = dataclasses.replace(state, next_output_ns=following_ns, last_output_ns=at_ns)
    return state, blocks


def _tidy(state: TrackState, at_ns: int, share: float = 0.0) -> TrackState:
    """End tracks, once more than a share of them is to end; now and then unite twins."""
    alive = survivors(state, state.bank, at_ns)
    if len(alive) - np.count_nonzero(alive) > share * len(alive):
        state = dataclasses.replace(state, bank=state.bank.take(alive))
    if at_ns < state.next_twins_ns:
        return state
    period_ns = round(state.config.twin_period_s * NS)
    return dataclasses.replace(unite(state), next_twins_ns=(at_ns // period_ns + 1) * period_ns)


def _picture(state: TrackState, group: Group) -> Picture:
    plots, site = group.plots, state.site
    flat = plots.dimension == Dimension.HORIZONTAL
    depth = np.where(flat, state.config.air_depth_m, 1.0)
    birth = site.birth_pm3[group.sensor] * site.hit[group.sensor] * depth
    return Picture(
        position_m=np.ascontiguousarray(plots.position_m),
        # A transposed copy would be another array type to the kernels: compiled once more.
        cov=np.ascontiguousarray(plots.position_cov_m2.reshape(-1, 9)[:, _UPPER]),
        time_ns=plots.measured_at_ns,
        dimension=plots.dimension,
        address=np.where(plots.mode_s_valid, plots.mode_s.astype(np.int64), -1),
        birth=birth,
        rest=birth + plots.false_density,
    )


def _who(state: TrackState, group: Group, picture: Picture) -> tuple[I64, I64, F64, F64, F64]:
    """Return the tracks a group concerns, their times in it, and how sure it was to see them.

    Returns:
        Rows, times, detection probability of those who are there, the same times the chance of
        being there to be seen, and the chance of having lain in what was swept by now.
    """
    hit = float(state.site.hit[group.sensor])
    if group.sector is None:
        return _who_at_events(state, picture, hit)
    near, chance, beam_ns = _view(state, group)
    rows = np.flatnonzero(near)
    before = _looked_before(state, group, state.bank.number[rows])
    part = np.minimum(chance[rows], 1.0 - before)
    miss = np.where(before < 1.0, hit * part / (1.0 - hit * before), 0.0)
    split = state.config.split_probability
    return rows, beam_ns[rows], np.where(before < 1.0, hit, hit * split), miss, before + part


def _who_at_events(
    state: TrackState, picture: Picture, hit: float
) -> tuple[I64, I64, F64, F64, F64]:
    rows = np.arange(len(state.bank))
    to_ns = np.full(len(rows), picture.time_ns.max(initial=0))
    same = _same_address(state.bank.address, picture.address)
    to_ns[same >= 0] = picture.time_ns[same[same >= 0]]
    nothing = np.zeros(len(rows))
    return rows, to_ns, nothing + hit, nothing, nothing


def _view(state: TrackState, group: Group) -> tuple[Bool, F64, I64]:
    bank, sector = state.bank, group.sector
    assert sector is not None
    near, chance = np.empty(len(bank), bool), np.empty(len(bank))
    beam_ns = np.empty(len(bank), np.int64)
    view(
        bank.state,
        bank.cov,
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


def _with_edge(
    state: TrackState, group: Group, number: np.ndarray, looked: F64, born: Bank
) -> tuple[Edge, ...]:
    if group.sector is None:
        return state.edges
    everyone = np.concatenate([number, born.number])
    swept = np.concatenate([looked, np.ones(len(born))])
    worth = swept > 1e-3
    edge = Edge(group.sector.end_ns, everyone[worth], swept[worth])
    edges = list(state.edges)
    edges[group.sensor] = edge
    return tuple(edges)


def _same_address(address: I64, plot_address: I64) -> I64:
    """Return for each track a plot with its address, -1 where there is none."""
    known = np.flatnonzero(plot_address >= 0)
    same = np.full(len(address), -1, np.int64)
    if len(known):
        order = known[np.argsort(plot_address[known], kind="stable")]
        sorted_address = plot_address[order]
        place = np.minimum(np.searchsorted(sorted_address, address), len(order) - 1)
        hit = (address >= 0) & (sorted_address[place] == address)
        same[hit] = order[place[hit]]
    return same


def _gate(state: TrackState, picture: Picture, rows: I64, hit: F64, miss: F64) -> Pairs:
    bank, plots = state.bank, len(picture.time_ns)
    start = np.zeros(len(rows) + 1, np.int64)
    if plots == 0 or len(rows) == 0:
        return Pairs(start, np.zeros(0, np.int64), np.zeros(0), np.zeros(0), 0)
    grid, reach = _grid(picture)
    order, cells = sort_cells(
        picture.position_m, grid[0], grid[1], grid[2], int(grid[3]), int(grid[4])
    )
    capacity = min(4 * (plots + len(rows)) + 64, state.config.max_edges)
    while True:
        plot, ratio, scale = np.empty(capacity, np.int64), np.empty(capacity), np.empty(capacity)
        found = gate(
            bank.state,
            bank.cov,
            bank.time_ns,
            bank.existence,
            bank.address,
            bank.confirmed,
            rows,
            hit,
            miss,
            picture.position_m,
            picture.cov,
            picture.time_ns,
            picture.dimension,
            picture.address,
            picture.rest,
            order,
            cells,
            grid,
            reach,
            state.site.model,
            state.site.rule,
            start,
            plot,
            ratio,
            scale,
        )
        used = min(found, capacity)
        if found <= capacity or capacity == state.config.max_edges:
            return Pairs(start, plot[:used], ratio[:used], scale[:used], found - used)
        capacity = min(found, state.config.max_edges)


def _grid(picture: Picture) -> tuple[F64, F64]:
    """Return the grid over a group's plots, about one plot to a cell, and how far plots reach."""
    low, high = picture.position_m.min(axis=0), picture.position_m.max(axis=0)
    span = np.maximum(high - low, 1.0)
    side = max(np.sqrt(span[0] * span[1] / len(picture.time_ns)), max(span) / 1024.0, 500.0)
    nx, ny = int(span[0] / side) + 1, int(span[1] / side) + 1
    times = (picture.time_ns - picture.time_ns[0]) * 1e-9
    spread = np.sqrt([picture.cov[:, 0].max(), picture.cov[:, 3].max()])
    reach = np.array([*spread, times.min(), times.max()])
    return np.array([low[0], low[1], side, nx, ny]), reach


def _associate(state: TrackState, pairs: Pairs, plots: int) -> tuple[F64, F64, int, int]:
    """Turn the pairs' ratios into probabilities in place."""
    none, free = np.ones(len(pairs.start) - 1), np.ones(plots)
    if len(pairs.plot) == 0:
        return none, free, 0, 0
    ratio = pairs.ratio.copy()
    limit = state.config.exact_limit
    contested, large = associate(
        pairs.start, pairs.plot, ratio, plots, limit, pairs.ratio, none, free
    )
    return none, free, contested, large


def _update(
    state: TrackState, picture: Picture, rows: I64, missed: F64, pairs: Pairs, none: F64
) -> None:
    bank = state.bank
    update(
        bank.state,
        bank.cov,
        bank.time_ns,
        bank.existence,
        rows,
        missed,
        pairs.start,
        pairs.plot,
        pairs.scale,
        pairs.ratio,
        none,
        picture.position_m,
        picture.cov,
        picture.time_ns,
        picture.dimension,
        state.site.model,
    )
