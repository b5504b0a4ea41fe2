"""Rows of the air picture from the tracker's states at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tocsin.contract import (
    F64,
    I8,
    I64,
    NS,
    U32,
    U64,
    Bool,
    Corroboration,
    Designation,
    Objects,
    Sensor,
    SensorKind,
    Tracks,
    TrackStatus,
    TrackUpdates,
)
from tocsin.geo import rotate_state_covariance, unpack_covariance
from tocsin.picture import classify
from tocsin.picture.config import PictureConfig
from tocsin.picture.corroborate import LIKELY, Watch, corroborate, watch
from tocsin.picture.designate import designated
from tocsin.picture.identity import callsigns
from tocsin.picture.images import originals
from tocsin.picture.state import Memory, PictureState

_TURN_BASE_NS = 5 * NS
"""Turns are measured over at least this long: shorter, the estimate's noise hides them."""


@dataclass(frozen=True, eq=False)
class Local:
    """Hold (n,) geodetic places, (n, 3) local ENU velocities and (n, 21) local covariances."""

    latitude_deg: F64
    longitude_deg: F64
    height_m: F64
    velocity_mps: F64
    packed_cov: F64


def localise(updates: TrackUpdates, config: PictureConfig) -> Local:
    """Return the tracker's states in geodetic coordinates and local axes."""
    latitude, longitude, height = config.region.to_geodetic(updates.state[:, :3])
    local = config.region.local_rotation(latitude, longitude)
    velocity = np.einsum("nij,nj->ni", local, updates.state[:, 3:])
    packed = rotate_state_covariance(updates.state_cov, local)
    return Local(latitude, longitude, height, velocity, packed)


def track_rows(
    state: PictureState, live: Bool, updates: TrackUpdates, at_ns: int, now_ns: int
) -> tuple[PictureState, Tracks]:
    """Return the tracks of one instant and the state with what was learned from them.

    Args:
        state: before.
        live: (sensors,) which are heard.
        updates: n rows of one instant, ascending by number.
        at_ns: the instant.
        now_ns: the step's time.
    """
    config = state.config
    memory, local = state.memory.at(updates.number), localise(updates, config)
    height_std_m = np.sqrt(np.maximum(local.packed_cov[:, 11], 0.0))
    seen = watch(config, live, updates.state[:, :3], height_std_m, updates.sensor_bits)
    corroborated, memory = _corroborated(updates, seen, memory, at_ns, config)
    memory, look = _looked(updates, local, memory, at_ns, config)
    claims, memory = _claims(updates, seen, corroborated, memory, at_ns, config)
    original = originals(updates, config)
    own = classify.posterior(memory.evidence + look + claims, config)
    probability = own[original]
    track_id = track_ids(updates.number)
    designation = designated(state.designations, track_id)
    likely_plot_ns, sure = _sure(probability, updates, memory, config)
    said = (designation, updates.status)
    hazardous = hazard(probability, memory.hazardous, sure, *said, config)
    memory = replace(
        memory,
        hazardous=hazardous,
        evidence=memory.evidence[original],
        likely_plot_ns=likely_plot_ns,
    )
    tracks = Tracks.build(
        len(updates),
        measured_at_ns=at_ns,
        emitted_at_ns=now_ns,
        track_id=track_id,
        number=updates.number,
        status=updates.status,
        existence_probability=updates.existence_probability,
        latitude_deg=local.latitude_deg,
        longitude_deg=local.longitude_deg,
        height_wgs84_m=local.height_m,
        velocity_east_mps=local.velocity_mps[:, 0],
        velocity_north_mps=local.velocity_mps[:, 1],
        velocity_up_mps=local.velocity_mps[:, 2],
        state_cov_m_mps=local.packed_cov,
        mode_probability=updates.mode_probability,
        class_probability=probability,
        object_class=classify.most_probable(probability),
        corroborated=corroborated,
        designation=designation,
        hazardous=hazardous,
        mode_s=updates.mode_s,
        mode_s_valid=updates.mode_s_valid,
        callsign=callsigns(state.names, updates.callsign, updates.mode_s, updates.mode_s_valid),
        sensor_count=np.bitwise_count(updates.sensor_bits),
        sensor_ids=sensor_names(updates.sensor_bits, config.sensors),
        first_at_ns=updates.first_at_ns,
        last_plot_at_ns=updates.last_plot_at_ns,
    )
    return replace(state, memory=memory), tracks


def track_ids(numbers: U32) -> Objects:
    """Return the ids by which tracks of these numbers are known outside."""
    return np.array([f"T{number:05d}" for number in numbers.tolist()], object)


def _corroborated(
    updates: TrackUpdates, seen: Watch, memory: Memory, at_ns: int, config: PictureConfig
) -> tuple[I8, Memory]:
    periods = [sensor.period_s for sensor in config.of_kind(SensorKind.RADAR)]
    longest_s = config.corroboration_periods * max(periods, default=0.0)
    cooperative = updates.mode_s_valid | seen.by_receiver
    said, radar_at, alone_since = corroborate(
        cooperative, seen, memory.radar_at_ns, memory.alone_since_ns, at_ns, longest_s
    )
    return said, replace(memory, radar_at_ns=radar_at, alone_since_ns=alone_since)


