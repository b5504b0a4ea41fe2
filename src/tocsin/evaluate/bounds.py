"""Lower bounds: how well any tracker can know position and velocity, missed detections included.

`docs/reference/bounds.md` says what is bounded and under which assumptions.

Source: P. Tichavsky, C. H. Muravchik, A. Nehorai, IEEE Trans. SP 46 (1998) 1386-1396, eq. (21)
(recursion of the information); M. Hernandez, B. Ristic, A. Farina, L. Timmoneri, IEEE Trans. SP 52
(2004) 2361-2370 (missed detections: enumeration, and the information reduction factor).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Sensor
from tocsin.evaluate.cv import process_noise, transition
from tocsin.geo import Region, sensor_polar, within_coverage

DetectionProbability = Callable[[Sensor, F64], F64]
"""Chance that a sensor's look finds a target at each of (n, 3) region positions."""


class TargetLooks(NamedTuple):
    """Hold the looks at one target, in order of time.

    Args:
        at_s: (k,) when, in seconds from any start.
        information: (k, 3, 3) inverse covariance of the position that a detection gives.
        detection_probability: (k,) chance that it gives one.
    """

    at_s: F64
    information: F64
    detection_probability: F64


def lower_bound(
    looks: TargetLooks, noise_m2ps3: F64, prior_information: F64, depth: int = 6
) -> F64:
    """Return (k, 6, 6) lower bounds on the covariance of position and velocity after each look.

    Every sequence of hits and misses has its own information; their number doubles with each
    look. Sequences that agree in their last `depth` outcomes are therefore taken together at their
    mean information, which can only lower the bound, as the recursion is concave in it. Depth 0 is
    the information reduction factor; a depth of k is full enumeration.

    Args:
        looks: when, how well, how surely.
        noise_m2ps3: (3,) spectral densities of the acceleration.
        prior_information: (6, 6) inverse covariance just before the first look, positive.
        depth: how many outcomes are told apart.
    """
    step_s = np.diff(looks.at_s, prepend=looks.at_s[:1])
    F, Q = transition(step_s), process_noise(step_s, noise_m2ps3)
    information, weight, past = prior_information[None], np.ones(1), np.zeros(1, np.int64)
    bounds = np.empty((len(step_s), 6, 6))
    for k, (J, chance) in enumerate(
        zip(looks.information, looks.detection_probability, strict=True)
    ):
        ahead = np.linalg.inv(F[k] @ np.linalg.inv(information) @ F[k].T + Q[k])
        hit = ahead.copy()
        hit[:, :3, :3] += J
        information, weight, past = _merged(
            np.concatenate([ahead, hit]),
            np.concatenate([weight * (1.0 - chance), weight * chance]),
            np.concatenate([2 * past, 2 * past + 1]) % 2**depth,
        )
        bounds[k] = np.einsum("h,hij->ij", weight, np.linalg.inv(information))
    return bounds


def _merged(information: F64, weight: F64, past: I64) -> tuple[F64, F64, I64]:
    """Return one mean information for each past that is still told apart and can be."""
    kept, group = np.unique(past, return_inverse=True)
    total: F64 = np.bincount(group, weight).astype(np.float64)
    sums = np.zeros((len(kept), 6, 6))
    np.add.at(sums, group, weight[:, None, None] * information)
    possible = total > 0.0
    return sums[possible] / total[possible, None, None], total[possible], kept[possible]


def polar_information(sensor: Sensor, region: Region, position_m: F64) -> F64:
    """Return (n, 3, 3) information that a detection gives of (n, 3) region positions.

    A radar that measures no elevation gives none across its beam: the matrix is singular.
    """
    range_m, _, _ = sensor_polar(sensor, region, position_m)
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in place))[0]
    up = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)[2]
    along = (position_m - own) / range_m[:, None]
    aside = np.cross(along, up)
    level = np.linalg.norm(aside, axis=1)
    aside /= level[:, None]
    information = _outer(along) / sensor.range_std_m**2
    cross_m = range_m * level * sensor.azimuth_std_rad
    information += _outer(aside) / (cross_m**2)[:, None, None]
    if sensor.elevation_std_rad > 0.0:
        above_m = range_m * sensor.elevation_std_rad
        information += _outer(np.cross(aside, along)) / (above_m**2)[:, None, None]
    return information


def looks_along(
    at_ns: I64,
    position_m: F64,
    sensors: Sequence[Sensor],
    region: Region,
    detection: DetectionProbability | None = None,
) -> TargetLooks:
    """Return the looks that rotating sensors take at a target on its path.

    Args:
        at_ns: (n,) instants of the path, increasing.
        position_m: (n, 3) region positions.
        sensors: looks come every `period_s` from the first instant on, where there is coverage.
        region: frame of the positions.
        detection: None: each sensor's own `detection_probability`.
    """
    path_s = (at_ns - at_ns[0]) / NS
    parts = []
    for sensor in sensors:
        at_s = np.arange(0.0, path_s[-1] + 1e-9, sensor.period_s)
        place = np.stack([np.interp(at_s, path_s, axis) for axis in position_m.T], axis=-1)
        seen = within_coverage(sensor, region, place)
        at_s, place = at_s[seen], place[seen]
        chance = (
            np.full(len(at_s), sensor.detection_probability)
            if detection is None
            else detection(sensor, place)
        )
        parts.append(TargetLooks(at_s, polar_information(sensor, region, place), chance))
    order = np.argsort(np.concatenate([part.at_s for part in parts]), kind="stable")
    return TargetLooks(*(np.concatenate(columns)[order] for columns in zip(*parts, strict=True)))


def _outer(vectors: F64) -> F64:
    return vectors[:, :, None] * vectors[:, None, :]
