"""Plain NumPy twin of the kernels of ranges without height; part of `reference`."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, NS
from tocsin.motion import Noise
from tocsin.motion.measure import Updated, update_position
from tocsin.track.kernels_filter import ARC_M, BENDS, FREE_M2
from tocsin.track.state import Picture, TrackState


def is_arc(picture: Picture, j: int) -> bool:
    """Say whether plot j knows range and azimuth only."""
    return bool(picture.dimension[j] == 2 and np.isfinite(picture.rate[j, 2]))


def placed(x: F64, P: F64, picture: Picture, j: int, dt: float) -> tuple[F64, F64, float]:
    """Return where on its arc plot j is for a Gaussian, its covariance, and its bend's share."""
    sensor, up = picture.sensor_m[:3], picture.sensor_m[3:]
    range_m, range_var, azimuth_var, most_var, *side = picture.rate[j, 2:]
    plot, sight = picture.position_m[j] - sensor, x[:3] + dt * x[3:] - sensor
    sight = sight - (sight @ side) * np.array(side)
    if sight @ plot <= 0.0:
        sight = plot
    level2 = sight @ sight - (sight @ up) ** 2
    sight = sight / np.linalg.norm(sight)
    along = np.cross(sight, side)
    unsure = min(along @ P[:3, :3] @ along, most_var)
    bend = (unsure / range_m) ** 2 / 2.0
    axes = np.array([sight, side, along])
    variance = np.array([range_var + BENDS * bend, azimuth_var * level2 + 1.0, FREE_M2])
    place = sensor + sight * (range_m - unsure / range_m / 2.0)
    share = bend / (sight @ P[:3, :3] @ sight + variance[0])
    return place, axes.T * variance @ axes, float(share)


def on_arc(x: F64, P: F64, picture: Picture, j: int, dt: F64, noise: Noise) -> Updated:
    """Return a Gaussian after plot j, which knows range and azimuth only."""
    place, spread, share = placed(x, P, picture, j, dt[0])
    done = update_position(x[None], P[None], place[None], spread[None], dt, noise)
    likely = done.log_likelihood + np.log(ARC_M)
    return _considered(x, P, done._replace(log_likelihood=likely), share)


def _considered(x: F64, P: F64, done: Updated, share: float) -> Updated:
    """Return an update without what it says of height and climb, where that is too little."""
    if P[2, 2] - done.cov[0, 2, 2] >= share * P[2, 2]:
        return done
    state, cov = done.state.copy(), done.cov.copy()
    own = np.ix_([2, 5], [2, 5])
    state[0, [2, 5]], cov[0][own] = x[[2, 5]], P[own]
    return done._replace(state=state, cov=cov)


def in_reach(state: TrackState, i: int, picture: Picture, j: int) -> bool:
    """Say whether plot j, where it stands by itself, is in the box in which a row looks for plots.

    The gate of a position lies within it; an arc's own may not, where no height that is assumed of
    what flies puts the plot near the row.
    """
    x, P, bank = state.bank.state[i], state.bank.cov[i], state.bank
    lag = float(np.abs(picture.time_ns - bank.time_ns[i]).max() / NS)
    speed2 = (x[:, 3:5] ** 2).sum(axis=1)
    noise = state.site.rules.model.noise[: len(x)]
    q = noise[:, 0] + (noise[:, 1] + noise[:, 2]) * speed2
    for a, own, speed, plot in ((0, 0, 15, 0), (1, 6, 18, 3)):
        spread = P[:, own] + picture.cov[:, plot].max()
        spread = spread + lag * 2.0 * np.sqrt(P[:, own] * P[:, speed]) + lag**2 * P[:, speed]
        half = np.sqrt(state.site.gates.max() * (spread + q * lag**3 / 3.0))
        half = half + lag * np.abs(x[:, a + 3]) + np.abs(x[:, a] - x[0, a])
        if abs(picture.position_m[j, a] - x[0, a]) > half.max():
            return False
    return True
