"""Plain NumPy twins of `kernels_cells`."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.special import ndtr

from tocsin.contract import F64, NS
from tocsin.geo import unpack_covariance
from tocsin.motion import Noise
from tocsin.motion.imm import moments
from tocsin.track.kernels_cells import GATE2, LEAST
from tocsin.track.kernels_filter import ARC_M
from tocsin.track.reference import Values, measured
from tocsin.track.reference_arc import is_arc, placed
from tocsin.track.state import Picture, Seen, TrackState

_STILL = (Noise(0.0, 0.0, 0.0, 0.0),)


def axes(middle_m: F64, site: F64, cell: F64) -> tuple[F64, F64]:
    """Return (3,) how large a cell is about a place, in metres, and (3, 3) which way it lies.

    Args:
        middle_m: (3,) the place.
        site: the radar, see `kernels_view.view`.
        cell: (3,) in range (m), azimuth and elevation (rad).
    """
    back = site[3:12].reshape(3, 3)
    east, north, _ = line = back @ (middle_m - site[:3])
    flat, away = math.hypot(east, north), float(np.linalg.norm(line))
    across = np.array([north, -east, 0.0]) / flat
    rows = np.array([line / away, across, np.cross(across, line / away)])
    return cell * [1.0, flat, away], rows @ back


def unresolved(mean: F64, cov: F64, site: F64, cell: F64) -> float:
    """Return the probability that the two of (2, 6) means and (2, 6, 6) covariances are in one."""
    half, axis = axes(mean[:, :3].mean(axis=0), site, cell)
    off = axis @ (mean[0, :3] - mean[1, :3])
    std = np.sqrt(np.einsum("ki,ij,kj->k", axis, cov.sum(axis=0)[:3, :3], axis))
    within = ndtr((half - off) / std) - ndtr((-half - off) / std)
    return float(np.prod(within[np.isfinite(half)]))


def gated(x: F64, P: F64, picture: Picture, j: int, at_ns: int) -> float:
    """Return the density of the place of plot j for a (6,) state; 0 outside the gate."""
    bare = picture._replace(rate=np.where(np.arange(9) == 0, np.nan, picture.rate))
    found = measured(x[None], P[None], bare, j, at_ns, _STILL)[0]
    return math.exp(found.log_likelihood[0]) if found.distance2[0] <= GATE2 else 0.0


def likelihood(
    state: TrackState, i: int, x: F64, P: F64, picture: Picture, j: int, at_ns: int
) -> float:
    """Return the density of plot j under a row's models, were it at (6,) x, (6, 6) P known of that.

    That of its range rate is beside that of false plots.
    """
    own, cov, mode = state.bank.state[i], unpack_covariance(state.bank.cov[i]), state.bank.mode[i]
    seen, scale = _in_space(x, P, picture, j, at_ns) if is_arc(picture, j) else (picture, 1.0)
    place = seen.position_m.copy()
    place[j] += mode @ own[:, :3] - x[:3]
    noise = tuple(model.noise for model in state.config.models.models)
    found = measured(own, cov, seen._replace(position_m=place), j, at_ns, noise)
    total = sum(w * math.exp(u.log_likelihood[0]) for w, u in zip(mode, found, strict=True))
    rated = np.isfinite(picture.rate[j, 0])
    return float(scale * total / (picture.false_rate_density if rated else 1.0))


def _in_space(x: F64, P: F64, picture: Picture, j: int, at_ns: int) -> tuple[Picture, float]:
    """Return plot j where on its arc it is for a state, and what then scales its density."""
    place, spread, _ = placed(x, P, picture, j, (picture.time_ns[j] - at_ns) / NS)
    own = [column.copy() for column in (*picture[:2], picture.dimension, picture.rate)]
    position_m, cov, dimension, rate = own
    position_m[j], cov[j], dimension[j], rate[j, 2] = place, spread[np.triu_indices(3)], 3, np.nan
    return picture._replace(position_m=position_m, cov=cov, dimension=dimension, rate=rate), ARC_M


def midway(mean: F64, cov: F64) -> tuple[F64, F64, int]:
    """Return the middle of two (2, 6) states; the covariance of the better known, and which."""
    best = int(cov[:, range(2), range(2)].sum(axis=1).argmin())
    return mean.mean(axis=0), cov[best].copy(), best


def crowd(
    state: TrackState, lists: list[list[int]], picture: Picture, rest: F64, sensor: int
) -> tuple[F64, F64]:
    """Return (L, L) how probably two rows of a hypothesis are in one cell, and (L, m) densities.

    The latter are of the plot that a row shares with another, over that of what is no track's.
    All rows have one time.
    """
    bank, site, cell = state.bank, state.site.place[sensor], state.site.cells[sensor]
    mean, cov = moments(bank.state, unpack_covariance(bank.cov), bank.mode)
    near, dense = np.zeros((len(mean), len(mean))), np.zeros((len(mean), len(rest)))
    for a, b in {pair for members in lists for pair in itertools.permutations(members, 2)}:
        two, at_ns = [a, b], int(bank.time_ns[a])
        near[a, b] = unresolved(mean[two], cov[two], site, cell)
        if near[a, b] < LEAST:
            near[a, b] = 0.0
            continue
        x, P, best = midway(mean[two], cov[two])
        for j in range(len(rest)):
            if gated(x, P, picture, j, at_ns) > 0.0:
                like = likelihood(state, two[best], x, P, picture, j, at_ns) / rest[j]
                dense[a, j] = max(dense[a, j], like)
    return near, dense


def share(
    state: TrackState, picture: Picture, seen: Seen, rest: F64, sensor: int
) -> tuple[set[tuple[int, int]], Values]:
    """Return which tracks may be in one cell, and likelihood ratios of plots in and about it.

    Tracks are places in `seen`, the first the nearer one to the radar.
    """
    bank, site, cell = state.bank, state.site.place[sensor], state.site.cells[sensor]
    rows = seen.rows
    mean, cov = moments(bank.state[rows], unpack_covariance(bank.cov[rows]), bank.mode[rows])
    range_m = np.linalg.norm(bank.state[rows, 0, :3] - site[:3], axis=1)
    found: set[tuple[int, int]] = set()
    ratio: Values = {}
    for a, b in itertools.permutations(range(len(rows)), 2):
        two, apart_m = [a, b], np.abs(bank.state[rows[a], 0, :2] - bank.state[rows[b], 0, :2])
        reach_m = 2.0 * (cell[0] + cell[1] * range_m[b])
        ahead = 0.0 <= range_m[b] - range_m[a] <= 2.0 * cell[0]
        if not ahead or (apart_m > reach_m).any() or (seen.chances[two, 0] <= 0.0).any():
            continue
        if unresolved(mean[two], cov[two], site, cell) < LEAST:
            continue
        found.add((a, b))
        half, axis = axes(mean[two, :3].mean(axis=0), site, cell)
        x, P, _ = midway(mean[two], cov[two])
        P[:3, :3] += (axis.T * np.nan_to_num(half) ** 2 / 3.0) @ axis
        for c, j in itertools.product(two, range(len(rest))):
            r, (hit, miss) = bank.existence[rows[c]], seen.chances[c, :2]
            like = gated(x, P, picture, j, int(bank.time_ns[rows[a]])) * hit * r
            if like > 0.0:
                value = like / (1.0 - miss * r) / rest[j]
                ratio[c, j] = max(ratio.get((c, j), 0.0), float(value))
    return found, ratio
