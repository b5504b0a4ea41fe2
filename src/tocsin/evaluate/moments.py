"""Truth and tracks at the instants that are scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I8, I64, Objects, Tracks, TrackStatus, Truth
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.config import TrackScoring
from tocsin.geo import ecef_to_geodetic, enu_rotation, geodetic_to_ecef


@dataclass(frozen=True, eq=False)
class Moments:
    """Hold states at instants, ordered by instant.

    Args:
        offsets: (instants + 1,) rows of instant t are offsets[t] to offsets[t + 1].
        instant: (n,) number of the instant.
        who: (n,) index in names.
        names: target or track ids.
        ecef_m: (n, 3) position.
        place_m: (n, 3) what distances are measured between: the position, or in two dimensions
            its foot on the ellipsoid, both in ECEF.
        velocity_mps: (n, 3) ENU at the position.
        row: (n,) row of the table that the state comes from.
        age_s: (n,) how far it was propagated from that row.
    """

    offsets: I64
    instant: Index
    who: Index
    names: Objects
    ecef_m: F64
    place_m: F64
    velocity_mps: F64
    row: Index
    age_s: F64

    def rows(self, begin: int, end: int) -> slice:
        """Return the rows of the instants from one to before another."""
        return slice(int(self.offsets[begin]), int(self.offsets[end]))


_NO_OFFSETS = np.zeros(0, np.int64)
_NO_PLACE = np.zeros((0, 3))


def instants(truth: Truth, tracks: Tracks, config: TrackScoring) -> I64:
    """Return the scored instants: multiples of the period over the span of the truth.

    Without any truth the span of the tracks is taken, so that their falseness shows.
    """
    source = truth.measured_at_ns if len(truth) else tracks.measured_at_ns
    if len(source) == 0:
        return np.zeros(0, np.int64)
    period = round(config.period_s * 1e9)
    first, last = -(-int(source.min()) // period), int(source.max()) // period
    return np.arange(first, last + 1, dtype=np.int64) * period


def truth_moments(truth: Truth, at_ns: I64, config: TrackScoring) -> Moments:
    """Return the truth at instants, interpolated between its rows."""
    names, who = _numbered(truth.target_id)
    order = np.lexsort((truth.measured_at_ns, who))
    measured, owner = truth.measured_at_ns[order], who[order]
    next_at = np.append(measured[1:], 0)
    goes_on = np.append(owner[1:] == owner[:-1], False)[: len(order)]
    goes_on &= next_at - measured <= round(config.gap_s * 1e9)
    # A row stands until its successor; one without a successor stands at its own instant only.
    start = np.searchsorted(at_ns, measured, "left")
    end = np.searchsorted(at_ns, np.where(goes_on, next_at, measured + 1), "left")
    row, instant = spread(start, end)
    after = np.minimum(row + 1, len(order) - 1)
    step_ns = np.where(goes_on, next_at - measured, 1)
    share = ((at_ns[instant] - measured[row]) / step_ns[row])[:, None]
    ecef, velocity = _ecef(truth)[order], _velocity(truth)[order]
    raw = Moments(
        _NO_OFFSETS,
        instant,
        owner[row],
        names,
        ecef[row] + share * (ecef[after] - ecef[row]),
        _NO_PLACE,
        velocity[row] + share * (velocity[after] - velocity[row]),
        order[row],
        np.zeros(len(row)),
    )
    return _finished(raw, len(at_ns), config)


def track_moments(tracks: Tracks, at_ns: I64, config: TrackScoring) -> Moments:
    """Return the confirmed and coasting tracks at instants, propagated at constant velocity.

    A row counts from when it was put out, and until the next output instant: a live track has a
    row at every one.
    """
    outputs, output = np.unique(tracks.measured_at_ns, return_inverse=True)
    known = outputs.copy()
    np.maximum.at(known, output, tracks.emitted_at_ns)
    until = np.append(known[1:], np.iinfo(np.int64).max)[: len(known)]
    until = np.minimum(until, known + round(config.hold_s * 1e9))
    names, who = _numbered(tracks.track_id)
    live = np.isin(tracks.status, (TrackStatus.CONFIRMED, TrackStatus.COASTING))
    chosen = np.flatnonzero(live)
    start = np.searchsorted(at_ns, known, "left")[output[chosen]]
    end = np.searchsorted(at_ns, until, "left")[output[chosen]]
    place, instant = spread(start, end)
    row = chosen[place]
    age_s: F64 = (at_ns[instant] - tracks.measured_at_ns[row]) / 1e9
    velocity = _velocity(tracks)[row]
    axes = enu_rotation(tracks.latitude_deg[row], tracks.longitude_deg[row])
    moved = np.einsum("nij,ni->nj", axes, velocity) * age_s[:, None]
    ecef = _ecef(tracks)[row] + moved
    raw = Moments(_NO_OFFSETS, instant, who[row], names, ecef, _NO_PLACE, velocity, row, age_s)
    return _finished(raw, len(at_ns), config)


def classes_of(truth: Truth, names: Objects) -> I8:
    """Return the object class of each target, as its first row has it."""
    first = np.unique(_numbered(truth.target_id)[1], return_index=True)[1]
    found: I8 = truth.object_class[first]
    return found if len(names) else np.zeros(0, np.int8)


def _finished(raw: Moments, count: int, config: TrackScoring) -> Moments:
    """Return moments in order, with the place that distances are measured between."""
    order = np.lexsort((raw.who, raw.instant))
    instant, ecef = raw.instant[order], raw.ecef_m[order]
    return Moments(
        np.searchsorted(instant, np.arange(count + 1)).astype(np.int64),
        instant,
        raw.who[order],
        raw.names,
        ecef,
        _place(ecef, config.dimension),
        raw.velocity_mps[order],
        raw.row[order],
        raw.age_s[order],
    )


def _place(ecef_m: F64, dimension: int) -> F64:
    if dimension == 3 or len(ecef_m) == 0:
        return ecef_m
    latitude, longitude, _ = ecef_to_geodetic(ecef_m)
    return geodetic_to_ecef(latitude, longitude, np.zeros(len(ecef_m)))


def _numbered(ids: Objects) -> tuple[Objects, Index]:
    seen: dict[str, int] = {}
    first = np.array([seen.setdefault(str(i), len(seen)) for i in ids], dtype=np.intp)
    names = np.array(sorted(seen), dtype=object)
    rank = np.empty(len(names), np.intp)
    rank[[seen[name] for name in names]] = np.arange(len(names))
    return names, rank[first]


def spread(start: NDArray[Any], end: NDArray[Any]) -> tuple[Index, Index]:
    """Return (row, value) for each integer value in [start, end) of each row."""
    count = np.maximum(end - start, 0)
    row = np.repeat(np.arange(len(count)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    return row, start[row] + np.arange(len(row)) - first


def _ecef(table: Truth | Tracks) -> F64:
    return geodetic_to_ecef(table.latitude_deg, table.longitude_deg, table.height_wgs84_m)


def _velocity(table: Truth | Tracks) -> F64:
    columns = (table.velocity_east_mps, table.velocity_north_mps, table.velocity_up_mps)
    return np.stack(columns, axis=-1)
