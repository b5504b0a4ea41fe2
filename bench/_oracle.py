"""The known-association oracle of a scene: one Kalman filter per true target.

It is told which plot is whose and which targets exist; not where they are. Where the case states a
prior (williams15) it reports every target from the first scan on, at that prior until its first
plot, as the published oracle does; elsewhere a target from its first plot on. No tracker can reach
it: it never has to find out whether a target is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from bench._plots import cartesian
from bench._scenes import Estimate, Readout, Scene
from tocsin.contract import F64


def oracle(scene: Scene) -> Iterator[Readout]:
    """Yield the oracle's estimates, scan by scan."""
    bank = _Bank(scene)
    for scan in scene.scans:
        bank.predict(scan.truth.at_s)
        place, cov = cartesian(scene, scan)
        own = scan.origin >= 0
        bank.update(scan.origin[own], place[own], cov[own])
        who = scan.truth.who
        shown = who if "prior_m" in scene.case.scene else who[bank.seen[who]]
        at = bank.state[shown, : bank.d].copy()
        yield partial(Estimate, shown, at)


class _Bank:
    """Hold the filters of all targets, advanced together."""

    def __init__(self, scene: Scene) -> None:
        models, field = scene.case.models, scene.field
        self.d = len(field.low_m)
        self.q = models.process_noise_m2ps3
        self.at_s = scene.scans[0].truth.at_s
        count = scene.targets
        self.state = np.zeros((count, 2 * self.d))
        prior = scene.case.scene.get("prior_m", [(field.low_m + field.high_m) / 2.0, np.inf])
        self.state[:, : self.d] = prior[0]
        # Without a prior it could be anywhere: a thousand times wider than the field.
        wide = np.minimum(prior[1], 1e3 * (field.high_m - field.low_m))
        spread = [*wide, *[models.birth_speed_std_mps] * self.d]
        self.cov = np.tile(np.diag(np.square(spread)), (count, 1, 1))
        self.seen = np.zeros(count, bool)

    def predict(self, at_s: float) -> None:
        t, eye = at_s - self.at_s, np.eye(self.d)
        F = np.kron([[1.0, t], [0.0, 1.0]], eye)
        Q = self.q * np.kron([[t**3 / 3.0, t**2 / 2.0], [t**2 / 2.0, t]], eye)
        self.state, self.cov = self.state @ F.T, F @ self.cov @ F.T + Q
        self.at_s = at_s

    def update(self, who: np.ndarray, place: F64, noise: F64) -> None:
        P = self.cov[who]
        K = P[:, :, : self.d] @ np.linalg.inv(P[:, : self.d, : self.d] + noise)
        off = place - self.state[who, : self.d]
        self.state[who] += np.einsum("nij,nj->ni", K, off)
        self.cov[who] = P - K @ P[:, : self.d, :]
        self.seen[who] = True
