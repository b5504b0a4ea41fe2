"""The same report twice, and the same observation relayed: each counts once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

import numpy as np

from tocsin.contract import F64, I32, I64, NS, U64, Bool, ReportKind, Reports
from tocsin.plots.faults import Packed
from tocsin.plots.kernels_reports import fingerprints, repeats

_M_PER_DEG = 111_195.0
_SIGMAS = 3.0
_MOST_SAID, _MOST_ORIGINS = 16, 10_000


class Heard(NamedTuple):
    """Hold the fingerprints of what one batch brought.

    Args:
        at_ns: when it was heard.
        first_ns: earliest time at which something in it was measured.
        last_ns: latest.
        digest: (n,).
    """

    at_ns: int
    first_ns: int
    last_ns: int
    digest: U64


def digests(batch: Packed, sensor: I32, observer: U64) -> U64:
    """Return (n,) 64-bit digests of sensor, time and measurement, of sightings the observer too.

    Two different reports share one with probability 2**-64: never in a lifetime of a site.
    """
    return fingerprints(batch.position.view(np.uint64), batch.whole.view(np.uint64),
                        sensor, observer)  # fmt: skip


def observers(reports: Reports) -> U64:
    """Return (n,) checksums of who saw and who relayed it: people of one input are one sensor."""
    words = np.zeros(len(reports), np.uint64)
    for row in np.flatnonzero(reports.kind == ReportKind.SIGHTING):
        names = (reports.origin_id[row] or "", reports.relayed_from[row] or "")
        words[row] = crc32("\0".join(names).encode())
    return words


def repeated(digest: U64, measured_at_ns: I64, heard: tuple[Heard, ...]) -> Bool:
    """Return which digests occurred before, in the batch or in earlier ones.

    Args:
        digest: (n,) of one batch.
        measured_at_ns: (n,); a copy has its original's, so other batches need no search.
        heard: what earlier batches brought.
    """
    if not len(digest):
        return np.zeros(0, bool)
    first_ns, last_ns = measured_at_ns.min(), measured_at_ns.max()
    near = [h.digest for h in heard if h.first_ns <= last_ns and h.last_ns >= first_ns]
    row = np.concatenate([*near, digest])
    again = repeats(row, np.zeros(2 << len(row).bit_length(), np.int32))
    return again[len(row) - len(digest) :]


def remembered(
    heard: tuple[Heard, ...], digest: U64, measured_at_ns: I64, now_ns: int, window_s: float
) -> tuple[Heard, ...]:
    """Return what was heard in the last `window_s`, a new batch with it.

    What counts is when a report was heard, not when it was measured: late ones have copies too.
    """
    window_ns = round(window_s * NS)
    kept = [batch for batch in heard if abs(now_ns - batch.at_ns) <= window_ns]
    if len(digest):
        kept.append(Heard(now_ns, int(measured_at_ns.min()), int(measured_at_ns.max()), digest))
    return tuple(kept)


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
