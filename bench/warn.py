"""Measure the way from a track update to signed CAP messages; prints JSON.

python bench/warn.py [--quick]

A raid comes in from the sea towards a square island cut into square zones. The first decision meets
all of it at once; from then on it moves ten seconds between decisions. `rows` has each number of
zones and of hazardous tracks: wall time from the tracks to the last signed message of a decision
and to each single message, and processor time by stage. `peer` forecasts a few tracks with the same
particles by asking shapely which polygons each of their points lies in.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
import shapely
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from bench._calibration import calibration
from tocsin import warn
from tocsin.contract import (
    CLASS_COUNT,
    NS,
    ObjectClass,
    Origin,
    Tracks,
    TrackStatus,
    Warnings,
    Zone,
)
from tocsin.geo import Region, zone_shapes
from tocsin.motion.classes import COURSES, LIMITS
from tocsin.serve.cap import CapConfig, cap_xml
from tocsin.serve.cap_sign import Signer
from tocsin.warn.decide import decide, harm_by_class
from tocsin.warn.forecast import Model, build_model, hazard_of, merge, outlook
from tocsin.warn.hits import flying_hits
from tocsin.warn.sample import draw_flock, draw_plane, plane_states

AT_NS = 1_900_000_000 * NS
REGION = Region.at(Origin(45.0, -30.0))
ZONES, HAZARDS = (60, 1_700, 10_000), (10, 600, 6_000)
DECISIONS, STEP_S = 16, 10.0
JUDGED = (1_700, 6_000)
FLOOR_S, GOAL_S = 2.0, 0.25
DRONE = ObjectClass.ONE_WAY_DRONE


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
    probability[:, DRONE] = 1.0
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
        object_class=int(DRONE),
        hazardous=True,
    )


class Office:
    """Write and sign messages, and keep how long each part took."""

    def __init__(self, zones: tuple[Zone, ...], signer: Signer) -> None:
        """Know the zones and the key."""
        self._zones = {zone.zone_id: zone for zone in zones}
        self._chains: dict[str, Warnings] = {}
        self._signer, self.sign_s = signer, 0.0
        self._config = CapConfig(sign=self._sign)

    def _sign(self, root: Any) -> Any:
        begin = process_time()
        signed = self._signer.sign(root)
        self.sign_s += process_time() - begin
        return signed

    def write(self, warnings: Warnings) -> list[float]:
        """Return when each message was ready, in wall seconds from the call."""
        begin, ready = perf_counter(), []
        for row in range(len(warnings)):
            own = warnings.take(slice(row, row + 1))
            name = str(own.warning_id[0])
            chain = Warnings.concat([self._chains[name], own]) if name in self._chains else own
            self._chains[name] = chain
            cap_xml(chain, self._zones[own.zone_id[0]], self._config)
            ready.append(perf_counter() - begin)
        return ready


def new_signer(kind: str = "ecdsa") -> Signer:
    """Return a new key with a certificate of its own."""
    key: Any = ec.generate_private_key(ec.SECP256R1())
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=9_000))
    return Signer(key, builder.public_key(key.public_key()).sign(key, hashes.SHA256()))


class Stages(NamedTuple):
    """Hold the processor time of one decision by stage, in seconds."""

    forecast: float
    decide: float
    lifecycle: float
    cap: float
    signature: float


class Measured(NamedTuple):
    """Hold what one decision took."""

    stages: Stages
    wall_s: float
    ready_s: list[float]


def decided(state: Any, tracks: Tracks, office: Office) -> tuple[Any, Measured]:
    """Return the state after one decision, and what that took to the last signed message."""
    model, now_ns = state.model, int(tracks.measured_at_ns[0])
    begin, wall = process_time(), perf_counter()
    state, out = warn.step(state, tracks, now_ns)
    whole, wall_s = process_time() - begin, perf_counter() - wall
    office.sign_s, begin = 0.0, process_time()
    ready_s = [wall_s + one for one in office.write(out.warnings)]
    written = process_time() - begin
    # The same again by itself: stages of one call cannot be told apart from outside.
    begin = process_time()
    seen = outlook(model, tracks, now_ns)
    forecast = process_time() - begin
    begin = process_time()
    risk = merge(seen.risk, harm_by_class(model.config.policy))
    decide(model, risk, state.lead_s[risk.zone])
    chosen = process_time() - begin
    lifecycle = max(whole - forecast - chosen, 0.0)
    stages = Stages(forecast, chosen, lifecycle, written - office.sign_s, office.sign_s)
    return state, Measured(stages, ready_s[-1] if ready_s else wall_s, ready_s)


def case(zones: int, hazards: int, decisions: int, signer: Signer) -> dict[str, Any]:
    """Return the figures of one number of zones and hazards."""
    areas = island(zones)
    begin = perf_counter()
    state = warn.start(warn.WarnConfig(areas, REGION))
    start_s, office, measured = perf_counter() - begin, Office(areas, signer), []
    for k in range(decisions):
        state, one = decided(state, raid(hazards, STEP_S * k), office)
        measured.append(one)
    wall = np.array([one.wall_s for one in measured])
    ready = np.array([each for one in measured for each in one.ready_s])
    stages = np.array([one.stages for one in measured])
    row: dict[str, Any] = {
        "zones": len(areas),
        "hazards": hazards,
        "start_s": start_s,
        "messages": len(ready),
        "most_messages_at_once": max(len(one.ready_s) for one in measured),
        **_percentiles("decision", wall),
        **_percentiles("message", ready),
        "processor_ms": float(stages.sum(axis=1).mean() * 1e3),
    }
    for name, spent in zip(Stages._fields, stages.T, strict=True):
        row[f"{name}_processor_ms"] = float(spent.mean() * 1e3)
    row["forecast_us_per_hazard"] = float(np.median(stages[:, 0])) / hazards * 1e6
    return row


def _percentiles(name: str, seconds: Any) -> dict[str, float | None]:
    known = len(seconds) > 0
    return {
        f"{name}_p{q}_ms": float(np.percentile(seconds, q) * 1e3) if known else None
        for q in (50, 99)
    }


def peer(model: Model, hazards: int) -> dict[str, Any]:
    """Compare with asking shapely for each point of each particle's way."""
    tracks = raid(hazards, 300.0)
    states = plane_states(tracks, REGION, AT_NS + 300 * NS)
    kind = (COURSES[DRONE], LIMITS[DRONE], hazard_of(DRONE))
    zero, one = np.zeros(hazards), np.ones(hazards)
    count = model.config.particles
    flock, paths = draw_flock(states, *kind[:2], count, zero, one), model.paths[DRONE, count]
    outlook(model, tracks, AT_NS)
    begin = process_time()
    for _ in range(5):
        outlook(model, tracks, AT_NS + 300 * NS)
    ours_s = (process_time() - begin) / 5
    begin = process_time()
    x, y = (axis.ravel() for axis in _ways(flock, paths, kind[1]))
    tree = shapely.STRtree(zone_shapes(model.config.zones, REGION))
    tree.query(shapely.points(x, y), predicate="within")
    theirs_s = process_time() - begin
    begin = process_time()
    flying_hits(flock, paths, kind, model.ground[DRONE])
    numpy_s = process_time() - begin
    return {
        "hazards": hazards,
        "ours_ms": ours_s * 1e3,
        "shapely_ms": theirs_s * 1e3,
        "numpy_twin_ms": numpy_s * 1e3,
        "shapely_to_ours": theirs_s / ours_s,
        "numpy_twin_to_ours": numpy_s / ours_s,
    }