def _looked(
    updates: TrackUpdates, local: Local, memory: Memory, at_ns: int, config: PictureConfig
) -> tuple[Memory, F64]:
    """Return the memory with one more look at each track's motion, and that look."""
    velocity, fresh = updates.state[:, 3:], memory.at_ns == 0
    motion = motion_of(local, _turn(velocity, local, memory, at_ns))
    look = classify.log_likelihood(motion, config.ground_std_m)
    step_s = np.where(fresh, 0.0, (at_ns - memory.at_ns) / NS)
    due = fresh | (at_ns - memory.bearing_at_ns >= _TURN_BASE_NS)
    after = replace(
        memory,
        at_ns=np.full(len(updates), at_ns, np.int64),
        evidence=classify.fold_evidence(memory.evidence, step_s, look, config.class_memory_s),
        bearing_mps=np.where(due[:, None], velocity, memory.bearing_mps),
        bearing_at_ns=np.where(due, at_ns, memory.bearing_at_ns),
    )
    return after, look


def _turn(velocity: F64, local: Local, memory: Memory, at_ns: int) -> tuple[F64, F64]:
    """Return (n,) turn rates in the plane since the remembered velocity, and their deviations."""
    before, seconds = memory.bearing_mps, (at_ns - memory.bearing_at_ns) / NS
    known = (memory.bearing_at_ns > 0) & (seconds > 0.5) & (np.hypot(*before.T[:2]) > 1.0)
    cross = before[:, 0] * velocity[:, 1] - before[:, 1] * velocity[:, 0]
    dot = (before[:, :2] * velocity[:, :2]).sum(axis=1)
    seconds = np.where(known, seconds, 1.0)
    speed = np.maximum(np.hypot(*velocity.T[:2]), 1.0)
    variance = np.maximum(local.packed_cov[:, [15, 18]].sum(axis=1), 0.0)
    rate = np.where(known, np.arctan2(cross, dot) / seconds, np.nan)
    return rate, np.sqrt(variance) / (speed * seconds)


def motion_of(local: Local, turn: tuple[F64, F64]) -> classify.Motion:
    """Return the features of motion with their standard deviations."""
    speed = np.linalg.norm(local.velocity_mps, axis=1)
    along = local.velocity_mps / np.maximum(speed, 1e-9)[:, None]
    full = unpack_covariance(local.packed_cov)
    variance = np.einsum("ni,nij,nj->n", along, full[:, 3:, 3:], along)
    return classify.Motion(
        speed,
        np.sqrt(np.maximum(variance, 0.0)),
        local.height_m,
        np.sqrt(np.maximum(full[:, 2, 2], 0.0)),
        local.velocity_mps[:, 2],
        np.sqrt(np.maximum(full[:, 5, 5], 0.0)),
        *turn,
    )


def _claims(
    updates: TrackUpdates,
    seen: Watch,
    corroborated: I8,
    memory: Memory,
    at_ns: int,
    config: PictureConfig,
) -> tuple[F64, Memory]:
    """Return what identity says about the class; a claim that no radar confirms says nothing.

    Silence says something once it has lasted where a live receiver should hear the object: one
    that comes out from behind a hill has not been silent there.
    """
    doubted = corroborated == Corroboration.UNCORROBORATED
    identified = updates.mode_s_valid & ~doubted
    before = memory.unheard_since_ns
    unheard = (seen.receiver > LIKELY) & ~updates.mode_s_valid
    since = np.where(unheard, np.where(before > 0, before, at_ns), 0)
    waited = unheard & (at_ns - since >= config.identity_wait_s * NS)
    silent = np.where(waited, seen.receiver, 0.0)
    said = classify.identity_evidence(identified, silent, config)
    return said, replace(memory, unheard_since_ns=since)


def _sure(
    probability: F64, updates: TrackUpdates, memory: Memory, config: PictureConfig
) -> tuple[I64, Bool]:
    """Return the plot since which a hazard is likely, and whether a later one bears it out.

    One plot that is not the track's own gives it another's speed for as long as no further one
    comes.
    """
    likely = classify.hazard_probability(probability) >= config.hazard_on
    likely &= updates.status != TrackStatus.TENTATIVE
    first = np.where(memory.likely_plot_ns > 0, memory.likely_plot_ns, updates.last_plot_at_ns)
    return np.where(likely, first, 0), np.asarray(likely & (updates.last_plot_at_ns > first))


def hazard(
    probability: F64,
    before: Bool,
    sure: Bool,
    designation: I8,
    status: I8,
    config: PictureConfig,
) -> Bool:
    """Return (n,) whether each track can hurt people below.

    Args:
        probability: (n, classes).
        before: (n,) as last decided: that stays until it is less likely than `hazard_off`.
        sure: (n,) likely enough, by more than one plot.
        designation: (n,) an operator's word goes before any probability.
        status: (n,) a tentative track is no hazard yet, whatever it may be.
        config: the threshold.
    """
    chance = classify.hazard_probability(probability)
    likely = np.where(before, chance >= config.hazard_off, sure) & (status != TrackStatus.TENTATIVE)
    declared = designation == Designation.HAZARD
    decided: Bool = (likely | declared) & (designation != Designation.KNOWN)
    return decided


def sensor_names(bits: U64, sensors: Sequence[Sensor]) -> list[tuple[str, ...]]:
    """Return each track's contributing sensors, in the site's order."""
    distinct, which = np.unique(bits, return_inverse=True)
    names = [
        tuple(sensor.sensor_id for s, sensor in enumerate(sensors[:64]) if int(b) >> s & 1)
        for b in distinct
    ]
    return [names[k] for k in which]


def instants(updates: TrackUpdates) -> list[tuple[int, TrackUpdates]]:
    """Return the rows instant by instant, each ascending by number."""
    ordered = updates.sorted_by("measured_at_ns", "number")
    times, starts = np.unique(ordered.measured_at_ns, return_index=True)
    edges = [*starts.tolist(), len(ordered)]
    return [(int(t), ordered.take(slice(*edges[k : k + 2]))) for k, t in enumerate(times)]
