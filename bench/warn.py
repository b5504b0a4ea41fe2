"""Measure one decision of the warning room: tracks in, forecasts and warnings out.

python bench/warn.py [hazardous tracks] [zones]
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

import numpy as np

from tocsin import warn
from tocsin.contract import CLASS_COUNT, NS, ObjectClass, Origin, Tracks, TrackStatus, Zone
from tocsin.geo import Region

AT_NS = 1_900_000_000 * NS
REGION = Region.at(Origin(45.0, -30.0))
DECISIONS = 12


def square(name: str, x: float, y: float, edge: float) -> Zone:
    """Return a square zone, in region-plane metres."""
    plane = np.array([(x, y), (x + edge, y), (x + edge, y + edge), (x, y + edge), (x, y)])
    latitude, longitude, _ = REGION.to_geodetic(np.c_[plane, np.zeros(5)])
    ring = tuple(zip(longitude.tolist(), latitude.tolist(), strict=True))
    return Zone(name, name, None, 1000, 120.0, ((ring,),))


def island(zones: int, width_m: float = 100e3) -> tuple[Zone, ...]:
    """Return a square island cut into about this many square zones."""
    side = round(zones**0.5)
    edge, low = width_m / side, -width_m / 2
    return tuple(
        square(f"z{i}-{j}", low + i * edge, low + j * edge, edge)
        for i in range(side)
        for j in range(side)
    )


def raid(count: int, seconds: float) -> Tracks:
    """Return drones that come in from the west in a long stream."""
    k = np.arange(count)
    x = -60e3 - 40e3 * ((k * 0.618) % 1.0) + 45.0 * (seconds + 900.0 * (k % 2))
    y = 80e3 * ((k * 0.7549) % 1.0) - 40e3
    latitude, longitude, _ = REGION.to_geodetic(np.c_[x, y, np.zeros(count)])
    probability = np.zeros((count, CLASS_COUNT))
    probability[:, ObjectClass.ONE_WAY_DRONE] = 1.0
    cov = np.diag([60.0**2, 60.0**2, 150.0**2, 9.0, 9.0, 9.0])[np.triu_indices(6)]
    at_ns = AT_NS + int(seconds * NS)
    return Tracks.build(
        count,
        measured_at_ns=at_ns,
        emitted_at_ns=at_ns,
        track_id=[f"T{i}" for i in k],
        status=TrackStatus.CONFIRMED,
        existence_probability=0.98,
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_wgs84_m=400.0,
        velocity_east_mps=45.0,
        velocity_north_mps=0.0,
        velocity_up_mps=0.0,
        state_cov_m_mps=np.tile(cov, (count, 1)),
        class_probability=probability,
        object_class=int(ObjectClass.ONE_WAY_DRONE),
        hazardous=True,
    )


def main() -> None:
    """Print the time of a start, and the median and worst of several decisions, as JSON."""
    count, zones = (int(a) for a in (sys.argv[1:] + ["150", "60"][len(sys.argv) - 1 :]))
    begin = perf_counter()
    state = warn.start(warn.WarnConfig(island(zones), REGION))
    start_s = perf_counter() - begin
    times, rows = [], 0
    for k in range(DECISIONS):
        tracks = raid(count, 10.0 * k)
        begin = perf_counter()
        state, out = warn.step(state, tracks, AT_NS + int(10 * k * NS))
        times.append(perf_counter() - begin)
        rows += len(out.warnings)
    result = {
        "start_s": start_s,
        "tracks": count,
        "zones": len(state.lead_s),
        "decision_median_ms": float(np.median(times)) * 1e3,
        "decision_worst_ms": max(times) * 1e3,
        "messages": rows,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
