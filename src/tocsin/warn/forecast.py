"""Tracks to zones: how probably each zone is affected, and by when.

Source: G. J. Stumpf, A. E. Gerard, "National Weather Service severe weather warnings as
threats-in-motion", Weather and Forecasting 36 (2021) 627-643, for the idea that the warned area
moves with the threat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import (
    CLASS_COUNT,
    F64,
    HAZARDS,
    I64,
    Bool,
    Designation,
    Hazard,
    ObjectClass,
    Tracks,
    TrackStatus,
)
from tocsin.geo import zone_index
from tocsin.motion import ballistic
from tocsin.motion.classes import COURSES, LIMITS
from tocsin.warn.arrivals import Arrivals, count_hits, flying_arrivals
from tocsin.warn.config import WarnConfig
from tocsin.warn.hits import Ground, Hits
from tocsin.warn.particles import (
    CLIMB,
    F32,
    HEIGHT,
    IMPACT,
    STATE,
    Paths,
    draw_paths,
    instants_s,
    normals,
)
from tocsin.warn.sample import States, draw_cloud, plane_states, square_root, usable

Index = NDArray[np.intp]

THREATS = (
    ObjectClass.UNKNOWN,
    ObjectClass.ONE_WAY_DRONE,
    ObjectClass.FAST_LOW_FLYER,
    ObjectClass.BALLISTIC,
)
"""Classes that are forecast; a hazardous track of any other class counts as unknown."""
_LEAST_CLASS_PROBABILITY = 0.02
_CHUNK_TRACKS = 256


def hazard_of(threat: ObjectClass) -> Hazard:
    """Return what a class does to the ground; the unknown does what a one-way drone does."""
    return HAZARDS.get(threat, HAZARDS[ObjectClass.ONE_WAY_DRONE])


@dataclass(frozen=True, eq=False)
class Model:
    """Hold what forecasts need and never changes.

    Args:
        seconds: (b,) common instants of all arrival curves.
        ground: rasters by class.
        paths: paths by class that flies.
    """

    config: WarnConfig
    seconds: F64
    ground: Mapping[ObjectClass, Ground]
    paths: Mapping[ObjectClass, Paths]


def build_model(config: WarnConfig) -> Model:
    """Return the rasters and paths of a site."""
    plain = zone_index(config.zones, config.region, 0.0, config.cell_m)
    radii = {threat: hazard_of(threat).effect_radius_m for threat in THREATS}
    grown = {
        radius: zone_index(config.zones, config.region, radius, config.cell_m)
        for radius in dict.fromkeys(radii.values())
    }
    ground = {threat: Ground(plain, grown[radius]) for threat, radius in radii.items()}
    paths = {c: draw_paths(course, config.particles, config.steps) for c, course in COURSES.items()}
    model = Model(config, instants_s(config.horizon_s, config.steps), ground, paths)
    # Compiles the kernel now rather than in the first decision.
    _arrivals(model, ObjectClass.UNKNOWN, States(np.empty((0, 6)), np.empty((0, 6, 6))))
    return model


@dataclass(frozen=True, eq=False)
class Risk:
    """Hold one row per zone and threat class at risk, ordered by zone, then class.

    Args:
        zone: (m,) number of the zone.
        threat: (m,) class code.
        curve: (m, b) probability that the zone has been affected by each common instant.
    """

    zone: Index
    threat: Index
    curve: F64


@dataclass(frozen=True, eq=False)
class Shares:
    """Hold one row per track, zone and class: what each track contributes.

    Args:
        track: row of the track in the table that was forecast.
        zone: number of the zone.
        threat: class code.
        curve: (k, b) float32 probability that this track, of this class, has affected the zone.
    """

    track: Index
    zone: Index
    threat: Index
    curve: F32


def contributions(model: Model, tracks: Tracks, now_ns: int) -> Shares:
    """Return what each hazardous track does to each zone, by class."""
    states = plane_states(tracks, model.config.region, now_ns)
    weight = class_weights(tracks, model.config.policy.tentative_tracks)
    weight[~usable(states)] = 0.0
    parts = []
    for threat in THREATS:
        rows = np.flatnonzero(weight[:, threat] > _LEAST_CLASS_PROBABILITY)
        for start in range(0, len(rows), _CHUNK_TRACKS):
            some = rows[start : start + _CHUNK_TRACKS]
            arrivals = _arrivals(model, threat, states.take(some))
            parts.append(_shares(model, threat, some, weight[some, threat], arrivals))
    empty = np.empty(0, np.intp)
    parts = parts or [Shares(empty, empty, empty, np.empty((0, len(model.seconds)), np.float32))]
    columns = ("track", "zone", "threat", "curve")
    return Shares(*(np.concatenate([getattr(part, c) for part in parts]) for c in columns))


def class_weights(tracks: Tracks, tentative: bool = False) -> F64:
    """Return (n, classes) probability that a track exists and is of a threatening class.

    A track that an operator declared a hazard, or that carries no class probabilities, counts as
    unknown where it has no threatening class.
    """
    weight = np.nan_to_num(tracks.class_probability)
    bare = weight.sum(1) <= 0.0
    weight[np.flatnonzero(bare), tracks.object_class[bare]] = 1.0
    others = [c for c in range(CLASS_COUNT) if ObjectClass(c) not in THREATS]
    benign = weight[:, others].sum(1)
    weight[:, others] = 0.0
    certain: Bool = (tracks.designation == Designation.HAZARD) | bare
    weight[:, ObjectClass.UNKNOWN] += np.where(certain, benign, 0.0)
    counts = tracks.hazardous & (tentative | (tracks.status != TrackStatus.TENTATIVE))
    existence = np.clip(np.nan_to_num(tracks.existence_probability), 0.0, 1.0)
    return np.asarray(weight * (existence * counts)[:, None])


def _arrivals(model: Model, threat: ObjectClass, states: States) -> Arrivals:
    config, ground = model.config, model.ground[threat]
    count, ground_m = config.particles, config.ground_height_m
    if threat == ObjectClass.BALLISTIC:
        hits = _falling_hits(states, ground, count, ground_m)
        return count_hits(hits, model.seconds, len(config.zones))
    course, paths = COURSES[threat], model.paths[threat]
    cloud = draw_cloud(states, course, LIMITS[threat], count, ground_m)
    return flying_arrivals(cloud, paths, course, hazard_of(threat), ground, model.seconds)


def _falling_hits(states: States, ground: Ground, count: int, ground_m: float) -> Hits:
    """Return the hits of ballistic objects: their impacts, drag unknown."""
    normal = normals(count)
    columns = [STATE, STATE + 1, HEIGHT, STATE + 2, STATE + 3, CLIMB]
    root = square_root(states.cov)
    drawn = states.mean[:, None] + np.einsum("nij,pj->npi", root, normal[:, columns])
    drawn[:, :, 2] -= ground_m
    drag = ballistic.DRAG_AREA_M2PKG * np.exp(ballistic.DRAG_AREA_SPREAD * normal[:, IMPACT])
    drags = np.tile(drag, len(states.mean))
    place, seconds, down = ballistic.impact(drawn.reshape(-1, 6), drags, ballistic.HORIZON_S)
    rows = np.flatnonzero(down)
    row, zone = ground.grown.lookup(place[rows])
    track, particle = np.divmod(rows[row], count)
    return Hits(track, particle, zone, seconds[rows[row]])


def _shares(
    model: Model, threat: ObjectClass, rows: Index, weight: F64, arrivals: Arrivals
) -> Shares:
    """Return arrival curves per track and zone of one class."""
    curve = np.cumsum(arrivals.count, axis=1, dtype=np.float32)
    curve *= (weight[arrivals.track] / model.config.particles).astype(np.float32)[:, None]
    classes = np.full(len(curve), int(threat))
    return Shares(rows[arrivals.track], arrivals.zone, classes, curve)


def combine(shares: Shares) -> Risk:
    """Return the risk per zone and class: tracks act independently of each other."""
    order = np.lexsort((shares.threat, shares.zone))
    zone, threat = shares.zone[order], shares.threat[order]
    lead = np.flatnonzero(np.diff(zone * CLASS_COUNT + threat, prepend=-1))
    return Risk(zone[lead], threat[lead], _any(shares.curve[order], lead))


def merge(risk: Risk, harm: F64) -> Risk:
    """Return the risk per zone, whatever the class; its threat is the class that weighs most.

    Args:
        risk: per zone and class.
        harm: (classes,) how much worse a class is.
    """
    weight = risk.curve[:, -1] * harm[risk.threat]
    lead = np.flatnonzero(np.diff(risk.zone, prepend=-1))
    foremost = np.lexsort((-weight, risk.zone))[lead]
    return Risk(risk.zone[lead], risk.threat[foremost], _any(risk.curve, lead))


def _any(curve: F32 | F64, lead: Index) -> F64:
    """Return the probability of at least one of independent events, over runs of rows."""
    if len(lead) == 0:
        return np.empty((0, curve.shape[1]))
    spared = np.minimum(curve, curve.dtype.type(1.0 - 1e-6))
    np.log1p(np.negative(spared, out=spared), out=spared)
    return np.asarray(-np.expm1(np.add.reduceat(spared, lead, axis=0)), np.float64)


def quantile_s(curve: F64, seconds: F64, share: float) -> F64:
    """Return (m,) seconds by which a share of all arrivals within the horizon has come.

    Linear between instants; NaN where nothing arrives.
    """
    wanted = share * curve[:, -1]
    after = np.minimum((curve < wanted[:, None]).sum(1), curve.shape[1] - 1)
    before = np.maximum(after - 1, 0)
    row = np.arange(len(curve))
    low, high = curve[row, before], curve[row, after]
    rise = high - low
    part = np.where(rise > 0.0, (wanted - low) / np.where(rise > 0.0, rise, 1.0), 1.0)
    found = seconds[before] + np.clip(part, 0.0, 1.0) * (seconds[after] - seconds[before])
    return np.where(curve[:, -1] > 0.0, found, np.nan)


def probability_by(curve: F64, seconds: F64, instant_s: F64) -> F64:
    """Return (m,) probability that each row's zone is affected by its own instant."""
    after = np.clip(np.searchsorted(seconds, instant_s), 1, len(seconds) - 1)
    part = np.clip(
        (instant_s - seconds[after - 1]) / (seconds[after] - seconds[after - 1]), 0.0, 1.0
    )
    row = np.arange(len(curve))
    low, high = curve[row, after - 1], curve[row, after]
    return np.asarray(low + part * (high - low))


def time_ns(now_ns: int, seconds: F64) -> I64:
    """Return instants as ns UTC; 0 where there is none."""
    known = np.isfinite(seconds)
    return np.where(known, now_ns + (np.where(known, seconds, 0.0) * 1e9).astype(np.int64), 0)
