"""The tracker: predict, gate, associate, update, give birth, confirm and end.

Source: J. L. Williams, IEEE Trans. AES 51 (2015) 1664-1687 (track-oriented marginal multi-
Bernoulli / Poisson filter); Á. F. García-Fernández et al., IEEE Trans. AES 54 (2018) 1883-1901
(hypotheses where tracks contest plots); `docs/reference/tracking.md` has the equations.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Associations, Dimension, Looks, Plots, TrackUpdates
from tocsin.track.associations import best_pairs, given_to
from tocsin.track.bearing import is_bearing, look_bearings
from tocsin.track.births import begin, new_objects, note_plots
from tocsin.track.clusters import joined, moved, of_clusters, without
from tocsin.track.contest import Found, associate, continued, kept
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_filter import predict, update
from tocsin.track.kernels_gate import gate, sort_cells, take_up, undetected, weigh
from tocsin.track.late import caught_up, remember, rewound
from tocsin.track.manage import confirm, survivors, unite
from tocsin.track.output import Instant, put_out
from tocsin.track.schedule import everything_left, schedule, taken_in
from tocsin.track.seen import same_address, unseen, who, with_edge
from tocsin.track.state import Bank, Group, Look, Pairs, Picture, TrackState, blank

_UPPER = np.array([0, 1, 2, 4, 5, 8])
_SPARE = 4
"""A full bank grows by this part of its rows more than it needs."""
_CREDIT = 0.5
_FEW_INTERVALS = 2.5
"""A track silent for longer has not manoeuvred: it is lost."""
_IDENTITY = 0.8


class Out(NamedTuple):
    """Hold what a step puts out.

    Args:
        updates: the tracks at each output instant, by (instant, track number).
        lagged: the same one instant later, smoothed; none without a lag.
        associations: which plots went to which confirmed track, if the configuration asks.
    """

    updates: TrackUpdates
    lagged: TrackUpdates
    associations: Associations


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
    state, out = step_in_full(state, plots, looks, now_ns)
    return state, out.updates


def step_in_full(
    state: TrackState, plots: Plots, looks: Looks, now_ns: int
) -> tuple[TrackState, Out]:
    """Do as `step` does, and return all that it puts out."""
    state = _own(state)
    if state.next_output_ns == 0 and len(plots):
        state = _first_instant(state, int(plots.measured_at_ns.min()))
    then = taken_in(state, plots, looks, now_ns)
    before = rewound(then)
    state, groups = schedule(before, now_ns)
    new = groups
    if before.past is not then.past:
        state, new = caught_up(then, state, groups, _silently)
    state, instants, given = handle(state, new)
    state, more = _instants(state, now_ns + 1)
    return remember(before, state, groups, now_ns), _out([*instants, *more], given)


def _silently(state: TrackState, groups: list[Group], until_ns: int) -> TrackState:
    """Handle groups, and the instants before a time, putting out nothing."""
    return _instants(handle(state, groups)[0], until_ns)[0]


def finish(state: TrackState) -> tuple[TrackState, Out]:
    """Handle the plots that still wait for a look: the end of a recording."""
    state, groups = everything_left(_own(state))
    state, instants, given = handle(state, groups)
    return state, _out(instants, given)


def _own(state: TrackState) -> TrackState:
    """Return the state with rows that may be changed in place; free ones are left behind."""
    bank, known = without(state.bank, state.hypotheses, state.bank.live)
    return dataclasses.replace(state, bank=bank, hypotheses=known)


def _out(instants: list[Instant], given: list[Associations]) -> Out:
    return Out(
        TrackUpdates.concat([TrackUpdates.empty(), *(i.updates for i in instants)]),
        TrackUpdates.concat([TrackUpdates.empty(), *(i.lagged for i in instants)]),
        Associations.concat([Associations.empty(), *given]),
    )


def handle(
    state: TrackState, groups: list[Group]
) -> tuple[TrackState, list[Instant], list[Associations]]:
    """Handle groups in order, putting out the instants that lie between them."""
    instants: list[Instant] = []
    given: list[Associations] = []
    for k, group in enumerate(groups):
        state, before = _instants(state, group.at_ns)
        instants += before
        if is_bearing(group):
            state = _tidy(look_bearings(state, group), group.at_ns)
        else:
            state, associations = look(state, group)
            given.append(associations)
        last = k + 1 == len(groups) or groups[k + 1].at_ns > group.at_ns
        if state.config.output_period_s is None and last:
            state = dataclasses.replace(_tidy(state, group.at_ns), last_output_ns=group.at_ns)
            state, instant = put_out(state, group.at_ns)
            instants.append(instant)
    return state, instants, given


def look(state: TrackState, group: Group) -> tuple[TrackState, Associations]:
    """Handle the plots of one look: the recipe."""
    bank, rules = state.bank, state.site.rules
    state, birth_pm3 = unseen(state, group)
    picture = _picture(state, group, birth_pm3)
    seen = who(state, group, picture)
    predict(
        *bank.body, bank.time_ns, bank.existence, seen.rows, seen.to_ns, rules.model, rules.limit
    )
    _take_up(state, picture, seen)
    dark = bank.poisson[seen.rows]
    hidden, known = _part(seen, dark), _part(seen, ~dark)
    faint, pairs = _gate(state, picture, hidden), _gate(state, picture, known)
    newborn, first = _newborn(bank, picture, faint)
    rest = picture.false_density + newborn
    pairs = _tried_again(state, picture, known, pairs, rest)
    pairs = _weighed(state, pairs, known, rest)
    body = new_objects(state, group.plots, picture, faint)
    chance = newborn / rest
    found = associate(state, picture, pairs, known.miss, chance, body)
    rows, numbers = continued(state, group, picture, found.harvest, first)
    given = given_to(state, group, picture, found)
    took = _update(state, group, picture, known, found)
    state = dataclasses.replace(state, next_number=state.next_number + numbers)
    born, over = _born(state, group, picture, chance * found.free, body, first, len(rows))
    bank.existence[hidden.rows] *= 1.0 - hidden.miss
    state = dataclasses.replace(
        state,
        edges=with_edge(state, group, *_memory(bank, seen, known, took, found, rows, born)),
        next_number=state.next_number + len(born),
        counters=state.counters.add(
            looks=group.sector is not None,
            births=len(born) + int(np.count_nonzero(found.harvest.born >= 0)),
            contested=found.contested,
            divided=found.divided,
            cut_short=found.cut_short,
            tracks_overflow=over,
            edges_overflow=pairs.overflow + faint.overflow,
        ),
    )
    state = _replaced(state, known.rows[found.alone == 0], rows, found, born)
    confirm(state, state.bank)
    return _tidy(state, group.at_ns), given


def _take_up(state: TrackState, picture: Picture, seen: Look) -> None:
    """Widen the confirmed tracks whose own address is heard a little outside their gate."""
    bank = state.bank
    mine = seen.hit > 0.0
    own = np.where(mine, same_address(bank.address[seen.rows], picture.address), -1)
    rows = np.flatnonzero((own >= 0) & bank.confirmed[seen.rows])
    if len(rows):
        take_up(
            bank.state, bank.cov, bank.time_ns, seen.rows[rows], own[rows], *picture[:4],
            state.site.rules.model, state.site.gates, state.config.take_up_scale,
        )  # fmt: skip


def _tried_again(
    state: TrackState, picture: Picture, known: Look, pairs: Pairs, rest: F64
) -> Pairs:
    """Return the pairs with those of confirmed tracks that have manoeuvred as no model expects.

    Such a track has no plot in its gate. It is tried once more as if it had accelerated since its
    last plot, and keeps that covariance if a plot is then probably its own.
    """
    config, bank = state.config, state.bank
    lost = (np.diff(pairs.start) == 0) & (known.miss > 0.0) & bank.confirmed[known.rows]
    again = np.flatnonzero(lost & (bank.cluster[known.rows] < 0))
    if len(again) == 0 or len(picture.time_ns) == 0 or config.manoeuvre_probability == 0.0:
        return pairs
    rows = known.rows[again]
    since_s = (known.to_ns[again] - bank.last_plot_at_ns[rows]) / NS
    lately = since_s < _FEW_INTERVALS * bank.interval_s[rows]
    again, rows, since_s = again[lately], rows[lately], since_s[lately]
    wider = _accelerated(config.manoeuvre_std_mps2, since_s)
    bank.cov[rows] += wider
    more = _gate(state, picture, _part(known, again))
    more.value[:] *= config.manoeuvre_probability
    each = np.repeat(np.arange(len(again)), np.diff(more.start))
    r, miss = bank.existence[rows], known.miss[again]
    ratio = (r / (1.0 - r * miss))[each] * more.value / rest[more.plot]
    found = np.bincount(each, ratio, len(again)) > 1.0
    bank.cov[rows[~found]] -= wider[~found]
    more = kept(more, found[each])
    count = np.diff(pairs.start)
    count[again] = np.diff(more.start)
    owner = np.repeat(np.arange(len(count)), np.diff(pairs.start))
    owner = np.concatenate([owner, again[each[found[each]]]])
    order = np.argsort(owner, kind="stable")
    return Pairs(
        pairs.rows,
        np.concatenate([np.zeros(1, np.int64), np.cumsum(count)]),
        np.concatenate([pairs.plot, more.plot])[order],
        np.concatenate([pairs.value, more.value])[order],
        pairs.overflow + more.overflow,
    )


def _accelerated(std_mps2: float, since_s: F64) -> F64:
    """Return (n, 1, 21) what an unknown constant acceleration adds to a covariance."""
    added = np.zeros((len(since_s), 1, 21))
    for place, mixed, speed in ((0, 3, 15), (6, 9, 18)):
        added[:, 0, place] = (0.5 * std_mps2 * since_s**2) ** 2
        added[:, 0, mixed] = 0.5 * std_mps2**2 * since_s**3
        added[:, 0, speed] = (std_mps2 * since_s) ** 2
    return added


def _part(seen: Look, chosen: np.ndarray) -> Look:
    return Look(*(part[chosen] for part in seen))


def _weighed(state: TrackState, pairs: Pairs, known: Look, rest: F64) -> Pairs:
    """Return the pairs with likelihood ratios, the negligible ones left out."""
    weigh(*pairs[:4], state.bank.existence, known.miss, rest, state.config.least_ratio)
    used = pairs.start[-1]
    return pairs._replace(plot=pairs.plot[:used], value=pairs.value[:used])


def _newborn(bank: Bank, picture: Picture, faint: Pairs) -> tuple[F64, I64]:
    """Return the density of detected new objects at each plot, and the row most of it is from."""
    newborn, first = picture.birth.copy(), np.full(len(picture.birth), -1)
    undetected(*faint[:4], bank.existence, newborn, first)
    return newborn, first


def _update(
    state: TrackState, group: Group, picture: Picture, known: Look, found: Found
) -> np.ndarray:
    """Update the rows that contest nothing, in place; return (k,) whether each took a plot."""
    bank, pairs = state.bank, found.pairs
    r = bank.existence[known.rows]
    update(
        *bank.body,
        bank.time_ns,
        bank.existence,
        known.rows,
        r * (1.0 - known.miss) / (1.0 - r * known.miss),
        pairs.start,
        pairs.plot,
        found.weight,
        found.none,
        found.alone,
        picture.position_m,
        picture.cov,
        picture.time_ns,
        picture.dimension,
        state.site.rules.model,
    )
    took = (found.alone > 0) & (found.none < 1.0 - _CREDIT)
    best = best_pairs(pairs, found.weight)[took]
    note_plots(
        bank, known.rows[took], group, picture, pairs.plot[best], found.weight[best] > _IDENTITY
    )
    return took


def _born(
    state: TrackState,
    group: Group,
    picture: Picture,
    existence: F64,
    body: Mixture,
    first: I64,
    more: int,
) -> tuple[Bank, int]:
    """Return rows that begin at plots that no contested track has, and how many did not fit."""
    config = state.config
    at = np.flatnonzero(existence >= config.poisson_floor)
    live = int(np.count_nonzero(state.bank.live))
    over = max(live + more + len(at) - config.max_tracks, 0)
    at = at[: max(len(at) - over, 0)]
    chosen = Mixture(*(part[at] for part in body))
    born = begin(state, group, picture, at, existence[at], chosen, first[at])
    born.poisson[:] = born.existence < config.recycle
    return born, over


def _memory(
    bank: Bank,
    seen: Look,
    known: Look,
    took: np.ndarray,
    found: Found,
    rows: Bank,
    born: Bank,
) -> tuple[np.ndarray, F64]:
    """Return numbers and the chance that each was swept by now; 1: its plot was found."""
    harvest = found.harvest
    sure = np.flatnonzero(harvest.plot >= 0)
    number, place = np.unique(rows.number[sure], return_inverse=True)
    share = np.bincount(place, rows.weight[sure], len(number))
    parts = (
        (bank.number[seen.rows], seen.swept),
        (bank.number[known.rows[took]], np.ones(np.count_nonzero(took))),
        (number[share > _CREDIT], np.ones(np.count_nonzero(share > _CREDIT))),
        (born.number, np.ones(len(born))),
    )
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _replaced(state: TrackState, gone: I64, rows: Bank, found: Found, born: Bank) -> TrackState:
    """Return the state with the contested rows replaced and the new ones added.

    Args:
        state: the tracker; its bank is changed in place while it has room.
        gone: contested rows.
        rows: what replaces them.
        found: the association.
        born: rows that begin at plots.
    """
    bank, known = state.bank, state.hypotheses
    old = np.setdiff1d(np.arange(len(known.noise)), bank.cluster[gone])
    if len(old) < len(known.noise):
        renumbered = np.full(len(known.noise) + 1, -1)
        renumbered[old] = np.arange(len(old))
        known = of_clusters(known, old)
        bank.free(gone)
        bank.cluster[:] = renumbered[bank.cluster]
    bank.free(gone)
    new = rows.join(born) if len(born) else rows
    places = np.flatnonzero(~bank.live)[: len(new)]
    if len(places) < len(new):
        more = len(new) - len(places) + len(bank) // _SPARE
        places = np.concatenate([places, len(bank) + np.arange(len(new) - len(places))])
        spare = blank(state.config, more)
        spare.free(np.arange(more))
        bank = bank.join(spare)
    bank.put(places, new)
    cluster = found.harvest.cluster
    held = places[: len(cluster)]
    bank.cluster[held] = np.where(cluster >= 0, cluster + len(old), -1)
    fresh = found.harvest.hyp
    fresh = fresh._replace(member=held[fresh.member])
    return dataclasses.replace(state, bank=bank, hypotheses=joined(known, fresh))


def _first_instant(state: TrackState, first_ns: int) -> TrackState:
    period_s = state.config.output_period_s
    if period_s is None:
        return state
    period_ns = round(period_s * NS)
    return dataclasses.replace(state, next_output_ns=-(-first_ns // period_ns) * period_ns)


def _instants(state: TrackState, before_ns: int) -> tuple[TrackState, list[Instant]]:
    """Put out the instants before a time."""
    blocks: list[Instant] = []
    if state.config.output_period_s is None or state.next_output_ns == 0:
        return state, blocks
    period_ns = round(state.config.output_period_s * NS)
    while state.next_output_ns < before_ns:
        at_ns = state.next_output_ns
        state = _tidy(state, at_ns)
        if not state.bank.live.any():
            # Nothing to show until the next group: skip the empty instants at once.
            at_ns += (before_ns - 1 - at_ns) // period_ns * period_ns
        else:
            state, instant = put_out(state, at_ns)
            blocks.append(instant)
        following_ns = at_ns + period_ns
        state = dataclasses.replace(state, next_output_ns=following_ns, last_output_ns=at_ns)
    return state, blocks


def _tidy(state: TrackState, at_ns: int) -> TrackState:
    """End tracks; now and then unite twins."""
    bank = state.bank
    gone = bank.live & ~survivors(state, bank, at_ns)
    if gone.any():
        if (bank.cluster[gone] >= 0).any():
            place = np.where(gone, -1, np.arange(len(bank)))
            state = dataclasses.replace(state, hypotheses=moved(state.hypotheses, place))
        bank.free(np.flatnonzero(gone))
    if at_ns < state.next_twins_ns:
        return state
    period_ns = round(state.config.twin_period_s * NS)
    return dataclasses.replace(unite(state), next_twins_ns=(at_ns // period_ns + 1) * period_ns)


def _picture(state: TrackState, group: Group, birth_pm3: float) -> Picture:
    plots, site = group.plots, state.site
    flat = plots.dimension == Dimension.HORIZONTAL
    depth = np.where(flat, state.config.air_depth_m, 1.0)
    return Picture(
        position_m=np.ascontiguousarray(plots.position_m),
        # A transposed copy would be another array type to the kernels: compiled once more.
        cov=np.ascontiguousarray(plots.position_cov_m2.reshape(-1, 9)[:, _UPPER]),
        time_ns=plots.measured_at_ns,
        dimension=plots.dimension,
        address=np.where(plots.mode_s_valid, plots.mode_s.astype(np.int64), -1),
        birth=birth_pm3 * site.hit[group.sensor] * depth,
        false_density=plots.false_density,
        callsign=_callsigns(plots),
    )


def _callsigns(plots: Plots) -> np.ndarray:
    names = np.zeros(len(plots), "S8")
    for j in np.flatnonzero([name is not None for name in plots.callsign]):
        names[j] = str(plots.callsign[j]).encode("ascii", "replace")
    return names


def _gate(state: TrackState, picture: Picture, seen: Look) -> Pairs:
    """Return the pairs of the rows with the plots in their gates, and how likely each plot is."""
    bank, plots, rows = state.bank, len(picture.time_ns), seen.rows
    start = np.zeros(len(rows) + 1, np.int64)
    if plots == 0 or len(rows) == 0:
        return Pairs(rows, start, np.zeros(0, np.int64), np.zeros(0), 0)
    grid, reach = _grid(picture)
    order, cells = sort_cells(
        picture.position_m, grid[0], grid[1], grid[2], int(grid[3]), int(grid[4])
    )
    capacity = min(4 * (plots + len(rows)) + 64, state.config.max_edges)
    while True:
        plot, value = np.empty(capacity, np.int64), np.empty(capacity)
        found = gate(
            *bank.body,
            bank.time_ns,
            bank.address,
            rows,
            seen.hit,
            picture.position_m,
            picture.cov,
            picture.time_ns,
            picture.dimension,
            picture.address,
            order,
            cells,
            grid,
            reach,
            state.site.rules.model,
            state.site.gates,
            state.config.same_address_ratio,
            start,
            plot,
            value,
        )
        used = min(found, capacity)
        if found <= capacity or capacity == state.config.max_edges:
            return Pairs(rows, start, plot[:used], value[:used], found - used)
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
