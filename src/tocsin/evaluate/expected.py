"""The bound before any plot was made: what the site's radars give on the average along each path.

Each look adds its information times its probability of detection (the information reduction
factor), so nothing here depends on which looks were lucky. `docs/reference/bounds.md` sets it
beside the bound of the detections that were really made.

Source: M. Hernandez, B. Ristic, A. Farina, L. Timmoneri, IEEE Trans. SP 52 (2004) 2361-2370.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, I64, NS, Dimension, Objects, Plots, Sensor, Truth
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.bounds import polar_information
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.moments import classes_of, truth_moments
from tocsin.evaluate.oracle import ROWS, Filtered, OracleConfig, Wander, advanced, latest
from tocsin.geo import Region, pack_covariance, rotate_state_covariance, unpack_covariance

Chance = Callable[[Sensor, F64, I8], F64]
"""Chance that a radar's look finds each of (n, 3) region positions with (n,) classes; 0: unseen."""
PRIOR_M2 = 1e10
"""Variance of each axis before the first look: the place is not known."""


@dataclass(frozen=True, eq=False)
class Sources:
    """Hold what tells where objects are.

    Args:
        radars: each looks everywhere once in its period.
        chance: of a detection.
        reports: located plots of sources that no law of detection is known of, as they came.
        target_id: (n,) the true object behind each of them; None: false.
    """

    radars: Sequence[Sensor]
    chance: Chance
    reports: Plots
    target_id: Objects


class Bound(NamedTuple):
    """Hold the least root mean square error at each true moment; NaN before any look.

    Args:
        position_m: (n,) over the axes that are scored.
        velocity_mps: (n,) likewise.
    """

    position_m: F64
    velocity_mps: F64


class _Looks(NamedTuple):
    """Hold looks: (n,) object, (n,) instant, (n, 3, 3) expected information of the position."""

    who: Index
    at_ns: I64
    information: F64


def expected_bound(
    truth: Truth,
    sources: Sources,
    at_ns: I64,
    region: Region,
    config: OracleConfig | None = None,
    scoring: TrackScoring | None = None,
) -> Bound:
    """Return the bound at each true moment, in the order in which a scene has them.

    Args:
        truth: where every object was.
        sources: what looks at it.
        at_ns: (t,) scored instants.
        region: frame of the reports.
        config: how objects move, as for the oracle.
        scoring: how the truth is taken at instants, and which axes count.
    """
    settings, taken = config or OracleConfig(), scoring or TrackScoring()
    true = truth_moments(truth, at_ns, taken)
    number = {name: k for k, name in enumerate(true.names.tolist())}
    wander = Wander(truth, number, settings)
    looks = _ordered([*_expected(truth, sources, region, taken), _made(sources, number)])
    done = _informed(looks, wander, settings)
    instant_ns = at_ns[true.instant]
    row = latest(done, true.who, instant_ns, wander.start_ns)
    std = np.full((len(row), 2), np.nan)
    known = np.flatnonzero(row >= 0) if len(looks.who) else np.zeros(0, np.intp)
    axes = _axes(true.ecef_m, region)
    for part in np.split(known, np.arange(ROWS, len(known), ROWS)):
        _, cov = advanced(done, row[part], true.who[part], instant_ns[part], wander, settings)
        local = unpack_covariance(rotate_state_covariance(pack_covariance(cov), axes(part)))
        variance = np.einsum("nii->ni", local)
        d = taken.dimension
        std[part] = np.sqrt([variance[:, :d].sum(axis=1), variance[:, 3 : 3 + d].sum(axis=1)]).T
    return Bound(std[:, 0], std[:, 1])


def _axes(ecef_m: F64, region: Region) -> Callable[[Index], F64]:
    """Return what gives the rotations from the region frame to ENU at some of the moments."""

    def rotations(rows: Index) -> F64:
        place = (ecef_m[rows] - region.ecef_m) @ region.rotation.T
        latitude, longitude, _ = region.to_geodetic(place)
        return region.local_rotation(latitude, longitude)

    return rotations


def _expected(
    truth: Truth, sources: Sources, region: Region, scoring: TrackScoring
) -> list[_Looks]:
    """Return the looks of each radar: at all objects at once, in the middle of each revolution."""
    first_ns, last_ns = int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max())
    found = []
    for radar in sources.radars:
        period_ns = round(radar.period_s * NS)
        turns = np.arange(first_ns + period_ns // 2, last_ns + 1, period_ns, dtype=np.int64)
        true = truth_moments(truth, turns, scoring)
        place = (true.ecef_m - region.ecef_m) @ region.rotation.T
        chance = sources.chance(radar, place, classes_of(truth, true.names)[true.who])
        seen = np.flatnonzero(chance > 0.0)
        gives = polar_information(radar, region, place[seen]) * chance[seen, None, None]
        if not radar.elevation_std_rad > 0.0:
            gives[:, 2, :] = gives[:, :, 2] = 0.0  # as if the height were known
        found.append(_Looks(true.who[seen], turns[true.instant[seen]], gives))
    return found


def _made(sources: Sources, number: dict[str, int]) -> _Looks:
    """Return what reports gave that came without a law of detection."""
    who = np.array([number.get(str(name), -1) for name in sources.target_id.tolist()], np.intp)
    good = (who >= 0) & np.isfinite(sources.reports.position_m).all(axis=1)
    plots = sources.reports.take(good)
    information = np.zeros((len(plots), 3, 3))
    flat = plots.dimension == Dimension.HORIZONTAL
    information[flat, :2, :2] = np.linalg.inv(plots.position_cov_m2[flat, :2, :2])
    information[~flat] = np.linalg.inv(plots.position_cov_m2[~flat])
    return _Looks(who[good], plots.measured_at_ns, information)


def _ordered(parts: Sequence[_Looks]) -> _Looks:
    who, at_ns, information = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((at_ns, who))
    return _Looks(who[order], at_ns[order], information[order])


def _informed(looks: _Looks, wander: Wander, config: OracleConfig) -> Filtered:
    """Return covariances after each look: the k-th look at every object at once."""
    count = len(looks.who)
    rank = np.arange(count) - np.searchsorted(looks.who, looks.who, "left")
    nothing = (np.zeros((count, 6)), np.zeros((count, 21)), np.full(count, np.nan))
    done = Filtered(looks.who, rank, looks.at_ns, *nothing)
    turns = np.argsort(rank, kind="stable")
    for rows in np.split(turns, np.cumsum(np.bincount(rank))[:-1]) if count else []:
        who, at_ns = looks.who[rows], looks.at_ns[rows]
        if rank[rows[0]]:
            _, cov = advanced(done, rows - 1, who, at_ns, wander, config)
        else:
            cov = np.tile(np.eye(6) * PRIOR_M2, (len(rows), 1, 1))
            cov[:, 3:, 3:] = wander.velocity_cov_m2ps2(who, at_ns)
        information = np.linalg.inv(cov)
        information[:, :3, :3] += looks.information[rows]
        done.cov[rows] = pack_covariance(np.linalg.inv(information))
    return done
