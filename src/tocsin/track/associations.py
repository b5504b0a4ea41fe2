"""Which plots went to which confirmed track: what registration and consistency are judged by."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, NS, Associations
from tocsin.geo import unpack_covariance
from tocsin.track.contest import Harvest, Shared
from tocsin.track.kernels_contest import PLOT, SOURCE, Mixture
from tocsin.track.seen import moments
from tocsin.track.state import Group, Pairs, Picture, TrackState

_CREDIT = 0.5


def best_pairs(pairs: Pairs, weight: F64) -> np.ndarray:
    """Return (k,) the likeliest pair of each row; of one without pairs, any number."""
    counts = np.diff(pairs.start)
    order = np.lexsort((-weight, np.repeat(np.arange(len(counts)), counts)))
    if len(order) == 0:
        return np.zeros(len(counts), np.int64)
    return order[np.minimum(pairs.start[:-1], len(order) - 1)]


def given_to(
    state: TrackState, group: Group, picture: Picture, found: Shared, harvest: Harvest | None
) -> Associations:
    """Return the plots that confirmed tracks took, before they are updated with them.

    Args:
        state: the tracker; rows are predicted.
        group: the look.
        picture: its plots.
        found: its association.
        harvest: what contested rows became; None: there were none.
    """
    if not state.config.associations:
        return Associations.empty()
    alone = _alone(state, group, picture, found)
    if harvest is None:
        return alone
    return Associations.concat([alone, _contested(state, group, harvest)])


def _contested(state: TrackState, group: Group, harvest: Harvest) -> Associations:
    """Return the plots that contested confirmed tracks took, whichever of them.

    Of biases and innovations they tell nothing: their velocity and distance are not a number.
    """
    bank, plot, source = state.bank, harvest.fact[:, PLOT], harvest.fact[:, SOURCE]
    mine = (plot >= 0) & (source >= 0)
    mine[mine] = bank.confirmed[source[mine]]
    share = np.bincount(plot[mine], harvest.chance[mine, 1], len(group.plots))
    j = np.flatnonzero(share > _CREDIT)
    number = np.zeros(len(group.plots), np.uint32)
    number[plot[mine]] = bank.number[source[mine]]
    plots = group.plots.take(j)
    return Associations.build(
        len(j),
        measured_at_ns=plots.measured_at_ns,
        sensor=plots.sensor,
        number=number[j],
        probability=np.minimum(share[j], 1.0),
        dimension=plots.dimension,
        range_m=plots.range_m,
        position_m=plots.position_m,
        position_cov_m2=plots.position_cov_m2,
        velocity_mps=np.full((len(j), 3), np.nan),
    )


def _alone(state: TrackState, group: Group, picture: Picture, found: Shared) -> Associations:
    """Return the plots that confirmed tracks took which contest nothing."""
    bank, pairs = state.bank, found.pairs
    sure = (found.alone > 0) & (found.none < 1.0 - _CREDIT) & bank.confirmed[pairs.rows]
    if not sure.any():
        return Associations.empty()
    best = best_pairs(pairs, found.weight)[sure]
    i, j = pairs.rows[sure], pairs.plot[best]
    mean, cov = moments(Mixture(bank.state[i], bank.cov[i], bank.mode[i]))
    plots = group.plots.take(j)
    return Associations.build(
        len(i),
        measured_at_ns=plots.measured_at_ns,
        sensor=plots.sensor,
        number=bank.number[i],
        probability=found.weight[best],
        dimension=plots.dimension,
        range_m=plots.range_m,
        position_m=plots.position_m,
        position_cov_m2=plots.position_cov_m2,
        velocity_mps=mean[:, 3:],
        distance2=_distance2(state, mean, cov, bank.mode[i], bank.time_ns[i], picture, j),
    )


def _distance2(
    state: TrackState,
    mean: F64,
    cov: F64,
    mode: F64,
    time_ns: np.ndarray,
    picture: Picture,
    j: np.ndarray,
) -> F64:
    """Return the squared Mahalanobis distance of each plot from where it was expected."""
    dt = (picture.time_ns[j] - time_ns) / NS
    H = np.zeros((len(j), 3, 6))
    H[:, range(3), range(3)] = 1.0
    H[:, range(3), range(3, 6)] = dt[:, None]
    innovation = picture.position_m[j] - (H @ mean[:, :, None])[:, :, 0]
    S = H @ unpack_covariance(cov) @ np.swapaxes(H, 1, 2)
    R = np.zeros((len(j), 3, 3))
    R[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]] = picture.cov[j]
    S += R + np.swapaxes(np.triu(R, 1), 1, 2)
    noise = mode @ state.site.rules.model.noise[: mode.shape[1], [0, 3]]
    cube = np.abs(dt) ** 3 / 3.0
    S[:, range(3), range(3)] += cube[:, None] * noise[:, [0, 0, 1]]
    flat = picture.dimension[j] == 2
    innovation[flat, 2] = 0.0
    S[flat, 2, :] = S[flat, :, 2] = 0.0
    S[flat, 2, 2] = 1.0
    whitened = np.linalg.solve(S, innovation[:, :, None])[:, :, 0]
    distance2: F64 = (innovation * whitened).sum(axis=1)
    return distance2