def _ways(flock: Any, paths: Any, limits: Any) -> tuple[Any, Any]:
    place, velocity = draw_plane(flock, limits, len(paths.along_s))
    vx, vy = velocity[:, :, :1], velocity[:, :, 1:]
    along, across = paths.along_s, paths.across_s
    return place[:, :, :1] + vx * along - vy * across, place[:, :, 1:] + vy * along + vx * across


def coarser(model: Model, hazards: int) -> dict[str, Any]:
    """Return what fewer particles per track change in the zones' probabilities."""
    tracks, now_ns = raid(hazards, 0.0), AT_NS
    full = replace(model, config=replace(model.config, particle_budget=10**12))
    spare = replace(model, config=replace(model.config, particle_budget=0))
    best, least = (outlook(one, tracks, now_ns).risk for one in (full, spare))
    zones = len(model.config.zones)
    curve = np.zeros((2, zones))
    curve[0, best.zone], curve[1, least.zone] = best.curve[:, -1], least.curve[:, -1]
    off = np.abs(curve[0] - curve[1])
    return {
        "hazards": hazards,
        "particles": [model.config.particles, model.config.least_particles],
        "probability_rms_difference": float(np.sqrt((off**2).mean())),
        "probability_greatest_difference": float(off.max()),
    }


def signatures(warnings: int = 200) -> dict[str, float]:
    """Return the processor time of one message by kind of key."""
    areas = island(60)
    state, out = warn.start(warn.WarnConfig(areas, REGION)), None
    for k in range(2):
        state, out = warn.step(state, raid(600, STEP_S * k), AT_NS + int(STEP_S * k * NS))
    assert out is not None
    found = {}
    for kind in ("rsa", "ecdsa"):
        office = Office(areas, new_signer(kind))
        row = out.warnings.take(slice(0, 1))
        office.write(row)
        office.sign_s, begin = 0.0, process_time()
        for k in range(warnings):
            office.write(row.replace(warning_id=[f"w{k}"]))
        spent = process_time() - begin
        found[f"{kind}_signature_us"] = office.sign_s / warnings * 1e6
        found["cap_us"] = (spent - office.sign_s) / warnings * 1e6
    return found


def main() -> None:
    """Print the figures as JSON."""
    quick = "--quick" in sys.argv[1:]
    zones, hazards = ((60,), (10, 100)) if quick else (ZONES, HAZARDS)
    decisions, signer, rows = 4 if quick else DECISIONS, new_signer(), []
    for areas in zones:
        for count in hazards:
            print(f"{areas} zones, {count} hazards ...", file=sys.stderr)
            rows.append(case(areas, count, decisions, signer))
    model = build_model(warn.WarnConfig(island(zones[-2] if len(zones) > 1 else 60), REGION))
    judged = [r for r in rows if r["hazards"] == JUDGED[1] and abs(r["zones"] - JUDGED[0]) < 50]
    result: dict[str, Any] = {
        "rows": rows,
        "signatures": signatures(20 if quick else 200),
        "peer": peer(model, 4 if quick else 20),
        "fewer_particles": coarser(model, 20 if quick else 600),
        **calibration(),
    }
    for row in judged:
        worst_s = row["decision_p99_ms"] / 1e3
        result["decision_p99_floor_met"] = worst_s <= FLOOR_S
        result["decision_p99_goal_met"] = worst_s <= GOAL_S
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
