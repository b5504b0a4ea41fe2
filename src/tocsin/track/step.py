"""The tracker: predict, gate, associate, update, give birth, confirm and end.

Source: J. L. Williams, IEEE Trans. AES 51 (2015) 1664-1687 (track-oriented marginal multi-
Bernoulli / Poisson filter); Á. F. García-Fernández et al., IEEE Trans. AES 54 (2018) 1883-1901
(hypotheses where tracks contest plots); `docs/reference/tracking.md` has the equations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, NS, Associations, Bool, Dimension, Looks, Plots, TrackUpdates
from tocsin.motion.kernels_imm import FALLING_MPS
from tocsin.track.associations import given_to
from tocsin.track.bearing import is_bearing, look_bearings
from tocsin.track.births import born, new_objects
from tocsin.track.cells import with_shared
from tocsin.track.contest import Shared, contested, replaced, share_out
from tocsin.track.flock import among, joined
from tocsin.track.kernels_contest import BORN_ROWS, CLUSTERS, CUT_SHORT
from tocsin.track.kernels_gate import pair_up, take_up
from tocsin.track.kernels_rows import update
from tocsin.track.late import caught_up, remember, rewound
from tocsin.track.manage import compact, ended, unite
from tocsin.track.output import Instant, put_out
from tocsin.track.schedule import everything_left, schedule, taken_in
from tocsin.track.seen import detected, same_address, unseen, who, with_edge
from tocsin.track.state import Group, New, Pairs, Picture, Seen, TrackState, named

_UPPER = np.array([0, 1, 2, 4, 5, 8])
_NONE = [0] * 7
"""The counts of a look without contested rows, see `kernels_contest.contest`."""
_SURE_RANGE = 3.0
"""A range rate is used beyond so many standard deviations of the plot from the sensor."""
_SURE_HEIGHT = 2.0
"""A height is surely above what lies below it by so many of its standard deviations."""


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
        state: from `start` or the last step; it is used up: keep a `kept` one to come back to.
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
    if state.next_output_ns == 0 and len(plots):
        state = _first_instant(state, int(plots.measured_at_ns.min()))
    then = taken_in(state, plots, looks, now_ns)
    before = rewound(then)
    state, groups = schedule(before, now_ns)
    new, late = groups, before.past is not then.past
    if late:
        state, new = caught_up(then, state, groups, _silently)
    state, instants, given = handle(state, new)
    if late and not new and state.config.output_period_s is None:
        # Whoever wants the tracks after every look wants them after a late one, too.
        state, instant = put_out(state, state.last_output_ns)
        instants.append(instant)
    state, more = _instants(state, now_ns + 1)
    return remember(before, state, groups, now_ns), _out([*instants, *more], given)


def _silently(state: TrackState, groups: list[Group], until_ns: int) -> TrackState:
    """Handle groups, and the instants before a time, putting out nothing."""
    return _instants(handle(state, groups)[0], until_ns)[0]


def finish(state: TrackState) -> tuple[TrackState, Out]:
    """Handle the plots that still wait for a look: the end of a recording."""
    state, groups = everything_left(state)
    state, instants, given = handle(state, groups)
    return state, _out(instants, given)


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
            state = look_bearings(state, group)
        else:
            state, associations = look(state, group)
            given.append(associations)
        last = k + 1 == len(groups) or groups[k + 1].at_ns > group.at_ns
        if state.config.output_period_s is None and last:
            state, instant = put_out(_tidy(state, group.at_ns), group.at_ns)
            instants.append(instant)
    return state, instants, given


def look(state: TrackState, group: Group) -> tuple[TrackState, Associations]:
    """Handle the plots of one look: the recipe."""
    state, birth_pm3 = unseen(state._replace(looked=state.looked + 1), group)
    picture = _picture(state, group, birth_pm3)
    seen = who(state, group, picture)
    _take_up(state, picture, seen)
    pairs, faint, new = _paired(state, picture, seen)
    pairs, flock = among(state, picture, pairs)
    pairs, near = with_shared(state, picture, seen, pairs, new.rest, group.sensor)
    shared = share_out(state, pairs, near, len(group.plots))
    chance = new.chance
    begins = chance * shared.free
    wanted = (shared.free == 0.0) | (begins >= state.config.poisson_floor)
    body = new_objects(state, group, picture, faint, wanted)
    harvest = contested(state, picture, shared, seen.chances, new, body, group.sensor)
    if harvest is not None:
        seen = seen._replace(live=seen.live + len(harvest.fact) - shared.contested)
    given = given_to(state, group, picture, shared, harvest)
    number = state.bank.number[seen.rows]
    state, fresh, over = born(state, group, picture, new.first, begins, body, seen)
    counts, begun = _NONE, len(fresh)
    if harvest is not None:
        counts = harvest.counts.tolist()
        state, found = replaced(
            state, group, picture, seen, shared.alone, harvest, new.first, begun
        )
        fresh = np.concatenate([fresh, found])
    _update(state, group, picture, seen, shared)
    joined(state, group, flock)
    return state._replace(
        edges=with_edge(state, group, seen, number, fresh),
        counters=state.counters.add(
            looks=group.sector is not None,
            births=begun + counts[BORN_ROWS],
            contested=counts[CLUSTERS],
            divided=shared.divided,
            cut_short=counts[CUT_SHORT],
            tracks_overflow=over,
            edges_overflow=pairs.overflow + faint.overflow,
        ),
    ), given


def _take_up(state: TrackState, picture: Picture, seen: Seen) -> None:
    """Widen the confirmed tracks whose own address is heard a little outside their gate."""
    bank = state.bank
    if not (picture.address >= 0).any():
        return
    mine = seen.chances[:, 0] > 0.0
    own = np.where(mine, same_address(bank.address[seen.rows], picture.address), -1)
    rows = np.flatnonzero((own >= 0) & bank.confirmed[seen.rows])
    if len(rows):
        take_up(
            bank.state, bank.cov, bank.time_ns, seen.rows[rows], own[rows], *picture[:4],
            state.site.rules.model, state.site.gates, state.config.take_up_scale,
        )  # fmt: skip


def _paired(state: TrackState, picture: Picture, seen: Seen) -> tuple[Pairs, Pairs, New]:
    """Return tracks and plots with likelihood ratios, undetected rows and plots with densities."""
    config, site = state.config, state.site
    found = pair_up(
        state.bank, *seen[:4], picture, site.rules.model, site.gates, config.same_address_ratio,
        config.least_ratio, config.poisson_floor, site.manoeuvre, config.max_edges,
    )  # fmt: skip
    newborn, first, rest = found[8:]
    return Pairs(seen.rows, *found[:4]), Pairs(seen.dark, *found[4:8]), New(newborn, rest, first)


def _update(state: TrackState, group: Group, picture: Picture, seen: Seen, shared: Shared) -> None:
    """Update in place the rows that contest nothing."""
    pairs, site = shared.pairs, state.site
    update(
        state.bank, seen.rows, seen.chances, *pairs[1:3], shared.weight, shared.none, shared.alone,
        picture, group.sensor, site.rules.model, site.judged, seen.dark, seen.dark_chances,
    )  # fmt: skip


def _first_instant(state: TrackState, first_ns: int) -> TrackState:
    period_s = state.config.output_period_s
    if period_s is None:
        return state
    period_ns = round(period_s * NS)
    return state._replace(next_output_ns=-(-first_ns // period_ns) * period_ns)


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
        state = state._replace(next_output_ns=following_ns, last_output_ns=at_ns)
    return state, blocks


def _tidy(state: TrackState, at_ns: int) -> TrackState:
    """End tracks; now and then unite twins."""
    state = ended(state, at_ns)
    if at_ns < state.next_twins_ns:
        return state
    period_ns = round(state.config.twin_period_s * NS)
    state = compact(unite(state, at_ns))
    return state._replace(next_twins_ns=(at_ns // period_ns + 1) * period_ns)


def _rates(state: TrackState, group: Group) -> F64:
    """Return (m, 9) range rates and ranges without height, see `Picture`.

    There is no rate where the line of sight is not sure.
    """
    plots, rate = group.plots, np.full((len(group.plots), 9), np.nan)
    arc = (plots.dimension == Dimension.HORIZONTAL) & np.isfinite(plots.range_m)
    if state.site.located[group.sensor] and arc.any():
        rate[arc, 2:] = _arcs(state, group.sensor, plots.take(arc))
    if not np.isfinite(plots.range_rate_mps).any():
        return rate
    flat = plots.dimension == Dimension.HORIZONTAL
    spread2 = np.einsum("jaa->ja", plots.position_cov_m2).copy()
    spread2[flat, 2] = state.config.height_std_m**2
    away2 = ((plots.position_m - state.site.place[group.sensor, :3]) ** 2).sum(axis=1)
    sure = away2 > _SURE_RANGE**2 * spread2.sum(axis=1)
    sure &= np.isfinite(plots.range_rate_mps) & np.isfinite(plots.range_rate_std_mps)
    rate[sure, 0], rate[sure, 1] = plots.range_rate_mps[sure], plots.range_rate_std_mps[sure] ** 2
    return rate


def _arcs(state: TrackState, sensor: int, plots: Plots) -> F64:
    """Return (m, 7) what is measured of plots with a range and without height, see `Picture`."""
    place = state.site.place[sensor]
    sight = plots.position_m - place[:3]
    across = np.cross(place[9:12], sight)
    side = across / np.maximum(np.linalg.norm(across, axis=1), 1e-9)[:, None]
    along = np.cross(sight, side) / np.maximum(np.linalg.norm(sight, axis=1), 1e-9)[:, None]
    side2, along2 = (
        np.einsum("ja,jab,jb->j", axis, plots.position_cov_m2, axis) for axis in (side, along)
    )
    azimuth2 = side2 / np.maximum((across**2).sum(axis=1), 1.0)
    range2 = np.full(len(plots), state.config.sensors[sensor].range_std_m ** 2)
    return np.column_stack([plots.range_m, range2, azimuth2, along2, side])


def _fast(state: TrackState, plots: Plots, rate: F64) -> Bool:
    """Return (m,) which plots are surely of what is too high, or too fast, to fly."""
    height_m = plots.position_m[:, 2]
    fast: Bool = np.abs(rate[:, 0]) > FALLING_MPS
    if height_m.max(initial=0.0) > state.config.high_m:
        surely_m = height_m - _SURE_HEIGHT * np.sqrt(plots.position_cov_m2[:, 2, 2])
        fast |= (surely_m > state.config.high_m) & (plots.dimension == Dimension.FULL)
    return fast


def _picture(state: TrackState, group: Group, birth_pm3: float) -> Picture:
    plots = group.plots
    flat = plots.dimension == Dimension.HORIZONTAL
    depth, rate = np.where(flat, state.config.air_depth_m, 1.0), _rates(state, group)
    fast = _fast(state, plots, rate)
    births = birth_pm3 * np.where(fast, state.config.fast_births, 1.0)
    return Picture(
        # A transposed copy would be another array type to the kernels: compiled once more.
        position_m=np.ascontiguousarray(plots.position_m),
        cov=np.ascontiguousarray(plots.position_cov_m2.reshape(-1, 9)[:, _UPPER]),
        time_ns=np.ascontiguousarray(plots.measured_at_ns),
        dimension=np.ascontiguousarray(plots.dimension),
        address=np.where(plots.mode_s_valid, plots.mode_s.astype(np.int64), -1),
        birth=births * detected(state, group.sensor, plots) * depth,
        false_density=np.ascontiguousarray(plots.false_density),
        callsign=named(plots.callsign),
        rate=rate,
        sensor_m=state.site.place[group.sensor, [0, 1, 2, 9, 10, 11]],
        false_rate_density=1.0 / state.config.false_rate_span_mps,
        fast=fast,
    )
