"""A scan's measurements as positions with covariances, and the density of false plots there."""

from __future__ import annotations

import numpy as np

from bench._scenes import Scan, Scene
from tocsin.contract import F64
from tocsin.geo import polar_covariance, polar_to_enu


def cartesian(scene: Scene, scan: Scan) -> tuple[F64, F64]:
    """Return (m, d) positions and their (m, d, d) covariances."""
    models, d = scene.case.models, len(scene.field.low_m)
    if models.measurement == "position":
        cov = np.diag(np.square(models.std))
        return scan.measured, np.broadcast_to(cov, (len(scan.radar), d, d))
    r, azimuth, elevation = _polar(scan)
    std = [*models.std, 0.0][:3]
    spread = (np.full(len(r), value) for value in std)
    cov = polar_covariance(r, azimuth, elevation, *spread)[:, :d, :d]
    place = polar_to_enu(r, azimuth, elevation)[:, :d] + scene.field.radars_m[scan.radar]
    return place, cov


def _polar(scan: Scan) -> tuple[F64, F64, F64]:
    r, azimuth = scan.measured[:, 0], scan.measured[:, 1]
    three = scan.measured.shape[1] == 3
    return r, azimuth, scan.measured[:, 2] if three else np.zeros(len(r))


def false_density(scene: Scene, scan: Scan) -> F64:
    """Return (m,) false plots per scan and m2 (or m3) at each plot.

    What is uniform in range, azimuth and elevation thins out with distance.
    """
    density: F64 = np.full(len(scan.radar), scene.false_density)
    if scene.case.models.measurement == "position":
        return density
    r, _, elevation = _polar(scan)
    # Closer than this nothing flies.
    density /= np.maximum(r, 100.0)
    if scan.measured.shape[1] == 3:
        density /= np.maximum(r, 100.0) * np.cos(elevation)
    return density
