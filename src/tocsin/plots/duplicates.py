"""The same report twice, and the same observation relayed: each counts once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.contract import F64, I32, I64, NS, U64, Bool, ReportKind, Reports

_MEASURED = (
    "range_m",
    "azimuth_rad",
    "elevation_rad",
    "latitude_deg",
    "longitude_deg",
    "height_wgs84_m",
    "altitude_baro_m",
)


def fingerprints(reports: Reports, sensor: I32) -> U64:
    """Return (n,) 64-bit digests of sensor, time and measurement.

    Two different reports share one with probability 2**-64: never in a lifetime of a site.
    """
    words = [sensor.astype(np.uint64), reports.measured_at_ns.view(np.uint64)]
    words += [_bits(getattr(reports, name)) for name in _MEASURED]
    words += [reports.mode_s.astype(np.uint64), reports.track_number.astype(np.uint64)]
    digest = np.zeros(len(reports), np.uint64)
    for word in words:
        digest = _mix(digest ^ word)
    return digest


def _bits(values: F64) -> U64:
    return np.where(np.isnan(values), np.nan, values).view(np.uint64)


def _mix(word: U64) -> U64:
    """Return the words scrambled. Source: S. Vigna, splitmix64 (public domain, 2015)."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def repeated(digest: U64, seen: U64) -> Bool:
    """Return which digests occurred before, in the batch or among the sorted `seen`."""
    _, first = np.unique(digest, return_index=True)
    again = np.ones(len(digest), bool)
    again[first] = False
    if len(seen):
        place = np.minimum(np.searchsorted(seen, digest), len(seen) - 1)
        again |= seen[place] == digest
    return again


def remember(
    seen: U64, seen_at_ns: I64, digest: U64, at_ns: I64, window_s: float
) -> tuple[U64, I64]:
    """Return the sorted digests, and their times, of the latest `window_s` of measurements."""
    both, times = np.concatenate([seen, digest]), np.concatenate([seen_at_ns, at_ns])
    keep = times >= times.max(initial=0) - round(window_s * NS)
    both, times = both[keep], times[keep]
    order = np.argsort(both, kind="stable")
    return both[order], times[order]


def relayed(
    reports: Reports, origins: Mapping[str, int], window_s: float
) -> tuple[Bool, Mapping[str, int]]:
    """Return which sightings repeat an origin already counted, and the origins heard lately.

    A sighting's origin is its `origin_id`, else whom it was relayed from. Every sighting also
    makes its own sender known, so that a relay of it by name is recognised.
    """
    drop = np.zeros(len(reports), bool)
    heard = dict(origins)
    for row in np.flatnonzero(reports.kind == ReportKind.SIGHTING):
        at_ns = int(reports.measured_at_ns[row])
        origin = reports.origin_id[row] or reports.relayed_from[row]
        if origin is not None:
            drop[row] = abs(at_ns - heard.get(origin, at_ns - 10**18)) <= window_s * NS
        for name in (origin, reports.sensor_id[row]):
            if name is not None and not drop[row]:
                heard[name] = at_ns
    latest = max(heard.values(), default=0)
    return drop, {k: v for k, v in heard.items() if latest - v <= window_s * NS}
