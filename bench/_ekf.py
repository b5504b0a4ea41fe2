"""A single-model extended Kalman filter for each target, told which plots are its own.

State: position and velocity under white-noise acceleration of one density; measurement: range,
azimuth and elevation, linearised at the prediction. It needs no association, so its errors are
those of its motion model alone.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation, Wiley 2001, section 10.3.
"""

from __future__ import annotations

import numpy as np

from bench._plots import cartesian
from bench._scenes import Scan, Scene, polar
from tocsin.contract import F64, I64
from tocsin.motion import CvNoise, predict

_SETTLED_PLOTS = 3


def positions(scene: Scene, noise_m2ps3: float) -> F64:
    """Return (scans, targets, 3) positions; NaN until a target's third plot."""
    count, noise = scene.targets, CvNoise(noise_m2ps3, noise_m2ps3)
    state, cov = np.zeros((count, 6)), np.tile(np.eye(6), (count, 1, 1))
    plots, found = np.zeros(count, np.int64), np.full((len(scene.scans), count, 3), np.nan)
    last_s = scene.scans[0].truth.at_s
    for k, scan in enumerate(scene.scans):
        state, cov = predict(state, cov, np.full(count, scan.truth.at_s - last_s), noise)
        last_s = scan.truth.at_s
        own = np.flatnonzero(scan.origin >= 0)
        new = plots[scan.origin[own]] == 0
        _begin(scene, scan, own[new], state, cov)
        _update(scene, scan, own[~new], state, cov)
        plots[scan.origin[own]] += 1
        settled = plots >= _SETTLED_PLOTS
        found[k, settled] = state[settled, :3]
    return found


def _begin(scene: Scene, scan: Scan, rows: I64, state: F64, cov: F64) -> None:
    """Start the targets of some plots in place: there, at any velocity of a new target."""
    place, spread = cartesian(scene, scan)
    who = scan.origin[rows]
    state[who, :3], state[who, 3:] = place[rows], 0.0
    cov[who] = np.eye(6) * scene.case.models.birth_speed_std_mps**2
    cov[who, :3, :3] = spread[rows]


def _update(scene: Scene, scan: Scan, rows: I64, state: F64, cov: F64) -> None:
    """Update the targets of some plots in place."""
    who, P = scan.origin[rows], cov[scan.origin[rows]]
    offset = state[who, :3] - scene.field.radars_m[scan.radar[rows]]
    off = scan.measured[rows] - polar(offset)
    off[:, 1] = (off[:, 1] + np.pi) % (2.0 * np.pi) - np.pi
    H = np.zeros((len(rows), 3, 6))
    H[:, :, :3] = jacobian(offset)
    PH = P @ np.swapaxes(H, 1, 2)
    S = H @ PH + np.diag(np.square(scene.case.models.std))
    K = PH @ np.linalg.inv(S)
    state[who] += np.einsum("nij,nj->ni", K, off)
    left = np.eye(6) - K @ H
    cov[who] = left @ P


def jacobian(offset_m: F64) -> F64:
    """Return (n, 3, 3) derivatives of range, azimuth and elevation by (n, 3) offsets."""
    e, n, u = offset_m.T
    flat2 = e**2 + n**2
    flat, r2 = np.sqrt(flat2), flat2 + u**2
    r, zero = np.sqrt(r2), np.zeros_like(e)
    rows = [
        [e / r, n / r, u / r],
        [n / flat2, -e / flat2, zero],
        [-e * u / (r2 * flat), -n * u / (r2 * flat), flat / r2],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
