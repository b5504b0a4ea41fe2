"""Scores of tracks against truth; `docs/reference/scores.md` defines each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from tocsin.contract import F64, I8, I64, Bool, ObjectClass, Origin, Tracks, Truth
from tocsin.evaluate.assignment import Candidates, Index, candidates, choose, gospa
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.moments import (
    Moments,
    classes_of,
    instants,
    track_moments,
    truth_moments,
)
from tocsin.geo import Region, ecef_to_geodetic, enu_rotation, unpack_covariance

Coverage = Callable[[F64], Bool]
"""Which of (n, 3) region positions the sensors together can see."""
NOBODY = -1
WORST = 10


@dataclass(frozen=True, eq=False)
class Matches:
    """Hold who was matched to whom.

    Args:
        track_row: (n,) for each truth moment the matched track moment, or -1.
        near: (m,) for each track moment whether any truth is within the cut-off.
        gospa: (instants, 4) GOSPA to the power p: total, localisation, missed, false.
    """

    track_row: Index
    near: Bool
    gospa: F64


def score_tracks(
    truth: Truth,
    tracks: Tracks,
    origin: Origin,
    config: TrackScoring | None = None,
    coverage: Coverage | None = None,
) -> dict[str, Any]:
    """Return the scores of confirmed tracks against truth, ready for JSON.

    Args:
        truth: where every object was.
        tracks: what the tracker put out.
        origin: of the region frame that `coverage` works in.
        config: cut-off, dimension, instants.
        coverage: where completeness, continuity and confirmation are asked for; None: everywhere.
    """
    settings = config or TrackScoring()
    at_ns = instants(truth, tracks, settings)
    true, seen = truth_moments(truth, at_ns, settings), track_moments(tracks, at_ns, settings)
    matches = match(true, seen, len(at_ns), settings)
    region = Region.at(origin)
    covered = np.ones(len(true.who), bool)
    if coverage is not None and len(covered):
        covered = coverage((true.ecef_m - region.ecef_m) @ region.rotation.T)
    kinds = classes_of(truth, true.names)[true.who]
    matched = matches.track_row != NOBODY
    hours = len(at_ns) * settings.period_s / 3600.0
    return {
        "instants": len(at_ns),
        "period_s": settings.period_s,
        "cutoff_m": settings.cutoff_m,
        "order": settings.order,
        "dimension": settings.dimension,
        "targets": len(true.names),
        "confirmed_tracks": len(np.unique(seen.who)),
        **_gospa(matches.gospa, settings),
        "completeness": _share(matched[covered]),
        "completeness_by_class": _by_class(kinds[covered], matched[covered], _share),
        "covered_share": _share(covered),
        **_falseness(seen, matches, hours, settings),
        **_continuity(true, seen, matches, covered, settings),
        **_accuracy(true, seen, matches, kinds, settings),
        **_consistency(tracks, true, seen, matches, settings),
        **_latency(tracks),
        "series": _series(at_ns, matches.gospa, true, seen, settings),
        "worst_instants_ns": _worst(at_ns, matches.gospa),
    }


def match(true: Moments, seen: Moments, count: int, config: TrackScoring) -> Matches:
    """Return GOSPA of each instant, and the matching that all other scores rest on."""
    partner = np.full(len(true.who), NOBODY, np.intp)
    near = np.zeros(len(seen.who), bool)
    parts = np.zeros((count, 4))
    last = np.full(len(true.names), NOBODY, np.intp)
    for instant in range(count):
        rows, others = true.rows(instant), seen.rows(instant)
        pairs = candidates(true.place_m[rows], seen.place_m[others], config.cutoff_m)
        parts[instant] = gospa(
            true.place_m[rows], seen.place_m[others], config.cutoff_m, config.order, pairs
        )
        who, track = true.who[rows], seen.who[others]
        taken = _kept(pairs, last[who[pairs.truth]] == track[pairs.track], config)
        i, j = pairs.truth[taken], pairs.track[taken]
        partner[rows.start + i] = others.start + j
        last[who[i]] = track[j]
        near[others.start + pairs.track] = True
    return Matches(partner, near, parts)


def _kept(pairs: Candidates, kept: Bool, config: TrackScoring) -> Bool:
    """Return the pairs of the matching: least squared distance, kept pairs preferred."""
    gain = config.cutoff_m**2 - pairs.distance_m**2
    return choose(pairs, gain + config.hysteresis_m**2 * kept)


def _gospa(parts: F64, config: TrackScoring) -> dict[str, float | None]:
    names = ("gospa_m", "gospa_localisation_m", "gospa_missed_m", "gospa_false_m")
    if len(parts) == 0:
        return dict.fromkeys(names)
    means = np.mean(parts, axis=0) ** (1.0 / config.order)
    return {name: float(value) for name, value in zip(names, means, strict=True)}


def _falseness(
    seen: Moments, matches: Matches, hours: float, config: TrackScoring
) -> dict[str, float | int | None]:
    order = np.lexsort((seen.instant, seen.who))
    who, instant, far = seen.who[order], seen.instant[order], ~matches.near[order]
    # A run: rows of one track at successive instants, all beyond the cut-off.
    begins = np.ones(len(order), bool)
    begins[1:] = (np.diff(who) != 0) | (np.diff(instant) != 1) | ~far[:-1]
    run = np.cumsum(begins) - 1
    length = np.bincount(run[far], minlength=len(order))
    false_rows = far & ((length[run] - 1) * config.period_s >= config.false_after_s)
    count = len(np.unique(who[false_rows]))
    matched = np.zeros(len(seen.who), bool)
    matched[matches.track_row[matches.track_row != NOBODY]] = True
    return {
        "false_tracks": count,
        "false_tracks_per_h": count / hours if hours else None,
        "redundant_track_share": _share(~matched[matches.near]),
        "spurious_track_share": _share(~matches.near),
    }


def _continuity(
    true: Moments, seen: Moments, matches: Matches, covered: Bool, config: TrackScoring
) -> dict[str, Any]:
    order = np.lexsort((true.instant, true.who))
    order = order[covered[order]]
    who, row = true.who[order], matches.track_row[order]
    matched = row != NOBODY
    flight_h = len(order) * config.period_s / 3600.0
    hit_who, hit_track = who[matched], seen.who[row[matched]]
    same = hit_who[1:] == hit_who[:-1]
    switches = int(np.sum(same & (hit_track[1:] != hit_track[:-1])))
    position = np.flatnonzero(matched)
    breaks = int(np.sum(same & (np.diff(position) > 1)))
    return {
        "flight_h": flight_h,
        "identity_switches": switches,
        "identity_switches_per_flight_h": switches / flight_h if flight_h else None,
        "breaks": breaks,
        "breaks_per_flight_h": breaks / flight_h if flight_h else None,
        **_confirmation(who, true.instant[order], matched, config),
    }


def _confirmation(
    who: Index, instant: Index, matched: Bool, config: TrackScoring
) -> dict[str, Any]:
    """Return how long each target was within coverage before a track was matched to it."""
    targets, first = np.unique(who, return_index=True)
    confirmed, hit = np.unique(who[matched], return_index=True)
    start = instant[first[np.searchsorted(targets, confirmed)]]
    took_s = (instant[matched][hit] - start) * config.period_s
    waits = np.append(took_s, np.full(len(targets) - len(confirmed), np.inf))
    return {
        "never_confirmed": len(targets) - len(confirmed),
        "time_to_confirm_p50_s": quantile(waits, 0.5),
        "time_to_confirm_p95_s": quantile(waits, 0.95),
    }


def _accuracy(
    true: Moments, seen: Moments, matches: Matches, kinds: I8, config: TrackScoring
) -> dict[str, Any]:
    rows = np.flatnonzero(matches.track_row != NOBODY)
    others = matches.track_row[rows]
    apart = np.linalg.norm(true.place_m[rows] - seen.place_m[others], axis=1)
    velocity = true.velocity_mps[rows] - seen.velocity_mps[others]
    faster = np.linalg.norm(velocity[:, : config.dimension], axis=1)
    above = _height(true.ecef_m[rows]) - _height(seen.ecef_m[others])
    kind = kinds[rows]
    return {
        "position_rmse_m": _rms(apart),
        "position_rmse_by_class_m": _by_class(kind, apart, _rms),
        "velocity_rmse_mps": _rms(faster),
        "velocity_rmse_by_class_mps": _by_class(kind, faster, _rms),
        "height_rmse_m": _rms(above),
    }


def _consistency(
    tracks: Tracks, true: Moments, seen: Moments, matches: Matches, config: TrackScoring
) -> dict[str, Any]:
    """Return the normalised estimation error squared of position and velocity in local ENU."""
    rows = np.flatnonzero(matches.track_row != NOBODY)
    others = matches.track_row[rows]
    source = seen.row[others]
    axes = enu_rotation(tracks.latitude_deg[source], tracks.longitude_deg[source])
    apart = np.einsum("nij,nj->ni", axes, true.ecef_m[rows] - seen.ecef_m[others])
    error = np.concatenate([apart, true.velocity_mps[rows] - seen.velocity_mps[others]], axis=1)
    cov = _propagated(unpack_covariance(tracks.state_cov_m_mps[source]), seen.age_s[others])
    used = [0, 1, 3, 4] if config.dimension == 2 else [0, 1, 2, 3, 4, 5]
    error, cov = error[:, used], cov[:, used][:, :, used]
    fit = np.linalg.det(cov) > 0.0
    nees = np.einsum(
        "ni,ni->n", error[fit], np.linalg.solve(cov[fit], error[fit][..., None])[..., 0]
    )
    low, high = (float(chi2.ppf(share, len(used))) for share in (0.025, 0.975))
    return {
        "nees_mean": float(np.mean(nees)) if len(nees) else None,
        "nees_dimension": len(used),
        "nees_share_in_95": _share((nees >= low) & (nees <= high)),
        "unusable_covariances": int(np.sum(~fit)),
    }


def _propagated(cov: F64, age_s: F64) -> F64:
    motion = np.tile(np.eye(6), (len(cov), 1, 1))
    motion[:, :3, 3:] = age_s[:, None, None] * np.eye(3)
    return motion @ cov @ np.swapaxes(motion, -1, -2)


def _latency(tracks: Tracks) -> dict[str, float | None]:
    late_s = (tracks.emitted_at_ns - tracks.measured_at_ns) / 1e9
    return {"latency_p50_s": quantile(late_s, 0.5), "latency_p95_s": quantile(late_s, 0.95)}


def _series(
    at_ns: I64, parts: F64, true: Moments, seen: Moments, config: TrackScoring
) -> dict[str, list[float] | list[int]]:
    roots = parts ** (1.0 / config.order)
    return {
        "at_ns": at_ns.tolist(),
        "gospa_m": roots[:, 0].tolist(),
        "localisation_m": roots[:, 1].tolist(),
        "missed_m": roots[:, 2].tolist(),
        "false_m": roots[:, 3].tolist(),
        "targets": np.diff(true.offsets).tolist(),
        "tracks": np.diff(seen.offsets).tolist(),
    }


def _worst(at_ns: I64, parts: F64) -> list[int]:
    order = np.argsort(-parts[:, 0], kind="stable")[:WORST]
    worst: list[int] = at_ns[order].tolist()
    return worst


def _height(ecef_m: F64) -> F64:
    return ecef_to_geodetic(ecef_m)[2]


def _by_class(
    kinds: I8, values: NDArray[Any], summary: Callable[[NDArray[Any]], float | None]
) -> dict[str, float | None]:
    present = [kind for kind in ObjectClass if np.any(kinds == kind)]
    return {kind.name.lower(): summary(values[kinds == kind]) for kind in present}


def _share(flags: NDArray[Any]) -> float | None:
    return float(np.mean(flags)) if len(flags) else None


def _rms(values: NDArray[Any]) -> float | None:
    return float(np.sqrt(np.mean(values**2))) if len(values) else None


def quantile(values: NDArray[Any], share: float) -> float | None:
    """Return a quantile, the lower neighbour's value; None where it is infinite or absent."""
    if len(values) == 0:
        return None
    found = float(np.sort(values)[int(share * (len(values) - 1))])
    return found if np.isfinite(found) else None
