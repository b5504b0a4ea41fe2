"""The same report twice, and the same observation relayed: each counts once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

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
_M_PER_DEG = 111_195.0
_SIGMAS = 3.0
_MOST_SAID, _MOST_ORIGINS = 16, 10_000


def fingerprints(reports: Reports, sensor: I32) -> U64:
    """Return (n,) 64-bit digests of sensor, time and measurement, of sightings the observer too.

    Two different reports share one with probability 2**-64: never in a lifetime of a site.
    """
    words = [sensor.astype(np.uint64), reports.measured_at_ns.view(np.uint64)]
    words += [_bits(getattr(reports, name)) for name in _MEASURED]
    words += [reports.mode_s.astype(np.uint64), reports.track_number.astype(np.uint64)]
    words.append(_observers(reports))
    digest = np.zeros(len(reports), np.uint64)
    for word in words:
        digest = _mix(digest ^ word)
    return digest


def _observers(reports: Reports) -> U64:
    """Return (n,) checksums of who saw and who relayed it: people of one input are one sensor."""
    words = np.zeros(len(reports), np.uint64)
    for row in np.flatnonzero(reports.kind == ReportKind.SIGHTING):
        names = (reports.origin_id[row] or "", reports.relayed_from[row] or "")
        words[row] = crc32("\0".join(names).encode())
    return words


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
    seen: U64, heard_ns: I64, digest: U64, now_ns: int, window_s: float
) -> tuple[U64, I64]:
    """Return the sorted digests, and when they were heard, of the last `window_s`.

    What counts is when a report was heard, not when it was measured: late ones have copies too.
    """
    both = np.concatenate([seen, digest])
    times = np.concatenate([heard_ns, np.full(len(digest), now_ns)])
    keep = np.abs(now_ns - times) <= round(window_s * NS)
    both, times = both[keep], times[keep]
    order = np.argsort(both, kind="stable")
    return both[order], times[order]


class Said(NamedTuple):
    """Hold where and when an origin saw something, with the error of that place."""

    at_ns: int
    latitude_deg: float
    longitude_deg: float
    std_m: float

    def is_near(self, other: Said) -> bool:
        """Tell whether two sightings may be of one object; a place that is not stated may be."""
        shrink = np.cos(np.radians(self.latitude_deg))
        east = (other.longitude_deg - self.longitude_deg + 180.0) % 360.0 - 180.0
        north = other.latitude_deg - self.latitude_deg
        apart_m = _M_PER_DEG * np.hypot(east * shrink, north)
        return not apart_m > _SIGMAS * np.hypot(self.std_m, other.std_m)


Origins = Mapping[str, tuple[Said, ...]]
"""What each observer and relay is known to have said lately."""


def relayed(
    reports: Reports, std_m: F64, origins: Origins, window_s: float
) -> tuple[Bool, Origins]:
    """Return which sightings repeat what was counted already, and what was said lately.

    A sighting's origin is its `origin_id`, else whom it was relayed from. What an origin says
    counts once: a relay of it never again, and what the observer adds only where it is of another
    place, farther away than both errors explain. Own sightings go first, so that in a batch no
    relay comes before its original. Every sighting also makes its own sender known, so that a
    relay of it by name is recognised.

    Args:
        reports: in any order.
        std_m: (n,) errors of their places.
        origins: what was said before.
        window_s: how long that counts.
    """
    drop = np.zeros(len(reports), bool)
    known = dict(origins)
    rows = np.flatnonzero(reports.kind == ReportKind.SIGHTING)
    second_hand = np.array([bool(name) for name in reports.relayed_from], bool)
    sender = reports.sensor_id.astype(str)
    keys = (reports.sequence, sender, reports.measured_at_ns, second_hand)
    for row in rows[np.lexsort([key[rows] for key in keys])]:
        said = Said(
            int(reports.measured_at_ns[row]),
            float(reports.latitude_deg[row]),
            float(reports.longitude_deg[row]),
            float(std_m[row]),
        )
        origin = reports.origin_id[row] or reports.relayed_from[row]
        before = [
            other
            for other in known.get(origin, ())
            if abs(said.at_ns - other.at_ns) <= window_s * NS
        ]
        near = any(said.is_near(other) for other in before)
        drop[row] = bool(before) and (second_hand[row] or near or len(before) >= _MOST_SAID)
        for name in {origin: None, reports.sensor_id[row]: None}:
            if name is not None and not (drop[row] and name == origin):
                known[name] = (*known.get(name, ()), said)[-_MOST_SAID:]
    return drop, known


def lately(origins: Origins, now_ns: int, span_s: float) -> Origins:
    """Return what was said within `span_s`, of as many origins as there is room for."""
    newest = {name: max(said.at_ns for said in all_said) for name, all_said in origins.items()}
    kept = [name for name, at_ns in newest.items() if abs(now_ns - at_ns) <= span_s * NS]
    kept = sorted(kept, key=lambda name: -newest[name])[:_MOST_ORIGINS]
    return {name: origins[name] for name in kept}
